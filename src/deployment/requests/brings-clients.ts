import { isLoopback } from '../../servers/address.ts'
import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { memo } from '../../../parsers/collections/memo.ts'
import { hostIn } from '../fronts-of.ts'
import { declaredProxies, takesClients } from '../outer-proxies.ts'
import type { ApacheConnection, ApacheHost, Connection, Deployment } from '../model.ts'
import { requestBehind } from './request-behind.ts'

/**
 * Whether clients from the network bring their own requests to a line of nginx or Apache, without a proxy in between
 * that might write headers. False also where nobody can tell.
 */
export function bringsClients(deployment: Deployment, connection: Connection): boolean {
  return 'server' in connection
    ? connection.reachable === true && takesClients(deployment, connection.server)
    : bringsClientsToApache(deployment, connection)
}

function bringsClientsToApache(deployment: Deployment, connection: ApacheConnection): boolean {
  const { from, host: section, path } = connection
  const host = hostIn(deployment, from.configuration, section)
  if (host === null || path === null || deployment.connections.reaching(host).length > 0) return false
  if (declaredProxies(deployment.facts).length > 0 || hasProxyInFront(host.configuration)) return false
  return isOpen(deployment, host) && requestBehind(deployment, connection, path) !== null
}

/** True where some line of an httpd is written for a proxy in front of it. */
const hasProxyInFront = memo(({ modules, occurrences }: ApacheConfiguration): boolean => {
  if ([...modules.keys()].some(id => /^(?:rpaf|cloudflare|extract_forwarded)/.test(id))) return true
  if (['remoteipheader', 'remoteipproxyprotocol'].some(name => occurrences.has(name))) return true
  return ['rewritecond', 'setenvif', 'setenvifnocase', 'require', 'if'].some(name =>
    occurrences
      .get(name)
      ?.some(({ args }) => args.some(({ value }) => /X-Forwarded-|CF-|X-Real-IP/i.test(value))),
  )
})

/** Whether the network gets to a virtual host: by its addresses, and by what httpd listens on where that is written. */
function isOpen({ listeners }: Deployment, { configuration, addresses }: ApacheHost): boolean {
  const own = listeners.filter(
    listener => listener.kind === 'apache' && listener.program.configuration === configuration,
  )
  return addresses.some(({ known, address, port }) => {
    if (!known || (address !== null && isLoopback(address) !== false)) return false
    const asked = own.filter(listener => port === null || listener.port === port)
    return own.length === 0 || asked.some(({ loopback }) => loopback === false)
  })
}
