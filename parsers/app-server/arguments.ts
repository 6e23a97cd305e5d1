import { isOneSlipAway } from '../text/one-slip-away.ts'
import type { Place } from '../text/source.ts'
import { UNKNOWN } from '../text/source.ts'
import { placeOf, sliceWritten, type WrittenText } from '../text/written-text.ts'

/** The options of a program: by how they are written, the name of the setting that each one gives. */
export interface OptionTable {
  /** With a value of their own: `--bind`, `-b`. */
  readonly values: ReadonlyMap<string, string>
  /** Without: the value that each stands for. */
  readonly flags: ReadonlyMap<string, { readonly name: string; readonly value: boolean }>
  /** True where the beginning of a long option is enough, as Python's argparse and getopt have it. */
  readonly abbreviations: boolean
}

export interface Arguments {
  /** Every value of a setting, in their order. */
  readonly values: ReadonlyMap<string, readonly WrittenText[]>
  readonly flags: ReadonlyMap<string, { readonly value: boolean; readonly at: Place }>
  readonly positionals: readonly WrittenText[]
  /** Options that are not in the table, without their values: `--port`, `-x`. */
  readonly unknown: readonly WrittenText[]
  /** An option and its value in one word, with a blank in place of `=`: `"--bind 0.0.0.0:8000"` of a list. */
  readonly joined: readonly WrittenText[]
  /** True where a word may hold options that nobody here sees. */
  readonly open: boolean
}

/**
 * A table written as lines of `setting --long -s`, flags with `!` before the setting, and `!!` where the flag
 * turns it off.
 */
export function optionTable(text: string, { abbreviations = false } = {}): OptionTable {
  const values = new Map<string, string>()
  const flags = new Map<string, { name: string; value: boolean }>()
  for (const line of text.split('\n')) {
    const [head, ...options] = line.trim().split(/\s+/)
    if (head === undefined || head === '') continue
    const name = head.replace(/^!+/, '')
    for (const option of options) {
      if (head.startsWith('!')) flags.set(option, { name, value: !head.startsWith('!!') })
      else values.set(option, name)
    }
  }
  return { values, flags, abbreviations }
}

/** Reads words as getopt does: `--name value`, `--name=value`, `-n value`, `-nvalue`, `--`. */
export function readArguments(words: readonly WrittenText[], table: OptionTable): Arguments {
  const values = new Map<string, WrittenText[]>()
  const flags = new Map<string, { value: boolean; at: Place }>()
  const positionals: WrittenText[] = []
  const unknown: WrittenText[] = []
  const joined: WrittenText[] = []
  let open = false
  const add = (name: string, value: WrittenText): void => {
    const all = values.get(name)
    if (all === undefined) values.set(name, [value])
    else all.push(value)
  }
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    const { text } = word
    if (text === '--') {
      positionals.push(...words.slice(index + 1))
      break
    }
    if (text.startsWith(UNKNOWN)) {
      // It may be an option, the application, or nothing at all.
      open = true
      positionals.push(word)
    } else if (text.startsWith('--')) {
      const equals = text.indexOf('=')
      const written = equals === -1 ? text : text.slice(0, equals)
      if (written.includes(UNKNOWN)) {
        open = true
        continue
      }
      if (isJoined(written, table)) {
        joined.push(word)
        // Python's argparse takes what begins with no option of its own and has a blank for a positional argument.
        if (table.abbreviations) positionals.push(word)
        continue
      }
      const option = findOption(written, table)
      const flag = table.flags.get(option ?? written)
      const name = table.values.get(option ?? written)
      if (flag === undefined && name === undefined) unknown.push(sliceWritten(word, 0, written.length))
      if (flag !== undefined) flags.set(flag.name, { value: flag.value, at: placeOf(word) })
      else if (equals !== -1) add(name ?? written, sliceWritten(word, equals + 1))
      else if (name !== undefined) {
        const next = words[++index]
        if (next !== undefined) add(name, next)
      }
    } else if (text.startsWith('-') && text.length > 1) {
      const read = readLetters(word, words[index + 1], table, add, flags)
      if (!isLetterKnown(text, table)) unknown.push(sliceWritten(word, 0, 2))
      if (read) index++
    } else positionals.push(word)
  }
  return { values, flags, positionals, unknown, joined, open }
}

function findOption(written: string, { values, flags, abbreviations }: OptionTable): string | undefined {
  if (values.has(written) || flags.has(written)) return written
  if (!abbreviations) return undefined
  const matches = [...values.keys(), ...flags.keys()].filter(option => option.startsWith(written))
  return matches.length === 1 ? matches[0] : undefined
}

function isJoined(written: string, table: OptionTable): boolean {
  const [option = '', ...rest] = written.split(/\s+/)
  return rest.length > 0 && findOption(option, table) !== undefined
}

function isLetterKnown(text: string, { values, flags }: OptionTable): boolean {
  const letter = text.slice(0, 2)
  return values.has(letter) || flags.has(letter)
}

/** `-w4`, `-w 4`, `-Dw4`; true where the next word was taken. */
function readLetters(
  word: WrittenText,
  next: WrittenText | undefined,
  table: OptionTable,
  add: (name: string, value: WrittenText) => void,
  flags: Map<string, { value: boolean; at: Place }>,
): boolean {
  const { text } = word
  for (let at = 1; at < text.length; at++) {
    const letter = `-${text[at]}`
    const name = table.values.get(letter)
    if (name !== undefined) {
      if (at + 1 < text.length) {
        add(name, sliceWritten(word, text[at + 1] === '=' ? at + 2 : at + 1))
        return false
      }
      if (next === undefined) return false
      add(name, next)
      return true
    }
    const flag = table.flags.get(letter)
    if (flag === undefined) return false
    flags.set(flag.name, { value: flag.value, at: placeOf(word) })
  }
  return false
}

/** The word of the program, and what is read of those behind it. */
export function programArguments(
  words: readonly WrittenText[],
  table: OptionTable,
): { readonly program: WrittenText; readonly given: Arguments } {
  const [program, ...rest] = words as [WrittenText, ...WrittenText[]]
  return { program, given: readArguments(rest, table) }
}

/** An option that a program surely does not have, whatever its release. */
export interface MistakenOption {
  readonly written: string
  /** The options of which one is meant: the one that is nearly it, or all that begin so. */
  readonly near: readonly string[]
  /** True for an option of the program that stands in one word with its value. */
  readonly joined: boolean
  readonly at: Place
}

/**
 * Those of the unknown options that are a slip away from one of the table, begin several of them, or belong to another
 * program (`foreign`), and those that stand in one word with their values; what else is unknown a later release may have.
 */
export function mistakenOptions(
  { unknown, joined }: Arguments,
  { values, flags, abbreviations }: OptionTable,
  foreign: ReadonlySet<string>,
): readonly MistakenOption[] {
  const known = [...values.keys(), ...flags.keys()]
  const alien = unknown.flatMap(word => {
    const { text } = word
    const begun = abbreviations ? known.filter(option => option.startsWith(text)) : []
    const near = begun.length > 0 ? begun : known.filter(option => isOneSlipAway(option, text))
    return near.length > 0 || foreign.has(text)
      ? [{ written: text, near, joined: false, at: placeOf(word) }]
      : []
  })
  return [
    ...alien,
    ...joined.map(word => ({ written: word.text, near: [], joined: true, at: placeOf(word) })),
  ]
}
