import type { NginxDirectiveNode, NginxNode, NginxWord } from './syntax.ts'

/**
 * The name of the block that its writer most likely forgot to close, in a file that ends inside one: the
 * first whose `}` stands further left than its own line begins, and so was meant for a block around it.
 * Null where the indentation tells nothing.
 */
export function unclosedBlock(code: string, nodes: readonly NginxNode[]): NginxWord | null {
  let first: NginxDirectiveNode | null = null
  const levels: (readonly NginxNode[])[] = [nodes]
  for (let level = levels.pop(); level !== undefined; level = levels.pop()) {
    for (const node of level) {
      if (node.kind !== 'directive' || node.block === null) continue
      levels.push(node.block.children)
      if ((first === null || node.end < first.end) && closesFurtherLeft(code, node)) first = node
    }
  }
  return first === null ? null : first.name
}

function closesFurtherLeft(code: string, { start, end }: NginxDirectiveNode): boolean {
  if (code[end - 1] !== '}') return false
  const opening = indentation(code, start)
  const closing = indentation(code, end - 1)
  return opening !== null && closing !== null && closing.length < opening.length
}

/** The blanks before an offset where nothing else stands before it on its line, else null. */
function indentation(code: string, offset: number): string | null {
  let start = offset
  while (start > 0 && (code[start - 1] === ' ' || code[start - 1] === '\t')) start--
  return start === 0 || code[start - 1] === '\n' ? code.slice(start, offset) : null
}
