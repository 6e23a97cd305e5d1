/**
 * A page with the lines between two of its marks, `<!-- NAME: … -->` and `<!-- /NAME -->`, replaced. Throws where
 * they are missing.
 */
export function betweenMarks(page: string, path: string, name: string, lines: readonly string[]): string {
  const open = `<!-- ${name}: written by \`npm run generate\` -->`
  const close = `<!-- /${name} -->`
  const start = page.indexOf(open)
  const end = page.indexOf(close)
  if (start === -1 || end < start) throw new Error(`${path}: the marks ${open} and ${close} are missing`)
  return `${page.slice(0, start)}${open}\n\n${lines.join('\n')}\n\n${page.slice(end)}`
}
