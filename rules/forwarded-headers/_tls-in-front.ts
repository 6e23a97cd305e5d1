import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { isTraefikOff } from '../../src/deployment/containers/traefik-off.ts'
import { caddyBefore } from '../../src/deployment/caddy-fronts.ts'
import type { Deployment, Machine, NginxConnection, NginxServer } from '../../src/deployment/model.ts'
import { type FrontLine, frontLine } from '../../src/deployment/front-lines.ts'
import { onlyFronts } from '../../src/deployment/only-fronts.ts'
import { isBehindProxy, realIpSources } from '../../src/deployment/outer-proxies.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { proxyInFront } from '../../src/deployment/proxy-in-front.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import type { Related } from '../../src/servers/problem.ts'
import { readsForwardedProto } from './_scheme-readers.ts'

/** A line that has a proxy of other containers terminate TLS in front of this one. */
export interface TlsInFront {
  readonly at: Place
  readonly proxy: string
}

/**
 * What leads Caddy to a container, or of its service tells Traefik, or nginx-proxy with its companion, to serve it over
 * TLS: they speak plain HTTP to it, and send `X-Forwarded-Proto`. Null where nothing does.
 */
export function tlsInFront(deployment: Deployment, machine: Machine): TlsInFront | null {
  const { container } = machine
  if (container === null) return null
  const caddy = caddyBefore(deployment, machine)
  return caddy === null ? tlsByLabels(container) : { at: caddy, proxy: 'Caddy' }
}

function tlsByLabels({ service }: Container): TlsInFront | null {
  const { labels, ports, networkMode } = service
  const environment = givenVariables(service)
  // Who publishes ports may be reached without them.
  if (ports.length > 0 || networkMode !== null) return null
  const router = labels.find(
    ({ name, value }) =>
      value?.known === true &&
      ((/^traefik\.http\.routers\.[^.]+\.tls$/i.test(name) && /^true$/i.test(value.value)) ||
        /^traefik\.http\.routers\.[^.]+\.tls\.certresolver$/i.test(name)),
  )
  if (router !== undefined && !isTraefikOff(service)) return { at: router.at, proxy: 'Traefik' }
  const isServed = environment.some(({ name }) => name === 'VIRTUAL_HOST')
  const certificate = environment.find(({ name }) => name === 'LETSENCRYPT_HOST')
  return isServed && certificate !== undefined ? { at: certificate.at, proxy: 'nginx-proxy' } : null
}

/**
 * What tells that a proxy outside of the audit terminates TLS in front of a server of plain HTTP, and says the scheme:
 * a line of nginx that reads it, or an application that does behind a server which trusts addresses of a proxy.
 */
export function outerTls(deployment: Deployment, connection: NginxConnection): readonly Related[] | null {
  const { server, block } = connection
  if (server.tls || isServedByTls(deployment, server)) return null
  const front = proxyInFront(server)
  if (front !== null) return [{ at: front.at, message: front.told }]
  const [listen] = server.plainListens
  const [source] = realIpSources(server)
  if (listen === undefined || source === undefined || listen.loopback === true) return null
  if (!server.plainListens.every(each => isBehindProxy(deployment, server, each))) return null
  // One that passes connections on as they are says no scheme.
  const header = effective(server.configuration, block, 'real_ip_header')
  if (!header.known || header.value.directives.some(({ args }) => args[0]?.value === 'proxy_protocol'))
    return null
  const reader = readsForwardedProto(deployment, connection)
  return reader === null
    ? null
    : [
        { at: argumentPlace(source, 0), message: 'the proxy in front' },
        { at: reader, message: 'waits for `https` in this header' },
      ]
}

/**
 * A server of the audit that terminates TLS in front of one of plain HTTP, in a container that clients reach through
 * such servers alone, and says the scheme. Null where there is none.
 */
export function tlsOfFront(deployment: Deployment, server: NginxServer): FrontLine | null {
  if (server.tls) return null
  const own = new Set(server.names.map(({ name }) => name))
  const isAlone = (serversOf(deployment).get(server.configuration) ?? 0) === 1
  const front = onlyFronts(deployment, server.configuration)
    .map(frontLine)
    .find(
      ({ tls, scheme, names }) => tls && scheme === 'https' && (isAlone || names.some(name => own.has(name))),
    )
  return front ?? null
}

const serversOf = memo(({ servers }: Deployment): ReadonlyMap<NginxConfiguration, number> => {
  const found = new Map<NginxConfiguration, number>()
  for (const { configuration } of servers) found.set(configuration, (found.get(configuration) ?? 0) + 1)
  return found
})

/** True where nginx itself terminates TLS for one of the names, too. */
function isServedByTls(deployment: Deployment, { configuration, names }: NginxServer): boolean {
  const served = namesByTls(deployment).get(configuration)
  return served !== undefined && (names.length === 0 || names.some(({ name }) => served.has(name)))
}

const namesByTls = memo((deployment: Deployment): ReadonlyMap<NginxConfiguration, ReadonlySet<string>> => {
  const found = new Map<NginxConfiguration, Set<string>>()
  for (const { configuration, names, tls } of deployment.servers) {
    if (!tls) continue
    const own = found.get(configuration) ?? new Set()
    found.set(configuration, own)
    for (const { name } of names) own.add(name)
  }
  return found
})
