/**
 * How far values are followed: what is longer is unknown. A hundred times what anybody writes, so that
 * values which double each other end early.
 */
export const LONGEST_VALUE = 65_536
/** Why such a value is unknown. */
export const TOO_LONG = 'it is longer than 65,536 characters'
/** Items of a list of Python, likewise. */
export const MOST_ITEMS = 10_000
