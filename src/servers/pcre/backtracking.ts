import type { PcreTree } from '../../../parsers/pcre/tree.ts'
import { nodesOf } from '../../../parsers/pcre/walk.ts'
import { ambiguousLoops, type Loop, plainLoops, wordTo } from './ambiguous-loop.ts'
import { compileProgram } from './compile.ts'
import { type Positions, positionsOf } from './positions.ts'
import { machineFor } from './run.ts'
import { search } from './search.ts'
import { searchPlan } from './search-plan.ts'
import { Unanswerable } from './unanswerable.ts'

/** A text that keeps a pattern busy: `pump` as often as one likes. Bytes. */
export interface Attack {
  readonly prefix: string
  readonly pump: string
  readonly suffix: string
}

/** How the steps of a match may grow with the length of a text. */
export type Backtracking =
  /** Each pump multiplies them. */
  | { readonly kind: 'exponential'; readonly attack: Attack }
  /** They grow as the length to the power of the degree, which is three at least. */
  | { readonly kind: 'polynomial'; readonly degree: number; readonly attack: Attack }
  /** No faster than the square of the length, as searching at every place does anyway. */
  | { readonly kind: 'ordinary' }
  /** Nothing was found, but the pattern has what cannot be followed. */
  | { readonly kind: 'unknown' }

/** Loops that are tried out; and how many steps each try may take. */
const MOST_LOOPS = 40
const STEP_LIMIT = 30_000
/** The degree of what reaches the limit at once, as counted repetition does: it is higher still. */
const BEYOND = 4

/**
 * Whether a text made for it can keep the pattern busy. What is told is not guessed: the text is matched, and its
 * steps are counted as it grows, so that what PCRE's rules forbid to go back into (atomic groups, possessive
 * quantifiers) is not told.
 */
export function backtracking(tree: PcreTree): Backtracking {
  const positions = positionsOf(tree)
  if (positions === null) return { kind: 'unknown' }
  const ambiguous = ambiguousLoops(positions)
  const loops = distinct(plainLoops(positions)).slice(0, MOST_LOOPS)
  if (loops.length === 0 && positions.isExact) return { kind: 'ordinary' }
  const count = stepCounter(tree)
  if (count === null) return { kind: 'unknown' }
  const literals = literalsOf(tree)
  for (const attack of attacksOn(positions, distinct(ambiguous ?? []), literals)) {
    if (!multiplies(attack, count)) continue
    const parted = withPartedSlashes(attack)
    return { kind: 'exponential', attack: multiplies(parted, count) ? parted : attack }
  }
  let worst: Backtracking | null = null
  for (const attack of attacksOn(positions, loops, literals)) {
    const degree = degreeOf(attack, count)
    const isWorse = worst?.kind !== 'polynomial' || degree > worst.degree
    if (degree >= 3 && isWorse) worst = { kind: 'polynomial', degree, attack }
  }
  if (worst !== null) return worst
  return ambiguous === null || !positions.isExact ? { kind: 'unknown' } : { kind: 'ordinary' }
}

/** The same with a letter between slashes: servers make one of several before they match a path. */
function withPartedSlashes(attack: Attack): Attack {
  if (!/^\/+$/.test(attack.pump)) return attack
  const single = (text: string): string => text.replace(/\/+/g, '/')
  return { prefix: single(attack.prefix), pump: 'x/', suffix: single(attack.suffix) }
}

function distinct(loops: readonly Loop[]): readonly Loop[] {
  const seen = new Set<string>()
  return loops.filter(({ position, word }) => {
    const key = `${position} ${word}`
    return !seen.has(key) && seen.add(key)
  })
}

/** Texts that go through each loop, and then to something else. */
function attacksOn(positions: Positions, loops: readonly Loop[], literals: string): readonly Attack[] {
  return loops.flatMap(({ position, word }) => {
    const prefix = wordTo(positions, position)
    if (prefix === null) return []
    return suffixes(positions.sets[position]!, literals).map(suffix => ({ prefix, pump: word, suffix }))
  })
}

/**
 * What may make a match fail behind the pumps: a byte that the loop does not take, or nothing more. Behind it stand
 * the pattern's own letters, as the library looks first whether those are there that a match must have.
 */
function suffixes(set: Uint8Array, literals: string): readonly string[] {
  const other = ['!', 'x', '/', '\n', '\0'].find(char => set[char.charCodeAt(0)] === 0) ?? '\n\n'
  return [`${other}${literals}${other}`, other, '']
}

function literalsOf(tree: PcreTree): string {
  const chars = nodesOf(tree.alternatives).flatMap(node =>
    node.kind === 'literal' && node.code < 256 ? [String.fromCharCode(node.code)] : [],
  )
  return [...new Set(chars)].join('')
}

/** Counts the steps of a match; null where the matcher cannot follow the pattern. */
function stepCounter(tree: PcreTree): ((subject: string) => number) | null {
  try {
    const machine = machineFor(compileProgram(tree))
    const plan = searchPlan(tree)
    return subject => {
      search(machine, plan, subject, STEP_LIMIT)
      return machine.steps
    }
  } catch (error) {
    if (error instanceof Unanswerable) return null
    throw error
  }
}

/** The power of the length with which the steps grow, as far as the limit lets it be seen. */
function degreeOf({ prefix, pump, suffix }: Attack, count: (subject: string) => number): number {
  let before = Number.POSITIVE_INFINITY
  let degree = 0
  for (let times = 2; times <= 512; times *= 2) {
    const now = count(prefix + pump.repeat(times) + suffix)
    if (now >= STEP_LIMIT && times <= 4) return BEYOND
    degree = Math.max(degree, Math.log2(now / before))
    if (now >= STEP_LIMIT) break
    before = now
  }
  return Math.round(degree)
}

/** Whether three pumps more multiply the steps, time and again. */
function multiplies({ prefix, pump, suffix }: Attack, count: (subject: string) => number): boolean {
  let before = count(prefix + pump.repeat(4) + suffix)
  for (let times = 7; times <= 43; times += 3) {
    const now = count(prefix + pump.repeat(times) + suffix)
    if (now >= STEP_LIMIT) return true
    if (now < before * 1.5) return false
    before = now
  }
  return false
}
