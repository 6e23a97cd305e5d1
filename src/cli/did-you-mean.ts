import { distance } from 'fastest-levenshtein'

/** `: did you mean "x"?` where one of the names is close to what was written, else nothing. */
export function didYouMean(written: string, names: readonly string[]): string {
  const best = nearestName(written, names)
  return best === null ? '' : `: did you mean "${best}"?`
}

/** The name that is closest to what was written; null where none is close. */
export function nearestName(written: string, names: readonly string[]): string | null {
  let best: string | null = null
  let least = Math.max(2, Math.floor(written.length / 3)) + 1
  for (const name of names) {
    const apart = distance(written, name)
    if (apart < least) {
      best = name
      least = apart
    }
  }
  return best
}
