import { type Fact, known, unknown } from '../../servers/fact.ts'
import type { NginxConfiguration, NginxDirective } from '../../servers/nginx/configuration.ts'
import { isComputed } from '../../servers/nginx/queries/interpolate.ts'
import { PASSES } from '../../servers/nginx/queries/locations.ts'
import { type ProxyTarget, proxyTarget } from '../../servers/nginx/queries/proxy-target.ts'
import { externalReachability } from '../../servers/nginx/queries/reachability.ts'
import { setVariables } from '../../servers/nginx/queries/set-variables.ts'
import { isUnseenServer, serverAround } from '../../servers/nginx/queries/servers.ts'
import type {
  ConnectionLimit,
  NginxConnection,
  NginxProgram,
  NginxServer,
  Protocol,
  SentHeaders,
  Target,
} from '../model.ts'
import { argumentPlace, writtenText } from '../places.ts'
import { bodyLimit, readTimeout } from './connection-limits.ts'
import { NOT_KNOWN, sentHeaders } from './sent-headers.ts'
import { exactNames } from './servers.ts'

/** A pass directive before anybody knows where its targets lead. */
export interface NginxPass {
  readonly server: NginxServer
  readonly block: NginxDirective
  readonly pass: NginxDirective
  readonly target: Fact<ProxyTarget>
}

/** Every pass directive of http that stands in a server: each kind in reading order, `proxy_pass` first. */
export function nginxPasses(
  configuration: NginxConfiguration,
  serverOf: ReadonlyMap<NginxDirective, NginxServer>,
): readonly NginxPass[] {
  const passes: NginxPass[] = []
  for (const name of PASSES) {
    for (const pass of configuration.occurrences.get(name) ?? []) {
      const block = pass.parent
      const directive = block === null ? null : serverAround(block)
      const server = directive === null ? undefined : serverOf.get(directive)
      if (block !== null && server !== undefined)
        passes.push({ server, block, pass, target: settledTarget(configuration, pass, block) })
    }
  }
  return passes
}

/** Where a pass leads, and one made of variables where each of them surely has one value. */
function settledTarget(
  configuration: NginxConfiguration,
  pass: NginxDirective,
  block: NginxDirective,
): Fact<ProxyTarget> {
  const isMade = isComputed(pass.args[0]?.value ?? '')
  return proxyTarget(configuration, pass, isMade ? setVariables(block) : undefined)
}

export function nginxConnection(
  from: NginxProgram,
  pass: NginxPass,
  targets: readonly Target[],
): NginxConnection {
  return new PassConnection(from, pass, targets)
}

/** Ten thousand sites have as many connections: what rules ask of few of them is computed when they ask. */
class PassConnection implements NginxConnection {
  readonly from: NginxProgram
  readonly server: NginxServer
  readonly block: NginxDirective
  readonly pass: NginxDirective
  readonly targets: readonly Target[]
  readonly #target: Fact<ProxyTarget>
  #headers: SentHeaders | null = null
  #hostsSent: Fact<readonly string[]> | null = null
  #readTimeout: Fact<ConnectionLimit> | null = null
  #bodyLimit: Fact<ConnectionLimit> | null = null

  constructor(from: NginxProgram, { server, block, pass, target }: NginxPass, targets: readonly Target[]) {
    this.from = from
    this.server = server
    this.block = block
    this.pass = pass
    this.targets = targets
    this.#target = target
  }

  get protocol(): Fact<Protocol> {
    const target = this.#target
    if (target.known) return protocolFact(target.value.protocol)
    return protocolWritten(this.pass) ?? target
  }

  get written(): string {
    return writtenText(argumentPlace(this.pass, 0))
  }

  get upstream(): NginxDirective | null {
    return this.#target.known ? (this.#target.value.upstream?.directive ?? null) : null
  }

  get headers(): SentHeaders {
    this.#headers ??=
      this.pass.name === 'proxy_pass' ? sentHeaders(this.server.configuration, this.block) : NOT_KNOWN
    return this.#headers
  }

  get reachable(): boolean | undefined {
    return isOpenToClients(this.server.configuration, this.block)
  }

  get hostsSent(): Fact<readonly string[]> {
    this.#hostsSent ??= this.#findHostsSent()
    return this.#hostsSent
  }

  #findHostsSent(): Fact<readonly string[]> {
    switch (this.pass.name) {
      case 'proxy_pass':
        return hostsSent(this.server, this.headers, this.#target.known ? this.#target.value.proxyHost : null)
      case 'grpc_pass':
      case 'memcached_pass':
        return unknown('no Host is sent that is read here')
      default:
        // Parameters of the request, the client's own Host among them, unless a fastcgi_param says otherwise.
        return namesOf(this.server)
    }
  }

  get readTimeout(): Fact<ConnectionLimit> {
    this.#readTimeout ??= readTimeout(this.server.configuration, this.block, this.pass)
    return this.#readTimeout
  }

  get bodyLimit(): Fact<ConnectionLimit> {
    this.#bodyLimit ??= bodyLimit(this.server.configuration, this.block)
    return this.#bodyLimit
  }
}

const PROTOCOLS = new Map<Protocol, Fact<Protocol>>()

/** One fact for every connection that speaks the same. */
function protocolFact(protocol: Protocol): Fact<Protocol> {
  let fact = PROTOCOLS.get(protocol)
  if (fact === undefined) {
    fact = known(protocol)
    PROTOCOLS.set(protocol, fact)
  }
  return fact
}

const ONE_PROTOCOL: Readonly<Record<string, Protocol>> = {
  fastcgi_pass: 'fastcgi',
  scgi_pass: 'scgi',
  memcached_pass: 'memcached',
}

/** The protocol that is written though the address is not known; null where the directive speaks several. */
function protocolWritten({ name, args }: NginxDirective): Fact<Protocol> | null {
  const only = ONE_PROTOCOL[name]
  if (only !== undefined) return protocolFact(only)
  const scheme = /^(https?|grpcs?|s?uwsgi):\/\//i.exec(args[0]?.value ?? '')?.[1]?.toLowerCase()
  if (scheme !== undefined) return protocolFact(scheme as Protocol)
  return name === 'uwsgi_pass' && !/^\$/.test(args[0]?.value ?? '') ? protocolFact('uwsgi') : null
}

/** Clients of any address get in, with a password or without; undefined where nobody can tell. */
function isOpenToClients(configuration: NginxConfiguration, block: NginxDirective): boolean | undefined {
  const { kind } = externalReachability(configuration, block)
  if (kind === 'unknown') return undefined
  return kind === 'reachable' || kind === 'authenticated'
}

const NO_SERVER = unknown('the server around it is not here')

function namesOf(server: NginxServer): Fact<readonly string[]> {
  return isUnseenServer(server.directive) ? NO_SERVER : known(exactNames(server))
}

function withoutPort(value: string): string {
  return value.includes(':') ? value.replace(/:(?:\d+|\$(?:server_port|proxy_port))$/, '') : value
}

const VARIABLE = unknown('a variable makes the Host that is sent')

/** The host names, without port, that the backend may be asked for. */
function hostsSent(
  server: NginxServer,
  headers: SentHeaders,
  proxyHost: string | null,
): Fact<readonly string[]> {
  if (headers.open) return unknown('a part of the configuration that is not in the audit may set the Host')
  const host = headers.written.findLast(({ name }) => name === 'host')
  // nginx sends no header whose value is empty, its own default neither.
  if (host?.state === 'cleared') return known([])
  const value = withoutPort(host?.value ?? '$proxy_host')
  switch (value) {
    case '$host':
    case '$http_host':
      return namesOf(server)
    case '$server_name': {
      const [first] = server.names
      return first === undefined || !first.exact ? VARIABLE : known([first.name])
    }
    case '$proxy_host':
      return proxyHost === null ? VARIABLE : known([proxyHost.replace(/:\d+$/, '').toLowerCase()])
    default:
      return value.includes('$') ? VARIABLE : known([value.toLowerCase()])
  }
}
