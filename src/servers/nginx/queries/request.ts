import { memo } from '../../../../parsers/collections/memo.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import type { Address } from '../../address.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import { readPattern } from '../../pcre/read-pattern.ts'
import { type PcreMatch, toBytes } from '../../regex.ts'
import { ANY_HEADERS, type ReceivedHeaders, receivedHeader } from '../../received-headers.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { effectiveValue } from './effective.ts'
import { geos, geoValue } from './geo.ts'
import type { Variables } from './interpolate.ts'
import { askMap, maps } from './maps.ts'
import { matchPattern } from './match-pattern.ts'
import { requestHost } from './select-server.ts'
import { serverNames } from './server-names.ts'
import { baseDirectory, fileBase, filePath } from './static-content.ts'

/** A request as it reaches nginx. */
export interface NginxRequest {
  readonly method: string
  /** Path and query of the request line: `/a%20b?c=d`. */
  readonly target: string
  /** The `Host` header as sent; null for a request without one. */
  readonly host: string | null
  readonly scheme: 'http' | 'https'
  /** The local address of the connection, where it is known. */
  readonly address?: Address
  readonly port: number | null
  /** Absent where nobody knows any of them. */
  readonly headers?: ReceivedHeaders
  /** The client's address, where it is known. */
  readonly client?: string
}

/** What nginx keeps of a request while it decides; changed by its rewrites. */
export interface RequestState {
  readonly configuration: NginxConfiguration
  readonly server: NginxDirective
  readonly request: NginxRequest
  /** The block whose settings are in force: the server, a location, or an `if` that was true in one. */
  scope: NginxDirective
  /** The location that was found; null for the server itself. */
  location: NginxDirective | null
  /** Decoded bytes. */
  uri: string
  args: string
  readonly quoted: boolean
  readonly plus: boolean
  /** True from the first rewrite or internal redirect on: then `internal` locations answer. */
  internal: boolean
  /** True while the path of the request line may go to a backend as it came. */
  unchanged: boolean
  /** False behind `rewrite … break`: then `proxy_pass` leaves its own URI out. */
  validLocation: boolean
  /** True once `try_files` found a file below the alias of an expression. */
  addsUri: boolean
  /** True in a subrequest of `auth_request`, for which access is not checked again. */
  readonly subrequest: boolean
  /** The block of whose requests is asked: what was not read may take some of them away, but not all. */
  readonly into: NginxDirective | null
  /** An `error_page` makes it `GET`. */
  method: string
  /** Numbered groups of the last match; `server_name` where that is one of the name that was asked for, which nobody knows. */
  captures: PcreMatch | 'server_name' | null
  /** By `set` and named groups. */
  readonly values: Map<string, Fact<string>>
  /** Evaluated maps: nginx keeps the first value. */
  readonly mapped: Map<string, Fact<string>>
}

/** The block of whose requests is asked, as long as this is one: an internal redirect to a script may leave it. */
export function enteredBlock({ into, internal, uri }: RequestState): NginxDirective | null {
  return internal && !/(?:^|\/)[^./]*(?:\.html?)?$/.test(uri) ? null : into
}

/** Remembers a match as `$1` and its like, and its named groups as variables. */
export function keepMatch(state: RequestState, match: PcreMatch | null): void {
  state.captures = match
  if (match === null) return
  for (const [name, value] of match.named) state.values.set(name.toLowerCase(), known(value))
}

/** The variables of a request, as they stand when they are asked. */
/** Maps that ask each other deeper than this are unknown; far from where a stack would overflow. */
const DEEPEST_MAP = 200

export function requestVariables(state: RequestState, depth = 0): Variables {
  return name => {
    if (/^[1-9]$/.test(name)) return numbered(state.captures, Number(name))
    const value = state.values.get(name)
    if (value !== undefined) return value
    const geo = geos(state.configuration).get(name)
    if (geo !== undefined) return geoValue(geo, requestVariables(state))
    const map = maps(state.configuration).get(name)
    if (map === undefined)
      return setVariables(state.configuration).has(name) ? known('') : builtin(state, name)
    const kept = state.mapped.get(name)
    if (kept !== undefined) return kept
    if (depth > DEEPEST_MAP) return unknown('maps ask each other too deep')
    // A map that asks itself would never end; nginx answers 500.
    state.mapped.set(name, unknown('a `map` asks for its own variable'))
    const { value: result, match } = askMap(map, requestVariables(state, depth + 1))
    if (match !== null) keepMatch(state, match)
    state.mapped.set(name, result)
    return result
  }
}

const MATCHING = ['location', 'server_name', 'rewrite', 'if'] as const

/** Every variable of a `set` or a named group: empty as long as none of them was executed. */
const setVariables = memo((configuration: NginxConfiguration): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const { args } of configuration.occurrences.get('set') ?? []) {
    const name = args[0]?.value ?? ''
    // `args` has a value of its own.
    if (name.startsWith('$') && name.toLowerCase() !== '$args') names.add(name.slice(1).toLowerCase())
  }
  const addGroups = (pattern: string) => {
    if (!pattern.includes('(?')) return
    for (const { name } of readPattern(pattern)?.names ?? []) names.add(name.toLowerCase())
  }
  for (const directive of MATCHING)
    for (const { args } of configuration.occurrences.get(directive) ?? [])
      for (const word of args) addGroups(word.value)
  for (const map of maps(configuration).values()) for (const entry of map.regexes) addGroups(entry.name)
  return names
})

/** The host that is asked for decides what a group of a name of the server holds. */
export const BY_HOST = unknown('the host that is asked for decides')

function numbered(match: RequestState['captures'], group: number): Fact<string> {
  return match === 'server_name' ? BY_HOST : known(match?.captures[group] ?? '')
}

function builtin(state: RequestState, name: string): Fact<string> {
  const { request } = state
  switch (name) {
    case 'uri':
    case 'document_uri':
      return known(state.uri)
    case 'request_uri':
      return known(toBytes(request.target))
    case 'args':
    case 'query_string':
      return known(state.args)
    case 'is_args':
      return known(state.args === '' ? '' : '?')
    case 'request_method':
      return known(state.method)
    case 'scheme':
      return known(request.scheme)
    case 'https':
      return known(request.scheme === 'https' ? 'on' : '')
    case 'host':
      return hostVariable(state)
    case 'http_host':
      return known(request.host ?? '')
    case 'server_name':
      return serverNameVariable(state)
    case 'server_port':
      return request.port === null ? known('') : known(String(request.port))
    case 'request_port':
      return unknownVariable(name)
    case 'document_root':
    // The same file by another path, where links lead there.
    case 'realpath_root':
      return documentRoot(state)
    case 'request_filename':
      return requestFile(state)
    case 'fastcgi_script_name':
    case 'fastcgi_path_info':
      return scriptVariable(state, name)
    case 'remote_addr':
    case 'realip_remote_addr':
      return request.client === undefined ? unknownVariable(name) : known(request.client)
    case 'server_addr':
      return request.address?.kind === 'ip' ? known(request.address.ip) : unknownVariable(name)
  }
  if (name.startsWith('arg_')) return known(argument(state.args, name.slice(4)))
  if (name.startsWith('http_')) return header(request, name.slice(5).replaceAll('_', '-'))
  if (name.startsWith('cookie_')) return cookie(request, name.slice(7))
  if (name === 'content_type' || name === 'content_length') return header(request, name.replace('_', '-'))
  if (name.startsWith('ssl_') && request.scheme === 'http') return known('')
  return unknownVariable(name)
}

function documentRoot(state: RequestState): Fact<string> {
  const base = fileBase(state.configuration, state.scope)
  return base.known ? baseDirectory(base.value, requestVariables(state)) : unknown(base.reason)
}

function requestFile(state: RequestState): Fact<string> {
  const base = fileBase(state.configuration, state.scope)
  if (!base.known) return unknown(base.reason)
  const path = filePath(base.value, state.uri, requestVariables(state), state.addsUri)
  return path.known ? known(toBytes(path.value), path.at) : path
}

/** The URI, with the index behind a directory, cut by `fastcgi_split_path_info`. */
function scriptVariable(state: RequestState, name: string): Fact<string> {
  const { configuration, scope } = state
  const split = effectiveValue(configuration, scope, 'fastcgi_split_path_info', '')
  const index = effectiveValue(configuration, scope, 'fastcgi_index', '')
  if (!split.known) return unknown(split.reason, split.at)
  const regex = split.value === '' ? null : matchPattern(split.value, state.uri)
  if (regex === undefined) return unknown('`fastcgi_split_path_info` cannot be evaluated here', split.at)
  if (name === 'fastcgi_path_info') return known(regex?.captures[2] ?? '')
  if (regex !== null) return known(regex.captures[1] ?? '')
  if (!state.uri.endsWith('/')) return known(state.uri)
  return index.known ? known(state.uri + toBytes(index.value)) : unknown(index.reason, index.at)
}

function unknownVariable(name: string): Fact<string> {
  return unknown(`the value of \`$${name}\` is not known here`)
}

function hostVariable(state: RequestState): Fact<string> {
  const host = state.request.host === null ? null : requestHost(state.request.host)
  return host === null ? serverNameVariable(state) : known(host)
}

function serverNameVariable({ configuration, server }: RequestState): Fact<string> {
  const name = serverNames(configuration, server)[0]
  if (name === undefined) return known('')
  if (name.kind === 'unknown') return unknown('the name of this server is not known here', name.at)
  if (name.kind === 'regex') return known(name.text, name.at)
  return known(name.text.toLowerCase().replace(/^\./, ''), name.at)
}

function header(request: NginxRequest, name: string): Fact<string> {
  return receivedHeader(request.headers ?? ANY_HEADERS, name)
}

function cookie(request: NginxRequest, name: string): Fact<string> {
  const all = header(request, 'cookie')
  if (!all.known) return all
  for (const pair of all.value.split(/;\s*/)) {
    const equals = pair.indexOf('=')
    if (equals !== -1 && pair.slice(0, equals).toLowerCase() === name) return known(pair.slice(equals + 1))
  }
  return known('')
}

function argument(args: string, name: string): string {
  for (const pair of args.split('&')) {
    const equals = pair.indexOf('=')
    if (equals !== -1 && pair.slice(0, equals).toLowerCase() === name) return pair.slice(equals + 1)
  }
  return ''
}

/** One thing that happened to the request, for a reader to follow. */
export interface OutcomeStep {
  readonly kind:
    | 'location'
    | 'rewrite'
    | 'set'
    | 'if'
    | 'break'
    | 'return'
    | 'access'
    | 'try-files'
    | 'index'
    | 'internal-redirect'
    | 'error-page'
    | 'auto-redirect'
    | 'file'
    | 'pass'
    | 'unknown'
  readonly text: string
  readonly at: Place | null
  /** The line that decided; null where a default did. */
  readonly directive: NginxDirective | null
}
