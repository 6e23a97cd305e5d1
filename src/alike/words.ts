import { SPOKEN_WORDS } from './spoken-words.generated.ts'

/** What may be a name: a whole run of these. */
const WORD = /[\w\-\u0080-\uffff]+/g

/** A NUL that is a part of such a run. */
export const BESIDE_LETTER = /[\w\-\u0080-\uffff]\0|\0[\w\-\u0080-\uffff]/

/** Every word of a text, in its order. */
export function wordsOf(text: string): readonly string[] {
  return text.match(WORD) ?? []
}

/** The text with its words replaced, of which the offsets are given too. */
export function replaceWords(text: string, replace: (word: string, start: number) => string): string {
  return text.replace(WORD, replace)
}

/** A number with a unit (`90s`, `10m`), or several of them: two are not two names for the same. */
const NUMBER = /^[\d_-]*\d[a-z]{0,3}$/i
/** What only programs tell apart that listen there: rules ask whether a port is below 1024, or a known one. */
const PORT = /^(?:102[4-9]|10[3-9]\d|1[1-9]\d\d|[2-9]\d{3}|[1-5]\d{4}|6[0-4]\d{3})$/
const LETTER = /[a-z]/i

/** False for what is a value and no name, however rare it is. */
export function mayBeName(word: string): boolean {
  if (LETTER.test(word)) return !NUMBER.test(word)
  return PORT.test(word) && !isSpoken(word)
}

let spoken: ReadonlySet<string> | null = null

/** True for a word, in small letters, of the parsers, the model and the rules themselves. */
export function isSpoken(word: string): boolean {
  spoken ??= new Set(SPOKEN_WORDS.split(/\s/))
  return spoken.has(word)
}

/**
 * What two names have in common that a rule may ask about: where letters, digits and marks stand, and each part that
 * is a word of the rules themselves (`admin-17`, `test`), whose meaning they may know.
 */
export function shapeOf(word: string): string {
  return word.replace(/\d+/g, '0').replace(/[a-z]+/gi, part => {
    if (isSpoken(part.toLowerCase())) return part
    return part.replace(/[a-z]+/g, 'a').replace(/[B-Z]+/g, 'A')
  })
}
