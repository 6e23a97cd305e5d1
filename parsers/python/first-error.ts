import type { Node } from 'web-tree-sitter'

/** What git writes around two versions of a text. */
const CONFLICT = /^(?:<{7} .*|={7}|>{7} .*)\r?$/m

/** The first text of a module at which the grammar stops, on one line; null where there is none. */
export function firstError(
  root: Node,
  code: string,
): { readonly start: number; readonly end: number } | null {
  if (!root.hasError) return emptyBody(root, code)
  const marker = CONFLICT.exec(code)
  if (marker !== null) return { start: marker.index, end: marker.index + marker[0].trimEnd().length }
  const node = find(root)
  return node === null ? secondOfLine(root, code) : onOneLine(node, code)
}

/** A statement behind another one without a `;` between them: the line feed that lacks is no node. */
function secondOfLine(root: Node, code: string): { readonly start: number; readonly end: number } | null {
  let before: Node | null = null
  for (const node of root.children) {
    if (node === null || node.type === 'comment') continue
    if (before?.isNamed === true && node.isNamed && before.endPosition.row === node.startPosition.row)
      return onOneLine(node, code)
    before = node
  }
  return null
}

/** The grammar takes a condition or a loop without a line below it, and Python does not: `expected an indented block`. */
function emptyBody(root: Node, code: string): { readonly start: number; readonly end: number } | null {
  for (const node of root.namedChildren) {
    if (node === null || !/^(?:if|for|while|with|try)_statement$/.test(node.type)) continue
    const body = node.childForFieldName(node.type === 'if_statement' ? 'consequence' : 'body')
    if (body !== null && body.namedChildCount === 0 && body.text.trim() === '') return onOneLine(node, code)
  }
  return null
}

function onOneLine(node: Node, code: string): { readonly start: number; readonly end: number } {
  const start = Math.min(node.startIndex, code.trimEnd().length - 1)
  const lineEnd = code.indexOf('\n', start)
  const line = lineEnd === -1 ? code.length : lineEnd
  const end = Math.max(start + 1, Math.min(node.endIndex, line))
  return { start, end: start + Math.max(1, code.slice(start, end).trimEnd().length) }
}

function find(node: Node): Node | null {
  if (node.isError || node.isMissing) return node
  for (const child of node.children) {
    if (child?.hasError !== true && child?.isMissing !== true) continue
    const found = find(child)
    if (found !== null) return found
  }
  return null
}
