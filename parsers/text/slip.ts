import { distance } from 'fastest-levenshtein'

/**
 * True where a slip of the hand makes one name of the other: at most so many letters differ. Two that differ in their
 * numbers alone are names of two things, as `web1` and `web2` are.
 */
export function isSlip(one: string, other: string, most: number): boolean {
  return (
    Math.abs(one.length - other.length) <= most && distance(one, other) <= most && !areNumbered(one, other)
  )
}

/** True where two different names differ in their numbers alone. */
export function areNumbered(one: string, other: string): boolean {
  return one !== other && withoutNumbers(one) === withoutNumbers(other)
}

function withoutNumbers(name: string): string {
  return name.replace(/\d+/g, '0')
}
