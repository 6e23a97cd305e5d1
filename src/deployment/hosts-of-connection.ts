import { PASSES } from '../servers/nginx/queries/locations.ts'
import { directivesByServer } from '../servers/nginx/queries/servers.ts'
import type { ApacheHost, Deployment, NginxConnection, NginxServer } from './model.ts'

/** The virtual hosts that a connection certainly reaches. */
export function certainHosts(
  { connections }: Pick<Deployment, 'connections'>,
  connection: NginxConnection,
): readonly ApacheHost[] {
  const hosts: ApacheHost[] = []
  for (const { host, certain } of connections.hostsReachedBy(connection)) if (certain) hosts.push(host)
  return hosts
}

/** True where a virtual host behind a server, certain or not, may send the client elsewhere. */
export function hostsMayRedirect(
  { connections }: Pick<Deployment, 'connections'>,
  server: NginxServer,
): boolean {
  return connections
    .httpOf(server)
    .some(connection => connections.hostsReachedBy(connection).some(({ host }) => host.mayRedirect))
}

/**
 * True where what a server asks may send the client elsewhere: a virtual host of Apache that does, or another program,
 * which may do so by itself.
 */
export function mayRedirectBehind(
  { connections }: Pick<Deployment, 'connections'>,
  server: NginxServer,
): boolean {
  if (!asksPrograms(server)) return false
  const asked = connections.of(server)
  return (
    asked.length === 0 ||
    asked.some(connection => {
      const hosts = connections.hostsReachedBy(connection)
      return hosts.length === 0 || hosts.some(({ host }) => host.mayRedirect)
    })
  )
}

/** True where some location of a server proxies to another program, which may redirect by itself. */
export function asksPrograms({ configuration, directive }: NginxServer): boolean {
  return PASSES.some(name => directivesByServer(configuration, name).has(directive))
}
