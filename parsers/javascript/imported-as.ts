/** What a script calls a package that it requires or imports; null where it does neither. */
export function importedAs(name: string, code: string): string | null {
  return importOf(name).exec(code)?.[1] ?? null
}

export const importOf = (name: string): RegExp =>
  new RegExp(
    `(?:const|let|var|import)\\s+\\{?\\s*(?:(?:default|\\*)\\s+as\\s+)?(\\w+)\\s*\\}?\\s*(?:,\\s*\\{[^{}]*\\}\\s*)?(?:=\\s*require\\(\\s*|from\\s+)['"]${name}['"]`,
  )
