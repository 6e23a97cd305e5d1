import { memoByKey } from '../../../../parsers/collections/memo.ts'
import { groupBy } from '../../../../parsers/collections/group-by.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'

const NONE: readonly ApacheDirective[] = []

/**
 * The directives or sections of this name that stand directly in a section, or in the main server
 * (null), in reading order. Each name is indexed once, at its first question.
 */
export function directivesIn(
  configuration: ApacheConfiguration,
  parent: ApacheDirective | null,
  name: string,
): readonly ApacheDirective[] {
  return byParent(configuration, name).get(parent) ?? NONE
}

/** What a line is written in: its section, or its file where it stands in none, as in a `.htaccess`. */
export function scopeOf({ parent, source }: ApacheDirective): ApacheDirective | Source {
  return parent ?? source
}

const byParent = memoByKey(({ occurrences }: ApacheConfiguration, name: string) =>
  groupBy(occurrences.get(name.toLowerCase()) ?? NONE, ({ parent }) => parent),
)

/**
 * True of a line of the server's own files whose value a later one of its name, in the same section, takes the
 * place of. Files that no main file joins may be meant for two servers.
 */
export function isReplaced(configuration: ApacheConfiguration, directive: ApacheDirective): boolean {
  return replacedLines(configuration, directive.name.toLowerCase()).has(directive)
}

const replacedLines = memoByKey((configuration: ApacheConfiguration, name: string) => {
  const found = new Set<ApacheDirective>()
  for (const lines of byParent(configuration, name).values()) {
    if (lines.length < 2) continue
    const groups = configuration.main === null ? groupBy(lines, ({ source }) => source).values() : [lines]
    for (const group of groups) for (const line of group.slice(0, -1)) found.add(line)
  }
  return found
})

/** The last of them, which is the one that counts where a later one replaces an earlier. */
export function lastDirectiveIn(
  configuration: ApacheConfiguration,
  parent: ApacheDirective | null,
  name: string,
): ApacheDirective | undefined {
  return directivesIn(configuration, parent, name).at(-1)
}
