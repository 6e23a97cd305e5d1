import { posix } from 'node:path'
import { type JsToken, jsTokens } from '../../parsers/javascript/tokens.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { loadedScripts } from './_loaded-scripts.ts'

/** What a script of Node.js writes. */
export interface WrittenByNode {
  readonly path: string
  readonly at: Place
  readonly what: 'database' | 'uploads'
}

const LIBRARY = /['"](?:better-sqlite3|sqlite3|node:sqlite|multer)['"]/
/** What is only read stays as it was installed. */
const WRITES =
  /\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|REPLACE\s+INTO|CREATE\s+(?:TABLE|INDEX))\b/i

/** Databases of SQLite, and directories of Multer for uploads, where the script has their paths written out. */
export function writtenByNode(program: AppServerProgram): readonly WrittenByNode[] {
  if (program.server.program !== 'node') return []
  const scripts = loadedScripts(program).filter(({ template }) => !template)
  if (!scripts.some(({ code }) => LIBRARY.test(code))) return []
  const writes = scripts.some(({ code }) => WRITES.test(code))
  const home = program.directory?.known === true ? program.directory.value : null
  return scripts.flatMap(source =>
    openedIn(source).flatMap(({ what, words, at }): readonly WrittenByNode[] => {
      if (what === 'database' && !writes) return []
      // What is made of the path of the script holds where it lies on the machine as it does here.
      const here = home !== null && isBelow(source.path, home) ? posix.dirname(source.path) : null
      const path = pathOf(words, here)
      if (path === null || (home === null && !path.startsWith('/'))) return []
      return [{ path: posix.resolve(home ?? '/', path), at, what }]
    }),
  )
}

interface Opened {
  readonly what: WrittenByNode['what']
  /** The words of the argument. */
  readonly words: readonly JsToken[]
  readonly at: Place
}

/** `new Database('shop.db')`, `new sqlite3.Database(FILE)`, `multer({ dest: 'uploads/' })`. */
function openedIn(source: Source): readonly Opened[] {
  const tokens = jsTokens(source.code)
  const texts = tokens.map(({ text }) => text)
  return tokens.flatMap(({ kind, text, start, end }, index): readonly Opened[] => {
    if (kind !== 'name' || texts[index + 1] !== '(') return []
    const at = { source, start, end }
    const isMade = texts[index - 1] === 'new' || (texts[index - 1] === '.' && texts[index - 3] === 'new')
    if (/^Database(?:Sync)?$/.test(text) && isMade)
      return [{ what: 'database', words: argument(tokens, index + 2), at }]
    if (text !== 'multer' || texts.slice(index + 2, index + 5).join('') !== '{dest:') return []
    return [{ what: 'uploads', words: argument(tokens, index + 5), at }]
  })
}

/** The words up to the comma or bracket that ends an argument; of a lone name those of its only assignment. */
function argument(tokens: readonly JsToken[], start: number): readonly JsToken[] {
  let depth = 0
  let end = start
  for (; end < tokens.length; end++) {
    const { kind, text } = tokens[end]!
    if (kind !== 'sign') continue
    if (depth === 0 && /^[,;)\]}]$/.test(text)) break
    if (/^[[({]$/.test(text)) depth++
    else if (/^[\])}]$/.test(text)) depth--
  }
  const words = tokens.slice(start, end)
  const [word] = words
  if (words.length !== 1 || word?.kind !== 'name') return words
  const lines = tokens.flatMap(({ kind, text }, index) =>
    kind === 'name' && text === word.text && tokens[index + 1]?.text === '=' ? [index] : [],
  )
  const [line] = lines
  if (line === undefined || lines.length > 1 || tokens[line - 1]?.text !== 'const') return words
  const value = tokens.slice(line + 2, line + 12)
  // A line without a semicolon ends with its text, or with the bracket of `path.join`.
  const last = value[0]?.kind === 'string' ? 0 : value.findIndex(({ text }) => text === ')')
  return /^(?:\|\||\?\?|\+|\?|\.)$/.test(value[last + 1]?.text ?? '') ? [] : value.slice(0, last + 1)
}

/** A text, or `path.join(__dirname, 'data', 'shop.db')`; null for anything else. */
function pathOf(words: readonly JsToken[], here: string | null): string | null {
  const [first, ...others] = words
  if (first?.kind === 'string' && others.length === 0) return isFile(first.text) ? first.text : null
  const texts = words.map(({ text }) => text)
  if (!/^path\.(?:join|resolve)\($/.test(texts.slice(0, 4).join('')) || texts.at(-1) !== ')') return null
  const parts = words.slice(4, -1).filter(({ text }) => text !== ',')
  const [base, ...steps] = parts
  if (steps.length === 0 || steps.some(({ kind }) => kind !== 'string')) return null
  const root = base?.text === '__dirname' ? here : base?.kind === 'string' ? base.text : null
  return root === null ? null : posix.join(root, ...steps.map(({ text }) => text))
}

/** Neither in memory nor a URI, which may say that it is only read. */
function isFile(text: string): boolean {
  return text !== '' && !text.startsWith(':') && !text.startsWith('file:') && !text.includes('\\')
}
