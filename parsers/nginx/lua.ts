import { BACKSLASH, CLOSE_BRACE, DOUBLE_QUOTE, LF, OPEN_BRACE, SINGLE_QUOTE } from './lexer.ts'

const DASH = 45
const EQUALS = 61
const OPEN_BRACKET = 91

/**
 * The offset behind the `}` that closes the Lua code whose `{` is at `open`, or -1 where the text ends
 * first. Lua's own strings, long brackets and comments decide which braces count, as in OpenResty.
 */
export function scanLuaBlock(text: string, open: number): number {
  const length = text.length
  let depth = 0
  let at = open
  while (at < length) {
    const code = text.charCodeAt(at)
    if (code === OPEN_BRACE) {
      depth++
      at++
    } else if (code === CLOSE_BRACE) {
      depth--
      at++
      if (depth === 0) return at
    } else if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) {
      at = skipString(text, at)
    } else if (code === DASH && text.charCodeAt(at + 1) === DASH) {
      const bracket = skipLongBracket(text, at + 2)
      if (bracket === at + 2) {
        const lineEnd = text.indexOf('\n', at)
        at = lineEnd === -1 ? length : lineEnd + 1
      } else at = bracket
    } else if (code === OPEN_BRACKET) {
      const bracket = skipLongBracket(text, at)
      at = bracket === at ? at + 1 : bracket
    } else at++
  }
  return -1
}

/** Behind a string that begins at `start`; a line end closes it too, as Lua allows none unescaped. */
function skipString(text: string, start: number): number {
  const quote = text.charCodeAt(start)
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote || code === LF) return at + 1
    if (code === BACKSLASH) at++
  }
  return text.length
}

/** Behind `[[ … ]]` or `[=[ … ]=]` that begins at `start`; `start` itself where none does. */
function skipLongBracket(text: string, start: number): number {
  if (text.charCodeAt(start) !== OPEN_BRACKET) return start
  let at = start + 1
  while (text.charCodeAt(at) === EQUALS) at++
  if (text.charCodeAt(at) !== OPEN_BRACKET) return start
  const closing = `]${'='.repeat(at - start - 1)}]`
  const end = text.indexOf(closing, at + 1)
  return end === -1 ? text.length : end + closing.length
}
