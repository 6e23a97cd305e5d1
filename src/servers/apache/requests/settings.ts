import { type Fact, known, unknown } from '../../fact.ts'
import type { ApacheDirective } from '../configuration.ts'
import { effective } from '../queries/effective.ts'
import { argumentPlace, isSettled } from '../queries/places.ts'
import type { RequestRecord } from './request.ts'

/**
 * The line of a directive that holds for a request, with its reason where nobody can tell. In fragments the
 * outer part is taken to leave the default: what it sets is about the machine, hardly about one site.
 */
export function lineFor(record: RequestRecord, name: string): Fact<ApacheDirective | null> {
  const { configuration } = record.walk
  const { directives, open } = effective(configuration, record.levels, name)
  const line = directives.at(-1) ?? null
  const isOuter = configuration.main === null && line === null && !isDoubted(record, name)
  if (open !== null && !isOuter) return unknown(open, line === null ? null : argumentPlace(line, 0))
  return known(line, line === null ? null : argumentPlace(line, 0))
}

/** True where a section that may apply holds the directive. */
function isDoubted({ levels }: RequestRecord, name: string): boolean {
  const lower = name.toLowerCase()
  return levels.some(
    ({ applies, section, htaccess }) =>
      applies === undefined &&
      (htaccess ?? section?.children ?? []).some(child => child.name.toLowerCase() === lower),
  )
}

/** The first argument of a directive that holds for a request; null where the default does. */
export function settingFor(record: RequestRecord, name: string): Fact<string | null> {
  const line = lineFor(record, name)
  if (!line.known) return line
  if (line.value === null) return known(null)
  const value = line.value.args[0]?.value ?? ''
  return isSettled(value)
    ? known(value, line.at)
    : unknown(`the value of \`${name}\` is not known here`, line.at)
}

/** Whether a switch is on. */
export function isOnFor(record: RequestRecord, name: string, fallback: boolean): Fact<boolean> {
  const value = settingFor(record, name)
  if (!value.known) return value
  return known(value.value === null ? fallback : value.value.toLowerCase() === 'on', value.at)
}
