import * as v from 'valibot'
import { isMap, isNode, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml'
import { DEFAULT_SITE_FACTS, type SiteFacts } from '../../deployment/site-facts.ts'
import { InputError } from '../../files/input-error.ts'
import { didYouMean } from '../did-you-mean.ts'
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
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
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
    fail(offsetOf(root, path, isUnknownKey(issue)), describe(issue, path))
  }
  const value = result.output as AuditrcFile
  for (const name of Object.keys(value.rules ?? {})) {
    if (knownRules === undefined || knownRules.includes(name)) continue
    fail(offsetOf(root, ['rules', name], true), `unknown rule "${name}"${didYouMean(name, knownRules)}`)
  }
  return toAuditrc(value)
}

/** A key whose entries are all commented out is as good as absent. */
function withoutEmpty(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null))
}

function toAuditrc(value: AuditrcFile): Auditrc {
  const { nginx, apache } = value.versions ?? {}
  return {
    root: value.root ?? null,
    ignore: value.ignore ?? [],
    versions: { ...(nginx !== undefined && { nginx }), ...(apache !== undefined && { apache }) },
    includeMap: Object.entries(value.include?.map ?? {}).map(([from, to]) => ({ from, to })),
    defines: value.defines ?? [],
    rules: new Map(Object.entries(value.rules ?? {})),
    facts: toFacts(value.facts ?? {}),
  }
}

function toFacts({ memory, ...given }: NonNullable<AuditrcFile['facts']>): SiteFacts {
  const written = Object.fromEntries(Object.entries(given).filter(([, fact]) => fact !== undefined))
  return { ...DEFAULT_SITE_FACTS, ...written, memory: memory === undefined ? null : toBytes(memory) }
}

const UNITS = ['', 'k', 'm', 'g', 't']

/** `4 GB` and `4G` are both 4 × 2³⁰: memory is sold so. */
function toBytes(memory: string | number): number {
  if (typeof memory === 'number') return memory
  const [, count = '0', unit = ''] = /^([\d.]+)\s*([kmgt]?)/i.exec(memory) ?? []
  return Math.round(Number(count) * 1024 ** UNITS.indexOf(unit.toLowerCase()))
}

function isUnknownKey(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never'
}

function describe(issue: v.BaseIssue<unknown>, path: Path): string {
  const name = path.join('.')
  if (isUnknownKey(issue)) {
    return `unknown key "${path.at(-1)}"${didYouMean(String(path.at(-1)), keysAt(path.slice(0, -1)))}`
  }
  if (issue.type === 'regex') return `\`${name}\`: expected ${issue.message}, not ${issue.received}`
  const expected = (issue.expected ?? 'another value').replace(/[()"]/g, '').replaceAll(' | ', ', ')
  return `\`${name}\`: expected ${expected.replace(/, ([^,]*)$/, ' or $1')}, not ${issue.received}`
}

/** The keys that the schema has at a path. */
function keysAt(path: Path): readonly string[] {
  let schema: unknown = auditrcSchema
  for (const key of path) schema = entriesOf(schema)[key]
  return Object.keys(entriesOf(schema))
}

/** Through `optional` and `pipe`, whose first part is the object itself. */
function entriesOf(schema: unknown): Readonly<Record<string | number, unknown>> {
  const { wrapped, pipe, entries } = (schema ?? {}) as {
    readonly wrapped?: unknown
    readonly pipe?: readonly unknown[]
    readonly entries?: Readonly<Record<string, unknown>>
  }
  if (entries !== undefined) return entries
  if (wrapped !== undefined) return entriesOf(wrapped)
  return pipe?.[0] === undefined ? {} : entriesOf(pipe[0])
}

/** Where the value of a path begins, or its key. */
function offsetOf(root: YAMLMap, path: Path, wantsKey: boolean): number {
  let node: Node = root
  let offset = root.range?.[0] ?? 0
  for (const [depth, name] of path.entries()) {
    const entry = entryOf(node, name)
    const isKey = wantsKey && depth === path.length - 1
    offset = (isKey ? entry.key : (entry.value ?? entry.key))?.range?.[0] ?? offset
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
