import type { Place } from './source.ts'

/**
 * A value that the model vouches for, with the place it was written, or the reason why nobody can
 * know it from the files alone (a name that only DNS resolves, a file outside the audited root, a
 * template's placeholder). `at` is null where a built-in default holds and nothing was written.
 */
export type Fact<T> =
  | { readonly known: true; readonly value: T; readonly at: Place | null }
  | { readonly known: false; readonly reason: string; readonly at: Place | null }

export function known<T>(value: T, at: Place | null = null): Fact<T> {
  return { known: true, value, at }
}

export function unknown<T = never>(reason: string, at: Place | null = null): Fact<T> {
  return { known: false, reason, at }
}

/** The value, or null where it is unknown: for questions that only a known value can answer. */
export function valueOrNull<T>(fact: Fact<T>): T | null {
  return fact.known ? fact.value : null
}
