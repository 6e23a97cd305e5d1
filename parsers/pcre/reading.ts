import type { PcreProblemCode } from './problems.ts'
import { PCRE2, type PcreRelease } from './release.ts'
import type { PcreName, PcreNode, PcreSequence, PcreStart } from './tree.ts'

/** The options that a pattern may change on its way. */
export interface Flags {
  readonly caseless: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
  /** 1 with `x`, 2 with `xx`, which blanks mean nothing to in classes too. */
  readonly extended: 0 | 1 | 2
  readonly noAutoCapture: boolean
  readonly ungreedy: boolean
  readonly duplicateNames: boolean
}

/** A reference whose group may be opened only later. */
export interface Pending {
  /** A number, or the name of a group. */
  readonly to: number | string
  readonly offset: number
  /** Told the numbers once all groups are known. */
  readonly resolve: (groups: readonly number[]) => void
  /** Of a name that may be none: the group that has to be there instead; 0 is always there. */
  readonly otherwise?: number
}

/** A pattern on its way into a tree. Inside, offsets are those of `text`. */
export interface Reading {
  /** A character a byte, or UTF-16 where the pattern is UTF. */
  readonly text: string
  readonly release: PcreRelease
  readonly start: PcreStart
  readonly dollarEndOnly: boolean
  at: number
  flags: Flags
  depth: number
  groups: number
  readonly names: PcreName[]
  readonly pending: Pending[]
  /** True once `(?|` stands somewhere: a number may then stand for more than one group. */
  resetsGroups: boolean
  /** How many look-arounds are open. */
  lookarounds: number
  /** The offset in the pattern as it is written. */
  readonly place: (at: number) => number
  /** The same for an end: inside of a character's bytes it is the character's. */
  readonly placeBehind: (at: number) => number
  /** Reads the alternatives of a group; groups and sequences are read by one another. */
  readonly alternatives: (reading: Reading, resets: boolean) => PcreSequence[]
}

/** What was read, and whether a quantifier may follow it. */
export interface Item {
  /** Null for what sets an option and matches nothing. */
  readonly node: PcreNode | null
  readonly isQuantifiable: boolean
}

/** Thrown inside the reader alone, to leave its recursion at the pattern's first fault. */
export class Refusal extends Error {
  readonly code: PcreProblemCode
  readonly at: number

  constructor(code: PcreProblemCode, at: number) {
    super(code)
    this.code = code
    this.at = at
  }
}

export function refuse(reading: Reading, code: PcreProblemCode, at = reading.at): never {
  throw new Refusal(code, at)
}

export function isPcre1(reading: Reading): boolean {
  return reading.release < PCRE2
}

/** The code of the character at `at`: a byte, or a code point. */
export function codeAt(reading: Reading, at: number): number {
  return reading.text.codePointAt(at) ?? -1
}

/** How many units of the text a character has. */
export function widthOf(code: number): number {
  return code > 0xffff ? 2 : 1
}

export function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9'
}

/** PCRE's own tables, in the C locale: not a matter of Unicode. */
export function isWord(char: string | undefined): boolean {
  return char !== undefined && /^[0-9A-Za-z_]$/.test(char)
}

export function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t'
}

/** Blanks behind `{` and before `}`, which mean nothing since 10.43. */
export function skipBlanks(reading: Reading, at: number): number {
  let next = at
  if (reading.release > 10.42) while (isBlank(reading.text[next])) next++
  return next
}

interface NumberSyntax {
  /** The groups so far, where a sign makes a number relative to them; null where none may stand. */
  readonly relative: number | null
  readonly most: number
  readonly tooBig: PcreProblemCode
}

export const MOST_GROUPS = 65535

/** The number at this place, a relative one made absolute; null, and nothing read, where none stands there. */
export function readNumber(reading: Reading, syntax: NumberSyntax): number | null {
  const { text } = reading
  let at = reading.at
  const sign = syntax.relative !== null && (text[at] === '+' || text[at] === '-') ? text[at] : ''
  if (sign !== '') at++
  if (!isDigit(text[at])) return null
  let number = 0
  const most = sign === '+' ? syntax.most - (syntax.relative ?? 0) : syntax.most
  while (isDigit(text[at])) {
    number = number * 10 + Number(text[at])
    at++
    if (number > most) refuse(reading, syntax.tooBig, at)
  }
  if (sign !== '') {
    if (number === 0) refuse(reading, 'relative-zero', at)
    const groups = syntax.relative ?? 0
    if (sign === '+') number += groups
    else if (number > groups) refuse(reading, 'no-such-group', at)
    else number = groups + 1 - number
  }
  reading.at = at
  return number
}

export interface Counts {
  readonly least: number
  readonly most: number
}

/** `{n}`, `{n,}`, `{n,m}` at this place, with what closes it read; null, and nothing read, where none stands. */
export function readCounts(reading: Reading): Counts | null {
  const { text, release } = reading
  const since1043 = release > 10.42
  const syntax = since1043
    ? /\{[ \t]*([0-9]*)[ \t]*(?:(,)[ \t]*([0-9]*)[ \t]*)?\}/y
    : /\{([0-9]+)(?:(,)([0-9]*))?\}/y
  syntax.lastIndex = reading.at
  const match = syntax.exec(text)
  if (match === null) return null
  const [whole, low, comma, high] = match
  if (low === '' && (high === undefined || high === '')) return null
  const least = Number(low)
  const most = comma === undefined ? least : high === '' ? Number.POSITIVE_INFINITY : Number(high)
  if (least > 65535 || (Number.isFinite(most) && most > 65535)) refuse(reading, 'quantifier-too-big')
  if (most < least) refuse(reading, 'quantifier-out-of-order')
  reading.at += whole.length
  return { least, most }
}

/**
 * The name of a group from this place to behind its terminator. In UTF it may hold letters and digits of any
 * script.
 */
export function readName(reading: Reading, terminator: string, mayBeEmpty = false): string {
  const { text } = reading
  const inBraces = terminator === '}'
  if (inBraces) reading.at = skipBlanks(reading, reading.at)
  const start = reading.at
  if (start >= text.length) refuse(reading, 'name-expected')
  const isUnicode = reading.start.utf && !isPcre1(reading)
  const first = String.fromCodePoint(codeAt(reading, start))
  if (isUnicode ? /^\p{Nd}$/u.test(first) : isDigit(first)) refuse(reading, 'name-begins-with-digit')
  let at = start
  if (isUnicode) {
    const letters = /[\p{L}\p{Nd}_]*/uy
    letters.lastIndex = start
    at += letters.exec(text)?.[0].length ?? 0
  } else while (isWord(text[at])) at++
  const name = text.slice(start, at)
  const length = isUnicode ? Buffer.byteLength(name) : name.length
  if (length > (reading.release > 10.42 ? 128 : 32)) refuse(reading, 'name-too-long', at)
  if (name === '' && !mayBeEmpty) refuse(reading, 'name-expected', at)
  if (inBraces) at = skipBlanks(reading, at)
  if (text[at] !== terminator) refuse(reading, 'unterminated-name', at)
  reading.at = at + 1
  return name
}
