/**
 * What is called to make what a function returns: `FastAPI` of `def create_app(): app = FastAPI(); return app`, or as
 * the annotation says where the last line is another; null where neither tells.
 */
export function madeInFactory(definition: string): string | null {
  const head =
    /^def\s+\w+\s*\((?:[^()]|\([^()]*\))*\)\s*(?:->\s*["']?([\w.]+)["']?\s*)?:[ \t]*(?:#.*)?\n/.exec(
      definition,
    )
  if (head === null) return null
  const body = definition.slice(head[0].length)
  const indent = /^(?:[ \t]*(?:#.*)?\n)*([ \t]+)\S/.exec(body)?.[1]
  if (indent === undefined) return null
  const own = body.split('\n').flatMap(line => {
    const text = line.slice(indent.length)
    return line.startsWith(indent) && /^\S/.test(text) ? [text] : []
  })
  // A return inside of a branch may give something else.
  if (new RegExp(`^${indent}[ \\t]+return\\b`, 'm').test(withoutFunctions(body, indent))) return null
  const returned = own.findLast(line => /^return\b/.test(line)) ?? ''
  const direct = /^return\s+([\w.]+)\(/.exec(returned)?.[1]
  if (direct !== undefined) return direct
  const name = /^return\s+(\w+)\s*(?:#.*)?$/.exec(returned)?.[1]
  const annotated = head[1] ?? null
  if (name === undefined) return returned === '' ? null : annotated
  const assigned = [
    ...body.matchAll(new RegExp(`^[ \\t]*${name}(?:\\s*:\\s*[\\w.]+)?\\s*=(?!=)\\s*(.*)`, 'gm')),
  ]
  if (assigned.length !== 1) return null
  const callee = /^([\w.]+)\(/.exec(assigned[0]?.[1] ?? '')?.[1]
  // Of a function of another module the annotation tells what it makes.
  return callee === undefined || /(?:^|\.)[a-z]\w*$/.test(callee) ? (annotated ?? callee ?? null) : callee
}

/** The body without the functions in it, which return something of their own. */
function withoutFunctions(body: string, indent: string): string {
  return body.replace(
    new RegExp(
      `^${indent}(?:async[ \\t]+)?(?:def|class)\\b.*(?:\\n(?:[ \\t]*|${indent}[ \\t]+.*|${indent}\\).*))*`,
      'gm',
    ),
    '',
  )
}
