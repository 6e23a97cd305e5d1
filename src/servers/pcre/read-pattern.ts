import { type PcreOptions, parsePcre } from '../../../parsers/pcre/parse-pcre.ts'
import type { PcreTree } from '../../../parsers/pcre/tree.ts'
import { ANY_RELEASE } from './releases.ts'

/** httpd's own options since 2.4.30, beside those of a directive; nginx has none. */
export const APACHE_OPTIONS: PcreOptions = { dotAll: true, dollarEndOnly: true, duplicateNames: true }

/**
 * A pattern's tree as the likeliest release that takes it reads it; null where none does. Which release a server
 * has does not matter to what nearly all patterns match.
 */
export function readPattern(pattern: string, options: PcreOptions = {}): PcreTree | null {
  for (const release of ANY_RELEASE) {
    const tree = parsePcre(pattern, release, options)
    if (tree.problem === null) return tree
  }
  return null
}
