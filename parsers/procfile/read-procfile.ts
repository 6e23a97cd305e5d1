import type { Place, Source } from '../text/source.ts'
import { trimWritten, type WrittenText, writtenAt } from '../text/written-text.ts'

/** `web: gunicorn app:app`. */
export interface ProcfileEntry {
  readonly name: string
  readonly at: Place
  /** The script that a shell is given. */
  readonly script: WrittenText
}

const LINE = /^([A-Za-z0-9_-]+):[ \t]*(.+)$/gm

/** Reads a Procfile; lines that are none are passed over. */
export function readProcfile(source: Source): readonly ProcfileEntry[] {
  return [...source.code.matchAll(LINE)].map(({ index, 0: whole, 1: name = '', 2: script = '' }) => ({
    name,
    at: { source, start: index, end: index + name.length },
    script: trimWritten(writtenAt(source, index + whole.length - script.length, index + whole.length)),
  }))
}
