import { frontLine } from '../../src/deployment/front-lines.ts'
import type { ApacheConnection, Deployment } from '../../src/deployment/model.ts'

/**
 * Every line that proxies all of a virtual host that terminates TLS, whose backend is plain HTTP, and no server of the
 * audit: `ProxyPass /`, the same in `<Location />`, or a rule for every path.
 */
export function publicProxies({ connections }: Deployment): readonly ApacheConnection[] {
  return connections.apache.filter(
    connection =>
      connection.path === '/' &&
      isOfHost(connection) &&
      connection.protocol.known &&
      connection.protocol.value === 'http' &&
      !connection.targets.some(({ to }) => to.kind === 'listener') &&
      frontLine(connection).tls,
  )
}

/** True for a line of a virtual host, or of a section for a path in it. */
function isOfHost({ pass: { parent } }: ApacheConnection): boolean {
  return (parent?.name === 'Location' ? parent.parent : parent)?.name === 'VirtualHost'
}
