import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Place } from '../../parsers/text/source.ts'
import { CERTAIN, holdsIn, isSameBranch, type Presence, type World } from '../servers/presence.ts'
import type { Found, RuleAnswers } from './run.ts'
import { CONFIDENCES, type Confidence, SEVERITIES, type Severity } from './severity.ts'

/** A world that was looked at, and what was found there. */
export interface Visit {
  readonly world: World
  /** The rules that were asked in it, all where null: of the others it says nothing. */
  readonly rules: ReadonlySet<string> | null
  readonly deployments: readonly RuleAnswers[]
  readonly byKey: ReadonlyMap<string, readonly Found[]>
}

/** A finding that no visited world speaks against. */
export interface Claim {
  readonly key: string
  readonly rule: string
  /** The ways in which its place is there; one of them is enough. */
  readonly presences: readonly Presence[]
  /** The file that a server reads there; null for one that no server reads. */
  readonly path: string | null
}

/** What was found in a world, of one deployment after the other. */
export function visited(
  world: World,
  rules: ReadonlySet<string> | null,
  deployments: readonly RuleAnswers[],
): Visit {
  return {
    world,
    rules,
    deployments,
    byKey: groupBy(
      deployments.flatMap(({ found }) => found),
      keyOf,
    ),
  }
}

/** The findings that were made in every visited world in which their place is there. */
export function standingOf(visits: readonly Visit[]): readonly Claim[] {
  const claims = new Map<string, Claim>()
  for (const { byKey, world } of visits)
    for (const [key, [found]] of byKey)
      if (!claims.has(key) && found !== undefined) claims.set(key, claimOf(key, found, world))
  return [...claims.values()].filter(claim => visits.every(visit => doesNotDeny(visit, claim)))
}

function claimOf(key: string, { active, finding }: Found, world: World): Claim {
  const { path } = finding.at.source
  return {
    key,
    rule: active.rule.id,
    presences: world.presences(finding.at),
    path: world.hasRead(path) ? path : null,
  }
}

function hasAsked({ rules }: Visit, rule: string): boolean {
  return rules === null || rules.has(rule)
}

function doesNotDeny(visit: Visit, { key, rule, presences, path }: Claim): boolean {
  if (!hasAsked(visit, rule)) return true
  const { byKey, world } = visit
  const all = byKey.get(key)
  if (all === undefined)
    return (path !== null && !world.hasRead(path)) || !presences.some(presence => holdsIn(world, presence))
  return all.some(({ finding: { related = [], at } }) =>
    related.every(
      other =>
        other.isOutside === true ||
        other.at.source.path === at.source.path ||
        // What no server reads, such as a script or a unit, hangs on no module of theirs.
        !world.hasRead(other.at.source.path) ||
        isOnlyWith(world, other.at, presences),
    ),
  )
}

/** True where a place is there in no world in which these presences are not. */
function isOnlyWith(world: World, place: Place, presences: readonly Presence[]): boolean {
  if (presences.includes(CERTAIN)) return true
  return world
    .presences(place)
    .every(own =>
      presences.some(wanted => wanted.every(branch => own.some(other => isSameBranch(branch, other)))),
    )
}

export function rulesOf(claims: readonly Claim[]): ReadonlySet<string> {
  return new Set(claims.map(({ rule }) => rule))
}

function keyOf({ active, finding: { at, aspect = '' } }: Found): string {
  return `${active.rule.id} ${placeOf(at)} ${aspect}`
}

/** What stands, each as the first world has it that shows it, and at its mildest: so much holds in every world. */
export function answersOf(visits: readonly Visit[], claims: readonly Claim[]): readonly RuleAnswers[] {
  const milder = new Map(claims.map(claim => [claim.key, mildest(visits, claim)]))
  const said = new Set<string>()
  const answers: RuleAnswers[] = []
  for (const { deployments, byKey } of visits) {
    for (const [index, { found, crashes }] of deployments.entries()) {
      const before = answers[index] ?? { found: [], crashes: [] }
      const fresh = found.flatMap(each => {
        const change = said.has(keyOf(each)) ? undefined : milder.get(keyOf(each))
        return change === undefined ? [] : [change(each)]
      })
      const failed = crashes.filter(({ rule }) => !before.crashes.some(crash => crash.rule === rule))
      answers[index] = { found: [...before.found, ...fresh], crashes: [...before.crashes, ...failed] }
    }
    for (const key of byKey.keys()) said.add(key)
  }
  return answers
}

/** Takes from a finding what some world that shows it does not say of it. */
function mildest(visits: readonly Visit[], { key, rule }: Claim): (found: Found) => Found {
  const versions = visits.flatMap(({ byKey }) => {
    const found = byKey.get(key)
    return found === undefined ? [] : [found]
  })
  const rankIn = <T>(scale: readonly T[], of: (found: Found) => T): number =>
    Math.min(...versions.map(found => Math.max(...found.map(each => scale.indexOf(of(each))))))
  const severity = rankIn(SEVERITIES, severityOf)
  const confidence = rankIn(CONFIDENCES, confidenceOf)
  // A server refuses for certain what it refuses in every world.
  const isFatal =
    versions.length === visits.filter(visit => hasAsked(visit, rule)).length &&
    versions.every(found => found.some(({ finding }) => finding.fatal === true))
  const places = versions.map(
    found => new Set(found.flatMap(({ finding }) => finding.related?.map(({ at }) => placeOf(at)) ?? [])),
  )
  return found => {
    const { active, finding } = found
    return {
      active,
      finding: {
        ...finding,
        severity: SEVERITIES[Math.min(severity, SEVERITIES.indexOf(severityOf(found)))] ?? severityOf(found),
        confidence:
          CONFIDENCES[Math.min(confidence, CONFIDENCES.indexOf(confidenceOf(found)))] ?? confidenceOf(found),
        fatal: isFatal && finding.fatal === true,
        ...(finding.related !== undefined && {
          related: finding.related.filter(({ at }) => places.every(known => known.has(placeOf(at)))),
        }),
      },
    }
  }
}

function severityOf({ active, finding }: Found): Severity {
  return finding.severity ?? active.rule.severity
}

function confidenceOf({ active, finding }: Found): Confidence {
  return finding.confidence ?? active.rule.confidence
}

function placeOf({ source, start, end }: Place): string {
  return `${source.path}:${start}-${end}`
}
