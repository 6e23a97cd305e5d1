import type { Source } from '../../parsers/text/source.ts'

/** Below it lie texts of which no file is in the audit: no machine has a path like it. */
export const STAND_IN = '/-/'

/** True for a source that stands for a file which nobody wrote here: nothing is to be found in it. */
export function isStandIn({ path }: Source): boolean {
  return path.startsWith(STAND_IN)
}
