import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'

type ByParent = ReadonlyMap<ApacheDirective | null, readonly ApacheDirective[]>

const indexes = new WeakMap<ApacheConfiguration, Map<string, ByParent>>()
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
  let index = indexes.get(configuration)
  if (index === undefined) {
    index = new Map()
    indexes.set(configuration, index)
  }
  let byParent = index.get(name)
  if (byParent === undefined) {
    byParent = groupByParent(configuration.occurrences.get(name.toLowerCase()) ?? NONE)
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

function groupByParent(directives: readonly ApacheDirective[]): ByParent {
  const byParent = new Map<ApacheDirective | null, ApacheDirective[]>()
  for (const directive of directives) {
    const list = byParent.get(directive.parent)
    if (list === undefined) byParent.set(directive.parent, [directive])
    else list.push(directive)
  }
  return byParent
}
