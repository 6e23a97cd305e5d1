/** A value computed at its first use and kept: a deployment answers only what some rule asks. */
export function once<T>(compute: () => T): () => T {
  let done = false
  let value: T | undefined
  return () => {
    if (!done) {
      value = compute()
      done = true
    }
    return value as T
  }
}
