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
