/**
 * A template's placeholder in a text that parsers read: a word of private-use characters, as long as what it
 * stands for, from which the text that was written can be had back.
 *
 * The first character is {@link UNKNOWN}, two digits name the text, and the rest fills up; of two characters the second
 * is the one digit of a short text.
 */

/** Stands in `Source.code` for a character that only a template engine knows. */
export const UNKNOWN = '\uE000'
const FILLER = '\uE001'
const FIRST_DIGIT = 0xe002
const BASE = 0xf8ff - FIRST_DIGIT + 1
const MARK = /\uE000(?:([\uE002-\uF8FF])(?:([\uE002-\uF8FF])\uE001*)?)?/g

/** More texts than the templates of any audit hold; of a program that audits for ever, the newest are kept. */
const MOST_TEXTS = 200_000
const texts: string[] = []
const numbers = new Map<string, number>()
let next = 0

/** True for a word that holds a template's placeholder: its value is known to nobody here. */
export function isUnknownWord(value: string): boolean {
  return value.includes(UNKNOWN)
}

/** True where what stands last is a placeholder's. */
export function endsUnknown(value: string): boolean {
  const last = value.charCodeAt(value.length - 1)
  return last >= 0xe000 && last <= 0xf8ff
}

/** Those of two characters, such as `$T`. */
const shortTexts: string[] = []

/** The word that stands for a placeholder, of the same length but never shorter than two characters. */
export function placeholder(text: string): string {
  if (text.length === 2) return shortPlaceholder(text)
  let number = numbers.get(text)
  if (number === undefined) {
    number = next++ % MOST_TEXTS
    const oldest = texts[number]
    if (oldest !== undefined) numbers.delete(oldest)
    texts[number] = text
    numbers.set(text, number)
  }
  const digits = String.fromCharCode(FIRST_DIGIT + Math.floor(number / BASE), FIRST_DIGIT + (number % BASE))
  return (UNKNOWN + digits).padEnd(text.length, FILLER)
}

/** The same of the same length, for any text. */
export function wordFor(match: string): string {
  return match.length < 2 ? UNKNOWN : placeholder(match)
}

function shortPlaceholder(text: string): string {
  let number = shortTexts.indexOf(text)
  if (number === -1 && shortTexts.length === BASE) return UNKNOWN.repeat(text.length)
  if (number === -1) number = shortTexts.push(text) - 1
  return UNKNOWN + String.fromCharCode(FIRST_DIGIT + number)
}

/** A text with its placeholders as they were written; what has none to show becomes `…`. */
export function reveal(text: string): string {
  if (!text.includes(UNKNOWN)) return text
  return text.replace(MARK, (_, high?: string, low?: string) => {
    if (high === undefined) return '…'
    if (low === undefined) return shortTexts[digit(high)] ?? '…'
    return texts[digit(high) * BASE + digit(low)] ?? '…'
  })
}

/** The placeholders of a text, as they were written, each once. */
export function placeholdersIn(text: string): ReadonlySet<string> {
  return new Set([...placedPlaceholders(text)].map(({ written }) => written))
}

/** Where the placeholders of a text stand in it, and how they were written. */
export function* placedPlaceholders(
  text: string,
): Iterable<{ readonly start: number; readonly end: number; readonly written: string }> {
  for (const { 0: mark, index } of text.matchAll(MARK))
    yield { start: index, end: index + mark.length, written: reveal(mark) }
}

/** A text with what is known of its placeholders in their place. */
export function fillIn(text: string, values: ReadonlyMap<string, { readonly text: string }>): string {
  return isUnknownWord(text) ? text.replace(MARK, mark => values.get(reveal(mark))?.text ?? mark) : text
}

/** Plain data with every text in it revealed. */
export function revealAll<T>(value: T): T {
  if (typeof value === 'string') return reveal(value) as T
  if (Array.isArray(value)) return value.map(revealAll) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealAll(inner)])) as T
}

function digit(character: string): number {
  return character.charCodeAt(0) - FIRST_DIGIT
}
