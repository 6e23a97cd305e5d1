import { posix } from 'node:path'
import { parseDotenv } from '../../parsers/dotenv/parse-dotenv.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import type { StartedCommand } from '../../src/deployment/model.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

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

/** `php artisan COMMAND`. */
export interface Artisan {
  /** The directory of the application. */
  readonly home: string
  readonly command: WrittenText
  readonly words: readonly WrittenText[]
}

/** Null for every other command. */
export function artisanOf({ words, rest, directory }: StartedCommand): Artisan | null {
  const at = words.findIndex(({ text }) => posix.basename(text) === 'artisan')
  const [artisan, command, ...behind] = at === -1 ? [] : words.slice(at)
  if (artisan === undefined || command === undefined || rest !== null) return null
  const path = artisan.text.startsWith('/')
    ? artisan.text
    : directory?.known === true
      ? posix.join(directory.value, artisan.text)
      : null
  return path === null ? null : { home: posix.dirname(path), command, words: behind }
}

/** Null for every other command. */
export function workerOf(started: StartedCommand): Worker | null {
  const artisan = artisanOf(started)
  if (artisan?.command.text !== 'queue:work') return null
  const { home, words } = artisan
  const [first] = words
  return {
    home,
    connection: first === undefined || first.text.startsWith('-') ? null : first,
    timeout: timeoutOf(words),
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

/** Undefined for a variable that is not set, null where nobody knows. */
export type Variables = (name: string) => string | null | undefined

/** The variables of an application of Laravel, of its process and of its `.env`. */
export function variablesOf(started: StartedCommand, files: FileSystem, home: string): Variables {
  const facts = factsOf(started, files, home)
  return name => {
    const fact = facts(name)
    return fact === undefined ? undefined : fact?.known === true ? fact.value : null
  }
}

/** The same, with the places where they are written. */
export function factsOf(
  { environment, machine }: StartedCommand,
  files: FileSystem,
  home: string,
): (name: string) => Fact<string> | null | undefined {
  const own = sourceAt(files, posix.join(home, '.env'))
  const example = sourceAt(files, posix.join(home, '.env.example'))
  const isOpen = machine.container?.service.envFiles.some(({ path }) => !path.known) === true
  return name => {
    const set = environment(name)
    if (set !== null) return set
    const written = own === null ? undefined : parseDotenv(own).findLast(each => each.name === name)
    if (written !== undefined) return written.value
    if (isOpen || (own === null && example === null)) return null
    return own === null && example?.text.includes(name) === true ? null : undefined
  }
}
