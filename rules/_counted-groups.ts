import type { PcreGroup, PcreNode, PcreTree } from '../parsers/pcre/tree.ts'
import type { RuleFinding } from '../src/engine/rule.ts'
import { readPattern } from '../src/servers/pcre/read-pattern.ts'
import type { Rewriting } from './_rewriting.ts'

/** Tells of a group that a target takes for another one; null where it takes none so. */
export function groupMiscounted({ pattern, target, patternAt, targetAt }: Rewriting): RuleFinding | null {
  const tree = readPattern(pattern)
  const group = tree === null ? null : miscountedGroup(tree, target)
  return group === null
    ? null
    : {
        at: targetAt,
        message: `\`$${group.inserted}\` is a group inside of the one before it: the one that follows is \`$${group.meant}\`, and is not inserted`,
        related: [{ at: patternAt, message: 'groups are counted by their `(`' }],
      }
}

/** A group that a target inserts, and the one for which it is taken. */
interface MiscountedGroup {
  readonly inserted: number
  readonly meant: number
}

/**
 * The first group that a target takes for another one, as it counts the outer groups alone: it inserts as many as
 * there are, and the last of them, which stands for a part of every path, is not among them.
 */
function miscountedGroup(tree: PcreTree, target: string): MiscountedGroup | null {
  const [only, ...others] = tree.alternatives
  if (only === undefined || others.length > 0) return null
  const outer = outerGroups(only.items)
  const last = outer.at(-1)
  if (last === undefined || outer.length < 2 || outer.length === tree.groups || !isPartOfPath(last))
    return null
  const inserted = new Set([...target.matchAll(/\$([1-9])/g)].map(([, digit]) => Number(digit)))
  if (inserted.size !== outer.length || inserted.has(last.group.capture ?? 0)) return null
  if (!outer.every((_, index) => inserted.has(index + 1))) return null
  const index = outer.findIndex(({ group }, at) => group.capture !== at + 1)
  const meant = outer[index]?.group.capture
  return typeof meant === 'number' ? { inserted: index + 1, meant } : null
}

interface OuterGroup {
  readonly group: PcreGroup
  /** True where the path may lack it. */
  readonly isOptional: boolean
}

function outerGroups(items: readonly PcreNode[], isOptional = false): readonly OuterGroup[] {
  return items.flatMap(item => {
    if (item.kind === 'repeat') return outerGroups([item.item], isOptional || item.least === 0)
    if (item.kind !== 'group') return []
    if (item.capture !== null) return [{ group: item, isOptional }]
    const isChoice = item.alternatives.length > 1
    return item.alternatives.flatMap(each => outerGroups(each.items, isOptional || isChoice))
  })
}

/** False for what takes the rest of a path, which is often left out on purpose. */
function isPartOfPath({ group, isOptional }: OuterGroup): boolean {
  const [first] = group.alternatives[0]?.items ?? []
  const begin = first?.kind === 'repeat' ? first.item : first
  const isSlash = begin?.kind === 'literal' && begin.code === 47
  return !isOptional && begin !== undefined && begin.kind !== 'any' && !isSlash
}
