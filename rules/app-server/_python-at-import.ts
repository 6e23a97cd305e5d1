import { memo } from '../../parsers/collections/memo.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Source } from '../../parsers/text/source.ts'

/** The code of a module: blanks in place of comments and of texts of several lines, which may hold anything. */
export const codeOfModule = memo((source: Source): string =>
  withoutComments(source.code.replace(/("""|''')[\s\S]*?\1/g, text => text.replace(/[^\n]/g, ' '))),
)

const CALLED = /^(?:[\w.]+[ \t]*=[ \t]*)?(\w+)\(/gm

/** The functions that a module calls when it is loaded, such as the `create_app` of Flask. */
export function calledAtImport(code: string): readonly string[] {
  return [...code.matchAll(CALLED)].map(([, name = '']) => name)
}

/**
 * True for a line that runs whenever its module is loaded: at the top, in a `with` or `try` there, and in a function
 * that is called there.
 */
export function runsAtImport(code: string, offset: number, called: ReadonlySet<string>): boolean {
  let start = code.lastIndexOf('\n', offset - 1) + 1
  let depth = depthAt(code, start)
  while (depth > 0) {
    const header = headerOf(code, start, depth)
    if (header === null) return false
    const name = /^def[ \t]+(\w+)\(/.exec(header.text)?.[1]
    if (name !== undefined) return header.depth === 0 && called.has(name)
    if (!/^(?:with\b.*|try[ \t]*):[ \t]*$/.test(header.text)) return false
    start = header.start
    depth = header.depth
  }
  return true
}

interface Header {
  readonly start: number
  readonly depth: number
  readonly text: string
}

/** The line that a block of this depth belongs to; null where a line between them is deeper or of another kind. */
function headerOf(code: string, start: number, depth: number): Header | null {
  for (let before = start; before > 0; ) {
    const line = code.lastIndexOf('\n', before - 2) + 1
    const text = code.slice(line, before - 1)
    before = line
    if (text.trim() === '') continue
    const own = depthAt(code, line)
    if (own < depth) return { start: line, depth: own, text: text.slice(own).trimEnd() }
  }
  return null
}

function depthAt(code: string, start: number): number {
  return /^[ \t]*/.exec(code.slice(start, start + 200))?.[0].length ?? 0
}

const BODY = /^(?:async[ \t]+def|def|class)[ \t][^\n]*\n(?:(?:[ \t][^\n]*|\)[^\n]*|)\n)*/gm

/** True where a function of a module uses a name: one of the module itself, or `database.engine` of another one. */
export function isUsedInFunction(code: string, name: string): boolean {
  const word = new RegExp(`(?<![\\w.])${name.replaceAll('.', '\\.')}\\b`)
  return (code.endsWith('\n') ? code : `${code}\n`).match(BODY)?.some(body => word.test(body)) ?? false
}

/** True where a function gives the name to something of its own, or the module closes or changes what it stands for. */
export function isRebound(code: string, name: string): boolean {
  return new RegExp(
    `^[ \\t]+${name}\\b[ \\t]*(?::[^=\\n]+)?=(?!=)|\\bas[ \\t]+${name}\\b|\\bglobal\\b[^\\n]*\\b${name}\\b|\\bdef[ \\t]+\\w+\\([^)]*\\b${name}\\b|(?<![\\w.])${name}\\.close\\(`,
    'm',
  ).test(code)
}
