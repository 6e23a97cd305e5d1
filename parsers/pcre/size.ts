import type { PcreNode, PcreSequence } from './tree.ts'

/** The largest program that the library makes with links of two bytes, which is how distributions build it. */
export const LARGEST = 65536

const LINK = 2
/** The bracket that opens a group and the one that closes it, each with its link. */
const BRACKETS = 2 + 2 * LINK
/** What each more copy of an optional group needs: a mark, and the group that it is nested in. */
const NESTING = 1 + BRACKETS

/** How many bytes the library's own program of a pattern has. It repeats a group by copying it. */
export function compiledSize(alternatives: readonly PcreSequence[], utf: boolean): number {
  return 1 + groupSize(alternatives, utf)
}

function groupSize(alternatives: readonly PcreSequence[], utf: boolean): number {
  let size = BRACKETS + (alternatives.length - 1) * (1 + LINK)
  for (const { items } of alternatives) for (const item of items) size += sizeOf(item, utf)
  return size
}

function sizeOf(node: PcreNode, utf: boolean): number {
  switch (node.kind) {
    case 'literal':
      return 1 + literalSize(node.code, utf)
    case 'any':
    case 'line-break':
    case 'grapheme':
    case 'assertion':
    case 'keep':
      return 1
    case 'set':
      return setSize(node, utf)
    case 'group':
      return groupSize(node.alternatives, utf) + (node.capture === null ? 0 : 2)
    case 'look':
    case 'script-run':
    case 'scan':
      return groupSize(node.alternatives, utf)
    case 'conditional':
      return groupSize(node.alternatives, utf) + conditionSize(node, utf)
    case 'back-reference':
      return node.groups.length > 1 ? 5 : 3
    case 'call':
      return 1 + LINK
    case 'verb':
      return 1 + (node.argument === null ? 0 : node.argument.length + 2)
    case 'callout':
      return 2 + 2 * LINK
    case 'repeat':
      return repeatSize(node, utf)
  }
}

function literalSize(code: number, utf: boolean): number {
  return !utf || code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
}

/** A map of 256 bits, except for what has a code of its own. */
function setSize(node: Extract<PcreNode, { kind: 'set' }>, utf: boolean): number {
  const [member] = node.members
  if (member === undefined || node.members.length > 1) return mapSize(node, utf)
  if (member.kind === 'range') return member.from === member.to ? 2 : mapSize(node, utf)
  const isEscape = node.end - node.start === 2
  if (member.kind === 'class') return isEscape && !node.negated ? 1 : mapSize(node, utf)
  return 3
}

function mapSize(node: Extract<PcreNode, { kind: 'set' }>, utf: boolean): number {
  // With wide characters or properties among them the members are listed; a lower bound does there.
  const isListed = node.members.some(
    member => member.kind === 'property' || (member.kind === 'range' && utf && member.to > 0xff),
  )
  return isListed ? 2 + LINK : 33
}

function conditionSize(node: Extract<PcreNode, { kind: 'conditional' }>, utf: boolean): number {
  const { condition } = node
  switch (condition.kind) {
    case 'set':
    case 'called':
      return (condition.groups?.length ?? 0) > 1 ? 5 : 3
    case 'look':
      return sizeOf(condition.look, utf)
    case 'constant':
    case 'define':
      return 1
  }
}

function repeatSize(node: Extract<PcreNode, { kind: 'repeat' }>, utf: boolean): number {
  const { item, least, most } = node
  const size = sizeOf(item, utf)
  switch (item.kind) {
    case 'group':
    case 'look':
    case 'conditional':
    case 'script-run':
    case 'scan':
      return copiesSize(size, least, item.kind === 'look' && !Number.isFinite(most) ? least + 1 : most)
    case 'call':
      if (least === most) return size * Math.max(least, 1)
      return least * size + copiesSize(BRACKETS + size, 0, Number.isFinite(most) ? most - least : most)
    case 'back-reference':
      return most === 0 ? 0 : size + (isSimple(least, most) ? 1 : 5)
    case 'set':
      if (size > 3) return most === 0 ? 0 : size + (isSimple(least, most) ? 1 : 5)
  }
  return singleSize(size, least, most)
}

function isSimple(least: number, most: number): boolean {
  return (least <= 1 && !Number.isFinite(most)) || (least === 0 && most === 1)
}

function copiesSize(size: number, least: number, most: number): number {
  if (least === 0) {
    if (most <= 1 || !Number.isFinite(most)) return size + 1
    return size + 1 + BRACKETS + (most - 1) * (size + NESTING) - BRACKETS
  }
  if (!Number.isFinite(most) || most === least) return size * least
  return size * least + (most - least) * (size + NESTING) - BRACKETS
}

/** A repeated character: exactly so often, and then up to so often. */
function singleSize(size: number, least: number, most: number): number {
  if (most === 0) return 0
  if (isSimple(least, most)) return size
  if (least === 1 && most === 1) return size
  const exact = least === 0 ? 0 : least === 1 ? size : size + 2
  const rest = most - least
  return exact + (rest === 0 ? 0 : Number.isFinite(rest) && rest > 1 ? size + 2 : size)
}
