import { isUnknownWord, type Place } from '../../../../parsers/text/source.ts'
import type { Endpoint } from '../../address.ts'
import { type NginxTarget, parseNginxTarget } from '../../addresses/nginx.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { effective } from './effective.ts'
import { interpolate, isComputed, type Variables } from './interpolate.ts'
import { PASSES } from './locations.ts'
import { argumentPlace } from './places.ts'
import { type Upstream, type UpstreamServer, upstreams } from './upstreams.ts'

export type PassProtocol =
  | 'http'
  | 'https'
  | 'grpc'
  | 'grpcs'
  | 'fastcgi'
  | 'uwsgi'
  | 'suwsgi'
  | 'scgi'
  | 'memcached'

/** What a block hands its requests to. */
export interface ProxyTarget {
  readonly protocol: PassProtocol
  /** The block that the host names; null where it is an address of its own. */
  readonly upstream: Upstream | null
  /** Every place a connection may go to: the upstream's servers, or the one address written. */
  readonly endpoints: readonly TargetEndpoint[]
  /** False where the upstream has servers that could not be read, or a placeholder stands in the address. */
  readonly complete: boolean
  /** The host as written, without port: `$proxy_host` where the port is the protocol's own. */
  readonly host: string
  /** What `$proxy_host` holds. */
  readonly proxyHost: string
  /** The URI behind the host; empty where there is none, and the request's own is sent. */
  readonly uri: string
  /** True where variables made the target: then its URI, if any, is sent as it is. */
  readonly computed: boolean
  readonly at: Place
  /** The `proxy_pass` or its like. */
  readonly directive: NginxDirective
}

export interface TargetEndpoint extends Endpoint {
  readonly at: Place
  /** The upstream's server; null for an address written in the pass itself. */
  readonly server: UpstreamServer | null
}

interface Protocol {
  readonly protocol: PassProtocol
  /** Zero where nginx wants the port to be written. */
  readonly port: number
}

const SCHEMES: ReadonlyMap<string, Protocol> = new Map([
  ['http', { protocol: 'http', port: 80 }],
  ['https', { protocol: 'https', port: 443 }],
  ['grpc', { protocol: 'grpc', port: 80 }],
  ['grpcs', { protocol: 'grpcs', port: 443 }],
  ['uwsgi', { protocol: 'uwsgi', port: 0 }],
  ['suwsgi', { protocol: 'suwsgi', port: 0 }],
])

const PLAIN: ReadonlyMap<string, Protocol> = new Map([
  ['grpc_pass', { protocol: 'grpc', port: 80 }],
  ['fastcgi_pass', { protocol: 'fastcgi', port: 0 }],
  ['uwsgi_pass', { protocol: 'uwsgi', port: 0 }],
  ['scgi_pass', { protocol: 'scgi', port: 0 }],
  ['memcached_pass', { protocol: 'memcached', port: 0 }],
])

const TAKES_SCHEME: ReadonlySet<string> = new Set(['proxy_pass', 'grpc_pass', 'uwsgi_pass'])

/** The pass in force in a location (or an `if` or `limit_except` of one); null where it has none. */
export function effectivePass(
  configuration: NginxConfiguration,
  scope: NginxDirective,
): NginxDirective | null {
  for (const name of PASSES) {
    const fact = effective(configuration, scope, name)
    const directive = fact.known ? fact.value.directives[0] : undefined
    if (directive !== undefined) return directive
  }
  return null
}

/**
 * Reads a `proxy_pass`, `fastcgi_pass`, `uwsgi_pass`, `scgi_pass`, `grpc_pass` or `memcached_pass`.
 * Unknown where it holds variables that `variables` does not know, or a placeholder.
 */
export function proxyTarget(
  configuration: NginxConfiguration,
  directive: NginxDirective,
  variables?: Variables,
): Fact<ProxyTarget> {
  const at = argumentPlace(directive, 0)
  const word = directive.args[0]
  if (word === undefined) return unknown('nothing is written here', at)
  if (isUnknownWord(word.value)) return unknown('a placeholder of a template stands here', at)
  const computed = isComputed(word.value)
  if (computed && variables === undefined) return unknown('the target is made of variables', at)
  const text = variables === undefined ? known(word.value) : interpolate(word.value, variables)
  if (!text.known) return unknown(text.reason, at)
  const split = splitScheme(directive.name, text.value)
  const parsed = split === null ? null : parseNginxTarget(split.rest, split.port)
  if (split === null || parsed === null) return unknown('no address can be read here', at)
  const named = parsed.impliedPort ? upstreams(configuration).get(parsed.host.toLowerCase()) : undefined
  const own: TargetEndpoint = {
    address: parsed.address,
    port: parsed.port === 0 ? null : parsed.port,
    at,
    server: null,
  }
  const endpoints = named === undefined ? [own] : named.servers.flatMap(server => endpointsOf(server))
  const target: ProxyTarget = {
    protocol: split.protocol,
    upstream: named ?? null,
    endpoints,
    complete: named === undefined || (named.complete && endpoints.length === named.servers.length),
    host: parsed.host,
    proxyHost: proxyHost(parsed, split.port),
    uri: parsed.uri,
    computed,
    at,
    directive,
  }
  return known(target, at)
}

/**
 * Where a placeholder of a template stands in the address: a backend of which nobody knows more than that it is asked.
 * Null for an address without one.
 */
export function unnamedTarget(directive: NginxDirective): ProxyTarget | null {
  const text = directive.args[0]?.value ?? ''
  if (!isUnknownWord(text)) return null
  const { protocol, rest } = splitScheme(directive.name, text) ?? { protocol: 'http', rest: text }
  const at = argumentPlace(directive, 0)
  const nothing = { upstream: null, endpoints: [], complete: false, uri: '', computed: false }
  return { protocol, ...nothing, host: rest, proxyHost: rest, at, directive }
}

/** What `$proxy_host` holds: the port only where it is not the protocol's own, `localhost` for a unix socket. */
function proxyHost({ host, port }: NginxTarget, usual: number): string {
  if (port === null) return 'localhost'
  return port === usual ? host : `${host}:${port}`
}

function endpointsOf(server: UpstreamServer): readonly TargetEndpoint[] {
  const { target } = server
  return target === null ? [] : [{ address: target.address, port: target.port, at: server.at, server }]
}

function splitScheme(name: string, text: string): (Protocol & { readonly rest: string }) | null {
  const colon = TAKES_SCHEME.has(name) ? text.indexOf('://') : -1
  const scheme = colon <= 0 ? undefined : SCHEMES.get(text.slice(0, colon).toLowerCase())
  if (scheme !== undefined) return withRest(scheme, text.slice(colon + 3))
  const plain = PLAIN.get(name)
  // A scheme that the directive does not know is no host either; that of `unix:///run/x.sock` is none.
  const isForeign = colon > 0 && /^(?!unix$)[A-Za-z]+$/i.test(text.slice(0, colon))
  return plain === undefined || isForeign ? null : withRest(plain, text)
}

function withRest({ protocol, port }: Protocol, rest: string): Protocol & { readonly rest: string } {
  return { protocol, port, rest }
}
