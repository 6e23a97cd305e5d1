import type { Source } from '../../../parsers/text/source.ts'
import type { Problem } from '../problem.ts'
import type { NginxDirective, NginxProblemCode } from './configuration.ts'

/**
 * A problem of nginx and the moment in its reading at which it speaks of it: where `closing` is absent,
 * when it has read the directive at the problem's place; where it is a directive, at the `}` of that
 * block; where it is null, when everything has been read.
 */
export interface NginxProblem extends Problem<NginxProblemCode> {
  readonly closing?: NginxDirective | null
}

/**
 * A problem with its moment. The clock of a reading ticks once for every directive that nginx has read
 * and once more for every `}` of a block, in the order of the files.
 */
export interface TimedProblem {
  /** How often the clock had ticked before nginx met the problem. */
  readonly time: number
  readonly problem: NginxProblem
}

/**
 * Joins what reading met with what meaning tells, both in nginx's order, into one such order: nginx carries
 * out each directive as it reads it, so a wrong value comes before a stray brace further down, and what it
 * says at the end of `http` never comes where a brace inside `http` stopped it.
 */
export function inReadingOrder(
  top: readonly NginxDirective[],
  reading: readonly TimedProblem[],
  meaning: readonly NginxProblem[],
): readonly NginxProblem[] {
  if (reading.length === 0) return meaning
  if (meaning.length === 0) return reading.map(({ problem }) => problem)
  const clock = new Clock(top)
  const merged: NginxProblem[] = []
  let next = 0
  let latest = 0
  for (const problem of meaning) {
    latest = Math.max(latest, clock.timeOf(problem))
    for (let timed = reading[next]; timed !== undefined && timed.time < latest; timed = reading[++next])
      merged.push(timed.problem)
    merged.push(problem)
  }
  for (; next < reading.length; next++) {
    const timed = reading[next]
    if (timed !== undefined) merged.push(timed.problem)
  }
  return merged
}

/** The times of a whole configuration: built only where two lists have to be joined. */
class Clock {
  private readonly closed = new Map<NginxDirective, number>()
  /** Of each source the offsets at which directives begin, in reading order, and when each was read. */
  private readonly read = new Map<Source, { readonly starts: number[]; readonly times: number[] }>()
  private time = 0

  constructor(top: readonly NginxDirective[]) {
    this.walk(top)
  }

  timeOf({ at, closing }: NginxProblem): number {
    if (closing === null) return Number.POSITIVE_INFINITY
    if (closing !== undefined) return this.closed.get(closing) ?? Number.POSITIVE_INFINITY
    const read = this.read.get(at.source)
    if (read === undefined) return 0
    const { starts, times } = read
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= at.start) low = middle
      else high = middle - 1
    }
    return times[low] ?? 0
  }

  private walk(directives: readonly NginxDirective[]): void {
    for (const directive of directives) {
      const { source, node, children } = directive
      this.time++
      let read = this.read.get(source)
      if (read === undefined) {
        read = { starts: [], times: [] }
        this.read.set(source, read)
      }
      // A file that is read again begins anew: only its first reading counts.
      if (node.start > (read.starts.at(-1) ?? -1)) {
        read.starts.push(node.start)
        read.times.push(this.time)
      }
      if (node.block === null) continue
      this.walk(children)
      this.closed.set(directive, ++this.time)
    }
  }
}
