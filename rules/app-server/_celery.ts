import { posix } from 'node:path'
import type { WrittenText } from '../../parsers/text/written-text.ts'
import type { StartedCommand } from '../../src/deployment/model.ts'

/** A command line of Celery, from its own word on. */
export interface CeleryCommand {
  readonly program: WrittenText
  /** What stands behind the program. */
  readonly words: readonly WrittenText[]
  /** The index of `worker`, `beat`, `multi`… among them; null where none is seen. */
  readonly command: number | null
}

const COMMANDS = /^(?:worker|beat|multi|flower|events|inspect|control|purge|status|call|shell)$/

/** Null for every other program, and where a word is not known. */
export function celeryCommand({ words, rest }: StartedCommand): CeleryCommand | null {
  const at = words.findIndex(({ text }) => posix.basename(text) === 'celery')
  const [program, ...behind] = at === -1 ? [] : words.slice(at)
  if (program === undefined || rest !== null) return null
  const command = behind.findIndex(({ text }) => COMMANDS.test(text))
  return { program, words: behind, command: command === -1 ? null : command }
}

/** The value of an option, `-A shop` or `--app=shop`, at its last word; null where it is not given. */
export function celeryOption(
  { words }: CeleryCommand,
  ...names: readonly string[]
): { readonly value: string; readonly word: WrittenText } | null {
  for (const [index, word] of words.entries()) {
    const next = words[index + 1]
    if (names.includes(word.text)) return next === undefined ? null : { value: next.text, word: next }
    const name = names.find(each => each.startsWith('--') && word.text.startsWith(`${each}=`))
    if (name !== undefined) return { value: word.text.slice(name.length + 1), word }
  }
  return null
}
