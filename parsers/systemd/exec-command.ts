import type { Place } from '../text/source.ts'
import { UNKNOWN } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import { finishWritten, sliceWritten, type WrittenText } from '../text/written-text.ts'
import { fillSpecifiers, type UnitName } from './unit-name.ts'
import type { UnitSetting } from './parse-unit.ts'
import { unitWords } from './unit-words.ts'

/** A command of `ExecStart=` and its like, variables not yet filled in. */
export interface ExecCommand {
  /** The setting. */
  readonly at: Place
  /** What stands before the program: `@` (another name as its own), `-`, `:` (no variables), `+`, `!`, `!!`, `|`. */
  readonly prefix: string
  /** The program and its arguments, quotes, escapes and specifiers read. */
  readonly words: readonly WrittenText[]
}

/** The commands of one setting: a lone `;` is between two. */
export function readExec(
  { written, source, start, end }: UnitSetting,
  name: UnitName,
): readonly ExecCommand[] {
  const words = unitWords(written)
  if (words === null) return []
  const commands: ExecCommand[] = []
  let current: WrittenText[] = []
  const finish = (): void => {
    const [first, ...others] = current
    current = []
    if (first === undefined) return
    const prefix = /^[-@:+!|]*/.exec(first.text)?.[0] ?? ''
    const program = prefix === '' ? first : sliceWritten(first, prefix.length)
    if (program.text === '') return
    // Behind `@` the next word is the name that the program sees, and none of its arguments.
    const rest = prefix.includes('@') ? others.slice(1) : others
    commands.push({ at: { source, start, end }, prefix, words: [program, ...rest] })
  }
  for (const word of words) {
    if (word.raw === ';') finish()
    else
      current.push(fillSpecifiers(word.raw === '\\;' ? sliceWritten(word, word.text.length - 1) : word, name))
  }
  finish()
  return commands
}

/** A variable's value, null where it is not set, undefined where nobody knows. */
export type UnitLookup = (name: string) => string | null | undefined

/**
 * The words that the program is started with: `${NAME}` is filled in, `$NAME` as a word of its own is cut at
 * blanks, `$$` is a dollar. What is not set is empty.
 */
export function execWords({ prefix, words }: ExecCommand, lookup: UnitLookup): readonly WrittenText[] {
  if (prefix.includes(':')) return words
  return words.flatMap((word, index) => {
    const alone = index === 0 ? undefined : /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word.text)?.[1]
    if (alone === undefined) return [fillVariables(word, lookup)]
    const value = lookup(alone)
    const parts =
      value === undefined ? [UNKNOWN] : (value ?? '').split(/[ \t\r\n]+/).filter(part => part !== '')
    return parts.map(part => {
      const into = new MappedText(word.text, word.map, 0)
      into.replace(0, word.text.length, part)
      return finishWritten(into, word)
    })
  })
}

function fillVariables(word: WrittenText, lookup: UnitLookup): WrittenText {
  const { text } = word
  if (!text.includes('$')) return word
  const into = new MappedText(text, word.map, 0)
  let at = 0
  for (const { index, 0: whole, 1: name } of text.matchAll(/\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)) {
    into.copy(at, index)
    const value = name === undefined ? '$' : lookup(name)
    into.replace(index, index + whole.length, value === undefined ? UNKNOWN : (value ?? ''))
    at = index + whole.length
  }
  into.copy(at, text.length)
  return finishWritten(into, word)
}
