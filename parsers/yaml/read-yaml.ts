import { type Alias, isAlias, isMap, isScalar, isSeq, parseAllDocuments, type ParsedNode } from 'yaml'
import { isUnknownWord, type Place, type Source } from '../text/source.ts'
import type { TemplateBranch } from '../text/template/constructs.ts'
import { mayNestDeeper } from './nesting.ts'
import { type ScalarStyle, scalarText } from './scalar-text.ts'
import type { YamlEntry, YamlFault, YamlFile, YamlMap, YamlNode } from './yaml-node.ts'

/** No file that a person writes is longer (UTF-16 units), */
const LONGEST = 512 * 1024
/** or nested deeper, */
const DEEPEST = 100
/** or has more nodes once its aliases are followed. */
const MOST_NODES = 100_000

/** Of more of them nobody reads. */
const MOST_FAULTS = 50

const NOTHING: YamlFile = { documents: [], broken: true, faults: [] }

/** Reads a file of YAML, or of JSON. What is not YAML is passed over and makes the file `broken`. */
export function readYaml(source: Source): YamlFile {
  const { code } = source
  if (code.length > LONGEST || mayNestDeeper(code, DEEPEST)) return NOTHING
  const parsed = parseAllDocuments(code, {
    uniqueKeys: false,
    strict: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  if (!Array.isArray(parsed)) return { documents: [], broken: false, faults: [] }
  const documents: YamlNode[] = []
  const faults = new Map<number, YamlFault>()
  const budget = { nodes: MOST_NODES }
  let broken = false
  for (const document of parsed) {
    // A tag of the file's own, such as `!reset`, is a warning.
    const [error] = document.errors
    const fault = error === undefined ? null : syntaxFault(source, error)
    if (error !== undefined) broken = true
    if (fault !== null) faults.set(fault.at.start, fault)
    const anchors = new Map<string, ParsedNode>()
    if (document.contents === null) continue
    const found = new Map<number, YamlFault>()
    const node = new Reading(source, anchors, budget, found).read(document.contents as ParsedNode, 0)
    if (node !== null) documents.push(node)
    // No reader looks for keys in what it cannot parse, and what stands behind the fault is of nobody's making.
    const end = fault === null ? (error?.pos[0] ?? source.code.length) : 0
    for (const [start, each] of found) if (start < end) faults.set(start, each)
  }
  return {
    documents,
    broken: broken || budget.nodes <= 0,
    faults: [...faults.values()].filter(fault => isCertain(source, fault)),
  }
}

/** Of a template the branches may each have a key, and what it fills in may be of another kind. */
function isCertain({ code, text, template, branches }: Source, { at, former }: YamlFault): boolean {
  if (/\{[{%]|<%/.test(code)) return false
  if (!template) return true
  if (former === null || DEFINES.test(text) || isUnknownWord(code.slice(at.start, at.end))) return false
  const around = (offset: number): readonly TemplateBranch[] =>
    branches.filter(({ start, end }) => start <= offset && offset < end)
  const besides = around(former.start)
  return !around(at.start).some(({ condition, answer }) =>
    besides.some(other => other.condition === condition && other.answer !== answer),
  )
}

/** Statements whose lines are for another place. */
const DEFINES = /\{%[-+]?\s*(?:macro|block|call|set\s+\w+\s*[-+]?%\})|\{\{-?\s*(?:define|block)\b/

const STYLES: Readonly<Record<string, ScalarStyle>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
}

class Reading {
  constructor(
    private readonly source: Source,
    /** The last node of each name that was read so far: an alias stands for the one before it. */
    private readonly anchors: Map<string, ParsedNode>,
    private readonly budget: { nodes: number },
    private readonly faults: Map<number, YamlFault>,
  ) {}

  /** Null for what is too much. */
  read(node: ParsedNode | Alias, depth: number): YamlNode | null {
    if (this.budget.nodes-- <= 0 || depth > DEEPEST) {
      this.budget.nodes = 0
      return null
    }
    if (isAlias(node)) {
      this.follow(node)
      const target = this.anchors.get(node.source)
      return target === undefined ? this.empty(node as ParsedNode) : this.read(target, depth + 1)
    }
    const { anchor } = node
    const read = this.readNode(node, depth)
    // Set behind the node itself, so that no alias inside leads back to it.
    if (anchor !== undefined) this.anchors.set(anchor, node)
    return read
  }

  /** Go's reader takes fewer characters for a name, and wants the anchor above. */
  private follow({ source: name, range }: Alias): void {
    const { code } = this.source
    const start = range?.[0] ?? 0
    const said = /^[\w-]+(?:$|[?:,\]}%@`])/.test(name)
      ? code.lastIndexOf(`&${name}`, start) === -1 && `unknown anchor '${name}' referenced`
      : NO_NAME
    if (said === false || this.faults.size >= MOST_FAULTS) return
    this.faults.set(start, {
      at: { source: this.source, start, end: Math.min(start + 1 + name.length, code.length) },
      said,
      former: null,
    })
  }

  private readNode(node: ParsedNode, depth: number): YamlNode | null {
    const tag = node.tag ?? null
    const at = this.place(node)
    if (isMap(node)) return { kind: 'map', tag, at, entries: this.entries(node.items as Pairs, depth) }
    if (isSeq(node)) {
      const items = node.items.flatMap(item => {
        const read = this.read(item as ParsedNode, depth + 1)
        return read === null ? [] : [read]
      })
      return { kind: 'list', tag, at, items }
    }
    if (!isScalar(node)) return this.empty(node)
    const style = STYLES[node.type ?? 'PLAIN'] ?? 'plain'
    const value = node.source ?? ''
    const text = scalarText(this.source, value, style, at.start, at.end)
    return { kind: 'scalar', tag, at, text, plain: style === 'plain' }
  }

  private entries(pairs: Pairs, depth: number): ReadonlyMap<string, YamlEntry> {
    const entries = new Map<string, YamlEntry>()
    const merged: YamlMap[] = []
    const written = new Map<string, Place>()
    for (const { key, value } of pairs) {
      if (key === null) continue
      // To the reader of Go, which Compose has, a second `<<` is one key too many as well.
      if (isScalar(key)) this.once(key, written)
      if (isScalar(key) && key.type === 'PLAIN' && key.source === '<<') {
        if (value !== null) merged.push(...mapsOf(this.read(value, depth + 1)))
        continue
      }
      const name = isScalar(key) ? (key.source ?? '') : null
      const read = value === null ? this.empty(key) : this.read(value, depth + 1)
      if (name === null || read === null) continue
      entries.set(name, { name, key: this.place(key), value: read })
    }
    for (const { entries: others } of merged) {
      for (const [name, entry] of others) if (!entries.has(name)) entries.set(name, entry)
    }
    return entries
  }

  private once(key: ParsedNode, written: Map<string, Place>): void {
    const name = (isScalar(key) ? key.source : null) ?? ''
    const at = this.place(key)
    const former = written.get(name)
    if (former === undefined) written.set(name, at)
    else if (this.faults.size < MOST_FAULTS)
      this.faults.set(at.start, {
        at,
        said: `mapping key "${name}" already defined at line ${lineOf(this.source, former.start)}`,
        former,
      })
  }

  private empty(near: ParsedNode): YamlNode {
    const { source } = this
    const { end } = this.place(near)
    const text = scalarText(source, '', 'plain', end, end)
    return { kind: 'scalar', tag: null, at: { source, start: end, end }, text, plain: true }
  }

  private place({ range }: ParsedNode): Place {
    const { length } = this.source.code
    const start = Math.min(range?.[0] ?? 0, length)
    return { source: this.source, start, end: Math.min(Math.max(range?.[1] ?? 0, start), length) }
  }
}

function lineOf({ text }: Source, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** What the reader of Go says of the same; other faults are judged by each reader for itself. */
function syntaxFault(
  source: Source,
  {
    code,
    message,
    pos: [start],
  }: { readonly code: string; readonly message: string; readonly pos: readonly [number, number] },
): YamlFault | null {
  const { code: text } = source
  const said =
    code === 'MISSING_CHAR'
      ? saidOfQuote(text, start)
      : code === 'UNEXPECTED_TOKEN'
        ? saidBehindQuote(text, start, message)
        : SAID.find(([name, words]) => name === code && message.startsWith(words))?.[2]
  let first = code === 'MISSING_CHAR' ? openedBefore(text, start) : start
  while (first < text.length && /\s/.test(text[first]!)) first++
  const newline = text.indexOf('\n', first)
  const end = first + text.slice(first, newline === -1 ? text.length : newline).trimEnd().length
  return said === undefined || end === first
    ? null
    : { at: { source, start: first, end }, said, former: null }
}

/** Where the quote was opened that is not closed before an offset; the offset where none is. */
function openedBefore(text: string, offset: number): number {
  const opened = Math.max(text.lastIndexOf('"', offset - 1), text.lastIndexOf("'", offset - 1))
  return opened === -1 ? offset : opened
}

/**
 * Of a quote that is not closed on its lines. Go's reader goes on to the next one, however deep it stands: it
 * refuses the file where there is none, or where a word follows it.
 */
function saidOfQuote(text: string, offset: number): string | undefined {
  const quote = text[openedBefore(text, offset)]
  if (quote !== '"' && quote !== "'") return undefined
  const next = text.indexOf(quote, Math.max(offset, openedBefore(text, offset) + 1))
  if (next === -1) return 'found unexpected end of stream'
  return /[\w/.$-]/.test(text[next + 1] ?? '') ? 'did not find expected key' : undefined
}

/** Of a word behind a value in quotes. */
function saidBehindQuote(text: string, offset: number, message: string): string | undefined {
  if (!message.startsWith('Unexpected scalar at node end')) return undefined
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  // Inside of brackets, and over several lines, its words are others.
  if (!/^\s*(?:- )?\s*[^\s[{]/.test(line) || /[[{]\s*["']/.test(line)) return undefined
  return /^\s*-\s+["']/.test(line) ? "did not find expected '-' indicator" : 'did not find expected key'
}

const NO_NAME = 'did not find expected alphabetic or numeric character'

const SAID: readonly (readonly [string, string, string])[] = [
  ['BAD_INDENT', 'All mapping items', 'did not find expected key'],
  ['BAD_INDENT', 'All sequence items', `did not find expected '-' indicator`],
  ['TAB_AS_INDENT', 'Tabs', 'found character that cannot start any token'],
  ['BLOCK_AS_IMPLICIT_KEY', 'Nested mappings', 'mapping values are not allowed in this context'],
  ['BLOCK_AS_IMPLICIT_KEY', 'A block sequence', 'did not find expected key'],
  [
    'BAD_SCALAR_START',
    'Plain value cannot start with reserved character',
    'found character that cannot start any token',
  ],
  ['BAD_ALIAS', 'Alias cannot be an empty string', NO_NAME],
  ['MULTILINE_IMPLICIT_KEY', 'Implicit keys', `could not find expected ':'`],
]

type Pairs = readonly { readonly key: ParsedNode | null; readonly value: ParsedNode | null }[]

/** The maps that `<<` names: one, or a list of them, of which the first wins. */
function mapsOf(node: YamlNode | null): readonly YamlMap[] {
  if (node?.kind === 'map') return [node]
  return node?.kind === 'list' ? node.items.flatMap(mapsOf) : []
}
