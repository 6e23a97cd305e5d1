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
