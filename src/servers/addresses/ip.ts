import { type Ip, inetPton } from './libc.ts'

export type { Ip }

/** The addresses that share the first `prefix` bits of `ip`; the bits behind are zero. */
export interface IpNetwork {
  readonly ip: Ip
  readonly prefix: number
}

/** Who may have an address: what the registries of IANA set aside, and `public` for all that is left. */
export type IpScope =
  /** `0.0.0.0` and `::`: any address, or none yet. */
  | 'unspecified'
  | 'loopback'
  | 'link-local'
  /** Of RFC 1918. */
  | 'private'
  /** Shared by the customers of a provider: `100.64.0.0/10`, RFC 6598. */
  | 'carrier-grade-nat'
  /** Version 6's private: `fc00::/7`, RFC 4193. */
  | 'unique-local'
  | 'documentation'
  | 'multicast'
  /** For no machine: protocols, benchmarks, the future, the broadcast. */
  | 'reserved'
  | 'public'

/** An address as RFC 4291 and every resolver write it; what a server reads besides stands with that server. */
export function parseIp(text: string): Ip | null {
  return inetPton(text)
}

/** `10.0.0.0/8`, `::1`; bits behind the prefix are dropped. */
export function parseNetwork(text: string): IpNetwork | null {
  const slash = text.indexOf('/')
  const ip = parseIp(slash === -1 ? text : text.slice(0, slash))
  if (ip === null) return null
  if (slash === -1) return { ip, prefix: ip.length * 8 }
  const bits = text.slice(slash + 1)
  return /^[0-9]{1,3}$/.test(bits) && Number(bits) <= ip.length * 8 ? networkOf(ip, Number(bits)) : null
}

/** The network of an address, its other bits cleared. */
export function networkOf(ip: Ip, prefix: number): IpNetwork {
  return { ip: ip.map((octet, index) => octet & maskOctet(prefix, index)), prefix }
}

/** The bits of one octet that a prefix of that length keeps. */
function maskOctet(prefix: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefix - index * 8))
  return (0xff << (8 - bits)) & 0xff
}

/** True where the bits behind the prefix are all zero. */
export function isNetworkAddress(ip: Ip, prefix: number): boolean {
  return ip.every((octet, index) => (octet & ~maskOctet(prefix, index)) === 0)
}

/** True where the address lies in the network; of the other version it does not. */
export function networkContains(network: IpNetwork, ip: Ip): boolean {
  return (
    network.ip.length === ip.length &&
    network.ip.every((octet, index) => octet === ((ip[index] ?? 0) & maskOctet(network.prefix, index)))
  )
}

/** True where every address of the inner network lies in the outer one. */
export function networkCovers(outer: IpNetwork, inner: IpNetwork): boolean {
  return outer.prefix <= inner.prefix && networkContains(outer, inner.ip)
}

/** True where some address lies in both. */
export function networksMeet(one: IpNetwork, other: IpNetwork): boolean {
  return networkCovers(one, other) || networkCovers(other, one)
}

/** Below, at or above zero, as the first address comes before, is or comes after the second of the same version. */
export function compareIps(one: Ip, other: Ip): number {
  const index = one.findIndex((octet, at) => octet !== other[at])
  return index === -1 ? 0 : (one[index] ?? 0) - (other[index] ?? 0)
}

/** The version 4 address that is written in a version 6 one (`::ffff:10.0.0.1`); any other as it is. */
export function unmapped(ip: Ip): Ip {
  return ip.length === 16 && networkContains(MAPPED, ip) ? ip.slice(12) : ip
}

/** Dotted decimal; version 6 as RFC 5952 has it, with the dots of a mapped version 4 address. */
export function formatIp(ip: Ip): string {
  if (ip.length === 4) return ip.join('.')
  if (networkContains(MAPPED, ip)) return `::ffff:${ip.slice(12).join('.')}`
  const groups = Array.from(
    { length: 8 },
    (_, index) => (ip[index * 2] ?? 0) * 256 + (ip[index * 2 + 1] ?? 0),
  )
  const { start, length } = longestZeros(groups)
  const hex = groups.map(group => group.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** The first of the longest runs of zero groups. */
function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) continue
    if (index - start > best.length) best = { start, length: index - start }
    start = index + 1
  }
  return best
}

/** `10.0.0.0/8`, and a single address without its prefix. */
export function formatNetwork({ ip, prefix }: IpNetwork): string {
  return prefix === ip.length * 8 ? formatIp(ip) : `${formatIp(ip)}/${prefix}`
}

/** The scope of an address; that of the version 4 address for one that is mapped into version 6. */
export function scopeOf(ip: Ip): IpScope {
  const plain = unmapped(ip)
  for (const [scope, networks] of SCOPES)
    if (networks.some(network => networkContains(network, plain))) return scope
  return 'public'
}

/** The scope that all addresses of a network have; null where they have several. */
export function scopeOfNetwork(network: IpNetwork): IpScope | null {
  const plain = plainNetwork(network)
  for (const [scope, networks] of SCOPES) {
    if (networks.some(each => networkCovers(each, plain))) return scope
    if (networks.some(each => networkCovers(plain, each))) return null
  }
  return 'public'
}

/** A network of mapped addresses is one of version 4. */
function plainNetwork(network: IpNetwork): IpNetwork {
  const { ip, prefix } = network
  return networkCovers(MAPPED, network) ? { ip: ip.slice(12), prefix: prefix - 96 } : network
}

/** True where no other machine has an address of the network. */
export function isLoopbackNetwork(network: IpNetwork): boolean {
  return scopeOfNetwork(network) === 'loopback'
}

function literal(text: string): IpNetwork {
  const network = parseNetwork(text)
  if (network === null) throw new Error(`${text} is no network`)
  return network
}

const MAPPED = literal('::ffff:0:0/96')

/** The first that holds counts. */
const SCOPES: readonly (readonly [IpScope, readonly IpNetwork[]])[] = (
  [
    ['unspecified', '0.0.0.0/32 ::/128'],
    ['loopback', '127.0.0.0/8 ::1/128'],
    ['link-local', '169.254.0.0/16 fe80::/10'],
    ['private', '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16'],
    ['carrier-grade-nat', '100.64.0.0/10'],
    ['unique-local', 'fc00::/7'],
    ['documentation', '192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20'],
    ['multicast', '224.0.0.0/4 ff00::/8'],
    [
      'reserved',
      '0.0.0.0/8 192.0.0.0/24 192.88.99.0/24 198.18.0.0/15 240.0.0.0/4 100::/64 2001::/23 fec0::/10',
    ],
  ] as const
).map(([scope, networks]) => [scope, networks.split(' ').map(literal)])
