import type { Place } from '../../parsers/text/source.ts'

/** A server's version and who said so. */
export interface ServerVersion {
  /** Dotted numbers, such as `1.22.1`. */
  readonly value: string
  /**
   * `image`: the tag of an official image names it.
   * `directives`: modules and directives that only an old release has show it.
   * `assumed`: nothing tells, so the newest is taken and rules that hang on it stay careful.
   */
  readonly from: 'option' | 'configuration' | 'package-database' | 'image' | 'directives' | 'assumed'
  readonly at: Place | null
}

/** Negative, zero or positive as `a` is older than, the same as, or newer than `b`; missing parts are 0. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.')
  const right = b.split('.')
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = Number.parseInt(left[index] ?? '0', 10) - Number.parseInt(right[index] ?? '0', 10)
    if (difference !== 0) return difference
  }
  return 0
}

export function isAtLeast(version: ServerVersion, minimum: string): boolean {
  return compareVersions(version.value, minimum) >= 0
}
