import { isLoopback, parseHost } from '../address.ts'
import { type Ip, type IpNetwork, isLoopbackNetwork, networkOf } from './ip.ts'
import { inetAton, inetPton } from './libc.ts'

/** How PostgreSQL reads addresses: in `pg_hba.conf` and `listen_addresses`. */

/**
 * The network of a line of `pg_hba.conf`: an address with its prefix, or with a mask in the next column. Null for a
 * name, a keyword, or what PostgreSQL refuses.
 */
function parseHbaNetwork(address: string, next: string): IpNetwork | null {
  const slash = address.indexOf('/')
  const ip = numeric(slash === -1 ? address : address.slice(0, slash))
  if (ip === null) return null
  if (slash !== -1) {
    const bits = address.slice(slash + 1)
    return /^\d+$/.test(bits) && Number(bits) <= ip.length * 8 ? networkOf(ip, Number(bits)) : null
  }
  const mask = numeric(next)
  if (mask === null || mask.length !== ip.length) return null
  const bits = mask.map(octet => octet.toString(2).padStart(8, '0')).join('')
  // A mask with holes names no fewer addresses than its first bits do.
  return networkOf(ip, bits.indexOf('0') === -1 ? bits.length : bits.indexOf('0'))
}

/** `getaddrinfo` where it may ask nobody. */
function numeric(text: string): Ip | null {
  return inetAton(text) ?? (text.includes(':') ? inetPton(text) : null)
}

/** Whether a `host` line speaks of clients of this machine alone. The columns may be quoted. */
export function isHbaOfThisMachine(address: string, next: string): boolean {
  const bare = address.replaceAll('"', '')
  if (bare === 'samehost') return true
  const network = parseHbaNetwork(bare, next)
  return network === null ? isLoopback(parseHost(bare)) === true : isLoopbackNetwork(network)
}

/** What an entry of `listen_addresses` opens. */
export type PostgresListen = 'every address' | 'loopback' | 'other address' | 'name'

export function postgresListen(entry: string): PostgresListen {
  if (entry === '*') return 'every address'
  const address = parseHost(entry)
  if (address.kind === 'ip' && address.wildcard) return 'every address'
  if (isLoopback(address) === true) return 'loopback'
  return address.kind === 'ip' ? 'other address' : 'name'
}
