import { ownTable } from '../../../../parsers/text/own-table.ts'
import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import type { NginxDirective } from '../configuration.ts'
import { leavesWordsOpen } from '../template-problems.ts'
import { nginxVariable } from '../directives.ts'
import { type Program, type Reading, report } from './unit.ts'

/** True for what nginx takes into a variable's name. */
export function isNameCode(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x5f
  )
}

/** What is wrong with the `$` of a value, or the variables it reads; captures `$1` to `$9` are not among them. */
export type Script =
  | { readonly error: null; readonly variables: readonly string[] }
  | { readonly error: 'name' }
  | { readonly error: 'bracket'; readonly name: string }

const NO_VARIABLES: Script = { error: null, variables: [] }

/** Reads a value as nginx compiles it. `captures` is false where `$1` is the variable named `1`. */
export function readScript(text: string, captures = true): Script {
  let at = text.indexOf('$')
  if (at === -1) return NO_VARIABLES
  const variables: string[] = []
  while (at !== -1) {
    let index = at + 1
    if (index === text.length) return { error: 'name' }
    const digit = text.charCodeAt(index)
    if (captures && digit >= 0x31 && digit <= 0x39) {
      at = text.indexOf('$', index + 1)
      continue
    }
    const bracket = text.charAt(index) === '{'
    if (bracket && ++index === text.length) return { error: 'name' }
    const start = index
    while (index < text.length && isNameCode(text.charCodeAt(index))) index++
    const name = text.slice(start, index)
    if (bracket && text.charAt(index) !== '}') return { error: 'bracket', name }
    if (name === '') return { error: 'name' }
    variables.push(name.toLowerCase())
    at = text.indexOf('$', index)
  }
  return { error: null, variables }
}

/** Compiles a value as nginx does: reports a malformed `$`, remembers which variables are read. */
export function compile(
  reading: Reading,
  program: Program,
  directive: NginxDirective,
  word: NginxWord,
  text = word.value,
  captures = true,
): boolean {
  if (!text.includes('$')) return true
  const script = readScript(text, captures)
  if (script.error === 'name') {
    report(reading, 'invalid-variable-name', directive, word, 'a `$` stands without the name of a variable')
    return false
  }
  if (script.error === 'bracket') {
    const message = `the closing bracket of the variable \`\${${script.name}\` is missing`
    report(reading, 'invalid-variable-name', directive, word, message)
    return false
  }
  for (const name of script.variables) useVariable(program, name, directive, word)
  return true
}

/** Remembers that a variable is read; the first place of each counts. */
export function useVariable(
  program: Program,
  name: string,
  directive: NginxDirective,
  word: NginxWord,
): void {
  if (!program.uses.has(name)) program.uses.set(name, { name, directive, word })
}

/**
 * A directive's `$name` argument that defines a variable: false where it is malformed or names one of
 * nginx's own that may not be redefined.
 */
export function defineVariable(
  reading: Reading,
  program: Program,
  directive: NginxDirective,
  word: NginxWord,
): boolean {
  if (!word.value.startsWith('$') || word.value.length === 1) {
    report(
      reading,
      'invalid-variable-name',
      directive,
      word,
      `\`${word.value}\` is no variable: its name begins with \`$\``,
    )
    return false
  }
  return defineName(reading, program, directive, word, word.value.slice(1))
}

export function defineName(
  reading: Reading,
  program: Program,
  directive: NginxDirective,
  word: NginxWord,
  name: string,
): boolean {
  const lower = name.toLowerCase()
  const builtIn = nginxVariable(program.name === 'stream' ? 'stream' : 'http', lower)
  if (builtIn !== null && !builtIn.changeable && builtIn.name === lower && !lower.endsWith('_')) {
    const message = `\`$${name}\` is a variable of nginx itself and is not to be defined anew`
    report(reading, 'duplicate-variable', directive, word, message)
    return false
  }
  program.defined.add(lower)
  return true
}

/** Which arguments a directive compiles: all from an index on, or those listed. */
type Positions = { readonly from: number } | readonly number[]

const FIRST: Positions = [0]
const SECOND: Positions = [1]
const ALL: Positions = { from: 0 }

/**
 * The directives whose arguments hold variables and that need no check of their own beyond that. Those
 * with one (`return`, `rewrite`, `map`, `proxy_pass`…) compile their arguments themselves.
 */
const COMPILED: Readonly<Record<string, Positions>> = ownTable({
  add_header: SECOND,
  add_trailer: SECOND,
  alias: FIRST,
  auth_basic: FIRST,
  auth_basic_user_file: FIRST,
  auth_request_set: SECOND,
  early_hints: ALL,
  fastcgi_cache: FIRST,
  fastcgi_cache_bypass: ALL,
  fastcgi_cache_key: FIRST,
  fastcgi_no_cache: ALL,
  fastcgi_store: FIRST,
  grpc_ssl_certificate: FIRST,
  grpc_ssl_certificate_key: FIRST,
  grpc_ssl_name: FIRST,
  hash: FIRST,
  http2_push: FIRST,
  index: ALL,
  limit_rate: FIRST,
  limit_rate_after: FIRST,
  proxy_cache: FIRST,
  proxy_cache_bypass: ALL,
  proxy_cache_key: FIRST,
  proxy_download_rate: FIRST,
  proxy_method: FIRST,
  proxy_no_cache: ALL,
  proxy_set_body: FIRST,
  proxy_ssl_certificate: FIRST,
  proxy_ssl_certificate_key: FIRST,
  proxy_ssl_name: FIRST,
  proxy_store: FIRST,
  proxy_upload_rate: FIRST,
  root: FIRST,
  scgi_cache: FIRST,
  scgi_cache_bypass: ALL,
  scgi_cache_key: FIRST,
  scgi_no_cache: ALL,
  scgi_store: FIRST,
  secure_link: FIRST,
  secure_link_md5: FIRST,
  sub_filter: ALL,
  uwsgi_cache: FIRST,
  uwsgi_cache_bypass: ALL,
  uwsgi_cache_key: FIRST,
  uwsgi_no_cache: ALL,
  uwsgi_ssl_certificate: FIRST,
  uwsgi_ssl_certificate_key: FIRST,
  uwsgi_ssl_name: FIRST,
  uwsgi_store: FIRST,
})

/** Compiles the arguments of a directive that the table above names; false where one is malformed. */
export function compileArguments(reading: Reading, program: Program, directive: NginxDirective): boolean {
  const positions = COMPILED[directive.name]
  if (positions === undefined) return true
  if ('from' in positions) {
    for (const word of directive.args) if (!compile(reading, program, directive, word)) return false
    return true
  }
  for (const index of positions) {
    const word = directive.args[index]
    if (word !== undefined && !compile(reading, program, directive, word)) return false
  }
  return true
}

/** The arguments that nginx compiles only when it merges the levels of `http`. */
const MERGED = [
  ['proxy_set_header', 1],
  ['grpc_set_header', 1],
  ['fastcgi_param', 1],
  ['uwsgi_param', 1],
  ['scgi_param', 1],
  ['ssl_certificate', 0],
  ['ssl_certificate_key', 0],
] as const

/** Compiles what waits until `http` ends. */
export function compileMerged(reading: Reading, program: Program): void {
  for (const [name, index] of MERGED)
    for (const directive of reading.unit.occurrences.get(name) ?? []) {
      const value = directive.args[index]
      const isOwn = !directive.context.startsWith('stream') && !directive.context.startsWith('mail')
      const isOpen = directive.source.template && !leavesWordsOpen(directive.source)
      if (value !== undefined && isOwn && !isOpen && isMerged(program, directive))
        compile(reading, program, directive, value)
    }
}

/** What stands in `http` itself is merged into the servers that set none of the same. */
function isMerged({ servers }: Program, { name, parent }: NginxDirective): boolean {
  if (parent?.name !== 'http') return true
  return servers.some(({ directive }) => !directive.children.some(child => child.name === name))
}
