const names = new Map<string, string>()
/** More names than any configuration has; what comes after them is not kept. */
const MOST_NAMES = 20_000

/**
 * One string for each name: thousands of files write the same few, and comparing names then compares
 * pointers.
 */
export function internName(name: string): string {
  const interned = names.get(name)
  if (interned !== undefined) return interned
  if (names.size === MOST_NAMES) return name
  // A property key is a string of its own, where a slice would keep the whole file in memory.
  const own = Object.keys({ [name]: true })[0] ?? name
  names.set(own, own)
  return own
}
