import { type PcreOptions, parsePcre } from '../../../parsers/pcre/parse-pcre.ts'
import type { PcreTree } from '../../../parsers/pcre/tree.ts'
import { ANY_RELEASE } from './releases.ts'

/** httpd's own options since 2.4.30, beside those of a directive; nginx has none. */
export const APACHE_OPTIONS: PcreOptions = { dotAll: true, dollarEndOnly: true, duplicateNames: true }

/** What distinguishes how two programs compile one pattern. */
export function patternKey(pattern: string, options: PcreOptions): string {
  return `${options.caseless ? 'i' : ''}${options.multiline ? 'm' : ''}${options.dotAll ? 's' : ''}${options.dollarEndOnly ? 'D' : ''}${options.duplicateNames ? 'J' : ''}/${pattern}`
}

const trees = new Map<string, PcreTree | null>()
/** Thousands of sites ask a few patterns; past this many the table begins again. */
const MOST_TREES = 2000

/**
 * A pattern's tree as the likeliest release that takes it reads it; null where none does. Which release a server
 * has does not matter to what nearly all patterns match.
 */
export function readPattern(pattern: string, options: PcreOptions = {}): PcreTree | null {
  const key = patternKey(pattern, options)
  const known = trees.get(key)
  if (known !== undefined) return known
  const tree = read(pattern, options)
  if (trees.size >= MOST_TREES) trees.clear()
  trees.set(key, tree)
  return tree
}

function read(pattern: string, options: PcreOptions): PcreTree | null {
  for (const release of ANY_RELEASE) {
    const tree = parsePcre(pattern, release, options)
    if (tree.problem === null) return tree
  }
  return null
}
