import { memoByKey } from '../../../../parsers/collections/memo.ts'
import { groupBy } from '../../../../parsers/collections/group-by.ts'
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

const byParent = memoByKey(({ occurrences }: ApacheConfiguration, name: string) =>
  groupBy(occurrences.get(name.toLowerCase()) ?? NONE, ({ parent }) => parent),
)

/** The last of them, which is the one that counts where a later one replaces an earlier. */
export function lastDirectiveIn(
  configuration: ApacheConfiguration,
  parent: ApacheDirective | null,
  name: string,
): ApacheDirective | undefined {
  return directivesIn(configuration, parent, name).at(-1)
}
