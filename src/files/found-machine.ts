import type { FragmentSet } from './fragment-sets.ts'
import type { Mount } from './mounts.ts'
import type { Program } from './program.ts'

/** Servers of a repository that run on one machine, as far as their places say. */
export interface FoundMachine {
  /** The directory that it is called after. */
  readonly directory: string
  readonly mounts: readonly Mount[]
  /** As the machine names them. */
  readonly mains: Readonly<Record<Program, string | null>>
  /** What stands for the missing main file of a program; paths of the repository. */
  readonly standIn: FragmentSet | null
  /** What else of its servers is written at its place, but for what main files reached; paths of the machine. */
  readonly fragments?: (reached: ReadonlySet<string>) => readonly FragmentSet[]
}
