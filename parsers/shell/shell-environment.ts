import type { Source } from '../text/source.ts'
import type { WrittenText } from '../text/written-text.ts'

/** What a variable holds, or why only the running shell can tell. */
export type ShellValue =
  | { readonly known: true; readonly value: string }
  | { readonly known: false; readonly reason: string }

/** `NAME=value` as it stands in a script; offsets are UTF-16, half-open, and cover name and value. */
export interface ShellAssignment {
  readonly name: string
  readonly value: ShellValue
  /** True where the variable is exported when the assignment has been made. */
  readonly exported: boolean
  readonly source: Source
  readonly start: number
  readonly end: number
}

/** A variable that is set, or may be: one that is certainly not set has no entry. */
export interface ShellVariable {
  readonly value: ShellValue
  readonly exported: boolean
  /** The last assignment that gave it its value; null where it came from outside the script. */
  readonly assignment: ShellAssignment | null
}

/** What a script leaves behind in the shell that reads it. */
export interface ShellEnvironment {
  readonly variables: ReadonlyMap<string, ShellVariable>
  /** False where something that cannot be read may have set any name that is not in `variables`. */
  readonly complete: boolean
  /** Every assignment that was made or may have been made, in the order of execution. */
  readonly assignments: readonly ShellAssignment[]
  /** Why the script was given up, where it was; then nothing is known of it. */
  readonly givenUp: string | null
  /** The programs that it starts or may start, in their order; none where `start` was not given. */
  readonly commands: readonly ShellCommand[]
}

/** A program that a script starts. */
export interface ShellCommand {
  /** After expansion and word splitting; a part that only the running shell knows is an `UNKNOWN` character. */
  readonly words: readonly WrittenText[]
  /** A variable that the program is given: null where it is not set, undefined where nobody knows. */
  readonly environment: (name: string) => string | null | undefined
  /** The directory in which it starts; null where the script was not told its own, or nobody knows. */
  readonly directory: string | null
  /** False where a condition that nobody here can decide, or a loop, stands before it. */
  readonly certain: boolean
  /** True where the script goes on while it runs. */
  readonly background: boolean
}

/** What is needed to tell which programs a script starts. */
export interface ShellStart {
  /** The directory in which the script starts. */
  readonly directory: string | null
  /** `$1` and what follows; null where nobody knows them. */
  readonly args: readonly WrittenText[] | null
}

/** The shell in which a script is read, and what it can see. */
export interface ShellOptions {
  /** Variables that are set before the first line; all other names are unset. */
  readonly initial?: ReadonlyMap<string, ShellVariable>
  /** A variable that is set before the first line and is not in `initial`: exported, null where it is not set. */
  readonly outer?: (name: string) => ShellValue | null
  /** Given where the programs that the script starts are asked for. */
  readonly start?: ShellStart
  /** The file of a `.` command; null where it cannot be read, `missing` where it certainly is not there. */
  readonly read?: (path: string) => Source | 'missing' | null
  /** What `[ -e path ]` and its like see; undefined where nobody knows. */
  readonly kind?: (path: string) => 'file' | 'directory' | 'other' | 'missing' | undefined
}

/** A loaded grammar: runs a script on values, without running any of its commands. */
export interface ShellParser {
  parse(source: Source, options?: ShellOptions): ShellEnvironment
}

export function knownValue(value: string): ShellValue {
  return { known: true, value }
}

export function unknownValue(reason: string): ShellValue {
  return { known: false, reason }
}
