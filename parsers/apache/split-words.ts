import type { ApacheWord } from './syntax.ts'
import { mapEnd, mapStart, type TextMap } from '../text/text-map.ts'

const BACKSLASH = 92
const DOUBLE_QUOTE = 34
const SINGLE_QUOTE = 39

/** C's `isspace` in the C locale: httpd reads bytes, so a no-break space is a letter. */
export function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}

/**
 * The end of the word that begins at `start`, which is no space: behind its closing quote, or before the
 * next space; `end` where the quote is never closed.
 */
export function endOfWord(text: string, start: number, end: number): number {
  const quote = text.charCodeAt(start)
  let at = start
  if (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE) {
    while (at < end && !isSpace(text.charCodeAt(at))) at++
    return at
  }
  at++
  while (at < end) {
    const code = text.charCodeAt(at)
    if (code === quote) return at + 1
    if (code === BACKSLASH && at + 1 < end) {
      const next = text.charCodeAt(at + 1)
      at += next === quote || next === BACKSLASH ? 2 : 1
    } else at++
  }
  return end
}

/**
 * The value of the word at `start`..`end`: httpd drops the quotes, and a backslash before another or
 * before the quote in use; every other backslash stays.
 */
export function wordValue(text: string, start: number, end: number): string {
  const first = text.charCodeAt(start)
  const quoted = first === DOUBLE_QUOTE || first === SINGLE_QUOTE
  let from = start
  let to = end
  if (quoted) {
    from++
    if (isClosedQuote(text, start, end)) to--
  }
  const raw = text.slice(from, to)
  if (!raw.includes('\\')) return raw
  let value = ''
  let copied = 0
  for (let at = 0; at + 1 < raw.length; at++) {
    if (raw.charCodeAt(at) !== BACKSLASH) continue
    const next = raw.charCodeAt(at + 1)
    if (next !== BACKSLASH && !(quoted && next === first)) continue
    value += raw.slice(copied, at)
    copied = at + 1
    at++
  }
  return value + raw.slice(copied)
}

/** False for a word that begins with a quote and runs to the end of its line without the other one. */
export function isClosedQuote(text: string, start: number, end: number): boolean {
  const quote = text.charCodeAt(start)
  if (end - start < 2 || text.charCodeAt(end - 1) !== quote) return false
  let backslashes = 0
  while (end - 2 - backslashes > start && text.charCodeAt(end - 2 - backslashes) === BACKSLASH) backslashes++
  return backslashes % 2 === 0
}

export const NO_WORDS: readonly ApacheWord[] = []

/**
 * Cuts the stretch `start`..`end` of a text into words as httpd's `ap_getword_conf` does. The words'
 * offsets are those of the source: through `map` where there is one, else index plus `offset`.
 */
export function splitWords(
  text: string,
  start = 0,
  end = text.length,
  offset = 0,
  map: TextMap | null = null,
): readonly ApacheWord[] {
  let count = 0
  let at = start
  while (at < end) {
    if (isSpace(text.charCodeAt(at))) {
      at++
      continue
    }
    const stop = endOfWord(text, at, end)
    const word = makeWord(text, at, stop, offset, map)
    cut[count++] = word
    at = stop
  }
  if (count === 0) return NO_WORDS
  // A copy holds no spare room, which growing arrays have plenty of; what was cut is not kept twice.
  const words = cut.slice(0, count)
  if (cut.length > MOST_KEPT) cut.length = 0
  return words
}

/** The words of the line at hand: one array serves all. */
const cut: ApacheWord[] = []
/** A line of a million words leaves no such array behind. */
const MOST_KEPT = 1000

export function makeWord(
  text: string,
  start: number,
  end: number,
  offset: number,
  map: TextMap | null,
): ApacheWord {
  return {
    start: map === null ? start + offset : mapStart(map, start),
    end: map === null ? end + offset : mapEnd(map, end),
    value: wordValue(text, start, end),
  }
}
