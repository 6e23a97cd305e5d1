import { groupBy } from '../../group-by.ts'
import { type Tables, tableOf } from '../../table-of.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'

type ByParent = ReadonlyMap<ApacheDirective | null, readonly ApacheDirective[]>

const indexes: Tables<ApacheConfiguration, string, ByParent> = new WeakMap()
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
  const index = tableOf(indexes, configuration)
  let byParent = index.get(name)
  if (byParent === undefined) {
    byParent = groupBy(configuration.occurrences.get(name.toLowerCase()) ?? NONE, ({ parent }) => parent)
    index.set(name, byParent)
  }
  return byParent.get(parent) ?? NONE
}

/** The last of them, which is the one that counts where a later one replaces an earlier. */
export function lastDirectiveIn(
  configuration: ApacheConfiguration,
  parent: ApacheDirective | null,
  name: string,
): ApacheDirective | undefined {
  return directivesIn(configuration, parent, name).at(-1)
}
