import { memoByKey } from '../../parsers/collections/memo.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** A file that Python opens by a path that is written out and relative. */
export interface RelativeRead {
  /** The text, with its quotes. */
  readonly at: Place
  readonly path: string
}

const CALL =
  /(?<![\w.])(?:open|(?:pd|pandas)\.read_(?:csv|json|excel)|joblib\.load|(?:np|numpy)\.load|sqlite3\.connect)/
const RELATIVE = /(?![rbf]*["'](?:\/|https?:|:memory:))(["'])([\w.-][\w./ -]*)/
/** What follows a name that is read: no mode, or one for reading, and what is no mode. */
const READING = /(?=\s*(?:\)|,\s*(?:(?:mode\s*=\s*)?["']r[bt]?["']|(?!mode\b)\w+\s*=)))/
const READ = new RegExp(
  `(?:${CALL.source}\\(\\s*${RELATIVE.source}\\1${READING.source})|(?<![\\w.])(?:pathlib\\.)?Path\\(\\s*(["'])([\\w.-][\\w./ -]*)\\3\\s*\\)\\s*\\.(?:read_text|read_bytes)\\(`,
  'g',
)

/** What a module certainly reads when it is imported, or a view or what a view calls when it is asked for. */
export const relativeReads = memoByKey((files: FileSystem, path: string): readonly RelativeRead[] => {
  const source = sourceAt(files, path)
  if (source === null || !/open|read_|load|connect/.test(source.text)) return []
  const code = withoutMain(withoutTexts(withoutComments(source.text)))
  return [...code.matchAll(READ)].flatMap((match): RelativeRead[] => {
    const name = match[2] ?? match[4] ?? ''
    const { index } = match
    if (isAskedFor(code, name) || !isRun(code, index)) return []
    const start = index + match[0].search(/["']/)
    return [{ at: { source, start, end: start + name.length + 2 }, path: name }]
  })
})

/** Texts of several lines may hold anything. */
function withoutTexts(code: string): string {
  return code.replace(/("""|''')[\s\S]*?\1/g, blank)
}

/** What runs when the file itself is started is not run by a server. */
function withoutMain(code: string): string {
  return code.replace(/^if\s+__name__\s*==[^\n]*(?:\n(?:[ \t][^\n]*)?)*/gm, blank)
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}

/** True where a program looks for a file before it opens it. */
function isAskedFor(code: string, name: string): boolean {
  return code.split(/["']/).includes(name) && /\b(?:exists|isfile|is_file)\b/.test(code)
}

/** Lines around a line, each less indented than the one before, the nearest first, with the offset of each. */
function* linesAround(
  code: string,
  offset: number,
): Iterable<{ readonly text: string; readonly start: number }> {
  let start = code.lastIndexOf('\n', offset - 1) + 1
  let indentation = indentationAt(code, start)
  while (start > 0 && indentation > 0) {
    start = code.lastIndexOf('\n', start - 2) + 1
    const end = code.indexOf('\n', start)
    const text = code.slice(start, end < 0 ? undefined : end)
    if (text.trim() === '' || indentationAt(code, start) >= indentation) continue
    indentation = indentationAt(code, start)
    yield { text: text.trim(), start }
  }
}

function indentationAt(code: string, start: number): number {
  return /^[ \t]*/.exec(code.slice(start, start + 200))?.[0].length ?? 0
}

/** So many functions that call each other are followed. */
const MOST_CALLS = 3

/** True where a line runs when the module is imported, or in a view. */
function isRun(code: string, offset: number, left = MOST_CALLS): boolean {
  for (const { text, start } of linesAround(code, offset)) {
    // What fails there, or is only one of two ways, may be meant to.
    if (/^(?:try|except|if|elif|else|while|lambda|class)\b/.test(text)) return false
    const name = /^(?:async\s+)?def\s+(\w+)\s*\(/.exec(text)?.[1]
    if (name === undefined) continue
    if (indentationAt(code, start) > 0) return false
    return isView(code, start, text) || (left > 0 && isCalled(code, name, left))
  }
  return true
}

const ROUTE = /^@\w+\.(?:route|get|post|put|patch|delete|before_request|context_processor)\b/

/** True for a function that a decorator makes a view of Flask or FastAPI, or that takes Django’s request. */
function isView(code: string, start: number, text: string): boolean {
  if (/^(?:async\s+)?def\s+\w+\s*\(\s*request\s*[,):]/.test(text)) return true
  const before = code.slice(0, start).split('\n').slice(0, -1)
  for (let line = before.pop(); line !== undefined && /^@/.test(line); line = before.pop())
    if (ROUTE.test(line)) return true
  return false
}

/** True where the module calls a function of its own at the import, or in a view. */
function isCalled(code: string, name: string, left: number): boolean {
  return [...code.matchAll(new RegExp(`(?<![\\w.])(?<!def\\s+)${name}\\s*\\(`, 'g'))].some(({ index }) =>
    isRun(code, index, left - 1),
  )
}
