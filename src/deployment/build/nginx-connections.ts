import type { NginxConfiguration, NginxDirective } from '../../servers/nginx/configuration.ts'
import {
  type ProxyTarget,
  proxyTarget,
  type TargetEndpoint,
} from '../../servers/nginx/queries/proxy-target.ts'
import { externalReachability } from '../../servers/nginx/queries/reachability.ts'
import { enclosingServer } from '../../servers/nginx/queries/servers.ts'
import type { Hop, HopLimit, NginxServer, Reach, SentHeaders, Target } from '../model.ts'
import { bodyLimit, readTimeout } from './connection-limits.ts'
import { exactNames } from './servers.ts'
import { sentHeaders } from './sent-headers.ts'

const NO_BACKENDS: readonly Reach[] = []

/**
 * Every `proxy_pass` of http that stands in a server, in reading order.
 *
 * @param join tells all of them the virtual hosts that they reach; called at the first question
 */
export function nginxHops(
  configuration: NginxConfiguration,
  serverOf: ReadonlyMap<NginxDirective, NginxServer>,
  readTarget: (endpoint: TargetEndpoint) => Target,
  join: () => void,
): readonly ProxyHop[] {
  const hops: ProxyHop[] = []
  for (const pass of configuration.occurrences.get('proxy_pass') ?? []) {
    const block = pass.parent
    const directive = block === null ? null : enclosingServer(block)
    const server = directive === null ? undefined : serverOf.get(directive)
    if (block === null || server === undefined) continue
    const fact = proxyTarget(configuration, pass)
    hops.push(new ProxyHop(server, block, pass, fact.known ? fact.value : null, readTarget, join))
  }
  return hops
}

/** Ten thousand sites have as many hops: what rules ask of few of them is computed when they ask. */
export class ProxyHop implements Hop {
  readonly server: NginxServer
  readonly block: NginxDirective
  readonly pass: NginxDirective
  readonly scheme: Hop['scheme']
  readonly targets: readonly Target[]
  readonly upstream: NginxDirective | null
  readonly #proxyHost: string | null
  #headers: SentHeaders | null = null
  #hostsSent: readonly string[] | null | undefined
  #readTimeout: HopLimit | null | undefined
  #bodyLimit: HopLimit | null | undefined
  #backends: readonly Reach[] = NO_BACKENDS
  readonly #join: () => void

  constructor(
    server: NginxServer,
    block: NginxDirective,
    pass: NginxDirective,
    target: ProxyTarget | null,
    readTarget: (endpoint: TargetEndpoint) => Target,
    join: () => void,
  ) {
    this.server = server
    this.block = block
    this.pass = pass
    this.scheme = target === null ? 'unknown' : target.protocol === 'https' ? 'https' : 'http'
    this.targets = target === null ? [] : target.endpoints.map(readTarget)
    this.upstream = target?.upstream?.directive ?? null
    this.#proxyHost = target?.proxyHost ?? null
    this.#join = join
  }

  get headers(): SentHeaders {
    this.#headers ??= sentHeaders(this.server.configuration, this.block)
    return this.#headers
  }

  get reachable(): boolean | undefined {
    return isOpenToClients(this.server.configuration, this.block)
  }

  get hostsSent(): readonly string[] | null {
    if (this.#hostsSent === undefined) {
      this.#hostsSent = hostsSent(this.server, this.headers, this.#proxyHost)
    }
    return this.#hostsSent
  }

  get backends(): readonly Reach[] {
    this.#join()
    return this.#backends
  }

  /** What the join has found. */
  setBackends(backends: readonly Reach[]): void {
    this.#backends = backends
  }

  get readTimeout(): HopLimit | null {
    if (this.#readTimeout === undefined)
      this.#readTimeout = readTimeout(this.server.configuration, this.block)
    return this.#readTimeout
  }

  get bodyLimit(): HopLimit | null {
    if (this.#bodyLimit === undefined) this.#bodyLimit = bodyLimit(this.server.configuration, this.block)
    return this.#bodyLimit
  }
}

/** Clients of any address get in, with a password or without; undefined where nobody can tell. */
function isOpenToClients(configuration: NginxConfiguration, block: NginxDirective): boolean | undefined {
  const { kind } = externalReachability(configuration, block)
  if (kind === 'unknown') return undefined
  return kind === 'reachable' || kind === 'authenticated'
}

function withoutPort(value: string): string {
  return value.includes(':') ? value.replace(/:(?:\d+|\$(?:server_port|proxy_port))$/, '') : value
}

/** The host names, without port, that the backend may be asked for; null where a variable hides them. */
function hostsSent(
  server: NginxServer,
  headers: SentHeaders,
  proxyHost: string | null,
): readonly string[] | null {
  if (headers.open) return null
  const host = headers.written.findLast(({ name }) => name === 'host')
  // nginx sends no header whose value is empty, its own default neither.
  if (host?.state === 'cleared') return []
  const value = withoutPort(host?.value ?? '$proxy_host')
  switch (value) {
    case '$host':
    case '$http_host':
      return exactNames(server)
    case '$server_name': {
      const [first] = server.names
      return first === undefined || !first.exact ? null : [first.name]
    }
    case '$proxy_host':
      return proxyHost === null ? null : [proxyHost.replace(/:\d+$/, '').toLowerCase()]
    default:
      return value.includes('$') ? null : [value.toLowerCase()]
  }
}
