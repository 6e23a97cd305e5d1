/**
 * How far values are followed: what is longer is unknown. A hundred times what anybody writes, so that
 * values which double each other end early.
 */
export const LONGEST_VALUE = 65_536
/** Why such a value is unknown. */
export const TOO_LONG = 'it is longer than 65,536 characters'
/** Items of a list of Python, likewise. */
export const MOST_ITEMS = 10_000
/** Why such a list is unknown. */
export const TOO_MANY_ITEMS = 'it has more than 10,000 items'
/** Why nothing is known of a script that would keep a shell busy. */
export const TOO_MANY_STEPS = 'it takes too many steps'
/** Why nothing is known of a script that is nested beyond measure. */
export const TOO_DEEP = 'it is nested too deep'

/** No line of a configuration is longer, and no file of one line takes its length squared. */
export const LONGEST_LINE = 2000

const LIMITS: ReadonlySet<string> = new Set([TOO_LONG, TOO_MANY_ITEMS, TOO_MANY_STEPS, TOO_DEEP])

/** True for the reason of a value that is unknown because it was not followed further. */
export function isLimit(reason: string): boolean {
  return LIMITS.has(reason)
}
