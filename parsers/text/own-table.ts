/**
 * A table by the words of audited files, without what every object of JavaScript brings along: to it,
 * `constructor` is a word that it does not have.
 */
export function ownTable<T>(entries: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.freeze(Object.assign(Object.create(null) as Record<string, T>, entries))
}
