import { apacheNetworkContains, parseApacheNetwork } from '../../addresses/apache.ts'
import { parseIp, scopeOf } from '../../addresses/ip.ts'

/**
 * Whether an address lies in what `Require ip` and `Allow from` name. Undefined where either is no address: a
 * name of `Allow from` is for a resolver.
 */
export function isInNetwork(client: string, network: string): boolean | undefined {
  const ip = parseIp(client)
  const parsed = parseApacheNetwork(network)
  return ip === null || parsed === null ? undefined : apacheNetworkContains(parsed, ip)
}

/** What `Require local` takes for this machine: loopback, or the server's own address. */
export function isLocalClient(client: string, server: string | undefined): boolean | undefined {
  const ip = parseIp(client)
  if (ip === null) return undefined
  if (scopeOf(ip) === 'loopback') return true
  return server === undefined ? undefined : client === server
}
