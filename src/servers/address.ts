/**
 * Addresses of sockets as both servers write them.
 *
 * `ip` is normalised (dotted decimal; RFC 5952 for version 6, a scope kept behind `%`), so equal
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

export const ANY_V4: Address = { kind: 'ip', family: 4, ip: '0.0.0.0', wildcard: true }
export const ANY_V6: Address = { kind: 'ip', family: 6, ip: '::', wildcard: true }

const DIGITS = /^[0-9]+$/

/** Four decimal numbers as nginx reads them (`010` is ten); null for anything else. */
export function parseIpv4(text: string): string | null {
  let octet = 0
  let digits = 0
  let dots = 0
  let isCanonical = true
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === DOT) {
      if (digits === 0 || ++dots > 3) return null
      octet = 0
      digits = 0
      continue
    }
    if (!isDigit(code) || ++digits > 10) return null
    if (digits > 1 && octet === 0) isCanonical = false
    octet = octet * 10 + code - ZERO
    if (octet > 255) return null
  }
  if (digits === 0 || dots !== 3) return null
  return isCanonical ? text : text.split('.').map(Number).join('.')
}

const DOT = 0x2e
const ZERO = 0x30

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 0x39
}

/** What the C library takes for a version 4 address: `127.1`, `0x7f000001`, `010.0.0.1` is octal. */
export function parseInetAton(text: string): string | null {
  const parts = text.split('.')
  if (parts.length > 4) return null
  const numbers: number[] = []
  for (const part of parts) {
    if (/^0[0-7]*$/.test(part)) numbers.push(Number.parseInt(part, 8))
    else if (/^[1-9][0-9]*$/.test(part)) numbers.push(Number.parseInt(part, 10))
    else if (/^0[xX][0-9a-fA-F]+$/.test(part)) numbers.push(Number.parseInt(part, 16))
    else return null
  }
  const last = numbers.pop() ?? 0
  if (numbers.some(number => number > 255) || last >= 256 ** (4 - numbers.length)) return null
  const value = numbers.reduce((sum, number, index) => sum + number * 256 ** (3 - index), last)
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** The eight groups of a version 6 address without brackets; null for anything else. */
export function parseIpv6Groups(text: string): readonly number[] | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const head = groupsOf(halves[0] ?? '', halves.length === 1)
  const tail = groupsOf(halves[1] ?? '', true)
  if (head === null || tail === null) return null
  if (halves.length === 1) return head.length === 8 ? head : null
  const missing = 8 - head.length - tail.length
  return missing >= 1 ? [...head, ...new Array<number>(missing).fill(0), ...tail] : null
}

function groupsOf(text: string, mayEndInIpv4: boolean): readonly number[] | null {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16))
      continue
    }
    const ipv4 = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : null
    if (ipv4 === null) return null
    const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number)
    groups.push(a * 256 + b, c * 256 + d)
  }
  return groups
}

/** The canonical text of eight groups: longest run of zeros as `::`, mapped version 4 as dotted. */
export function formatIpv6(groups: readonly number[]): string {
  if (isMappedV4(groups)) return `::ffff:${mappedV4(groups)}`
  let best = -1
  let bestLength = 1
  for (let start = 0; start < 8; start++) {
    let end = start
    while (end < 8 && groups[end] === 0) end++
    if (end - start > bestLength) {
      best = start
      bestLength = end - start
    }
    if (end > start) start = end
  }
  const hex = groups.map(group => group.toString(16))
  if (best === -1) return hex.join(':')
  return `${hex.slice(0, best).join(':')}::${hex.slice(best + bestLength).join(':')}`
}

function isMappedV4(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every(group => group === 0)
}

function mappedV4(groups: readonly number[]): string {
  const [high = 0, low = 0] = groups.slice(6)
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

function ipv4Address(ip: string): Address {
  return ip === '0.0.0.0' ? ANY_V4 : { kind: 'ip', family: 4, ip, wildcard: false }
}

function ipv6Address(text: string): Address | null {
  const percent = text.indexOf('%')
  const groups = parseIpv6Groups(percent === -1 ? text : text.slice(0, percent))
  if (groups === null) return null
  const ip = formatIpv6(groups)
  if (ip === '::') return ANY_V6
  return { kind: 'ip', family: 6, ip: percent === -1 ? ip : ip + text.slice(percent), wildcard: false }
}

/** A host without port, as a request or a connection names it: an address, `[v6]`, or a name. */
export function parseHost(text: string): Address {
  const ipv4 = isDigit(text.charCodeAt(0)) ? (parseIpv4(text) ?? parseInetAton(text)) : null
  if (ipv4 !== null) return ipv4Address(ipv4)
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  return (inner.includes(':') ? ipv6Address(inner) : null) ?? { kind: 'name', name: text.toLowerCase() }
}

function parsePort(text: string): number | null {
  if (!DIGITS.test(text)) return null
  const port = Number(text)
  return port >= 1 && port <= 65535 ? port : null
}

/** What nginx reads out of the first argument of `listen`; a range (`8000-8010`, since 1.15.10) has two ends. */
export interface NginxListenAddress {
  readonly address: Address
  /** The first port; null for a unix socket. */
  readonly port: number | null
  readonly lastPort: number | null
  /** True where no port was written and 80 holds. */
  readonly impliedPort: boolean
}

/** The forms of nginx's `listen`: `80`, `*:80`, `host`, `host:80`, `[v6]`, `[v6]:80`, `unix:/path`; null if malformed. */
export function parseNginxListen(text: string): NginxListenAddress | null {
  if (startsWithUnix(text)) {
    const path = text.slice(5)
    return path === ''
      ? null
      : { address: { kind: 'unix', path }, port: null, lastPort: null, impliedPort: false }
  }
  if (text.includes('/') || text.includes('?')) return null
  if (/^[0-9]+(-[0-9]+)?$/.test(text)) return withPorts(ANY_V4, text)
  const split = splitNginxHost(text)
  if (split === null) return null
  const address = split.host === '*' ? ANY_V4 : nginxHost(split.host)
  if (address === null) return null
  if (split.port === null) return { address, port: 80, lastPort: 80, impliedPort: true }
  return withPorts(address, split.port)
}

function withPorts(address: Address, text: string): NginxListenAddress | null {
  const dash = text.indexOf('-')
  const port = parsePort(dash === -1 ? text : text.slice(0, dash))
  const lastPort = dash === -1 ? port : parsePort(text.slice(dash + 1))
  if (port === null || lastPort === null || lastPort < port) return null
  return { address, port, lastPort, impliedPort: false }
}

/** nginx tells the `unix:` of an address in any case. */
function startsWithUnix(text: string): boolean {
  return text.length >= 5 && text.slice(0, 5).toLowerCase() === 'unix:'
}

/** Host and port text of nginx's `host[:port]`, brackets kept on version 6; null if malformed. */
function splitNginxHost(text: string): { readonly host: string; readonly port: string | null } | null {
  if (text.startsWith('[')) {
    const close = text.indexOf(']')
    if (close === -1) return null
    const rest = text.slice(close + 1)
    if (rest === '') return { host: text, port: null }
    return rest.startsWith(':') ? { host: text.slice(0, close + 1), port: rest.slice(1) } : null
  }
  const colon = text.indexOf(':')
  if (colon === -1) return text === '' ? null : { host: text, port: null }
  return colon === 0 ? null : { host: text.slice(0, colon), port: text.slice(colon + 1) }
}

function nginxHost(host: string): Address | null {
  return host.startsWith('[') ? ipv6Address(host.slice(1, -1)) : parseHost(host)
}

/** An address that nginx connects to, and the rest of a URL behind it. */
export interface NginxTarget extends Endpoint {
  /** True where no port was written and the protocol's own holds. */
  readonly impliedPort: boolean
  /** The host as written, without port: an upstream block may have this name. */
  readonly host: string
  /** From the first `/` or `?` (for `unix:`, from the second colon) on; empty where there is none. */
  readonly uri: string
}

/**
 * What follows the scheme of `proxy_pass`, the argument of `fastcgi_pass` and its like, or of an
 * upstream's `server`: `host[:port][uri]`, `unix:/path[:uri]`. Null if malformed.
 */
export function parseNginxTarget(text: string, defaultPort: number): NginxTarget | null {
  if (startsWithUnix(text)) {
    const colon = text.indexOf(':', 5)
    const path = colon === -1 ? text.slice(5) : text.slice(5, colon)
    const uri = colon === -1 ? '' : text.slice(colon + 1)
    return path === ''
      ? null
      : { address: { kind: 'unix', path }, port: null, impliedPort: false, host: `unix:${path}`, uri }
  }
  const end = text.search(/[/?]/)
  const split = splitNginxHost(end === -1 ? text : text.slice(0, end))
  if (split === null) return null
  const address = nginxHost(split.host)
  const port = split.port === null ? defaultPort : parsePort(split.port)
  if (address === null || port === null) return null
  const uri = end === -1 ? '' : text.slice(end)
  return { address, port, impliedPort: split.port === null, host: split.host, uri }
}

/** What httpd reads out of `Listen` and `<VirtualHost>`. */
export interface ApacheAddress {
  /** Null for a bare port, and for `*` or `_default_`: any address. */
  readonly address: Address | null
  /** Null where no port is written, or `*` stands for it. */
  readonly port: number | null
  readonly portWildcard: boolean
}

/** httpd's forms: `80`, `host`, `host:80`, `host:*`, `[v6]:80`, `*:80`, `_default_:80`; null if malformed. */
export function parseApacheAddress(text: string): ApacheAddress | null {
  if (DIGITS.test(text)) {
    const port = parsePort(text)
    return port === null ? null : { address: null, port, portWildcard: false }
  }
  const portWildcard = text.endsWith(':*') && text.length > 2
  const match = portWildcard ? null : /:([0-9]+)$/.exec(text)
  const host = portWildcard ? text.slice(0, -2) : match === null ? text : text.slice(0, match.index)
  const port = match === null ? null : parsePort(match[1] ?? '')
  if (host === '' || (match !== null && port === null)) return null
  if (host === '*' || host.toLowerCase() === '_default_') return { address: null, port, portWildcard }
  if (host.startsWith('[')) {
    const address = host.endsWith(']') ? ipv6Address(host.slice(1, -1)) : null
    return address === null ? null : { address, port, portWildcard }
  }
  const ipv4 = parseInetAton(host)
  const address: Address = ipv4 === null ? { kind: 'name', name: host.toLowerCase() } : ipv4Address(ipv4)
  return { address, port, portWildcard }
}

/** The version 4 address that this one is on the wire: itself, or the one mapped into version 6. */
function plainIpv4(address: Address): string | null {
  if (address.kind !== 'ip') return null
  if (address.family === 4) return address.ip
  return address.ip.startsWith('::ffff:') && address.ip.includes('.') ? address.ip.slice(7) : null
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
  return address.ip === '::1' || plainIpv4(address)?.startsWith('127.') === true
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
function loopbackOf(wildcard: Address & { readonly kind: 'ip' }): Address {
  return parseHost(wildcard.family === 4 ? '127.0.0.1' : '::1')
}

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

/** `127.0.0.1:80`, `[::1]:80`, `unix:/run/x.sock`: how a report names it. */
export function formatEndpoint(endpoint: Endpoint): string {
  const { address, port } = endpoint
  if (address.kind === 'unix') return `unix:${address.path}`
  const host = address.kind === 'name' ? address.name : address.family === 6 ? `[${address.ip}]` : address.ip
  return port === null ? host : `${host}:${port}`
}
