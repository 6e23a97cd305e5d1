import type { Node } from 'web-tree-sitter'
import { TOO_MANY_STEPS } from '../text/limits.ts'
import type { Place, Source } from '../text/source.ts'
import type { Scope } from './scope.ts'
import type { ShellCommand, ShellOptions } from './shell-environment.ts'
import type { ShellWord } from './split-words.ts'

/** The programs that a script starts. */
export interface Recording {
  readonly commands: ShellCommand[]
  /** How many conditions and loops stand around what is executed. */
  undecided: number
  /** How many background statements do. */
  background: number
  /** How many calls of functions were followed, which ends what calls itself. */
  calls: number
}

/** What a script's statements need besides the variables. */
export interface ScriptRun {
  readonly source: Source
  readonly options: ShellOptions
  /** Texts of the functions defined so far, by name. */
  readonly functions: Map<string, string>
  readonly steps: StepsLeft
  /** Where the programs that are started are written down; null where nobody asks. */
  readonly record: Recording | null
  /** Bodies of the functions that this file defined so far. */
  readonly bodies: Map<string, Node>
  /** Follows a function for the sake of the programs that it starts. */
  readonly call: (name: string, args: readonly ShellWord[], scope: Scope) => void
  /** Reads another file into the same shell; false where it cannot. */
  readonly include: (source: Source, scope: Scope) => boolean
}

/** What may still be executed. */
export interface StepsLeft {
  left: number
}

export class TooManySteps extends Error {
  override readonly name = 'TooManySteps'
}

/** Counts work; throws {@link TooManySteps} where it is more than any script comes to. */
export function takeSteps(steps: StepsLeft, count: number): void {
  steps.left -= count
  if (steps.left < 0) throw new TooManySteps(TOO_MANY_STEPS)
}

export function placeOf(word: ShellWord, run: ScriptRun): Place {
  return { source: run.source, start: word.start, end: word.end }
}
