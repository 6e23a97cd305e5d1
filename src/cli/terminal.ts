import type { ChalkInstance } from 'chalk'

/** What a command has of the world beside files: where it was started, what it prints to. */
export interface Terminal {
  readonly workingDirectory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** True where standard output is a person's screen. */
  readonly isInteractive: boolean
  /** Columns of that screen. */
  readonly columns: number | undefined
  /** Standard input to its end, or so many bytes of it: what never ends is not waited for. */
  readonly readInput: (maximum: number) => Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }>
  readonly print: (text: string) => void
  /** Shows in place on standard error what is being done, or takes that away; absent where nobody looks. */
  readonly progress?: (text: string | null) => void
  /** A line for standard error. */
  readonly warn: (line: string) => void
}

/** Columns where nobody's screen tells. */
const DEFAULT_WIDTH = 120

export function widthOf({ isInteractive, columns }: Terminal): number {
  return isInteractive && columns !== undefined && columns > 0 ? columns : DEFAULT_WIDTH
}

/** Whether to colour: `--color`, then NO_COLOR (https://no-color.org), then FORCE_COLOR, then the screen. */
export function wantsColor(
  choice: 'auto' | 'always' | 'never',
  { environment, isInteractive }: Terminal,
): boolean {
  if (choice !== 'auto') return choice === 'always'
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== '') return false
  const { FORCE_COLOR: force } = environment
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false'
  return isInteractive && environment.TERM !== 'dumb'
}

/** Colours of the sixteen that every terminal has and its owner chose; or none. */
export async function loadChalk(wanted: boolean): Promise<ChalkInstance> {
  const { Chalk } = await import('chalk')
  return new Chalk({ level: wanted ? 1 : 0 })
}
