import { lengthOf, lengthOfItems } from '../../../parsers/pcre/length.ts'
import type { PcreNode, PcreSequence, PcreTree } from '../../../parsers/pcre/tree.ts'
import { groupsOf } from '../../../parsers/pcre/walk.ts'

/**
 * The `^` behind a character, or the `$` before one, because of which nothing matches the pattern; null where
 * something may.
 */
export function neverMatches(tree: PcreTree): Anchor | null {
  return readAnchors(tree).whole
}

/** One of several alternatives that its own anchor keeps from ever matching, where others may match. */
export interface IdleAlternative {
  readonly anchor: Anchor
  readonly alternative: PcreSequence
}

/** Of these alternatives those that have a letter: `(^|/)` is what people write in any place. */
export function idleAlternatives(tree: PcreTree): readonly IdleAlternative[] {
  const { whole, idle } = readAnchors(tree)
  return whole === null ? idle : []
}

type Anchor = '^' | '$'

function readAnchors(tree: PcreTree): { readonly whole: Anchor | null; readonly idle: IdleAlternative[] } {
  const groups = groupsOf(tree)
  const idle: IdleAlternative[] = []

  /** What keeps every alternative from matching; `before` and `after` are true where a character surely stands there. */
  function ofAll(alternatives: readonly PcreSequence[], before: boolean, after: boolean): Anchor | null {
    const faults = alternatives.map(({ items }) => ofItems(items, before, after))
    if (!faults.includes(null)) return faults[0] ?? null
    for (const [index, anchor] of faults.entries()) {
      const alternative = alternatives[index]
      if (anchor === null || alternative === undefined) continue
      if (lengthOfItems(alternative.items, groups).least > 0) idle.push({ anchor, alternative })
    }
    return null
  }

  function ofItems(items: readonly PcreNode[], before: boolean, after: boolean): Anchor | null {
    if (items.some(({ kind }) => UNREAD.has(kind))) return null
    for (const [index, item] of items.entries()) {
      const isBehind = before || lengthOfItems(items.slice(0, index), groups).least > 0
      const isBefore = after || lengthOfItems(items.slice(index + 1), groups).least > 0
      const fault = ofItem(item, isBehind, isBefore)
      if (fault !== null) return fault
    }
    return null
  }

  function ofItem(item: PcreNode, before: boolean, after: boolean): Anchor | null {
    if (item.kind === 'assertion') {
      if (item.at === 'subject-start' && before) return '^'
      return item.at === 'subject-end' && after ? '$' : null
    }
    if (item.kind === 'group') return ofAll(item.alternatives, before, after)
    // What is repeated may be there once, with nothing of itself around it.
    return item.kind === 'repeat' && item.least > 0 ? ofItem(item.item, before, after) : null
  }

  const isEmpty = lengthOf(tree.alternatives, groups).most === 0
  return { whole: isEmpty ? null : ofAll(tree.alternatives, false, false), idle }
}

/** What ends matching, or sets it back. */
const UNREAD: ReadonlySet<PcreNode['kind']> = new Set(['verb', 'scan', 'keep'])
