import type { ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'

/** The connection of nginx by which alone clients reach a virtual host that listens on loopback. */
export function loopbackWay(deployment: Deployment, host: ApacheHost): NginxConnection | null {
  const reached = deployment.connections.reaching(host)
  const [first] = reached
  if (first === undefined || !reached.every(({ certain }) => certain)) return null
  const isLocal = reached.every(({ connection }) =>
    connection.targets.every(
      ({ to, addresses }) =>
        to.kind === 'listener' &&
        to.listener.loopback === true &&
        addresses.every(address => address.kind === 'ip' && address.ip.startsWith('127.')),
    ),
  )
  return isLocal ? first.connection : null
}

/** mod_remoteip, or something like it, puts the client's address in the place of nginx's. */
export function knowsClients({ configuration, directive }: ApacheHost): boolean {
  if ([...configuration.modules.keys()].some(id => /^(?:rpaf|cloudflare|extract_forwarded)/.test(id)))
    return true
  return ['remoteipheader', 'remoteipproxyprotocol'].some(name =>
    (configuration.occurrences.get(name) ?? []).some(line => {
      const home = virtualHostSection(line)
      return home === null || home === directive
    }),
  )
}
