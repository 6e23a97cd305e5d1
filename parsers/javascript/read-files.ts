import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { type JsToken, jsTokens } from './tokens.ts'

/** A file that a script of Node.js reads, by a path that is written out. */
export interface ReadFile {
  readonly path: string
  readonly at: Place
}

/** The files of `readFileSync('…')` and its like: a text, or constants of the script and texts behind each other. */
export const readFilesOf = memo((source: Source): readonly ReadFile[] => {
  if (!/\breadFile(?:Sync)?\b/.test(source.code)) return []
  const tokens = jsTokens(source.code)
  const constants = constantsOf(tokens)
  return tokens.flatMap(({ kind, text }, index): ReadFile[] => {
    if (kind !== 'name' || !/^readFile(?:Sync)?$/.test(text) || tokens[index + 1]?.text !== '(') return []
    const end = tokens.findIndex((token, at) => at > index + 1 && /^[,)]$/.test(token.text))
    const argument = tokens.slice(index + 2, end === -1 ? undefined : end)
    const [first, last] = [argument[0], argument.at(-1)]
    const path = pathOf(argument, constants)
    if (path === null || first === undefined || last === undefined) return []
    return [{ path, at: { source, start: first.start, end: last.end } }]
  })
})

/** `const live = '/etc/…'`, of names that are given one value. */
function constantsOf(tokens: readonly JsToken[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind !== 'name' || tokens[index + 1]?.text !== '=') continue
    const value = tokens[index + 2]
    const isText = value?.kind === 'string' || (value?.kind === 'template' && !value.text.includes('${'))
    if (found.has(text) || !/^(?:const|let|var)$/.test(tokens[index - 1]?.text ?? '') || !isText)
      found.delete(text)
    else found.set(text, value.text)
  }
  return found
}

/** `'/etc/…'`, `live + '/privkey.pem'`, `${live}/privkey.pem`; null for anything else. */
function pathOf(argument: readonly JsToken[], constants: ReadonlyMap<string, string>): string | null {
  let path = ''
  for (const [index, { kind, text }] of argument.entries()) {
    if (index % 2 === 1) {
      if (text !== '+') return null
      continue
    }
    const part =
      kind === 'string' ? text : kind === 'template' ? filled(text, constants) : constants.get(text)
    if (part == null || kind === 'sign') return null
    path += part
  }
  return path === '' ? null : path
}

function filled(template: string, constants: ReadonlyMap<string, string>): string | null {
  const text = template.replace(/\$\{\s*(\w+)\s*\}/g, (all, name: string) => constants.get(name) ?? all)
  return text.includes('${') ? null : text
}
