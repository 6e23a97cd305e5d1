import { frontLine } from '../../src/deployment/front-lines.ts'
import type { ApacheConnection, Deployment } from '../../src/deployment/model.ts'

/**
 * Every `ProxyPass /` in a virtual host that terminates TLS whose backend is plain HTTP, and no server of the audit.
 */
export function publicProxies({ connections }: Deployment): readonly ApacheConnection[] {
  return connections.apache.filter(
    connection =>
      connection.pass.name === 'ProxyPass' &&
      connection.pass.parent?.name === 'VirtualHost' &&
      connection.path === '/' &&
      /^http:\/\//i.test(connection.written) &&
      !connection.targets.some(({ to }) => to.kind === 'listener') &&
      frontLine(connection).tls,
  )
}
