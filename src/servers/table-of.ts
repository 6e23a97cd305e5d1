/** What is known of many keys of one owner, such as the directives of a configuration, and dies with it. */
export type Tables<O extends object, K, V> = WeakMap<O, Map<K, V>>

/**
 * The table of one owner. Tens of thousands of keys that are each held weakly would cost every collection of
 * garbage more than what they save.
 */
export function tableOf<O extends object, K, V>(tables: Tables<O, K, V>, owner: O): Map<K, V> {
  let table = tables.get(owner)
  if (table === undefined) {
    table = new Map()
    tables.set(owner, table)
  }
  return table
}
