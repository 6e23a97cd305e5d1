import type { Place, Source } from '../text/source.ts'
import type { Scope } from './scope.ts'
import type { ShellOptions } from './shell-environment.ts'
import type { ShellWord } from './split-words.ts'

/** What a script's statements need besides the variables. */
export interface ScriptRun {
  readonly source: Source
  readonly options: ShellOptions
  /** Texts of the functions defined so far, by name. */
  readonly functions: Map<string, string>
  /** Reads another file into the same shell; false where it cannot. */
  readonly include: (source: Source, scope: Scope) => boolean
}

export function placeOf(word: ShellWord, run: ScriptRun): Place {
  return { source: run.source, start: word.start, end: word.end }
}
