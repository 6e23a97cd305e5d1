import type { NginxConfiguration, NginxDirective } from '../../servers/nginx/configuration.ts'
import { answersAll, takesEveryPath } from '../../servers/nginx/queries/answers-all.ts'
import { effective } from '../../servers/nginx/queries/effective.ts'
import { passesOn, readLocation } from '../../servers/nginx/queries/locations.ts'
import { hasUnreadInclude } from '../../servers/nginx/queries/scope.ts'
import type { Answer } from '../model.ts'
import { argumentPlace } from '../places.ts'

const UNKNOWN: Answer = { kind: 'unknown' }
const REFUSAL: Answer = { kind: 'refusal' }
const CONTENT: Answer = { kind: 'content' }

const REDIRECTS = new Set(['301', '302', '303', '307', '308'])

/**
 * What a server does with a page that no special location is made for: the rewrite phase of the server,
 * then of `location /`, then its content. A condition that may send the client elsewhere leaves it unknown.
 */
export function ordinaryAnswer(configuration: NginxConfiguration, server: NginxDirective): Answer {
  if (rejectsHandshakes(configuration, server)) return REFUSAL
  const early = rewritePhase(configuration, server)
  if (early !== null) return early
  const root = server.children.find(isRootLocation)
  if (root === undefined) return hasFiles(configuration, server) ? CONTENT : UNKNOWN
  const late = rewritePhase(configuration, root)
  if (late !== null) return late
  if (passesOn(root)) return CONTENT
  return hasFiles(configuration, root) ? CONTENT : UNKNOWN
}

function rejectsHandshakes(configuration: NginxConfiguration, server: NginxDirective): boolean {
  if (!configuration.occurrences.has('ssl_reject_handshake')) return false
  const rejects = effective(configuration, server, 'ssl_reject_handshake')
  return rejects.known && rejects.value.directives[0]?.args[0]?.value.toLowerCase() === 'on'
}

/** `location /`; a regular expression that matches every path counts as one. */
function isRootLocation(directive: NginxDirective): boolean {
  if (directive.name !== 'location') return false
  const [first, second] = directive.args
  if (second === undefined && first?.value.startsWith('/')) return first.value === '/'
  const { modifier, name } = readLocation(directive)
  if (modifier === '' || modifier === '^~') return name === '/'
  return (modifier === '~' || modifier === '~*') && takesEveryPath(name)
}

/** What the rewrite module decides for every request; null where it leaves the request alone. */
function rewritePhase(configuration: NginxConfiguration, block: NginxDirective): Answer | null {
  // Whoever answers every request here has no use for a file that answers some.
  const returns = block.children.some(({ name }) => name === 'return')
  if (!returns && hasUnreadInclude(configuration, block)) return UNKNOWN
  for (const directive of block.children) {
    if (directive.name === 'if' && directive.children.some(isDecision)) return UNKNOWN
    if (directive.name === 'return') return returned(directive)
    if (answersAll(directive)) {
      const [pattern = '', target = ''] = directive.args.map(({ value }) => value)
      const at = argumentPlace(directive, 1)
      return { kind: 'redirect', target: asReturned(pattern, target), written: target, at }
    }
    if (directive.name.endsWith('_by_lua_block') || directive.name.endsWith('_by_lua_file')) return UNKNOWN
  }
  return null
}

/** The target of a `rewrite` of every path as `return` would have it. */
function asReturned(pattern: string, target: string): string {
  const text = target.replace(/\?$/, '')
  const [, slash] = /^\^?(\/?)\(\.\*\)\$?$/.exec(pattern) ?? []
  return slash !== undefined && text.endsWith(`${slash}$1`)
    ? `${text.slice(0, text.length - slash.length - 2)}$request_uri`
    : text
}

function isDecision({ name }: NginxDirective): boolean {
  return name === 'return' || name === 'rewrite'
}

function returned(directive: NginxDirective): Answer {
  const [first, second] = directive.args
  const code = first?.value ?? ''
  if (second !== undefined && REDIRECTS.has(code)) return redirectTo(directive, 1)
  if (second === undefined && /^(?:https?:\/\/|\$scheme)/.test(code)) return redirectTo(directive, 0)
  return code.startsWith('2') ? CONTENT : REFUSAL
}

function redirectTo(directive: NginxDirective, index: number): Answer {
  const target = directive.args[index]?.value ?? ''
  return { kind: 'redirect', target, written: target, at: argumentPlace(directive, index) }
}

/** True where a directory is named, or `try_files` proxies to what answers. */
function hasFiles(configuration: NginxConfiguration, block: NginxDirective): boolean {
  if (block.children.some(({ name }) => name === 'try_files')) return true
  const root = effective(configuration, block, 'root')
  return root.known && root.value.directives.length > 0
}
