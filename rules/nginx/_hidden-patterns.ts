import { compilePcre } from '../../src/servers/regex.ts'
import { isAnchoredAtEnd, isAnchoredAtStart } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { type SampleOptions, sampleTexts } from '../../src/servers/pcre/sample-texts.ts'

/** A regular expression as a `location` or a `rewrite` holds it. */
export interface Expression {
  readonly pattern: string
  readonly caseless: boolean
}

/** Each expression is compared with as many before it: more would take time by the square of their number. */
export const MOST_COMPARED = 100

/** True where a pattern looks around itself, or at what stands beside a letter: samples tell nothing of it. */
export function looksAround(pattern: string): boolean {
  return /\(\?[!<=]|\\b/i.test(pattern)
}

/** True where a match may go on, or end, wherever the text does. */
export function isOpenAtEnd(pattern: string): boolean {
  const tree = readPattern(pattern)
  return tree !== null && (!isAnchoredAtEnd(tree) || /\.\*\)?\$$/.test(pattern))
}

/** True where the earlier expression matches every text that the later one does, in whatever it stands. */
export function hides(
  earlier: Expression,
  later: Expression,
  samples: () => readonly string[] | null,
): boolean {
  const tree = readPattern(earlier.pattern)
  const own = readPattern(later.pattern)
  const regex = compilePcre(earlier.pattern, { caseless: earlier.caseless })
  if (tree === null || own === null || regex === null) return false
  if (!earlier.caseless && later.caseless) return false
  if (/\(\?[!<=]/.test(earlier.pattern) || /\(\?[!<=]/.test(later.pattern)) return false
  // What is anchored matches a text only where it stands; so must the later one be.
  if (isAnchoredAtStart(tree) && !isAnchoredAtStart(own)) return false
  if (!isOpenAtEnd(earlier.pattern) && !isAnchoredAtEnd(own)) return false
  const before = isAnchoredAtStart(own) ? '' : '\u0001'
  const behind = isAnchoredAtEnd(own) ? '' : '\u0001'
  // Where the later one is not anchored, anything may stand around what it matches.
  return samples()?.every(text => regex.test(before + text + behind) === true) ?? false
}

/** Texts of every kind that an expression matches; null where they do not stand for all of them. */
export function samplesOf({ pattern, caseless }: Expression): readonly string[] | null {
  const all: string[] = []
  for (const kind of KINDS) {
    const { texts, isComplete } = sampleTexts(pattern, { caseless, ...kind })
    if (!isComplete) return null
    all.push(...texts)
  }
  return all
}

/** Texts of several kinds, for whatever a set or a `.` may stand for. */
const KINDS: readonly SampleOptions[] = [
  { filler: 'x' },
  { filler: 'a/b' },
  { filler: '.q.w', pick: 'first' },
  { filler: '-_-', pick: 'last' },
]

/** True where an expression matches every path there is: `^`, `^/(.*)$`, `.*`. */
export function matchesEveryPath(pattern: string): boolean {
  return /^(?:\^?\/?\??(?:\.\*\$?)?|\^?\.\+\$?)$/.test(pattern.replace(/[()]/g, ''))
}
