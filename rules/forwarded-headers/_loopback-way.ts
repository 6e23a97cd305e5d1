import type { ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'

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
