import type { Place } from '../parsers/text/source.ts'

/** A pattern, what is made of a path that matches it, and where both are written. */
export interface Rewriting {
  readonly pattern: string
  readonly target: string
  readonly patternAt: Place
  readonly targetAt: Place
}
