import { formatIp, type Ip, parseIp, scopeOf, unmapped } from './addresses/ip.ts'
import { numericHost } from './addresses/libc.ts'

/**
 * Where a socket is bound or a connection goes.
 *
 * `ip` is normalised (dotted decimal; RFC 5952 for version 6, a zone kept behind `%`), so equal
 * addresses are equal strings. A `name` is what only a resolver can turn into an address.
 */
export type Address =
  | { readonly kind: 'ip'; readonly family: 4 | 6; readonly ip: string; readonly wildcard: boolean }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'name'; readonly name: string }

/** One end of a connection. `port` is null for a unix socket, which has none. */
export interface Endpoint {
  readonly address: Address
  readonly port: number | null
  /**
   * For a listener on `::`, whether it takes version 6 alone. nginx sets the option unless told
   * otherwise; httpd on Linux leaves it off, so its bare `Listen 80` takes version 4 too.
   */
  readonly ipv6only?: boolean
}

type SocketIp = Address & { readonly kind: 'ip' }

export const ANY_V4: SocketIp = { kind: 'ip', family: 4, ip: '0.0.0.0', wildcard: true }
export const ANY_V6: SocketIp = { kind: 'ip', family: 6, ip: '::', wildcard: true }

/** The address of these octets; `zone` is the interface that a link-local one needs. */
export function ipAddress(ip: Ip, zone: string | null = null): SocketIp {
  if (zone === null && ip.every(octet => octet === 0)) return ip.length === 4 ? ANY_V4 : ANY_V6
  const text = formatIp(ip)
  return {
    kind: 'ip',
    family: ip.length === 4 ? 4 : 6,
    ip: zone === null ? text : `${text}%${zone}`,
    wildcard: false,
  }
}

export function nameAddress(name: string): Address {
  return { kind: 'name', name: name.toLowerCase() }
}

/** The octets of an address; null for a name or a unix socket. */
export function ipOf(address: Address): Ip | null {
  if (address.kind !== 'ip') return null
  const zone = address.ip.indexOf('%')
  return parseIp(zone === -1 ? address.ip : address.ip.slice(0, zone))
}

/** A host without port as a resolver takes it, as `[v6]` too: an address in any of its forms, or a name. */
export function parseHost(text: string): Address {
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  const numeric = numericHost(inner)
  if (numeric === null || (inner !== text && numeric.ip.length === 4)) return nameAddress(text)
  return ipAddress(numeric.ip, numeric.zone)
}

function isLocalName(name: string): boolean {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name
  return bare === 'localhost' || bare === 'ip6-localhost' || bare === 'localhost.localdomain'
}

/**
 * Whether only this machine reaches the address: 127.0.0.0/8, `::1`, `localhost` by convention, a unix
 * socket. False for a wildcard or any other address; undefined for a name, which only a resolver knows.
 */
export function isLoopback(address: Address): boolean | undefined {
  if (address.kind === 'unix') return true
  if (address.kind === 'name') return isLocalName(address.name) ? true : undefined
  // The two that nearly all sockets have.
  if (address.wildcard) return false
  if (address.ip === '127.0.0.1') return true
  const ip = ipOf(address)
  return ip !== null && scopeOf(ip) === 'loopback'
}

/** The version 4 address that this one is on the wire: itself, or the one mapped into version 6. */
function plainIpv4(address: SocketIp): string | null {
  if (address.family === 4) return address.ip
  if (!address.ip.startsWith('::ffff:')) return null
  const ip = ipOf(address)
  const plain = ip === null ? null : unmapped(ip)
  return plain?.length === 4 ? formatIp(plain) : null
}

/**
 * Whether a listener takes a connection that is made to `target`. Undefined where a name stands on
 * either side that only a resolver knows, or where `localhost` may mean either version.
 */
export function covers(listener: Endpoint, target: Endpoint): boolean | undefined {
  const at = listener.address
  const to = target.address
  if (at.kind === 'unix' || to.kind === 'unix')
    return at.kind === 'unix' && to.kind === 'unix' && at.path === to.path
  if (listener.port !== target.port) return false
  if (at.kind === 'name' || to.kind === 'name') return coversName(listener, at, to)
  if (to.wildcard) return covers(listener, { address: loopbackOf(to), port: target.port })
  const ipv4 = plainIpv4(to)
  if (!at.wildcard) return ipv4 === null ? at.ip === to.ip : plainIpv4(at) === ipv4
  if (at.family === 4) return ipv4 !== null
  return ipv4 === null || listener.ipv6only === false
}

/** A connection to the wildcard address is one to this machine's loopback (as Linux has it). */
function loopbackOf(wildcard: SocketIp): Address {
  return wildcard.family === 4 ? LOOPBACK_V4 : LOOPBACK_V6
}

const LOOPBACK_V4: SocketIp = { kind: 'ip', family: 4, ip: '127.0.0.1', wildcard: false }
const LOOPBACK_V6: SocketIp = { kind: 'ip', family: 6, ip: '::1', wildcard: false }

function coversName(listener: Endpoint, at: Address, to: Address): boolean | undefined {
  if (at.kind === 'name' && to.kind === 'name') {
    return at.name === to.name || (isLocalName(at.name) && isLocalName(to.name)) ? true : undefined
  }
  const name = at.kind === 'name' ? at.name : to.kind === 'name' ? to.name : ''
  const other = at.kind === 'name' ? to : at
  if (other.kind !== 'ip') return undefined
  if (other.wildcard && at === other) {
    if (other.family === 6 && listener.ipv6only === false) return true
    return isLocalName(name) && other.family === 4 ? true : undefined
  }
  if (!isLocalName(name)) return undefined
  if (plainIpv4(other) === '127.0.0.1') return true
  // `::1` is on the second line of most hosts files, and missing from the others.
  return other.ip === '::1' || other.wildcard ? undefined : false
}

/** `///tmp/x`, as it stands in `unix:///tmp/x`, is `/tmp/x` to the kernel; so are double slashes anywhere. */
export function plainSocketPath(path: string): string {
  return path.replace(/\/{2,}/g, '/')
}

/** `127.0.0.1:80`, `[::1]:80`, `unix:/run/x.sock`: how a report names it. */
export function formatEndpoint(endpoint: Endpoint): string {
  const { address, port } = endpoint
  if (address.kind === 'unix') return `unix:${address.path}`
  const host = address.kind === 'name' ? address.name : address.family === 6 ? `[${address.ip}]` : address.ip
  return port === null ? host : `${host}:${port}`
}
