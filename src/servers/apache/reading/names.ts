import type { ApacheDirective } from '../configuration.ts'
import { type ApacheDirectiveFacts, apacheDirective, apacheSection } from '../directives.ts'
import type { LineName, Reading } from './reading.ts'

/** `written` without `<`. */
export function nameOf(reading: Reading, written: string, section: boolean): LineName {
  const key = section ? `<${written}` : written
  const known = reading.names.get(key)
  if (known !== undefined) return known
  const lower = written.toLowerCase()
  const facts = section ? apacheSection(lower) : plainDirective(lower)
  const fresh: LineName = { name: facts?.name ?? written, lower, facts, found: null }
  reading.names.set(key, fresh)
  return fresh
}

function plainDirective(lower: string): ApacheDirectiveFacts | undefined {
  const facts = apacheDirective(lower)
  return facts?.section ? undefined : facts
}

/** Puts a directive into the index of occurrences. */
export function noteOccurrence(reading: Reading, name: LineName, directive: ApacheDirective): void {
  if (name.found === null) {
    const found = reading.occurrences.get(name.lower)
    name.found = found ?? []
    if (found === undefined) reading.occurrences.set(name.lower, name.found)
  }
  name.found.push(directive)
}
