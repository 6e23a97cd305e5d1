import { MappedText } from './text-map.ts'
import { finishWritten, type WrittenText } from './written-text.ts'

/** The characters that cut words outside of quotes, for those who need not split at every blank. */
const BLANK = /[ \t\r\n]/

/**
 * Cuts a text into words as Python's `shlex.split` does, and all who speak of a shell without starting one:
 * blanks between words, both kinds of quotes, backslashes; no variables, no patterns.
 */
export function splitQuotedWords(written: WrittenText): readonly WrittenText[] {
  const { text } = written
  const words: WrittenText[] = []
  let word: MappedText | null = null
  let wordStart = 0
  const open = (at: number): MappedText => {
    if (word === null) wordStart = at
    word ??= new MappedText(text, written.map, 0)
    return word
  }
  const close = (at: number): void => {
    if (word === null) return
    words.push(finishWritten(word, written, wordStart, at))
    word = null
  }
  let at = 0
  while (at < text.length) {
    const char = text[at]!
    if (BLANK.test(char)) close(at++)
    else if (char === "'") {
      const end = endOf(text.indexOf("'", at + 1), text)
      open(at).copy(at + 1, end)
      at = end + 1
    } else if (char === '"') at = readDouble(text, at, open(at))
    else if (char === '\\') {
      open(at).copy(at + 1, Math.min(at + 2, text.length))
      at += 2
    } else {
      let end = at + 1
      while (end < text.length && !/[ \t\r\n'"\\]/.test(text[end]!)) end++
      open(at).copy(at, end)
      at = end
    }
  }
  close(Math.min(at, text.length))
  return words
}

/** Where the first of some characters stands outside of quotes; the length of the text where none does. */
export function unquotedIndex(text: string, characters: string): number {
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (char === '\\' && quote !== "'") at++
    else if (quote !== '') {
      if (char === quote) quote = ''
    } else if (char === '"' || char === "'") quote = char
    else if (characters.includes(char)) return at
  }
  return text.length
}

/** In double quotes a backslash is one but before a quote or another. */
function readDouble(text: string, start: number, into: MappedText): number {
  let at = start + 1
  while (at < text.length) {
    let end = at
    while (end < text.length && text[end] !== '"' && text[end] !== '\\') end++
    into.copy(at, end)
    if (text[end] !== '\\') return end + 1
    const escapes = text[end + 1] === '"' || text[end + 1] === '\\'
    into.copy(escapes ? end + 1 : end, Math.min(end + 2, text.length))
    at = end + 2
  }
  return at
}

function endOf(index: number, text: string): number {
  return index === -1 ? text.length : index
}
