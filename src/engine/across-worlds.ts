import { createWorld, holdsIn, type Presence, type World } from '../servers/presence.ts'
import type { RuleAnswers } from './run.ts'
import { answersOf, rulesOf, standingOf, type Visit, visited } from './standing-findings.ts'

/** Reads everything in a world and asks the rules of these ids, all of them where null, of each deployment. */
export type EnterWorld = (world: World, rules: ReadonlySet<string> | null) => readonly RuleAnswers[]

type Decide = (condition: string, answers: number) => number
type Choices = ReadonlyMap<string, number>

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
export function acrossWorlds(enter: EnterWorld): readonly RuleAnswers[] {
  const world = createWorld(first)
  const deployments = enter(world, null)
  if (world.asked.size === 0) return deployments
  const visits = [visited(world, null, deployments)]
  visits.push(visit(enter, last, null))
  visitHidden(enter, visits)
  visitMixed(enter, visits)
  const unchecked = visitAround(enter, visits)
  const standing = standingOf(visits).filter(({ presences }) =>
    presences.some(presence => !unchecked.has(nameOf(presence))),
  )
  return answersOf(visits, standing)
}

function visit(enter: EnterWorld, decide: Decide, rules: ReadonlySet<string> | null): Visit {
  const world = createWorld(decide)
  return visited(world, rules, enter(world, rules))
}

/** Visits worlds until every branch that came to light was there in one of them. */
function visitHidden(enter: EnterWorld, visits: Visit[]): void {
  const tried = new Set<string>()
  while (visits.length < MOST_WORLDS / 2) {
    let choices: Choices = new Map()
    let isNew = false
    for (const presence of visits.flatMap(({ world }) => world.guarded)) {
      const name = nameOf(presence)
      if (tried.has(name) || visits.some(({ world }) => holdsIn(world, presence))) continue
      const joined = choicesFor(presence, choices)
      if (joined !== null) {
        choices = joined
        isNew = true
      }
      // What contradicts itself is nowhere; what only contradicts the others waits for the next world.
      if (joined !== null || choicesFor(presence, new Map()) === null) tried.add(name)
    }
    if (!isNew) return
    visits.push(visit(enter, decideBy(choices, first), null))
  }
}

function visitMixed(enter: EnterWorld, visits: Visit[]): void {
  const conditions = [...new Set(visits.flatMap(({ world }) => [...world.asked.keys()]))]
  if (conditions.length < 2) return
  for (const odd of [0, 1]) {
    const rules = rulesOf(standingOf(visits))
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
  let standing = standingOf(visits)
  for (const others of [last, first]) {
    for (const { presences } of standing) {
      for (const presence of presences) {
        const choices = choicesFor(presence, new Map())
        if (choices === null || choices.size === 0) continue
        const decide = decideBy(choices, others)
        const name = `${others === last} ${nameOf(presence)}`
        if (tried.has(name) || visits.slice(0, 2).some(({ world }) => isSame(world, decide))) continue
        tried.add(name)
        const claims = standing.filter(claim =>
          claim.presences.some(holds => nameOf(holds) === nameOf(presence)),
        )
        if (claims.length === 0) continue
        if (visits.length >= MOST_WORLDS) unchecked.add(nameOf(presence))
        else {
          visits.push(visit(enter, decide, rulesOf(claims)))
          standing = standingOf(visits)
        }
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

function decideBy(choices: Choices, others: Decide): Decide {
  return (condition, count) => choices.get(condition) ?? others(condition, count)
}

/** Choices, with those given, that make a presence hold; null where they contradict each other. */
function choicesFor(presence: Presence, given: Choices): Choices | null {
  const choices = new Map(given)
  for (const { condition, answers: count, answer, negated } of presence) {
    const known = choices.get(condition)
    if (known === undefined) choices.set(condition, negated ? (answer === 0 ? count - 1 : 0) : answer)
    else if ((known === answer) === negated) return null
  }
  return choices
}

function nameOf(presence: Presence): string {
  return presence.map(({ condition, answer, negated }) => `${condition}\0${answer}\0${negated}`).join('\0')
}
