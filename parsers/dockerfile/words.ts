import type { VariableLookup } from '../text/interpolate.ts'
import { UNKNOWN } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import { finishWritten, sliceWritten, type WrittenText } from '../text/written-text.ts'

/** Cuts a text at blanks outside of quotes; quotes, escapes and variables stay as they are. */
export function splitRawWords(written: WrittenText, escaper: string): readonly WrittenText[] {
  const { text } = written
  const words: WrittenText[] = []
  let start = -1
  let quote = ''
  for (let at = 0; at <= text.length; at++) {
    const char = text[at]
    const isBlank = char === undefined || (quote === '' && (char === ' ' || char === '\t'))
    if (isBlank) {
      if (start !== -1) words.push(sliceWritten(written, start, Math.min(at, text.length)))
      start = -1
      continue
    }
    if (start === -1) start = at
    if (char === escaper && quote !== "'") at++
    else if (quote !== '') quote = char === quote ? '' : quote
    else if (char === '"' || char === "'") quote = char
  }
  return words
}

const JSON_ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
  '/': '/',
}

/** The strings of a JSON array; null for what is none, which Docker takes for a shell's line. */
export function jsonWords(written: WrittenText): readonly WrittenText[] | null {
  const { text } = written
  const words: WrittenText[] = []
  const blank = /[ \t\r\n]*/y
  const skip = (at: number): number => {
    blank.lastIndex = at
    blank.test(text)
    return blank.lastIndex
  }
  let at = skip(0)
  if (text[at] !== '[') return null
  at = skip(at + 1)
  if (text[at] === ']') return skip(at + 1) === text.length ? words : null
  for (;;) {
    const string = text[at] === '"' ? jsonString(written, at) : null
    if (string === null) return null
    words.push(string.word)
    at = skip(string.end)
    if (text[at] === ']') return skip(at + 1) === text.length ? words : null
    if (text[at] !== ',') return null
    at = skip(at + 1)
  }
}

function jsonString(written: WrittenText, open: number): { word: WrittenText; end: number } | null {
  const { text } = written
  const word = new MappedText(text, written.map, 0)
  const special = /["\\]/g
  for (let at = open + 1; ; ) {
    special.lastIndex = at
    const next = special.exec(text)?.index
    if (next === undefined) return null
    word.copy(at, next)
    if (text[next] === '"') return { word: finishWritten(word, written, open, next + 1), end: next + 1 }
    const char = text[next + 1] ?? ''
    const hex = char === 'u' ? /^[0-9a-fA-F]{4}/.exec(text.slice(next + 2, next + 6))?.[0] : undefined
    const value = hex === undefined ? JSON_ESCAPES[char] : String.fromCharCode(Number.parseInt(hex, 16))
    if (value === undefined) return null
    const end = next + 2 + (hex?.length ?? 0)
    word.replace(next, end, value)
    at = end
  }
}

/** No default is nested deeper. */
const DEEPEST = 20

/** A word as Docker itself reads it in `ENV`, `COPY` and their like: quotes, escapes and variables. */
export function expandDockerWord(
  written: WrittenText,
  escaper: string,
  lookup: VariableLookup,
  depth = 0,
): WrittenText {
  const { text } = written
  const into = new MappedText(text, written.map, 0)
  let quote = ''
  for (let at = 0; at < text.length; ) {
    const char = text[at]!
    if (char === "'" && quote !== '"') {
      const close = text.indexOf("'", at + 1)
      const end = close === -1 ? text.length : close
      into.copy(at + 1, end)
      at = end + 1
    } else if (char === '"') {
      quote = quote === '' ? '"' : ''
      at++
    } else if (char === escaper) {
      const next = text[at + 1] ?? ''
      const stays = quote !== '' && !`"$${escaper}`.includes(next)
      into.copy(stays ? at : at + 1, Math.min(at + 2, text.length))
      at += 2
    } else if (char === '$') at = expandVariable(written, at, escaper, lookup, depth, into)
    else {
      let end = at + 1
      while (end < text.length && !`'"$${escaper}`.includes(text[end]!)) end++
      into.copy(at, end)
      at = end
    }
  }
  return finishWritten(into, written, 0, text.length)
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y

function expandVariable(
  written: WrittenText,
  at: number,
  escaper: string,
  lookup: VariableLookup,
  depth: number,
  into: MappedText,
): number {
  const { text } = written
  const isBraced = text[at + 1] === '{'
  NAME.lastIndex = at + (isBraced ? 2 : 1)
  const name = NAME.exec(text)?.[0]
  if (!isBraced) {
    const end = at + 1 + (name?.length ?? 0)
    if (name === undefined) into.copy(at, end)
    else into.replace(at, end, lookup(name) ?? UNKNOWN)
    return end
  }
  const close = closingBrace(text, at + 1, escaper)
  const end = close === -1 ? text.length : close + 1
  const after = at + 2 + (name?.length ?? 0)
  const operator = /^:?[-+?]/.exec(text.slice(after, after + 2))?.[0]
  if (name === undefined || close === -1 || depth > DEEPEST || (after < close && operator === undefined)) {
    into.replace(at, end, UNKNOWN)
    return end
  }
  const value = lookup(name)
  const isSet = typeof value === 'string' && (operator?.startsWith(':') !== true || value !== '')
  const takesWord = operator?.endsWith('-') === true ? !isSet : operator?.endsWith('+') === true && isSet
  if (value === undefined || (!takesWord && operator?.endsWith('+') !== true && !isSet))
    into.replace(at, end, UNKNOWN)
  else if (takesWord) {
    const from = after + (operator?.length ?? 0)
    const word = expandDockerWord(sliceWritten(written, from, close), escaper, lookup, depth + 1)
    into.append(word.text, word.map)
  } else if (operator?.endsWith('+') !== true) into.replace(at, end, value ?? '')
  return end
}

function closingBrace(text: string, open: number, escaper: string): number {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text[at] === escaper) at++
    else if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return at
  }
  return -1
}

/** Cuts a text at blanks, quotes or not. */
export function splitAtBlanks(written: WrittenText): readonly WrittenText[] {
  return [...written.text.matchAll(/[^ \t\r\n]+/g)].map(({ index, 0: { length } }) =>
    sliceWritten(written, index, index + length),
  )
}
