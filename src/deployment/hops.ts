import type { NginxConfiguration, NginxDirective } from '../servers/nginx/configuration.ts'
import { type ProxyTarget, proxyTarget, type TargetEndpoint } from '../servers/nginx/queries/proxy-target.ts'
import { externalReachability } from '../servers/nginx/queries/reachability.ts'
import { enclosingServer } from '../servers/nginx/queries/servers.ts'
import type { Hop, NginxServer, SentHeaders, Target } from './deployment.ts'
import { once } from './once.ts'
import { sentHeaders } from './sent-headers.ts'

/** Every `proxy_pass` of http that stands in a server, in reading order. */
export function nginxHops(
  configuration: NginxConfiguration,
  serverOf: ReadonlyMap<NginxDirective, NginxServer>,
  readTarget: (endpoint: TargetEndpoint) => Target,
): readonly Hop[] {
  const hops: Hop[] = []
  for (const pass of configuration.occurrences.get('proxy_pass') ?? []) {
    const block = pass.parent
    const directive = block === null ? null : enclosingServer(block)
    const server = directive === null ? undefined : serverOf.get(directive)
    if (block === null || server === undefined) continue
    hops.push(readHop(configuration, server, block, pass, readTarget))
  }
  return hops
}

function readHop(
  configuration: NginxConfiguration,
  server: NginxServer,
  block: NginxDirective,
  pass: NginxDirective,
  readTarget: (endpoint: TargetEndpoint) => Target,
): Hop {
  const fact = proxyTarget(configuration, pass)
  const target = fact.known ? fact.value : null
  const headers = once(() => sentHeaders(configuration, block))
  const reachable = once(() => isOpenToClients(configuration, block))
  const hosts = once(() => hostsSent(server, headers(), target))
  return {
    server,
    block,
    pass,
    scheme: target === null ? 'unknown' : target.protocol === 'https' ? 'https' : 'http',
    targets: target === null ? [] : target.endpoints.map(readTarget),
    upstream: target?.upstream?.directive ?? null,
    get headers() {
      return headers()
    },
    get reachable() {
      return reachable()
    },
    get hostsSent() {
      return hosts()
    },
  }
}

/** Clients of any address get in, with a password or without; undefined where nobody can tell. */
function isOpenToClients(configuration: NginxConfiguration, block: NginxDirective): boolean | undefined {
  const { kind } = externalReachability(configuration, block)
  if (kind === 'unknown') return undefined
  return kind === 'reachable' || kind === 'authenticated'
}

/** The host names, without port, that the backend may be asked for; null where a variable hides them. */
function hostsSent(
  server: NginxServer,
  headers: SentHeaders,
  target: ProxyTarget | null,
): readonly string[] | null {
  if (headers.open) return null
  const host = headers.written.findLast(({ name, state }) => name === 'host' && state !== 'cleared')
  const value = (host?.value ?? '$proxy_host').replace(/:(?:\d+|\$(?:server_port|proxy_port))$/, '')
  switch (value) {
    case '$host':
    case '$http_host':
      return server.names.filter(({ exact }) => exact).map(({ name }) => name)
    case '$server_name': {
      const [first] = server.names
      return first === undefined || !first.exact ? null : [first.name]
    }
    case '$proxy_host':
      return target === null ? null : [target.proxyHost.replace(/:\d+$/, '').toLowerCase()]
    default:
      return value.includes('$') ? null : [value.toLowerCase()]
  }
}
