/** What stands at `start`..`end` of a script, and what its shell says of it. */
export interface ShellFault {
  readonly start: number
  readonly end: number
  readonly said: string
  /** True where the shell ends there, and the script with it. */
  readonly ends: boolean
  /** True where the step of a build fails, though a script would go on. */
  readonly failsStep: boolean
  /** True where bash would read it. */
  readonly ofBash: boolean
  /** A label and an action of its own; null where those of its kind will do. */
  readonly meant: { readonly label: string; readonly help: string } | null
}

/** A word at which a step of a build fails, and a script goes on. */
export function stepFault(
  start: number,
  word: string,
  said: string,
  meant: { readonly label: string; readonly help: string },
): ShellFault {
  return { start, end: start + word.length, said, ends: false, failsStep: true, ofBash: false, meant }
}
