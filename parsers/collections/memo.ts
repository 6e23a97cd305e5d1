/** What a memo can keep: anything but `undefined`, which stands for "not computed yet". */
type Kept = NonNullable<unknown> | null

/**
 * A function of one object, computed once for each and forgotten with it. The answer may be anything but
 * `undefined`; where `compute` throws, the next question computes again.
 */
export function memo<O extends object, V extends Kept>(compute: (owner: O) => V): (owner: O) => V {
  const kept = new WeakMap<O, V>()
  return owner => {
    const known = kept.get(owner)
    if (known !== undefined) return known
    const value = compute(owner)
    kept.set(owner, value)
    return value
  }
}

/**
 * A function of an object and a key, such as a configuration and one of its directives, computed once for
 * each pair and forgotten with the object. Keys are held firmly: tens of thousands that are each held weakly
 * would cost every collection of garbage more than what they save.
 */
export function memoByKey<O extends object, K, V extends Kept>(
  compute: (owner: O, key: K) => V,
): (owner: O, key: K) => V {
  const kept = new WeakMap<O, Map<K, V>>()
  return (owner, key) => {
    let byKey = kept.get(owner)
    if (byKey === undefined) {
      byKey = new Map()
      kept.set(owner, byKey)
    }
    const known = byKey.get(key)
    if (known !== undefined) return known
    const value = compute(owner, key)
    byKey.set(key, value)
    return value
  }
}
