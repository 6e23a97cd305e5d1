import type { Source } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import { type WrittenText, writtenAt, writtenFor } from '../text/written-text.ts'

export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal' | 'folded'

/**
 * The text of a scalar with the place of each character.
 *
 * @param value what the parser read; where the places cannot be told, all of it stands for all of the scalar
 * @param start of the first character, quote or block header included
 */
export function scalarText(
  source: Source,
  value: string,
  style: ScalarStyle,
  start: number,
  end: number,
): WrittenText {
  const { code } = source
  const isQuoted = style === 'single' || style === 'double'
  const first = isQuoted ? start + 1 : start
  // A quote that is never closed ends with the file.
  const last = isQuoted && end > first && code[end - 1] === code[start] ? end - 1 : end
  if (style !== 'literal' && style !== 'folded' && code.slice(first, last) === value)
    return value === '' ? writtenFor(source, '', start, end) : writtenAt(source, first, last)
  const text = new MappedText(code, null, 0)
  if (style === 'literal' || style === 'folded') readBlock(code, start, end, value, text)
  else readFlow(code, first, last, style, text)
  if (text.text !== value) return writtenFor(source, value, start, end)
  return { source, text: text.text, map: text.finish() }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
}
const DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** Plain and quoted scalars: a line end is a blank, and each one behind it a newline. */
function readFlow(code: string, start: number, end: number, style: ScalarStyle, into: MappedText): void {
  const stop = style === 'single' ? /['\s]/g : style === 'double' ? /[\\\s]/g : /\s/g
  for (let at = start; at < end; ) {
    stop.lastIndex = at
    const next = Math.min(stop.exec(code)?.index ?? end, end)
    into.copy(at, next)
    if (next >= end) return
    at = code[next] === '\\' ? readEscape(code, next, end, into) : readPart(code, next, end, into)
  }
}

function readPart(code: string, at: number, end: number, into: MappedText): number {
  if (code[at] === "'") {
    into.replace(at, Math.min(at + 2, end), "'")
    return at + 2
  }
  let after = at
  let lines = 0
  while (after < end && /\s/.test(code[after]!)) if (code[after++] === '\n') lines++
  if (lines === 0) into.copy(at, after)
  else into.replace(at, after, lines === 1 ? ' ' : '\n'.repeat(lines - 1))
  return after
}

function readEscape(code: string, at: number, end: number, into: MappedText): number {
  const char = code[at + 1] ?? ''
  if (char === '\n' || (char === '\r' && code[at + 2] === '\n')) {
    let after = at + (char === '\n' ? 2 : 3)
    while (after < end && (code[after] === ' ' || code[after] === '\t')) after++
    return after
  }
  const digits = DIGITS[char]
  if (digits === undefined) {
    into.replace(at, Math.min(at + 2, end), ESCAPES[char] ?? char)
    return at + 2
  }
  const point = Number.parseInt(code.slice(at + 2, at + 2 + digits), 16)
  if (point <= 0x10ffff) into.replace(at, Math.min(at + 2 + digits, end), String.fromCodePoint(point))
  return at + 2 + digits
}

/** Block scalars: the value itself says which line ends stayed and which became blanks. */
function readBlock(code: string, start: number, end: number, value: string, into: MappedText): void {
  let at = code.indexOf('\n', start) + 1
  if (at === 0 || at > end) return
  const indent = blockIndent(code, at, end, Number(/^[|>][-+]?([1-9])/.exec(code.slice(start, at))?.[1] ?? 0))
  while (at < end && into.text.length < value.length) {
    let lineEnd = code.indexOf('\n', at)
    if (lineEnd === -1 || lineEnd > end) lineEnd = end
    const contentEnd = code[lineEnd - 1] === '\r' && lineEnd > at ? lineEnd - 1 : lineEnd
    const content = Math.min(at + indent, contentEnd)
    into.copy(content, Math.min(contentEnd, content + value.length - into.text.length))
    const next = value[into.text.length]
    // A line end that was folded away belongs to the one before it.
    if (next === '\n' || next === ' ') into.replace(contentEnd, Math.min(lineEnd + 1, end), next)
    at = lineEnd + 1
  }
}

function blockIndent(code: string, from: number, end: number, given: number): number {
  let parent = -1
  for (let at = from; at < end; ) {
    let first = at
    while (code[first] === ' ') first++
    if (first < end && code[first] !== '\n' && code[first] !== '\r') {
      parent = first - at
      break
    }
    const next = code.indexOf('\n', at)
    if (next === -1) break
    at = next + 1
  }
  // An indentation indicator counts from the parent's, which only the parser knows: it is seldom written.
  return given === 0 ? Math.max(parent, 0) : Math.max(parent, given)
}
