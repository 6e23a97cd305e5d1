import { resolve } from 'node:path'
import type { Pieces } from '../report/reporter.ts'
import type { Arguments } from './arguments.ts'
import { loadChalk, type Terminal, wantsColor, widthOf } from './terminal.ts'
import { writeOutput } from './write-output.ts'

/** Where a command's text goes, and how it may look there. */
export interface CommandOutput {
  readonly chalk: Awaited<ReturnType<typeof loadChalk>>
  readonly width: number
  /** Prints a text that comes in pieces, or writes it to the file of `--output`, whole or not at all. */
  readonly write: (pieces: Pieces) => void
}

/** What `--output` and `--color` say of a command's text; a file is nobody's screen. */
export async function commandOutput(given: Arguments, terminal: Terminal): Promise<CommandOutput> {
  const shown = fileOf(given) === null ? terminal : { ...terminal, isInteractive: false }
  return {
    chalk: await loadChalk(wantsColor(given.color, shown)),
    width: widthOf(shown),
    write: pieces => writePieces(given, terminal, pieces),
  }
}

/** Prints a text without colours, or writes it to the file of `--output`. */
export function writeText(given: Arguments, terminal: Terminal, text: string): void {
  writePieces(given, terminal, [text])
}

function writePieces(given: Arguments, terminal: Terminal, pieces: Pieces): void {
  const file = fileOf(given)
  if (file !== null) writeOutput(resolve(terminal.workingDirectory, file), batches(pieces), file)
  else for (const text of batches(pieces)) terminal.print(text)
}

/** Characters that are written in one go. */
const BATCH = 65_536

/** The same text in fewer pieces: a report has one for each line or finding. */
function* batches(pieces: Pieces): Generator<string> {
  let text = ''
  for (const piece of pieces) {
    text += piece
    if (text.length < BATCH) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}

function fileOf({ output }: Arguments): string | null {
  return output === '-' ? null : output
}
