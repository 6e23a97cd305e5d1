import type { PcreNode, PcreSequence, PcreTree } from './tree.ts'

/** What stands right inside of a node, the look-around of a condition first. */
export function childrenOf(node: PcreNode): readonly PcreNode[] {
  switch (node.kind) {
    case 'repeat':
      return [node.item]
    case 'conditional': {
      const inner = node.alternatives.flatMap(alternative => alternative.items)
      return node.condition.kind === 'look' ? [node.condition.look, ...inner] : inner
    }
    case 'group':
    case 'look':
    case 'script-run':
    case 'scan':
      return node.alternatives.flatMap(alternative => alternative.items)
  }
  return []
}

/** All nodes in the order in which they are written, an outer one before its inner ones. */
export function nodesOf(alternatives: readonly PcreSequence[]): readonly PcreNode[] {
  const nodes: PcreNode[] = []
  for (const { items } of alternatives) for (const item of items) collect(item, nodes)
  return nodes
}

function collect(node: PcreNode, nodes: PcreNode[]): void {
  nodes.push(node)
  switch (node.kind) {
    case 'repeat':
      collect(node.item, nodes)
      return
    case 'conditional':
      if (node.condition.kind === 'look') collect(node.condition.look, nodes)
      break
    case 'group':
    case 'look':
    case 'script-run':
    case 'scan':
      break
    default:
      return
  }
  for (const { items } of node.alternatives) for (const item of items) collect(item, nodes)
}

/** The alternatives of each capturing group, of the first one where more than one has the number. */
export function groupsOf(tree: Pick<PcreTree, 'alternatives'>): ReadonlyMap<number, PcreNode> {
  const groups = new Map<number, PcreNode>()
  for (const node of nodesOf(tree.alternatives)) {
    if (node.kind === 'group' && node.capture !== null && !groups.has(node.capture)) {
      groups.set(node.capture, node)
    }
  }
  return groups
}
