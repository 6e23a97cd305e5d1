import { resolve } from 'node:path'
import type { Arguments } from './arguments.ts'
import { loadChalk, type Terminal, wantsColor, widthOf } from './terminal.ts'
import { writeOutput } from './write-output.ts'

/** Where a command's text goes, and how it may look there. */
export interface CommandOutput {
  readonly chalk: Awaited<ReturnType<typeof loadChalk>>
  readonly width: number
  /** Prints the text, or writes it to the file of `--output`, whole or not at all. */
  readonly write: (text: string) => void
}

/** What `--output` and `--color` say of a command's text; a file is nobody's screen. */
export async function commandOutput(given: Arguments, terminal: Terminal): Promise<CommandOutput> {
  const shown = fileOf(given) === null ? terminal : { ...terminal, isInteractive: false }
  return {
    chalk: await loadChalk(wantsColor(given.color, shown)),
    width: widthOf(shown),
    write: text => writeText(given, terminal, text),
  }
}

/** Prints a text without colours, or writes it to the file of `--output`. */
export function writeText(given: Arguments, terminal: Terminal, text: string): void {
  const file = fileOf(given)
  if (file === null) terminal.print(text)
  else writeOutput(resolve(terminal.workingDirectory, file), text, file)
}

function fileOf({ output }: Arguments): string | null {
  return output === '-' ? null : output
}
