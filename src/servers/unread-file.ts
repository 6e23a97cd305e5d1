import type { Place } from '../../parsers/text/source.ts'

/**
 * Why a server's file was not read: it lies where the audit does not look, the system refused it, it is
 * larger than what is read, or it is no regular file.
 */
export type UnreadReason = 'outside' | 'unreadable' | 'too-large' | 'irregular'

/** A file or a pattern that a server reads and the audit could not: what it sets is unknown. */
export interface UnreadFile {
  readonly reason: UnreadReason
  /** As the server names it: absolute, or as written where nobody knows from which directory. */
  readonly path: string
  /** The word that names it. */
  readonly at: Place
  /** True where the server is content with finding nothing, as with `IncludeOptional`. */
  readonly optional: boolean
}
