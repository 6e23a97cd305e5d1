import { readHaproxy } from '../../parsers/haproxy/read-haproxy.ts'
import { parseNetwork, scopeOfNetwork } from '../servers/addresses/ip.ts'
import type { Container } from './containers/container.ts'
import { haproxyFiles } from './haproxy-files.ts'
import type { Deployment, NginxServer } from './model.ts'
import type { ProxyInFront } from './proxy-in-front.ts'

/**
 * The HAProxy of another machine, or of another container, from whose address every request of a server of nginx comes:
 * it takes the TLS of the clients, and leads to the plain port of that server. Null where anything else may be meant, or
 * where nginx is told of the client by the PROXY protocol.
 */
export function haproxyBefore(deployment: Deployment, server: NginxServer): ProxyInFront | null {
  const { listens, configuration } = server
  if (listens.length === 0 || listens.some(each => each.tls || each.proxyProtocol || each.loopback === true))
    return null
  const { container } = deployment.programOf(configuration).machine
  if (container === null && !isOnlyServer(deployment)) return null
  for (const source of haproxyFiles(deployment)) {
    for (const { tlsAt, headers, servers } of readHaproxy(source)) {
      if (tlsAt === null || servers.length === 0 || !headers.has('x-forwarded-for')) continue
      if (!servers.every(({ port, tls }) => !tls && listens.some(each => each.port === port))) continue
      const isThere = servers.every(({ host }) =>
        host === null ? false : container === null ? isPrivate(host) : isNamed(container, host),
      )
      if (isThere) return { name: 'HAProxy', at: servers[0]!.at, told: 'HAProxy proxies here' }
    }
  }
  return null
}

/** Another server of the audit could be the one that is meant. */
function isOnlyServer({ apache, machines, nginx, programOf }: Deployment): boolean {
  return (
    apache.length === 0 &&
    machines.every(({ container }) => container === null) &&
    new Set(nginx.map(configuration => programOf(configuration).machine)).size === 1
  )
}

function isPrivate(host: string): boolean {
  const network = parseNetwork(host)
  return network !== null && scopeOfNetwork(network) === 'private'
}

/** Clients come past HAProxy where a port is published. */
function isNamed({ service }: Container, host: string): boolean {
  return service.ports.length === 0 && service.networkMode === null && service.name === host
}
