import type { CharacterSet } from './character-set.ts'

/**
 * A pattern as instructions for {@link runProgram}: an operation and its operands, one after the other. An
 * operand is a number itself, an index into one of the tables, a register, or the address of an instruction.
 */
export interface Program {
  readonly code: Int32Array
  readonly strings: readonly string[]
  readonly sets: readonly CharacterSet[]
  /** Lists of groups. */
  readonly lists: readonly (readonly number[])[]
  readonly registers: number
  readonly groups: number
  readonly newline: number
}

/**
 * Registers: the match's start, the call that is going on (0 for none), then for each group where it began and
 * ended and where it was opened last, then what loops and look-arounds need. -1 is "not set".
 */
export const START = 0
export const FRAME = 1
export const FIRST_GROUP = 2
export const beginOf = (group: number): number => FIRST_GROUP + (group - 1) * 3
export const endOf = (group: number): number => beginOf(group) + 1
export const openOf = (group: number): number => beginOf(group) + 2

export const Op = {
  /** The end of the pattern, or of a call of it. */
  match: 0,
  /** code */
  char: 1,
  /** code, code */
  either: 2,
  /** string */
  string: 3,
  /** set */
  set: 4,
  any: 5,
  notNewline: 6,
  /** address */
  jump: 7,
  /** The next instruction first, the address on the way back. */
  split: 8,
  /** The address first, the next instruction on the way back. */
  splitTo: 9,
  /** group */
  open: 10,
  /** group */
  close: 11,
  /** group: behind its end, where calls of it return */
  return: 12,
  subjectStart: 13,
  subjectEnd: 14,
  lastLineEnd: 15,
  lineStart: 16,
  lineEnd: 17,
  /** set of the characters of words */
  wordBoundary: 18,
  noWordBoundary: 19,
  keep: 20,
  /** set (-1 for any), least, most (-1 without bound) */
  greedy: 21,
  lazy: 22,
  possessive: 23,
  /** counter register */
  loopInit: 24,
  /** counter, least, most (-1), 1 where lazy, address of the end */
  loopTest: 25,
  /** counter, register of the place where the turn began */
  loopEnter: 26,
  /** counter, place, least, 1 where nothing bounds it, address of the test */
  loopNext: 27,
  /** register of the height */
  atomicBegin: 28,
  atomicEnd: 29,
  /** registers of height and place */
  lookBegin: 30,
  lookEnd: 31,
  /** register of the height, address behind */
  notBegin: 32,
  notEnd: 33,
  /** characters */
  back: 34,
  /** least, most, register of the place */
  backBetween: 35,
  /** register of the place */
  checkPlace: 36,
  /** list, set of case variants (1 where caseless) */
  backReference: 37,
  /** address of the group, group, 1 where it is atomic */
  call: 38,
  /** list, address where none of them is set */
  ifSet: 39,
  /** list (-1 for any), address where none of them is called */
  ifCalled: 40,
  fail: 41,
  lineBreak: 42,
  grapheme: 43,
} as const
