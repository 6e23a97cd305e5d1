import type { NginxDirectiveNode, NginxNode } from './syntax.ts'

/** Every directive of one name in a tree, in the order of the file, however deep it stands. */
export function findDirectives(nodes: readonly NginxNode[], name: string): readonly NginxDirectiveNode[] {
  const found: NginxDirectiveNode[] = []
  const levels: { readonly nodes: readonly NginxNode[]; next: number }[] = [{ nodes, next: 0 }]
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const node = level.nodes[level.next++]
    if (node === undefined) levels.pop()
    else if (node.kind === 'directive') {
      if (node.name.value === name) found.push(node)
      if (node.block !== null) levels.push({ nodes: node.block.children, next: 0 })
    }
  }
  return found
}
