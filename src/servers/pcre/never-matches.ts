import { lengthOf, lengthOfItems } from '../../../parsers/pcre/length.ts'
import type { PcreNode, PcreSequence, PcreTree } from '../../../parsers/pcre/tree.ts'
import { groupsOf } from '../../../parsers/pcre/walk.ts'

/**
 * The `^` behind a character, or the `$` before one, because of which nothing matches the pattern; null where
 * something may.
 */
export function neverMatches(tree: PcreTree): '^' | '$' | null {
  const groups = groupsOf(tree)

  /** What keeps every alternative from matching; `before` and `after` are true where a character surely stands there. */
  function ofAll(alternatives: readonly PcreSequence[], before: boolean, after: boolean): '^' | '$' | null {
    let first: '^' | '$' | null = null
    for (const { items } of alternatives) {
      const fault = ofItems(items, before, after)
      if (fault === null) return null
      first ??= fault
    }
    return first
  }

  function ofItems(items: readonly PcreNode[], before: boolean, after: boolean): '^' | '$' | null {
    if (items.some(({ kind }) => UNREAD.has(kind))) return null
    for (const [index, item] of items.entries()) {
      const isBehind = before || lengthOfItems(items.slice(0, index), groups).least > 0
      const isBefore = after || lengthOfItems(items.slice(index + 1), groups).least > 0
      const fault = ofItem(item, isBehind, isBefore)
      if (fault !== null) return fault
    }
    return null
  }

  function ofItem(item: PcreNode, before: boolean, after: boolean): '^' | '$' | null {
    if (item.kind === 'assertion') {
      if (item.at === 'subject-start' && before) return '^'
      return item.at === 'subject-end' && after ? '$' : null
    }
    if (item.kind === 'group') return ofAll(item.alternatives, before, after)
    // What is repeated may be there once, with nothing of itself around it.
    return item.kind === 'repeat' && item.least > 0 ? ofItem(item.item, before, after) : null
  }

  return lengthOf(tree.alternatives, groups).most === 0 ? null : ofAll(tree.alternatives, false, false)
}

/** What ends matching, or sets it back. */
const UNREAD: ReadonlySet<PcreNode['kind']> = new Set(['verb', 'scan', 'keep'])
