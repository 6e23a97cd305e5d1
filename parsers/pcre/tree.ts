import type { PcreProblem } from './problems.ts'
import type { PcreRelease } from './release.ts'

/**
 * A pattern as PCRE reads it: comments, option settings, quoting and blanks that mean nothing are resolved, so
 * that a node says all that matters for it. Offsets are UTF-16 offsets into the pattern, half-open.
 */
export interface PcreTree {
  readonly release: PcreRelease
  /** What stands before the pattern itself, such as `(*UTF)`. */
  readonly start: PcreStart
  /** Empty where there is a problem. */
  readonly alternatives: readonly PcreSequence[]
  /** How many capturing groups there are; without a problem only. */
  readonly groups: number
  /** Names of groups in the order in which they are written; a name may stand for more than one group. */
  readonly names: readonly PcreName[]
  /** Why the library does not compile the pattern: it stops at the first fault. */
  readonly problem: PcreProblem | null
}

export interface PcreName {
  readonly name: string
  readonly group: number
}

/** What is set for the whole pattern before it begins. */
export interface PcreStart {
  /** True where the pattern and the subject are UTF-8, else a character is one byte. */
  readonly utf: boolean
  /** True where `\d`, `\w`, POSIX classes and case go by Unicode's properties. */
  readonly ucp: boolean
  readonly newline: PcreNewline
  /** True where `\R` takes CR, LF and CRLF alone. */
  readonly narrowLineBreak: boolean
  /** True with `(*NOTEMPTY)`, a limit, or whatever else changes what matches and is told by nothing else here. */
  readonly changesMatching: boolean
}

export type PcreNewline = 'lf' | 'cr' | 'crlf' | 'anycrlf' | 'any' | 'nul'

interface Span {
  readonly start: number
  readonly end: number
}

/** One alternative. */
export interface PcreSequence extends Span {
  readonly items: readonly PcreNode[]
}

export type PcreNode =
  | PcreLiteral
  | PcreAny
  | PcreSet
  | PcreLineBreak
  | PcreGrapheme
  | PcreAssertion
  | PcreKeep
  | PcreGroup
  | PcreLook
  | PcreConditional
  | PcreBackReference
  | PcreCall
  | PcreRepeat
  | PcreVerb
  | PcreCallout
  | PcreScriptRun
  | PcreScan

/** A byte, or a code point with UTF. */
export interface PcreLiteral extends Span {
  readonly kind: 'literal'
  readonly code: number
  readonly caseless: boolean
}

/** `.`, `\N` and `\C`. */
export interface PcreAny extends Span {
  readonly kind: 'any'
  /** True where it takes a newline too. */
  readonly newline: boolean
  /** `\C`: one byte, with UTF too. */
  readonly byte: boolean
}

/** `[…]`, and what stands for a set of characters outside of brackets, such as `\d`. */
export interface PcreSet extends Span {
  readonly kind: 'set'
  readonly negated: boolean
  readonly members: readonly PcreMember[]
  readonly caseless: boolean
}

export type PcreMember =
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  | { readonly kind: 'class'; readonly name: PcreClass; readonly negated: boolean }
  /** A property of Unicode, its name as {@link unicodeProperty} has it. */
  | { readonly kind: 'property'; readonly name: string; readonly negated: boolean }
  /** Perl's `(?[…])`: read for its end alone. */
  | { readonly kind: 'unread' }

/** `\d`, `\s`, `\w`, `\h`, `\v`, and the POSIX classes, of which `digit`, `space` and `word` are the same. */
export type PcreClass =
  | 'digit'
  | 'space'
  | 'word'
  | 'horizontal'
  | 'vertical'
  | 'alpha'
  | 'lower'
  | 'upper'
  | 'alnum'
  | 'ascii'
  | 'blank'
  | 'cntrl'
  | 'graph'
  | 'print'
  | 'punct'
  | 'xdigit'

/** `\R` */
export interface PcreLineBreak extends Span {
  readonly kind: 'line-break'
}

/** `\X` */
export interface PcreGrapheme extends Span {
  readonly kind: 'grapheme'
}

/** What matches a place. `^` and `$` are told by what they mean under the options that hold there. */
export interface PcreAssertion extends Span {
  readonly kind: 'assertion'
  readonly at: PcrePlace
}

export type PcrePlace =
  | 'subject-start'
  | 'subject-end'
  /** The end, or before a newline that ends the subject. */
  | 'last-line-end'
  | 'line-start'
  | 'line-end'
  | 'word-boundary'
  | 'no-word-boundary'
  /** Where matching began. */
  | 'match-start'

/** `\K` */
export interface PcreKeep extends Span {
  readonly kind: 'keep'
}

export interface PcreGroup extends Span {
  readonly kind: 'group'
  /** The group's number, or null where it captures nothing. */
  readonly capture: number | null
  readonly name: string | null
  readonly atomic: boolean
  readonly alternatives: readonly PcreSequence[]
}

export interface PcreLook extends Span {
  readonly kind: 'look'
  readonly behind: boolean
  readonly negated: boolean
  readonly atomic: boolean
  readonly alternatives: readonly PcreSequence[]
}

export interface PcreConditional extends Span {
  readonly kind: 'conditional'
  readonly condition: PcreCondition
  /** One or two; without the second nothing is matched where the condition does not hold. */
  readonly alternatives: readonly PcreSequence[]
}

export type PcreCondition =
  /** One of these groups is set. */
  | { readonly kind: 'set'; readonly groups: readonly number[] }
  /** A call of one of these groups is going on, or with null any call. */
  | { readonly kind: 'called'; readonly groups: readonly number[] | null }
  | { readonly kind: 'look'; readonly look: PcreLook }
  | { readonly kind: 'constant'; readonly holds: boolean }
  /** `(DEFINE)`: its groups are only called. */
  | { readonly kind: 'define' }

/** A reference to what one of these groups has matched: the first of them that is set. */
export interface PcreBackReference extends Span {
  readonly kind: 'back-reference'
  readonly groups: readonly number[]
  readonly caseless: boolean
}

/** A group called as a subroutine; 0 is the whole pattern. */
export interface PcreCall extends Span {
  readonly kind: 'call'
  readonly group: number
  /** True where the call hands captures back (`(?1(2,3))`). */
  readonly returnsCaptures: boolean
}

export interface PcreRepeat extends Span {
  readonly kind: 'repeat'
  readonly item: PcreNode
  readonly least: number
  /** Infinity where nothing bounds it. */
  readonly most: number
  readonly mode: 'greedy' | 'lazy' | 'possessive'
}

export interface PcreVerb extends Span {
  readonly kind: 'verb'
  readonly verb: PcreVerbName
  readonly argument: string | null
}

export type PcreVerbName = 'accept' | 'fail' | 'mark' | 'commit' | 'prune' | 'skip' | 'then'

/** `(?C)`, which neither server listens to. */
export interface PcreCallout extends Span {
  readonly kind: 'callout'
}

/** `(*sr:…)` */
export interface PcreScriptRun extends Span {
  readonly kind: 'script-run'
  readonly atomic: boolean
  readonly alternatives: readonly PcreSequence[]
}

/** `(*scs:(1)…)`, which matches inside of what a group has matched. */
export interface PcreScan extends Span {
  readonly kind: 'scan'
  readonly alternatives: readonly PcreSequence[]
}
