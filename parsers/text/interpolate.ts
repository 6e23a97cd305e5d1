import { UNKNOWN } from './source.ts'
import { MappedText } from './text-map.ts'
import { finishWritten, sliceWritten, type WrittenText } from './written-text.ts'

/** A variable's value, null where it is not set, undefined where nobody knows. */
export type VariableLookup = (name: string) => string | null | undefined

/** No value nests its defaults deeper. */
const DEEPEST = 20
/** No value is longer once its variables are filled in. */
const LONGEST = 64 * 1024

/**
 * Fills in `$NAME`, `${NAME}`, `${NAME:-default}` and their like, as Compose does in values and in `.env`
 * files; `$$` is a dollar. A variable that is not set and has no default is unknown: whoever starts the
 * program is expected to set it.
 */
export function interpolate(written: WrittenText, lookup: VariableLookup, depth = 0): WrittenText {
  const { text } = written
  if (!text.includes('$')) return written
  const into = new MappedText(text, written.map, 0)
  let at = 0
  while (at < text.length) {
    const dollar = text.indexOf('$', at)
    if (dollar === -1 || into.text.length > LONGEST) break
    into.copy(at, dollar)
    const name = /^[_a-zA-Z][_a-zA-Z0-9]*/
    if (text[dollar + 1] === '$') {
      into.replace(dollar, dollar + 2, '$')
      at = dollar + 2
    } else if (text[dollar + 1] === '{') {
      const close = closingBrace(text, dollar + 1)
      const end = close === -1 ? text.length : close + 1
      const inner = sliceWritten(written, dollar + 2, close === -1 ? text.length : close)
      const value = close === -1 || depth > DEEPEST ? UNKNOWN : substitute(inner, lookup, depth)
      if (typeof value === 'string') into.replace(dollar, end, value)
      // A default stands where it is written.
      else into.append(value.text, value.map)
      at = end
    } else {
      const plain = name.exec(text.slice(dollar + 1, dollar + 256))?.[0]
      const end = dollar + 1 + (plain?.length ?? 0)
      // Compose refuses a lone dollar.
      into.replace(dollar, end, plain === undefined ? UNKNOWN : (lookup(plain) ?? UNKNOWN))
      at = end
    }
  }
  into.copy(at, text.length)
  return finishWritten(into, written)
}

function closingBrace(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return at
  }
  return -1
}

/** What stands between `${` and `}`. */
function substitute(inner: WrittenText, lookup: VariableLookup, depth: number): string | WrittenText {
  const match = /^([_a-zA-Z][_a-zA-Z0-9]*)(:?[-+?])?/.exec(inner.text)
  if (match === null) return UNKNOWN
  const [whole, name = '', operator] = match
  if (operator === undefined && whole.length < inner.text.length) return UNKNOWN
  const value = lookup(name)
  if (value === undefined) return UNKNOWN
  const isSet = value !== null && (operator?.startsWith(':') !== true || value !== '')
  const word = () => interpolate(sliceWritten(inner, whole.length), lookup, depth + 1)
  switch (operator?.at(-1)) {
    case '-':
      return isSet ? value : word()
    case '+':
      return isSet ? word() : ''
    default:
      return isSet ? value : UNKNOWN
  }
}
