import { caddyBefore } from './caddy-fronts.ts'
import type { Container } from './containers/container.ts'
import { frontLine } from './front-lines.ts'
import type { Deployment, NginxServer } from './model.ts'
import { onlyFronts } from './only-fronts.ts'
import type { ProxyInFront } from './proxy-in-front.ts'

/**
 * The proxy of another container, or of the host, through which alone clients come to a server of a container: each of
 * their requests comes from an address of Docker's networks. Null where they may come otherwise, and for all others.
 */
export function containerFront(deployment: Deployment, server: NginxServer): ProxyInFront | null {
  const { machine } = deployment.programOf(server.configuration)
  if (machine.container === null || server.listens.some(({ proxyProtocol }) => proxyProtocol)) return null
  const [front] = onlyFronts(deployment, server.configuration)
  if (front !== undefined) {
    const line = frontLine(front)
    return {
      name: line.server === 'nginx' ? 'the nginx in front' : 'Apache',
      at: line.at,
      told: 'proxies here',
    }
  }
  // Clients come past the proxy where a port is published.
  const { ports, networkMode } = machine.container.service
  if (ports.length > 0 || networkMode !== null) return null
  const caddy = caddyBefore(deployment, machine)
  return caddy === null
    ? frontByLabels(machine.container)
    : { name: 'Caddy', at: caddy, told: 'Caddy proxies here' }
}

/** What the service itself tells Traefik, or nginx-proxy. */
function frontByLabels({ service }: Container): ProxyInFront | null {
  const { labels, environment } = service
  const isOff = labels.some(
    ({ name, value }) => name === 'traefik.enable' && value?.known === true && /^false$/i.test(value.value),
  )
  const rule = labels.find(({ name }) => /^traefik\.http\.routers\.[^.]+\.rule$/i.test(name))
  if (rule !== undefined && !isOff) return { name: 'Traefik', at: rule.at, told: 'Traefik proxies here' }
  const host = environment.find(({ name }) => name === 'VIRTUAL_HOST')
  return host === undefined ? null : { name: 'nginx-proxy', at: host.at, told: 'nginx-proxy proxies here' }
}
