import type { Place } from '../../parsers/text/source.ts'

/** A comment of an audited file that accepts what one rule, or a group of rules, finds at some text. */
export interface Suppression {
  /** A rule's id or a group, as written; empty where the comment names none. */
  readonly name: string
  /** Where the name stands; where it names none, the comment. */
  readonly at: Place
  /** Why it is accepted; null where the comment says nothing, and then accepts nothing. */
  readonly reason: string | null
  /** Offsets, half-open, in which an accepted finding begins; null for the whole file. */
  readonly range: { readonly start: number; readonly end: number } | null
  /** What has to go where this name is to be taken out: the whole comment where it is the only one. */
  readonly removal: Place
}

/** Why a finding is accepted. */
export interface Acceptance {
  /** In SARIF's terms: a comment beside the finding, or an entry of a baseline. */
  readonly kind: 'inSource' | 'external'
  readonly reason: string
  /** The comment, or the baseline, as a report names its file. */
  readonly file: string
  /** One-based. */
  readonly line: number
}
