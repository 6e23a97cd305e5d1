import { posix } from 'node:path'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { StartedCommand } from '../../src/deployment/model.ts'

export interface Seconds {
  readonly seconds: number
  readonly at: Place
}

/** `php artisan queue:work`. */
export interface Worker {
  readonly home: string
  /** Null where none is named. */
  readonly connection: WrittenText | null
  readonly timeout: Seconds | null
}

/** Null for every other command. */
export function workerOf({ words, rest, directory }: StartedCommand): Worker | null {
  const at = words.findIndex(({ text }) => posix.basename(text) === 'artisan')
  const [artisan, command, ...behind] = at === -1 ? [] : words.slice(at)
  if (artisan === undefined || command?.text !== 'queue:work' || rest !== null) return null
  const path = artisan.text.startsWith('/')
    ? artisan.text
    : directory?.known === true
      ? posix.join(directory.value, artisan.text)
      : null
  if (path === null) return null
  const [first] = behind
  return {
    home: posix.dirname(path),
    connection: first === undefined || first.text.startsWith('-') ? null : first,
    timeout: timeoutOf(behind),
  }
}

function timeoutOf(words: readonly WrittenText[]): Seconds | null {
  const index = words.findIndex(({ text }) => /^--timeout(?:=|$)/.test(text))
  const word = words[index]
  if (word === undefined) return null
  const value = word.text === '--timeout' ? words[index + 1] : word
  const [digits] = /\d+$/.exec(value?.text ?? '') ?? []
  const isNumber = digits !== undefined && /^(?:--timeout=)?\d+$/.test(value?.text ?? '')
  // Nothing ends a job then, and nobody knows how long one takes.
  return isNumber && Number(digits) > 0 ? { seconds: Number(digits), at: placeOf(value ?? word) } : null
}
