import { type PcreOptions, parsePcre } from '../../../parsers/pcre/parse-pcre.ts'
import { pcreMessage } from '../../../parsers/pcre/problems.ts'
import type { PcreReleases } from './releases.ts'

/** What a server's library says of a pattern as the server starts. */
export interface PatternVerdict {
  /** The library's message where no release that the server may have takes the pattern. */
  readonly fault: string | null
  /** The names of its groups, each once. */
  readonly names: readonly string[]
  readonly groups: number
}

const verdicts = new WeakMap<PcreReleases, Map<string, PatternVerdict>>()
/** Past this many patterns the table begins again. */
const MOST_KEPT = 20_000

export function judgePattern(
  pattern: string,
  releases: PcreReleases,
  options: Pick<PcreOptions, 'duplicateNames'> = {},
): PatternVerdict {
  let table = verdicts.get(releases)
  if (table === undefined || table.size >= MOST_KEPT) {
    table = new Map()
    verdicts.set(releases, table)
  }
  const key = `${options.duplicateNames ? 'J' : ''}/${pattern}`
  const known = table.get(key)
  if (known !== undefined) return known
  const verdict = judge(pattern, releases, options)
  table.set(key, verdict)
  return verdict
}

function judge(pattern: string, releases: PcreReleases, options: PcreOptions): PatternVerdict {
  let fault: string | null = null
  for (const release of releases) {
    const { problem, names, groups } = parsePcre(pattern, release, options)
    if (problem === null) return { fault: null, names: [...new Set(names.map(({ name }) => name))], groups }
    fault ??= pcreMessage(problem.code)
  }
  return { fault, names: [], groups: 0 }
}
