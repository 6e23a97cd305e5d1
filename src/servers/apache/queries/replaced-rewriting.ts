import { memo } from '../../../../parsers/collections/memo.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { mainServerLines } from './main-server-lines.ts'
import { coversLocation, sectionPattern } from './section-matches.ts'

/** What gives a section a part of mod_rewrite of its own, with no rule in it where it has none. */
const OWN_LINES = /^Rewrite(?:Engine|Base|Cond|Rule|Options)$/

const OF_LOCATIONS = /^Location(?:Match)?$/

/**
 * The `<Location>` sections whose rules never run, each with the later one that replaces them: it matches every URL of
 * theirs. httpd merges these sections in the order in which they are written, and mod_rewrite takes the rules of the
 * last one that says anything to it, unless somebody asks for those before.
 */
export const replacedRewriting = memo(
  (configuration: ApacheConfiguration): ReadonlyMap<ApacheDirective, ApacheDirective> => {
    const { occurrences } = configuration
    const rewriting = new Set(
      (occurrences.get('rewriterule') ?? []).flatMap(({ parent }) =>
        parent !== null && OF_LOCATIONS.test(parent.name) ? [parent] : [],
      ),
    )
    const isInherited = occurrences
      .get('rewriteoptions')
      ?.some(({ args }) => args.some(({ value }) => /inherit/i.test(value)))
    if (rewriting.size === 0 || isInherited === true) return new Map()
    const replaced = new Map<ApacheDirective, ApacheDirective>()
    for (const holder of new Set([...rewriting].map(({ parent }) => parent))) {
      const sections = (holder === null ? mainServerLines(configuration) : holder.children)
        .filter(({ name, children }) => OF_LOCATIONS.test(name) && children.some(isOwnLine))
        .map(section => ({ section, pattern: sectionPattern(section) }))
      for (const [index, { section, pattern }] of sections.entries()) {
        if (!rewriting.has(section)) continue
        const later = sections.slice(index + 1).findLast(each => coversLocation(each.pattern, pattern))
        if (later !== undefined) replaced.set(section, later.section)
      }
    }
    return replaced
  },
)

function isOwnLine({ name }: ApacheDirective): boolean {
  return OWN_LINES.test(name)
}
