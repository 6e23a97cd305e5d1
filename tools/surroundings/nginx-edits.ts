import { parseNginx } from '../../parsers/nginx/parse.ts'
import type { NginxDirectiveNode, NginxNode } from '../../parsers/nginx/syntax.ts'
import { textSource } from '../../parsers/text/source.ts'
import { entriesOf, type Files, type Lay, optionsOf } from './files.ts'

/** One file of nginx's without a fault of syntax. */
export interface NginxFile {
  readonly path: string
  readonly text: string
  readonly children: readonly NginxNode[]
}

export interface NginxEdit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A directive with the blocks around it, the outermost first. */
export interface Nested {
  readonly node: NginxDirectiveNode
  readonly around: readonly NginxDirectiveNode[]
}

const PLACES = /(?:^|\/)(?:[^/]*nginx[^/]*|(?:sites-enabled|sites-available|snippets)\/[^/]*|[^/]*\.conf)$/
const OWN = /^\s*(?:server|http|upstream\s+\S+|location\s[^{}\n]*)\s*\{/m
/** Of other programs, of templates, and what is said to the audit line by line. */
const FOREIGN =
  /<(?:VirtualHost|Directory|IfModule)|^\s*LoadModule|\{\{|\{%|\$\{[A-Z_]+\}|__[A-Z_]+__|<%|deploy-audit-ignore/m

/** The file as nginx reads it; null for another program's, a template, and what nginx cannot read. */
export function nginxFile(path: string, text: string): NginxFile | null {
  if (!PLACES.test(path) || !OWN.test(text) || FOREIGN.test(text) || text.includes('_by_lua')) return null
  const { children, problems } = parseNginx(textSource(`/${path}`, text))
  return problems.length === 0 && children.every(({ kind }) => kind !== 'invalid')
    ? { path, text, children }
    : null
}

/** Every nginx file of an example, in the order of its files. */
export function nginxFiles(files: Files): readonly NginxFile[] {
  return entriesOf(files).flatMap(([path, text]) => nginxFile(path, text) ?? [])
}

/** Lays each file of nginx's anew; null where that leaves all of them as they were. */
export function eachFile(spelled: (file: NginxFile, files: Files) => string): Lay {
  return files => {
    const laid = nginxFiles(files).map(file => [file.path, spelled(file, files)] as const)
    return laid.some(([path, text]) => text !== files[path])
      ? { ...files, ...Object.fromEntries(laid), ...optionsOf(files) }
      : null
  }
}

/** The same by the edits of each directive. */
export function eachDirective(edits: (nested: Nested, file: NginxFile) => readonly NginxEdit[]): Lay {
  return eachFile(file =>
    edited(
      file.text,
      [...nestedIn(file.children)].flatMap(each => edits(each, file)),
    ),
  )
}

/** Every directive, an outer one before those in it. */
export function* nestedIn(
  children: readonly NginxNode[],
  around: readonly NginxDirectiveNode[] = [],
): Iterable<Nested> {
  for (const node of directives(children)) {
    yield { node, around }
    if (node.block !== null) yield* nestedIn(node.block.children, [...around, node])
  }
}

export function directives(children: readonly NginxNode[] = []): readonly NginxDirectiveNode[] {
  return children.filter(node => node.kind === 'directive')
}

/** The directives of a block of that name, or all. */
export function inside(node: NginxDirectiveNode, name?: string): readonly NginxDirectiveNode[] {
  return directives(node.block?.children).filter(child => name === undefined || child.name.value === name)
}

export function argumentsOf(node: NginxDirectiveNode): readonly string[] {
  return node.args.map(({ value }) => value)
}

/** Applies edits; the first of two that overlap holds. */
export function edited(text: string, edits: readonly NginxEdit[]): string {
  let laid = ''
  let at = 0
  const sorted = edits
    .map((edit, index) => ({ ...edit, index }))
    .sort((a, b) => a.start - b.start || a.index - b.index)
  for (const edit of sorted) {
    if (edit.start < at) continue
    laid += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return laid + text.slice(at)
}

export function replaced({ start, end }: NginxDirectiveNode, text: string): NginxEdit {
  return { start, end, text }
}

export function before({ start }: { readonly start: number }, text: string): NginxEdit {
  return { start, end: start, text }
}

export function behind({ end }: { readonly end: number }, text: string): NginxEdit {
  return { start: end, end, text }
}

export function textOf(
  { text }: NginxFile,
  { start, end }: { readonly start: number; readonly end: number },
): string {
  return text.slice(start, end)
}

/** True for a `server` of http: not the one of an `upstream`, nor of stream and mail. */
export function isServer({ node, around }: Nested): boolean {
  return (
    node.name.value === 'server' &&
    node.block !== null &&
    (around.length === 0 || (around.length === 1 && around[0]?.name.value === 'http'))
  )
}

export function serversIn(children: readonly NginxNode[]): readonly NginxDirectiveNode[] {
  return [...nestedIn(children)].filter(isServer).map(({ node }) => node)
}

/** Every server of http, in all files. */
export function serversOf(files: Files): readonly NginxDirectiveNode[] {
  return nginxFiles(files).flatMap(({ children }) => serversIn(children))
}

/** The locations of a server or location, nested ones too. */
export function locationsOf(node: NginxDirectiveNode): readonly NginxDirectiveNode[] {
  return inside(node, 'location').flatMap(location => [location, ...locationsOf(location)])
}

/** The prefix of a location, plain, exact or preferred; null for an expression and a named one. */
export function locationName(node: NginxDirectiveNode): string | null {
  const [first, second] = argumentsOf(node)
  if (second !== undefined) return first === '^~' || first === '=' ? second : null
  return first === undefined || /^[=~^@]/.test(first) ? null : first
}
