import { below } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { compareVersions } from '../../src/servers/version.ts'

/** One advisory of a project: the releases that it speaks of, and what a configuration needs to be open to it. */
export interface Advisory<Condition extends string> {
  readonly id: string
  /** First and last release that have the fault, both included. */
  readonly ranges: readonly (readonly [first: string, last: string])[]
  /** The releases that mended it, one a branch. */
  readonly fixed: readonly string[]
  readonly condition: Condition
  /** True for what the project itself calls low. */
  readonly isLow: boolean
}

/** A line an advisory: id, ranges (`1.2.0-1.4.1;1.5.0`), the releases that mended it, condition, severity. */
export function readAdvisories<Condition extends string>(table: string): readonly Advisory<Condition>[] {
  return table
    .trim()
    .split('\n')
    .map(line => {
      const [id = '', ranges = '', fixed = '', condition = '', severity = ''] = line.trim().split(/\s+/)
      return {
        id,
        ranges: ranges.split(';').map(range => {
          const [first = '', last = first] = range.split('-')
          return [first, last] as const
        }),
        fixed: fixed.split(','),
        condition: condition as Condition,
        isLow: severity === 'low',
      }
    })
}

/** True for a release that only tests and people who develop start. */
function isForWork({ source }: Place, within: string): boolean {
  const path = below(source.path, within)
  return /\/(?:tests?|e2e|spec)\/|[._-](?:dev|development|local|override|test|ci)\.ya?ml$/i.test(path)
}

/** True for a release that has the fault: in a range, and not one that its branch mended. */
export function concerns(
  { ranges, fixed }: Pick<Advisory<string>, 'ranges' | 'fixed'>,
  version: string,
): boolean {
  const isInside = ranges.some(
    ([first, last]) => compareVersions(version, first) >= 0 && compareVersions(version, last) <= 0,
  )
  return (
    isInside &&
    !fixed.some(mended => branchOf(mended) === branchOf(version) && compareVersions(version, mended) >= 0)
  )
}

function branchOf(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

/** An advisory whose condition is met, and the line that meets it; null where any configuration does. */
export interface MetAdvisory {
  readonly advisory: Advisory<string>
  readonly at: Place | null
}

/**
 * The advisories about a release whose condition the configuration meets.
 *
 * @param meets the line that meets a condition, `always` where none has to, null where it is not met for sure
 */
export function metAdvisories<Condition extends string>(
  advisories: readonly Advisory<Condition>[],
  version: string,
  meets: (condition: Condition) => Place | 'always' | null,
): readonly MetAdvisory[] {
  return advisories.flatMap(advisory => {
    if (!concerns(advisory, version)) return []
    const at = meets(advisory.condition)
    return at === null ? [] : [{ advisory, at: at === 'always' ? null : at }]
  })
}

/** As many as a line holds. */
const NAMED = 4

/** The one finding of a release; null where no advisory is met. */
export function vulnerable(
  program: string,
  { version, at }: { readonly version: string; readonly at: Place },
  met: readonly MetAdvisory[],
  { within }: Deployment,
): RuleFinding | null {
  if (met.length === 0) return null
  const ids = met.map(({ advisory }) => advisory.id)
  const shown = ids.slice(0, NAMED).join(', ')
  const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : ''
  const byPlace = new Map<string, { at: Place; ids: string[] }>()
  for (const { advisory, at: place } of met) {
    if (place === null) continue
    const key = `${place.source.path}:${place.start}`
    const known = byPlace.get(key)
    if (known === undefined) byPlace.set(key, { at: place, ids: [advisory.id] })
    else known.ids.push(advisory.id)
  }
  const release = met
    .map(({ advisory }) => nextFixed(advisory, version))
    .reduce((newest, each) => (compareVersions(each, newest) > 0 ? each : newest))
  return {
    at,
    severity: met.every(({ advisory }) => advisory.isLow) || isForWork(at, within) ? 'info' : 'warning',
    message: `${program} ${version} has ${shown}${more}, and the configuration meets what ${ids.length === 1 ? 'that needs' : 'they need'}`,
    related: [...byPlace.values()]
      .slice(0, NAMED)
      .map(each => ({ at: each.at, message: `needed by ${each.ids.slice(0, NAMED).join(', ')}` })),
    help: `Take ${program} ${release} or a later one`,
  }
}

/** The oldest release behind this one that mended it. */
function nextFixed({ fixed }: Advisory<string>, version: string): string {
  const later = fixed.filter(each => compareVersions(each, version) > 0).sort(compareVersions)
  return later[0] ?? fixed.at(-1) ?? version
}
