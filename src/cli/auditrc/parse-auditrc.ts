import * as v from 'valibot'
import {
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from 'yaml'
import type { SiteFacts } from '../../deployment/site-facts.ts'
import { InputError } from '../../files/input-error.ts'
import { didYouMean } from '../did-you-mean.ts'
import { unknownRule } from '../unknown-rule.ts'
import type { Auditrc } from './auditrc.ts'
import { type AuditrcFile, auditrcSchema } from './schema.ts'

type Path = readonly (string | number)[]

/**
 * Reads the text of a `.auditrc`, YAML or JSON.
 *
 * Throws {@link InputError} with `file:line:column: message` at the first mistake.
 *
 * @param file how the message names the file
 * @param knownRules ids and groups; none are checked where absent
 */
export function parseAuditrc(text: string, file: string, knownRules?: readonly string[]): Auditrc {
  const lines = new LineCounter()
  // The check of the package compares every key with every other one.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const fail = (offset: number, message: string): never => {
    const { line, col } = lines.linePos(offset)
    throw new InputError(`${file}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${message}`)
  }
  const [error] = document.errors
  if (error?.code === 'MULTIPLE_DOCS') fail(error.pos[0], 'a second document begins, and one is read')
  if (error !== undefined) fail(error.pos[0], error.message.replace(/\s*\n[\s\S]*/, ''))

  const root = document.contents
  if (root === null) return toAuditrc({})
  if (!isMap(root)) return fail(0, 'expected keys such as `rules:`')
  const mistake = mistakenKey(root, knownRules)
  if (mistake !== null) fail(mistake.offset, mistake.message)
  readAsWritten(document.contents)
  let values: Readonly<Record<string, unknown>> = {}
  try {
    values = document.toJS()
  } catch (thrown) {
    // Aliases that lead nowhere, to themselves, or multiply beyond measure.
    fail(0, thrown instanceof Error ? thrown.message : String(thrown))
  }
  const result = v.safeParse(auditrcSchema, withoutEmpty(values))
  if (!result.success) {
    const [issue] = result.issues
    const path = (issue.path ?? []).map(item => item.key as string | number)
    fail(offsetOf(root, path), describe(issue, path))
  }
  return toAuditrc(result.output as AuditrcFile)
}

interface Mistake {
  readonly offset: number
  readonly message: string
}

/**
 * What is wrong with the keys. The schema sees objects, on which names of JavaScript's own, such as
 * `constructor`, are not what they are here: words like all others.
 */
function mistakenKey(root: YAMLMap, knownRules: readonly string[] | undefined): Mistake | null {
  const misplaced = misplacedKey(root)
  if (misplaced !== null) return misplaced
  const overrides = itemsAt(root, 'overrides').map(index => ['overrides', index])
  for (const path of [[], ['versions'], ['include'], ['facts'], ...overrides]) {
    const known = keysAt(path)
    for (const { offset, name } of keysIn(root, path))
      if (!known.includes(name)) return { offset, message: unknownKey(name, known) }
  }
  const rules = knownRules === undefined ? null : new Set(knownRules)
  for (const path of [['rules'], ...overrides.map(each => [...each, 'rules'])])
    for (const { offset, name } of keysIn(root, path)) {
      if (rules !== null && !rules.has(name)) return { offset, message: unknownRule(name, [...rules]) }
    }
  for (const { offset, name } of keysIn(root, ['include', 'map'])) {
    if (!name.startsWith('/'))
      return { offset, message: `expected a path such as /etc/nginx/snippets, not "${name}"` }
  }
  return null
}

/** The indexes of the list at a key. */
function itemsAt(root: YAMLMap, name: string): readonly number[] {
  const { value } = entryOf(root, name)
  return isSeq(value) ? [...value.items.keys()] : []
}

/** Values are nested three deep at most; far from where a stack would overflow. */
const DEEPEST = 20

/** The first key that is written twice, or is no word: as a name of it the package would write a whole tree. */
function misplacedKey(root: YAMLMap): Mistake | null {
  const waiting: { readonly node: unknown; readonly depth: number }[] = [{ node: root, depth: 0 }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, depth } = next
    if (!isMap(node) && !isSeq(node)) continue
    if (depth > DEEPEST) return { offset: node.range?.[0] ?? 0, message: 'values are nested too deep' }
    const seen = new Set<string>()
    for (const item of node.items) {
      waiting.push({ node: isPair(item) ? item.value : item, depth: depth + 1 })
      if (!isPair(item)) continue
      const offset = isNode(item.key) ? (item.key.range?.[0] ?? 0) : 0
      if (!isScalar(item.key)) return { offset, message: 'expected a word as a key' }
      const name = String(item.key.value)
      if (seen.has(name)) return { offset, message: 'Map keys must be unique' }
      seen.add(name)
    }
  }
  return null
}

/** Where a number is a text that looks like one: `1.30` is not 1.3. */
const TEXTS: readonly Path[] = [['versions'], ['facts', 'publicListeners']]

/** Gives the scalars that are meant as text the text that was written. */
function readAsWritten(root: unknown): void {
  for (const path of TEXTS) {
    let node: unknown = root
    for (const name of path) node = isNode(node) ? entryOf(node, name).value : null
    if (!isMap(node) && !isSeq(node)) continue
    for (const item of node.items) {
      const value = isPair(item) ? item.value : item
      if (isScalar(value) && typeof value.value === 'number' && value.source !== undefined)
        value.value = value.source
    }
  }
}

/** The keys of the map at a path. */
function keysIn(root: Node, path: Path): readonly { readonly offset: number; readonly name: string }[] {
  let map: Node | null = root
  for (const name of path) map = map === null ? null : entryOf(map, name).value
  if (!isMap(map)) return []
  return map.items.flatMap(({ key }) =>
    isScalar(key) ? [{ offset: key.range?.[0] ?? 0, name: String(key.value) }] : [],
  )
}

/** A key whose entries are all commented out is as good as absent. */
function withoutEmpty(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null))
}

function toAuditrc(value: AuditrcFile): Auditrc {
  const { nginx, apache } = value.versions ?? {}
  return {
    extends: [value.extends ?? []].flat(),
    root: value.root ?? null,
    ignore: value.ignore ?? [],
    versions: { ...(nginx !== undefined && { nginx }), ...(apache !== undefined && { apache }) },
    includeMap: Object.entries(value.include?.map ?? {}).map(([from, to]) => ({ from, to })),
    defines: value.defines ?? [],
    rules: new Map(Object.entries(value.rules ?? {})),
    overrides: (value.overrides ?? []).map(({ files, rules }) => ({
      files,
      rules: new Map(Object.entries(rules)),
    })),
    facts: toFacts(value.facts ?? {}),
  }
}

function toFacts({ memory, ...given }: NonNullable<AuditrcFile['facts']>): Partial<SiteFacts> {
  const written = Object.fromEntries(Object.entries(given).filter(([, fact]) => fact !== undefined))
  return { ...written, ...(memory !== undefined && { memory: toBytes(memory) }) }
}

const UNITS = ['', 'k', 'm', 'g', 't']

/** `4 GB` and `4G` are both 4 × 2³⁰: memory is sold so. */
function toBytes(memory: string | number): number {
  if (typeof memory === 'number') return memory
  const [, count = '0', unit = ''] = /^([\d.]+)\s*([kmgt]?)/i.exec(memory) ?? []
  return Math.round(Number(count) * 1024 ** UNITS.indexOf(unit.toLowerCase()))
}

function unknownKey(name: string, known: readonly string[]): string {
  return `unknown key "${name}"${didYouMean(name, known)}`
}

function describe(issue: v.BaseIssue<unknown>, path: Path): string {
  const name = path.join('.')
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return unknownKey(String(path.at(-1)), keysAt(path.slice(0, -1)))
  if (issue.type === 'regex' || issue.type === 'check')
    return `\`${name}\`: expected ${issue.message}, not ${issue.received}`
  const expected = (issue.expected ?? 'another value').replace(/[()"]/g, '').replaceAll(' | ', ', ')
  return `\`${name}\`: expected ${expected.replace(/, ([^,]*)$/, ' or $1')}, not ${issue.received}`
}

/** The keys that the schema has at a path. */
function keysAt(path: Path): readonly string[] {
  let schema: unknown = auditrcSchema
  for (const key of path) if (typeof key === 'string') schema = entriesOf(schema)[key]
  return Object.keys(entriesOf(schema))
}

/** Through `optional`, `pipe`, whose first part is the object itself, and the items of a list. */
function entriesOf(schema: unknown): Readonly<Record<string | number, unknown>> {
  const { wrapped, pipe, entries, item } = (schema ?? {}) as {
    readonly item?: unknown
    readonly wrapped?: unknown
    readonly pipe?: readonly unknown[]
    readonly entries?: Readonly<Record<string, unknown>>
  }
  if (entries !== undefined) return entries
  if (wrapped !== undefined) return entriesOf(wrapped)
  if (item !== undefined) return entriesOf(item)
  return pipe?.[0] === undefined ? {} : entriesOf(pipe[0])
}

/** Where the value of a path begins. */
function offsetOf(root: YAMLMap, path: Path): number {
  let node: Node = root
  let offset = root.range?.[0] ?? 0
  for (const name of path) {
    const entry = entryOf(node, name)
    offset = (entry.value ?? entry.key)?.range?.[0] ?? offset
    if (entry.value === null) break
    node = entry.value
  }
  return offset
}

function entryOf(
  node: Node,
  name: string | number,
): { readonly key: Node | null; readonly value: Node | null } {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (isNode(key) && String(key.toJSON()) === String(name)) {
        return { key, value: isNode(value) ? value : null }
      }
    }
  }
  const item = isSeq(node) ? node.items[Number(name)] : null
  return { key: null, value: isNode(item) ? item : null }
}
