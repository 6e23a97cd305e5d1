import { type Address, ipAddress } from '../address.ts'
import { type Ip, type IpNetwork, networkOf, scopeOf, unmapped } from './ip.ts'
import { isPossibleName, numericHost } from './libc.ts'

/** How httpd reads addresses: APR's own readers, which are older than those of the C library. */

/** APR's `inet_pton` of version 4: four decimal numbers, leading zeros or not. */
function aprIpv4(text: string): Ip | null {
  if (!/^\d+(?:\.\d+){3}$/.test(text)) return null
  const octets = text.split('.').map(Number)
  return octets.every(octet => octet <= 255) ? octets : null
}

/**
 * APR's `inet_pton` of version 6: groups of any number of digits up to ffff. `::` may stand for no group at
 * all, and one colon may follow the last.
 */
function aprIpv6(text: string): Ip | null {
  if (/^:(?!:)|:::|::.*::/.test(text)) return null
  const parts = (text.startsWith('::') ? text.slice(1) : text).split(':')
  const octets: number[] = []
  let zerosAt: number | null = null
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1
    if (part === '') {
      // Behind the last colon nothing needs to stand.
      if (!isLast) zerosAt = octets.length
      continue
    }
    if (octets.length >= 16) return null
    if (/^[0-9a-fA-F]+$/.test(part)) {
      const group = Number.parseInt(part, 16)
      if (group > 0xffff) return null
      octets.push(group >> 8, group & 0xff)
      continue
    }
    const version4 = isLast && octets.length <= 12 ? aprIpv4(part) : null
    if (version4 === null) return null
    octets.push(...version4)
  }
  if (zerosAt === null) return octets.length === 16 ? octets : null
  const tail = octets.slice(zerosAt)
  // Where there is no room for them, the zeros are written over what stands behind.
  const zeros = octets.length === 16 ? 16 - zerosAt : 16 - octets.length
  return [...octets.slice(0, zerosAt), ...new Array<number>(zeros).fill(0), ...tail].slice(0, 16)
}

/** What `apr_parse_addr_port` cuts a text into. */
export interface AprAddress {
  /** Without brackets; null where only a port stands. */
  readonly host: string | null
  readonly bracketed: boolean
  /** Behind `%` in brackets. */
  readonly zone: string | null
  /** Null where none is written. */
  readonly port: number | null
}

/** `apr_parse_addr_port`; null where it refuses the text. */
export function parseAprAddress(text: string): AprAddress | null {
  const digits = /[0-9]*$/.exec(text)?.[0] ?? ''
  const head = text.slice(0, text.length - digits.length)
  const plain = { bracketed: false, zone: null }
  if (head === '') {
    const port = aprPort(digits)
    return port === null ? null : { host: null, port, ...plain }
  }
  let address = text
  let port: number | null = null
  if (digits !== '' && head.endsWith(':')) {
    port = aprPort(digits)
    if (head === ':' || port === null) return null
    address = head.slice(0, -1)
  }
  if (!address.startsWith('[')) return { host: address, port, ...plain }
  if (address.indexOf(']') !== address.length - 1) return null
  const inner = address.slice(1, -1)
  const percent = inner.indexOf('%')
  const host = percent === -1 ? inner : inner.slice(0, percent)
  const zone = percent === -1 ? null : inner.slice(percent + 1)
  return zone === '' || aprIpv6(host) === null ? null : { host, bracketed: true, zone, port }
}

function aprPort(digits: string): number | null {
  const port = atoi(digits)
  return port >= 1 && port <= 65535 ? port : null
}

const LONGEST = 2n ** 63n - 1n

/** As glibc has it: of a number too large the low 32 bits are left. */
function atoi(digits: string): number {
  if (digits.length < 10) return Number(digits)
  const value = BigInt(digits)
  return Number(BigInt.asIntN(32, value > LONGEST ? LONGEST : value))
}

/**
 * An address of `Listen` or `<VirtualHost>` as httpd understands it. `any` stands for `*`, `_default_`,
 * a bare port and the wildcard addresses of both versions; `port` is null where any port will do.
 */
export type ApacheSocket =
  | {
      readonly kind: 'any' | 'ip'
      readonly address: Address & { readonly kind: 'ip' }
      readonly port: number | null
      readonly hasPort: boolean
      /** True where an address is written, and not only a port or what stands for every address. */
      readonly written: boolean
    }
  /** Only a resolver knows the address. */
  | { readonly kind: 'name'; readonly name: string; readonly port: number | null; readonly hasPort: boolean }
  /** No resolver can know it: httpd says so, ignores a virtual host and refuses a `Listen`. */
  | { readonly kind: 'unresolvable' }
  /** httpd refuses the line. */
  | { readonly kind: 'malformed' }

const MALFORMED: ApacheSocket = { kind: 'malformed' }
const UNRESOLVABLE: ApacheSocket = { kind: 'unresolvable' }
const ANY = ipAddress(new Array<number>(16).fill(0))

/** The argument of `Listen`: `80`, `*:80`, `host:80`, `[v6]:80`. */
export function parseApacheListen(text: string): ApacheSocket {
  const parsed = parseAprAddress(text)
  if (parsed === null || parsed.port === null) return MALFORMED
  const isAny = parsed.host === null || parsed.host === '*'
  return isAny ? anySocket(parsed.port, true) : resolved(parsed, parsed.port, true)
}

/** An argument of `<VirtualHost>`: `*`, `_default_`, `host`, `[v6]`, each with `:port` or `:*`. */
export function parseApacheHostAddress(text: string): ApacheSocket {
  const anyPort = text.length > 2 && text.endsWith(':*')
  const parsed = parseAprAddress(anyPort ? text.slice(0, -2) : text)
  if (parsed === null || parsed.host === null) return MALFORMED
  const port = anyPort ? null : parsed.port
  // `*` without a port means every port; `_default_` and any other address mean the main server's.
  const hasPort = port !== null || anyPort || text === '*'
  const isAny = parsed.host === '*' || parsed.host.toLowerCase() === '_default_'
  return isAny ? anySocket(port, hasPort) : resolved(parsed, port, hasPort)
}

function anySocket(port: number | null, hasPort: boolean): ApacheSocket {
  return { kind: 'any', address: ANY, port, hasPort, written: false }
}

/** What `getaddrinfo` makes of the host, which reads numbers otherwise than APR does. */
function resolved(
  { host, zone, bracketed }: AprAddress,
  port: number | null,
  hasPort: boolean,
): ApacheSocket {
  const name = host ?? ''
  const numeric = numericHost(name)
  if (numeric === null) {
    if (bracketed || !isPossibleName(name)) return UNRESOLVABLE
    return { kind: 'name', name: name.toLowerCase(), port, hasPort }
  }
  // To APR only addresses that each link has anew belong to an interface.
  if (zone !== null && scopeOf(numeric.ip) !== 'link-local') return UNRESOLVABLE
  // An IPv4 address that is written in IPv6 is the IPv4 address to httpd.
  const address = ipAddress(unmapped(numeric.ip), zone ?? numeric.zone)
  return { kind: address.wildcard ? 'any' : 'ip', address, port, hasPort, written: true }
}

/** An address and the bits of it that count. A mask may have holes: `255.0.255.0`. */
export interface ApacheNetwork {
  readonly ip: Ip
  readonly mask: Ip
}

/**
 * What `Require ip`, `Allow from`, `RemoteIPInternalProxy` and their like name, as `apr_ipsubnet_create` takes it:
 * an address, the first numbers of one of version 4 (`10.1`), or an address with a number of bits or a mask of
 * version 4. Null where httpd refuses it.
 */
export function parseApacheNetwork(text: string): ApacheNetwork | null {
  const slash = text.indexOf('/')
  const address = slash === -1 ? text : text.slice(0, slash)
  const ip = aprIpv4(address) ?? aprIpv6(address)
  if (ip === null) return slash === -1 ? parsePartial(text) : null
  // Connections over mapped addresses are those of version 4 to httpd, so such a network would match none.
  if (ip.length === 16 && unmapped(ip).length === 4) return null
  if (slash === -1) return { ip, mask: ip.map(() => 255) }
  const mask = parseMask(text.slice(slash + 1), ip.length)
  return mask === null ? null : { ip, mask }
}

/**
 * False for what no access rule takes: httpd expects a network where it finds a slash, a colon or nothing but numbers
 * and dots, and the name of a host otherwise.
 */
export function isApacheSource(text: string): boolean {
  return !isMeantAsNetwork(text) || parseApacheNetwork(text) !== null
}

function isMeantAsNetwork(text: string): boolean {
  return /[/:]|^[0-9.]*$/.test(text)
}

/** The same of mod_remoteip, which asks a resolver for the names at once. */
export function isApacheProxy(text: string): boolean {
  return isMeantAsNetwork(text)
    ? parseApacheNetwork(text) !== null
    : numericHost(text) !== null || isPossibleName(text)
}

/** `10`, `10.`, `10.1.2`: what is missing is free. At most as long as a whole address. */
function parsePartial(text: string): ApacheNetwork | null {
  if (!/^\d+(?:\.\d+){0,3}\.?$/.test(text) || text.length > 15) return null
  const octets = text
    .split('.')
    .filter(part => part !== '')
    .map(atoi)
  if (octets.some(octet => octet < 0 || octet > 255)) return null
  const free = new Array<number>(4 - octets.length).fill(0)
  return { ip: [...octets, ...free], mask: [...octets.map(() => 255), ...free] }
}

function parseMask(text: string, length: number): Ip | null {
  if (/^\+?\d+$/.test(text)) {
    const bits = Number(text)
    const all = new Array<number>(length).fill(255)
    return bits >= 1 && bits <= length * 8 ? networkOf(all, bits).ip : null
  }
  return length === 4 ? aprIpv4(text) : null
}

/** The same as a network of a prefix; null where the mask has holes. */
export function prefixNetwork({ ip, mask }: ApacheNetwork): IpNetwork | null {
  const bits = mask.map(octet => octet.toString(2).padStart(8, '0')).join('')
  const prefix = bits.indexOf('0') === -1 ? bits.length : bits.indexOf('0')
  return bits.includes('1', prefix) ? null : networkOf(ip, prefix)
}

/** Whether httpd finds a client in a network; one that comes by a mapped address is of version 4 to it. */
export function apacheNetworkContains({ ip, mask }: ApacheNetwork, client: Ip): boolean {
  const plain = unmapped(client)
  return (
    plain.length === ip.length &&
    ip.every((octet, index) => ((octet ^ (plain[index] ?? 0)) & (mask[index] ?? 0)) === 0)
  )
}
