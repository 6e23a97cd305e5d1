import { judgePattern } from '../../pcre/judge-pattern.ts'
import type { PcreReleases } from '../../pcre/releases.ts'

/** Why the library refuses a pattern as httpd compiles it, with names that may stand twice; null where it compiles. */
export function regexFault(pattern: string, releases: PcreReleases): string | null {
  return judgePattern(pattern, releases, { duplicateNames: true }).fault
}
