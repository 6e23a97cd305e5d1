/** More texts than one configuration repeats; when as many are kept, all are forgotten. */
const MOST_KEPT = 2000
/** A longer text hardly comes twice, and would be held for nothing. */
const LONGEST_KEPT = 200

/**
 * A function of a text whose answers are kept for the texts that came lately: ten thousand sites write the same
 * few addresses and values. What is kept is bounded, however many texts come.
 */
export function recent<V extends NonNullable<unknown> | null>(
  compute: (text: string) => V,
): (text: string) => V {
  const kept = new Map<string, V>()
  return text => {
    const known = kept.get(text)
    if (known !== undefined) return known
    const value = compute(text)
    if (text.length > LONGEST_KEPT) return value
    if (kept.size >= MOST_KEPT) kept.clear()
    kept.set(text, value)
    return value
  }
}
