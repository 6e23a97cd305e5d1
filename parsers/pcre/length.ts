import type { PcreNode, PcreSequence } from './tree.ts'

/** How many characters something matches, at least and at most. */
export interface Length {
  readonly least: number
  readonly most: number
}

const NOTHING: Length = { least: 0, most: 0 }
const ONE: Length = { least: 1, most: 1 }
const ANY: Length = { least: 0, most: Number.POSITIVE_INFINITY }

/**
 * The length of what any of the alternatives matches; `groups` has the capturing ones (`groupsOf`). What refers
 * to another group counts as its length, a recursion as any.
 */
export function lengthOf(
  alternatives: readonly PcreSequence[],
  groups: ReadonlyMap<number, PcreNode>,
  called: readonly number[] = [],
): Length {
  let least = Number.POSITIVE_INFINITY
  let most = 0
  for (const { items } of alternatives) {
    const length = lengthOfItems(items, groups, called)
    least = Math.min(least, length.least)
    most = Math.max(most, length.most)
  }
  return { least, most }
}

export function lengthOfItems(
  items: readonly PcreNode[],
  groups: ReadonlyMap<number, PcreNode>,
  called: readonly number[] = [],
): Length {
  let least = 0
  let most = 0
  for (const item of items) {
    // What stands behind is not matched any more.
    if (item.kind === 'verb' && item.verb === 'accept') return { least: 0, most: Number.POSITIVE_INFINITY }
    const length = lengthOfItem(item, groups, called)
    least += length.least
    most += length.most
  }
  return { least, most }
}

function lengthOfItem(
  item: PcreNode,
  groups: ReadonlyMap<number, PcreNode>,
  called: readonly number[],
): Length {
  switch (item.kind) {
    case 'literal':
    case 'any':
    case 'set':
      return ONE
    case 'line-break':
      return { least: 1, most: 2 }
    case 'grapheme':
      return { least: 1, most: Number.POSITIVE_INFINITY }
    case 'group':
    case 'script-run':
      return lengthOf(item.alternatives, groups, called)
    case 'conditional': {
      if (item.condition.kind === 'define') return NOTHING
      const { least, most } = lengthOf(item.alternatives, groups, called)
      return { least: item.alternatives.length === 1 ? 0 : least, most }
    }
    case 'call':
      return lengthOfGroup(item.group, groups, called)
    case 'back-reference': {
      const lengths = item.groups.map(group => lengthOfGroup(group, groups, called))
      return {
        least: Math.min(...lengths.map(({ least }) => least)),
        most: Math.max(...lengths.map(({ most }) => most)),
      }
    }
    case 'repeat': {
      const { least, most } = lengthOfItem(item.item, groups, called)
      return { least: least * item.least, most: most === 0 || item.most === 0 ? 0 : most * item.most }
    }
    case 'assertion':
    case 'keep':
    case 'look':
    case 'scan':
    case 'verb':
    case 'callout':
      return NOTHING
  }
}

function lengthOfGroup(
  number: number,
  groups: ReadonlyMap<number, PcreNode>,
  called: readonly number[],
): Length {
  const group = groups.get(number)
  if (group?.kind !== 'group' || called.includes(number)) return ANY
  return lengthOf(group.alternatives, groups, [...called, number])
}
