/** The length of what an item matches; null where it varies, as a lookbehind must not. */
export type Length = number | null

/** An item of a pattern: how long it is, and whether a quantifier may follow it. */
export interface Item {
  readonly length: Length
  readonly quantifiable: boolean
}

export const POSIX_CLASSES = new Set(
  'alpha lower upper alnum ascii blank cntrl digit graph print punct space word xdigit'.split(' '),
)
export const VERBS = /^\*(?:(?:ACCEPT|FAIL|F|COMMIT|PRUNE|SKIP|THEN)(?::[^)]*)?|MARK:[^)]*|:[^)]+)\)/
export const START_OPTIONS =
  /^\(\*(?:UTF|UCP|CRLF|CR|LF|ANYCRLF|ANY|NUL|BSR_ANYCRLF|BSR_UNICODE|NO_JIT|NO_START_OPT|NO_AUTO_POSSESS|NO_DOTSTAR_ANCHOR|NOTEMPTY|NOTEMPTY_ATSTART|LIMIT_(?:MATCH|DEPTH|HEAP|RECURSION)=[0-9]+)\)/
export const NAME = '([A-Za-z_][A-Za-z0-9_]{0,31})'

/** The length of two items in a row. */
export function addLengths(left: Length, right: Length): Length {
  return left === null || right === null ? null : left + right
}
