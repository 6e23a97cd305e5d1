import type { Place } from '../../../../parsers/text/source.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import { isAtLeast } from '../../version.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { effective, effectiveAtHand, type EffectiveDirectives, isOn } from './effective.ts'
import { argumentPlace } from './places.ts'
import { writtenWithoutSet } from './set-variables.ts'

/** One header that nginx writes itself, in the order in which it sends them. */
export interface RequestHeader {
  /** As it goes out: `Host`; a parameter's name (`HTTP_HOST`) for FastCGI and its like. */
  readonly name: string
  /** The value as written, variables and all but those that `set` makes; empty where the header is removed. */
  readonly value: string
  /** The value; null for nginx's own default. */
  readonly at: Place | null
  readonly directive: NginxDirective | null
}

/** What reaches the backend of a location. */
export interface RequestHeaders {
  readonly headers: readonly RequestHeader[]
  /** True where what the client sends and no entry names goes on unchanged. */
  readonly passes: boolean
  /** True where header names with an underscore are taken from clients. */
  readonly underscores: boolean
  /** The block that holds the set in force; null where only defaults hold. */
  readonly level: NginxDirective | null
  /** False where unread files may add to the set. */
  readonly complete: boolean
}

/** How a header gets to the backend. */
export type HeaderFate =
  /** nginx writes it (more than once where it is written more than once). */
  | { readonly kind: 'set'; readonly entries: readonly RequestHeader[] }
  /** nginx removes it. */
  | { readonly kind: 'cleared'; readonly entries: readonly RequestHeader[] }
  /** The client's own goes through. */
  | { readonly kind: 'passed' }
  /** Nobody's goes through. */
  | { readonly kind: 'absent' }

/** The protocols by which a request travels as parameters. */
export type ParameterProtocol = 'fastcgi' | 'uwsgi' | 'scgi'

const CONNECTION_HEADERS = ['TE', 'Keep-Alive', 'Expect', 'Upgrade'] as const

/**
 * The headers that a location sends by `proxy_pass` (or `grpc_pass`): the `proxy_set_header` set in force,
 * with nginx's defaults for what it does not name.
 *
 * Unknown where the set may come from an unread file.
 */
export function requestHeaders(
  configuration: NginxConfiguration,
  location: NginxDirective,
  pass: 'proxy_pass' | 'grpc_pass' = 'proxy_pass',
): Fact<RequestHeaders> {
  const prefix = pass === 'grpc_pass' ? 'grpc' : 'proxy'
  const set = effective(configuration, location, `${prefix}_set_header`)
  if (!set.known) return unknown(set.reason)
  const headers = set.value.directives.map(each => readHeader(configuration, location, each))
  const written = new Set(headers.map(header => header.name.toLowerCase()))
  for (const header of prefix === 'proxy' ? proxyDefaults(configuration) : GRPC_DEFAULTS) {
    if (!written.has(header.name.toLowerCase())) headers.push(header)
  }
  return withClient(configuration, location, `${prefix}_pass_request_headers`, {
    headers,
    level: set.value.level,
    complete: set.value.complete,
  })
}

/**
 * The parameters that a location sends by FastCGI, uwsgi or SCGI. A client's header `X-Y` reaches the
 * application as `HTTP_X_Y`, unless a parameter of that name is written.
 */
export function requestParameters(
  configuration: NginxConfiguration,
  location: NginxDirective,
  protocol: ParameterProtocol,
): Fact<RequestHeaders> {
  const set = effective(configuration, location, `${protocol}_param`)
  return parametersOf(configuration, location, protocol, set)
}

/**
 * The same, but where the outer part of fragments is not here it is taken to have none: hardly anybody writes them for
 * all servers of http.
 */
export function requestParametersAtHand(
  configuration: NginxConfiguration,
  location: NginxDirective,
  protocol: ParameterProtocol,
): Fact<RequestHeaders> {
  const set = effectiveAtHand(configuration, location, `${protocol}_param`)
  return parametersOf(configuration, location, protocol, set)
}

function parametersOf(
  configuration: NginxConfiguration,
  location: NginxDirective,
  protocol: ParameterProtocol,
  set: Fact<EffectiveDirectives>,
): Fact<RequestHeaders> {
  if (!set.known) return unknown(set.reason)
  return withClient(configuration, location, `${protocol}_pass_request_headers`, {
    headers: set.value.directives.map(each => readHeader(configuration, location, each)),
    level: set.value.level,
    complete: set.value.complete,
  })
}

function withClient(
  configuration: NginxConfiguration,
  location: NginxDirective,
  passDirective: string,
  rest: Pick<RequestHeaders, 'headers' | 'level' | 'complete'>,
): Fact<RequestHeaders> {
  const passes = isOn(configuration, location, passDirective, true)
  const underscores = isOn(configuration, location, 'underscores_in_headers', false)
  return known({
    ...rest,
    passes: passes.known ? passes.value : true,
    underscores: underscores.known && underscores.value,
  })
}

function readHeader(
  configuration: NginxConfiguration,
  location: NginxDirective,
  directive: NginxDirective,
): RequestHeader {
  return {
    name: directive.args[0]?.value ?? '',
    value: writtenWithoutSet(configuration, location, directive.args[1]?.value ?? ''),
    at: argumentPlace(directive, 1),
    directive,
  }
}

function builtin(name: string, value: string): RequestHeader {
  return { name, value, at: null, directive: null }
}

const GRPC_DEFAULTS: readonly RequestHeader[] = [
  builtin('Host', '$proxy_host'),
  builtin('Connection', ''),
  ...CONNECTION_HEADERS.map(name => builtin(name, '')),
]

const CLOSING_DEFAULTS: readonly RequestHeader[] = [
  builtin('Host', '$proxy_host'),
  builtin('Connection', 'close'),
  ...CONNECTION_HEADERS.map(name => builtin(name, '')),
]

/** Since 1.29.7 nginx keeps connections to backends by default, and says so, as it always did by gRPC. */
function proxyDefaults(configuration: NginxConfiguration): readonly RequestHeader[] {
  return isAtLeast(configuration.version, '1.29.7') ? GRPC_DEFAULTS : CLOSING_DEFAULTS
}

/** What becomes of one header; names compare without case. */
export function headerFate(set: RequestHeaders, name: string): HeaderFate {
  const lower = name.toLowerCase()
  const entries = set.headers.filter(header => header.name.toLowerCase() === lower)
  const sent = entries.filter(header => header.value !== '')
  if (sent.length > 0) return { kind: 'set', entries: sent }
  if (entries.length > 0) return { kind: 'cleared', entries }
  return set.passes ? { kind: 'passed' } : { kind: 'absent' }
}
