import { textSource } from '../../../../parsers/text/source.ts'
import { CERTAIN } from '../../presence.ts'
import { openStream, readBody, readFile } from './read-lines.ts'
import type { Reading, Variable } from './reading.ts'

/** What a reading begins with. */
export type ReadingStart = Pick<
  Reading,
  | 'files'
  | 'version'
  | 'environment'
  | 'fragments'
  | 'perDirectory'
  | 'modules'
  | 'defines'
  | 'serverRoot'
  | 'world'
>

export function startReading(start: ReadingStart): Reading {
  const variables = new Map<string, Variable>()
  for (const [name, value] of start.defines) {
    if (value !== null) variables.set(name.toLowerCase(), { value, at: null, section: null })
  }
  return {
    ...start,
    top: [],
    occurrences: new Map(),
    executed: [],
    sources: new Set(),
    variables,
    problems: [],
    notes: [],
    unread: new Map(),
    noted: new Set(),
    names: new Map(),
    said: new Map(),
    macros: null,
    presence: CERTAIN,
    stream: openStream(textSource('', ''), ''),
    includeDepth: 0,
    includes: 0,
    lines: 0,
    complete: true,
    loadsComplete: true,
    fatal: false,
    stopped: false,
    limit: null,
    made: 0,
    readFile,
    readBody,
  }
}
