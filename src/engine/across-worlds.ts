import type { Place } from '../../parsers/text/source.ts'
import {
  CERTAIN,
  createWorld,
  holdsIn,
  isSameBranch,
  type Presence,
  type World,
} from '../servers/presence.ts'
import type { Finding } from './finding.ts'
import type { Crash } from './run.ts'
import { CONFIDENCES, SEVERITIES } from './severity.ts'

/** What the rules found in one world. */
export interface WorldFindings {
  readonly findings: readonly Finding[]
  readonly crashes: readonly Crash[]
}

/** Reads everything in a world and asks the rules of these ids; all of them where null. */
export type EnterWorld = (world: World, rules: ReadonlySet<string> | null) => WorldFindings

interface Visit extends WorldFindings {
  readonly world: World
  readonly byKey: ReadonlyMap<string, Finding>
}

/** A finding that no visited world speaks against. */
interface Claim {
  readonly key: string
  readonly rule: string
  /** The ways in which its place is there; one of them is enough. */
  readonly presences: readonly Presence[]
  /** The file that a server reads there; null for one that no server reads. */
  readonly path: string | null
}

type Decide = (condition: string, answers: number) => number
type Answers = ReadonlyMap<string, number>

/** Each costs a reading of everything: what so many do not confirm is not reported. */
const MOST_WORLDS = 48

const first: Decide = () => 0
const last: Decide = (_, answers) => answers - 1

/**
 * What holds however the undecided conditions come out: a finding stands where it is made in every world in
 * which its place is there. So a line that may be there never makes another line a fault, branches that
 * exclude each other never meet, what may be there may be the cure, and a fault that lies in the line itself
 * stays one. Where it takes a line of another file that is there without this one, such as another server's
 * socket, the answer may well be that this one is not there.
 *
 * Visited are the world in which every condition has its first answer and the one in which each has its
 * last; worlds that show the branches which are in neither; for each branch that holds a finding, the worlds
 * in which it is there and every other condition has its last, or its first, answer; and two in which every
 * second condition is turned, since two changes may undo each other.
 */
export function acrossWorlds(enter: EnterWorld): WorldFindings {
  const visits = [visit(enter, first, null)]
  const [{ world, findings, crashes }] = visits as [Visit]
  if (world.asked.size === 0) return { findings, crashes }
  visits.push(visit(enter, last, null))
  visitHidden(enter, visits)
  visitMixed(enter, visits)
  const unchecked = visitAround(enter, visits)
  return {
    findings: standing(visits)
      .filter(({ presences }) => presences.some(presence => !unchecked.has(nameOf(presence))))
      .map(({ key }) => settled(visits, key)),
    crashes: crashesOf(visits),
  }
}

function visit(enter: EnterWorld, decide: Decide, rules: ReadonlySet<string> | null): Visit {
  const world = createWorld(decide)
  const { findings, crashes } = enter(world, rules)
  return { world, findings, crashes, byKey: new Map(findings.map(finding => [keyOf(finding), finding])) }
}

/** Visits worlds until every branch that came to light was there in one of them. */
function visitHidden(enter: EnterWorld, visits: Visit[]): void {
  const tried = new Set<string>()
  while (visits.length < MOST_WORLDS / 2) {
    let answers: Answers = new Map()
    let isNew = false
    for (const presence of visits.flatMap(({ world }) => world.guarded)) {
      const name = nameOf(presence)
      if (tried.has(name) || visits.some(({ world }) => holdsIn(world, presence))) continue
      const joined = answersFor(presence, answers)
      if (joined !== null) {
        answers = joined
        isNew = true
      }
      // What contradicts itself is nowhere; what only contradicts the others waits for the next world.
      if (joined !== null || answersFor(presence, new Map()) === null) tried.add(name)
    }
    if (!isNew) return
    visits.push(visit(enter, decideBy(answers, first), null))
  }
}

function visitMixed(enter: EnterWorld, visits: Visit[]): void {
  const conditions = [...new Set(visits.flatMap(({ world }) => [...world.asked.keys()]))]
  if (conditions.length < 2) return
  for (const odd of [0, 1]) {
    const rules = rulesOf(standing(visits))
    if (rules.size === 0) return
    const turned = new Set(conditions.filter((_, index) => index % 2 === odd))
    const decide: Decide = (condition, answers) => (turned.has(condition) ? answers - 1 : 0)
    visits.push(visit(enter, decide, rules))
  }
}

/**
 * Visits, for each branch with a finding, the worlds with it and without, or with, all else. Returns the names
 * of the presences for which there was no time.
 */
function visitAround(enter: EnterWorld, visits: Visit[]): ReadonlySet<string> {
  const tried = new Set<string>()
  const unchecked = new Set<string>()
  for (const others of [last, first]) {
    for (const { presences } of standing(visits)) {
      for (const presence of presences) {
        const answers = answersFor(presence, new Map())
        if (answers === null || answers.size === 0) continue
        const decide = decideBy(answers, others)
        const name = `${others === last} ${nameOf(presence)}`
        if (tried.has(name) || visits.slice(0, 2).some(({ world }) => isSame(world, decide))) continue
        tried.add(name)
        const claims = standing(visits).filter(claim =>
          claim.presences.some(holds => nameOf(holds) === nameOf(presence)),
        )
        if (claims.length === 0) continue
        if (visits.length >= MOST_WORLDS) unchecked.add(nameOf(presence))
        else visits.push(visit(enter, decide, rulesOf(claims)))
      }
    }
  }
  return unchecked
}

/** True where the world answers everything that it was asked as `decide` would. */
function isSame({ asked, answer }: World, decide: Decide): boolean {
  for (const [condition, answers] of asked)
    if (answer(condition, answers) !== decide(condition, answers)) return false
  return true
}

function decideBy(answers: Answers, others: Decide): Decide {
  return (condition, count) => answers.get(condition) ?? others(condition, count)
}

/** Answers, with those given, that make a presence hold; null where they contradict each other. */
function answersFor(presence: Presence, given: Answers): Answers | null {
  const answers = new Map(given)
  for (const { condition, answers: count, answer, negated } of presence) {
    const known = answers.get(condition)
    if (known === undefined) answers.set(condition, negated ? (answer === 0 ? count - 1 : 0) : answer)
    else if ((known === answer) === negated) return null
  }
  return answers
}

function nameOf(presence: Presence): string {
  return presence.map(({ condition, answer, negated }) => `${condition}\0${answer}\0${negated}`).join('\0')
}

/** The findings that were made in every visited world in which their place is there. */
function standing(visits: readonly Visit[]): readonly Claim[] {
  const claims = new Map<string, Claim>()
  for (const { byKey, world } of visits)
    for (const [key, finding] of byKey) if (!claims.has(key)) claims.set(key, claimOf(key, finding, world))
  return [...claims.values()].filter(claim => visits.every(visit => doesNotDeny(visit, claim)))
}

function claimOf(key: string, { rule, at }: Finding, world: World): Claim {
  const { path } = at.source
  return { key, rule, presences: world.presences(at), path: world.hasRead(path) ? path : null }
}

function doesNotDeny({ byKey, world }: Visit, { key, presences, path }: Claim): boolean {
  const finding = byKey.get(key)
  if (finding === undefined)
    return (path !== null && !world.hasRead(path)) || !presences.some(presence => holdsIn(world, presence))
  return finding.related.every(
    ({ at }) => at.source.path === finding.at.source.path || isOnlyWith(world, at, presences),
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

function rulesOf(claims: readonly Claim[]): ReadonlySet<string> {
  return new Set(claims.map(({ rule }) => rule))
}

function keyOf({ rule, at, aspect }: Finding): string {
  return `${rule} ${at.file}:${at.start}-${at.end} ${aspect}`
}

/** The finding at its mildest: only so much holds in every world. */
function settled(visits: readonly Visit[], key: string): Finding {
  const versions = visits.flatMap(({ byKey }) => byKey.get(key) ?? [])
  const [plainest] = [...versions].sort((one, other) => one.related.length - other.related.length)
  const mildest = <T>(scale: readonly T[], values: readonly T[]): T =>
    scale[Math.min(...values.map(value => scale.indexOf(value)))] as T
  return {
    ...(plainest as Finding),
    severity: mildest(
      SEVERITIES,
      versions.map(({ severity }) => severity),
    ),
    confidence: mildest(
      CONFIDENCES,
      versions.map(({ confidence }) => confidence),
    ),
    // A server refuses for certain what it refuses in every world.
    fatal: versions.length === visits.length && versions.every(({ fatal }) => fatal),
  }
}

function crashesOf(visits: readonly Visit[]): readonly Crash[] {
  const crashes = new Map<string, Crash>()
  for (const { crashes: found } of visits)
    for (const crash of found) if (!crashes.has(crash.rule)) crashes.set(crash.rule, crash)
  return [...crashes.values()]
}
