import type { PcreMatch } from '../../../regex.ts'
import type { RequestRecord } from '../request.ts'

/** mod_rewrite's state while it goes through a list of rules. */
export interface RewriteContext {
  readonly record: RequestRecord
  /** The directory that the rules belong to, with its last slash; null for those of a server. */
  readonly directory: string | null
  /** `RewriteBase` of the directory. */
  readonly base: string | null
  /** What the current rule is held against. */
  uri: string
  /** `$1` and its like. */
  ruleMatch: PcreMatch | null
  /** `%1` and its like. */
  conditionMatch: PcreMatch | null
}
