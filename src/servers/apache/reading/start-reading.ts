import { textSource } from '../../../../parsers/text/source.ts'
import { openStream, readBody, readFile } from './read-lines.ts'
import type { Reading } from './reading.ts'

/** What a reading begins with. */
export type ReadingStart = Pick<
  Reading,
  'files' | 'version' | 'environment' | 'fragments' | 'perDirectory' | 'modules' | 'defines' | 'serverRoot'
>

export function startReading(start: ReadingStart): Reading {
  const variables = new Map<string, string>()
  for (const [name, value] of start.defines) if (value !== null) variables.set(name.toLowerCase(), value)
  return {
    ...start,
    top: [],
    occurrences: new Map(),
    executed: [],
    sources: new Set(),
    variables,
    problems: [],
    names: new Map(),
    said: new Map(),
    macros: null,
    stream: openStream(textSource('', ''), ''),
    includeDepth: 0,
    complete: true,
    fatal: false,
    stopped: false,
    readFile,
    readBody,
  }
}
