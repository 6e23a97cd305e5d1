import { textSource } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import { finishWritten, type WrittenText, writtenAt } from '../text/written-text.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

/**
 * Cuts a value at blanks, quotes and backslashes as systemd reads command lines and lists; null where a quote
 * is not closed, and systemd ignores the line. An escape that it does not know stays.
 */
export function unitWords(written: WrittenText): readonly UnitWord[] | null {
  const { text } = written
  const words: UnitWord[] = []
  for (let at = 0; at < text.length; ) {
    if (isBlank(text[at])) {
      at++
      continue
    }
    const start = at
    const word = new MappedText(text, written.map, 0)
    let quote = ''
    for (; at < text.length && (quote !== '' || !isBlank(text[at])); ) {
      const char = text[at]!
      if (char === '\\') at = readEscape(text, at, word)
      else if (quote === '' && (char === '"' || char === "'")) {
        quote = char
        at++
      } else if (char === quote) {
        quote = ''
        at++
      } else {
        let end = at + 1
        while (end < text.length && !isSpecial(text[end]!)) end++
        word.copy(at, end)
        at = end
      }
    }
    if (quote !== '') return null
    const raw = text.slice(start, at)
    words.push({ ...finishWritten(word, written, start, at), raw })
  }
  return words
}

/** A word, and how it stands in the line: a lone `;` separates commands, a quoted one does not. */
export interface UnitWord extends WrittenText {
  readonly raw: string
}

/** {@link unitWords} of a bare text. */
export function splitUnitWords(value: string): readonly string[] {
  const source = textSource('', value)
  return (unitWords(writtenAt(source, 0, value.length)) ?? []).map(({ text }) => text)
}

function readEscape(text: string, at: number, into: MappedText): number {
  const rest = text.slice(at + 1, at + 10)
  const numeric = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/.exec(rest)
  if (numeric !== null) {
    const point = Number.parseInt(
      numeric[1] ?? numeric[2] ?? numeric[3] ?? numeric[4] ?? '',
      numeric[4] === undefined ? 16 : 8,
    )
    const end = at + 1 + numeric[0].length
    if (point > 0 && point <= 0x10ffff) into.replace(at, end, String.fromCodePoint(point))
    else into.copy(at, end)
    return end
  }
  const value = ESCAPES[rest[0] ?? '']
  const end = Math.min(at + 2, text.length)
  if (value === undefined) into.copy(at, end)
  else into.replace(at, end, value)
  return end
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t' || char === '\n' || char === '\r'
}

function isSpecial(char: string): boolean {
  return isBlank(char) || char === '"' || char === "'" || char === '\\'
}
