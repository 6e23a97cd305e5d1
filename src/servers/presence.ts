import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source, TemplateBranch } from '../../parsers/text/source.ts'

/**
 * What is there for certain and what may be there.
 *
 * Some lines stand under a condition that the files alone do not decide: `<IfModule ssl_module>` where
 * nobody knows what is loaded, a template's `{% if %}`. No line of the model carries a doubt of its own for
 * that. A configuration is read in one *world*, in which every such condition has an answer, and is as
 * certain there as any other; what holds of the deployment is what holds in every world (see
 * `src/engine/across-worlds.ts`).
 */

/** What a condition that nobody here can decide has to come to. */
export interface Branch {
  /** Names the question: equal names get equal answers, wherever they are asked. */
  readonly condition: string
  /** How many answers there are. */
  readonly answers: number
  /** Which of them it takes, from 0. */
  readonly answer: number
  /** True where any but that one will do. */
  readonly negated: boolean
}

/** The branches under which a line is there, outermost first. */
export type Presence = readonly Branch[]

/** The presence of nearly every line. */
export const CERTAIN: Presence = []

/** True where both are there in the same worlds. */
export function isSameBranch(one: Branch, other: Branch): boolean {
  return one.condition === other.condition && one.answer === other.answer && one.negated === other.negated
}

/** The branch in which a condition of `answers` outcomes has this one. */
export function branch(condition: string, answer = 0, answers = 2): Branch {
  return { condition, answers, answer, negated: false }
}

/** The branch that is there where this one is not. */
export function otherwise(branch: Branch): Branch {
  return { ...branch, negated: !branch.negated }
}

/** A stretch of a file that is there under one branch alone. */
export interface GuardedStretch extends Branch {
  readonly start: number
  readonly end: number
}

/**
 * One way in which the undecided conditions may come out. It answers every condition, known or not, and keeps
 * which were asked and what hung on them while a configuration was read.
 */
export interface World {
  answer(condition: string, answers: number): number
  /** How often it was asked so far: what another world may have otherwise asks for it. */
  readonly turns: number
  /** How many answers each condition has that was asked so far. */
  readonly asked: ReadonlyMap<string, number>
  /** The presence of every guarded stretch that came to light, there or not. */
  readonly guarded: readonly Presence[]
  /** Keeps what is there under one branch; `outer` are those around it. */
  guard(path: string, stretch: GuardedStretch, outer: Presence): void
  /** Keeps under which branches a file was read, and those of the file itself. */
  read(source: Source, presence: Presence): void
  hasRead(path: string): boolean
  /** The ways in which a place is there; each of them is enough. */
  presences(place: Place): readonly Presence[]
}

/** The world in which a condition gets the answer that `decide` gives it. */
export function createWorld(decide: (condition: string, answers: number) => number): World {
  const asked = new Map<string, number>()
  const guards = new Map<string, GuardedStretch[]>()
  const readings = new Map<string, readonly Presence[]>()
  const guarded: Presence[] = []
  let turns = 0
  return {
    asked,
    guarded,
    get turns() {
      return turns
    },
    answer(condition, answers) {
      turns++
      asked.set(condition, answers)
      return decide(condition, answers)
    },
    guard(path, stretch, outer) {
      guarded.push([...outer, stretch])
      const known = guards.get(path)
      if (known === undefined) guards.set(path, [stretch])
      else known.push(stretch)
    },
    read(source, presence) {
      for (const { start } of source.branches) guarded.push([...presence, ...branchesAt(source, start)])
      const { path } = source
      const known = readings.get(path)
      if (known === undefined) readings.set(path, presence === CERTAIN ? ALWAYS : [presence])
      else if (!known.includes(presence)) readings.set(path, [...known, presence])
    },
    hasRead: path => readings.has(path),
    presences({ source, start }) {
      const outer = readings.get(source.path) ?? ALWAYS
      const inner = [
        ...branchesAt(source, start),
        ...(guards.get(source.path) ?? []).filter(isAround(start)),
      ].sort((one, other) => one.start - other.start)
      return inner.length === 0 ? outer : outer.map(presence => [...presence, ...inner])
    },
  }
}

/** The branches of a template's own statements that stand around an offset, outermost first. */
export function branchesAt(source: Source, offset: number): readonly TemplateBranch[] {
  if (source.branches.length === 0) return NONE
  const { starts, around } = stretchesOf(source)
  let [low, high] = [0, starts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return around[low - 1] ?? NONE
}

const NONE: readonly never[] = []

/** A file cut where a branch begins or ends, and the branches around each piece: every directive asks for its own. */
const stretchesOf = memo(({ branches }: Source) => {
  const starts = [...new Set(branches.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b)
  const byStart = groupBy([...branches.keys()], index => branches[index]?.start)
  const around: (readonly TemplateBranch[])[] = []
  let open: readonly number[] = []
  for (const at of starts) {
    open = [...open, ...(byStart.get(at) ?? [])]
      .filter(index => (branches[index]?.end ?? 0) > at)
      .sort((a, b) => a - b)
    around.push(open.flatMap(index => branches[index] ?? []))
  }
  return { starts, around }
})

function isAround(offset: number): (stretch: GuardedStretch) => boolean {
  return ({ start, end }) => start <= offset && offset < end
}

/** The presence of what stands at an offset of a file that is read under `outer`. */
export function presenceAt(outer: Presence, source: Source, offset: number): Presence {
  const inner = branchesAt(source, offset)
  return inner.length === 0 ? outer : [...outer, ...inner]
}

const ALWAYS: readonly Presence[] = [CERTAIN]

/** The world in which the first answer to every condition is the right one: what is guarded is there. */
export function firstWorld(): World {
  return createWorld(() => 0)
}

/** True where the world answers the condition as the branch wants it. */
export function isIn(world: World, { condition, answers, answer, negated }: Branch): boolean {
  return (world.answer(condition, answers) === answer) !== negated
}

/** True where the world answers every condition as the presence wants it. */
export function holdsIn(world: World, presence: Presence): boolean {
  return presence.every(branch => isIn(world, branch))
}
