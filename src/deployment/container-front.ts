import type { Place } from '../../parsers/text/source.ts'
import { caddyBefore } from './caddy-fronts.ts'
import type { Container } from './containers/container.ts'
import { isTraefikOff } from './containers/traefik-off.ts'
import { frontLine } from './front-lines.ts'
import type { Deployment, NginxServer } from './model.ts'
import { onlyFronts } from './only-fronts.ts'
import type { ProxyInFront } from './proxy-in-front.ts'

/** A proxy, and whether it writes `X-Forwarded-…` by itself, over what clients send. */
export interface ContainerFront extends ProxyInFront {
  readonly writesForwarded: boolean
}

/**
 * The proxy of another container, or of the host, through which alone clients come to a server of a container: each of
 * their requests comes from an address of Docker's networks. Null where they may come otherwise, and for all others.
 */
export function containerFront(deployment: Deployment, server: NginxServer): ContainerFront | null {
  const { machine } = deployment.programOf(server.configuration)
  if (machine.container === null || server.listens.some(({ proxyProtocol }) => proxyProtocol)) return null
  const [connection] = onlyFronts(deployment, server.configuration)
  if (connection !== undefined) {
    const line = frontLine(connection)
    return {
      name: line.server === 'nginx' ? 'the nginx in front' : 'Apache',
      at: line.at,
      told: 'proxies here',
      writesForwarded: false,
    }
  }
  // Clients come past the proxy where a port is published.
  const { ports, networkMode } = machine.container.service
  if (ports.length > 0 || networkMode !== null) return null
  const caddy = caddyBefore(deployment, machine)
  return caddy === null ? frontByLabels(machine.container) : front('Caddy', caddy)
}

/** What the service itself tells Traefik, or nginx-proxy. */
function frontByLabels({ service }: Container): ContainerFront | null {
  const { labels, environment } = service
  const rule = labels.find(({ name }) => /^traefik\.http\.routers\.[^.]+\.rule$/i.test(name))
  if (rule !== undefined && !isTraefikOff(service)) return front('Traefik', rule.at)
  const host = environment.find(({ name }) => name === 'VIRTUAL_HOST')
  return host === undefined ? null : front('nginx-proxy', host.at)
}

const front = (name: string, at: Place): ContainerFront => ({
  name,
  at,
  told: `${name} proxies here`,
  writesForwarded: true,
})
