import { type Address, ANY_V4, ANY_V6, isLoopback, parseHost } from '../address.ts'
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

/** The addresses of an entry of `listen_addresses`. */
export function postgresAddresses(entry: string): readonly Address[] {
  return entry === '*' ? [ANY_V4, ANY_V6] : [parseHost(entry)]
}
