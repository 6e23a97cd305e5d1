import { recent } from '../../../parsers/collections/recent.ts'
import { type Address, type Endpoint, ipAddress, nameAddress, plainSocketPath } from '../address.ts'
import { type Ip, type IpNetwork, isNetworkAddress, networkOf } from './ip.ts'
import { isPossibleName, numericHost } from './libc.ts'

/** How nginx itself reads addresses; the names below are those of its source (`ngx_inet.c`). */

/** `ngx_inet_addr`: four decimal numbers, leading zeros or not, of which any may be missing; not the broadcast. */
export function parseNginxIpv4(text: string): Ip | null {
  const octets: number[] = []
  let octet = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code >= 0x30 && code <= 0x39) {
      octet = octet * 10 + (code - 0x30)
      if (octet > 255) return null
    } else if (code === 0x2e) {
      octets.push(octet)
      octet = 0
    } else return null
  }
  octets.push(octet)
  // Its value is the one by which the function says that it failed.
  return octets.length === 4 && octets.some(each => each !== 255) ? octets : null
}

/**
 * `ngx_inet6_addr`: groups of up to four digits. One colon before all of them is skipped, one behind them is
 * taken for a zero group where there is a `::`, and `::` stands for one group or more.
 */
export function parseNginxIpv6(text: string): Ip | null {
  const octets: number[] = []
  const rest = text.startsWith(':') ? text.slice(1) : text
  let zerosAt: number | null = null
  let groups = 8
  let digits = 0
  let group = 0
  /** Where a version 4 address would begin. */
  let from: number | null = null
  for (let index = 0; index < rest.length; index++) {
    const char = rest.charAt(index)
    if (char === ':') {
      if (digits > 0) {
        octets.push(group >> 8, group & 0xff)
        if (--groups === 0) return null
        digits = 0
        group = 0
      } else {
        if (zerosAt !== null) return null
        zerosAt = octets.length
      }
      from = index + 1
      continue
    }
    if (char === '.' && digits > 0) {
      if (groups < 2 || from === null) return null
      const version4 = parseNginxIpv4(rest.slice(from))
      if (version4 === null) return null
      const [a = 0, b = 0, c = 0, d = 0] = version4
      octets.push(a, b)
      group = c * 256 + d
      groups--
      break
    }
    const digit = HEX.indexOf(char.toLowerCase())
    if (++digits > 4 || digit === -1) return null
    group = group * 16 + digit
  }
  if (digits === 0 && zerosAt === null) return null
  octets.push(group >> 8, group & 0xff)
  groups--
  if (zerosAt === null) return groups === 0 ? octets : null
  if (groups === 0) return null
  return [...octets.slice(0, zerosAt), ...new Array<number>(groups * 2).fill(0), ...octets.slice(zerosAt)]
}

const HEX = '0123456789abcdef'

/** `ngx_atoi`: digits alone, of a number that fits; null for anything else. */
function parseDigits(text: string): number | null {
  return /^[0-9]+$/.test(text) && Number(text) < 2 ** 63 ? Number(text) : null
}

/** A network of `allow`, `deny`, `set_real_ip_from` and `geo`, and whether bits behind its prefix are set. */
export interface NginxNetwork {
  readonly network: IpNetwork
  /** nginx warns of them and reads them as zero. */
  readonly hostBits: boolean
}

/** `ngx_ptocidr`: an address, or one with a prefix behind a slash; null where nginx refuses it. */
export function parseNginxNetwork(text: string): NginxNetwork | null {
  const slash = text.indexOf('/')
  const address = slash === -1 ? text : text.slice(0, slash)
  const ip = parseNginxIpv4(address) ?? parseNginxIpv6(address)
  if (ip === null) return null
  const bits = ip.length * 8
  const prefix = slash === -1 ? bits : parseDigits(text.slice(slash + 1))
  if (prefix === null || prefix > bits) return null
  return { network: networkOf(ip, prefix), hostBits: !isNetworkAddress(ip, prefix) }
}

/** What nginx reads out of `listen`, `server`, `proxy_pass` and their like. */
export interface NginxAddress {
  readonly address: Address
  /** True where nginx itself reads the host as an address; a resolver may know other numbers, such as `127.1`. */
  readonly literal: boolean
  /** The host as written, brackets kept and without port; `unix:` with its path. An upstream may have this name. */
  readonly host: string
  /** Null where none is written; a unix socket has none. */
  readonly port: number | null
  /** The end of a range of ports in `listen`; the port itself otherwise. */
  readonly lastPort: number | null
  /** From the first `/` or `?` (for `unix:`, from the second colon) on; empty where there is none. */
  readonly uri: string
}

interface AddressOptions {
  /** A bare port, `*` and ranges of ports (since 1.15.10) are allowed. */
  readonly listen?: boolean
  /** A path may follow. */
  readonly uri?: boolean
}

/** `ngx_parse_url`. A string is what nginx finds wrong, in its own words. */
export function parseNginxAddress(text: string, options: AddressOptions = {}): NginxAddress | string {
  return options.listen === true
    ? listenAddress(text)
    : options.uri === true
      ? targetAddress(text)
      : bareAddress(text)
}

const bareAddress = recent((text): NginxAddress | string => parseAddress(text, {}))
const targetAddress = recent((text): NginxAddress | string => parseAddress(text, { uri: true }))
const listenAddress = recent((text): NginxAddress | string => parseAddress(text, { listen: true }))

function parseAddress(text: string, options: AddressOptions): NginxAddress | string {
  if (text.slice(0, 5).toLowerCase() === 'unix:') return parseUnix(text.slice(5), options)
  if (text.startsWith('[')) return parseBracketed(text, options)
  return parseInet(text, options)
}

function parseUnix(rest: string, { uri, listen }: AddressOptions): NginxAddress | string {
  const colon = uri === true ? rest.indexOf(':') : -1
  const path = colon === -1 ? rest : rest.slice(0, colon)
  if (path === '') return 'no path in the unix domain socket'
  if (Buffer.byteLength(path) > 107) return 'too long path in the unix domain socket'
  return {
    address: { kind: 'unix', path },
    literal: true,
    host: `unix:${path}`,
    port: null,
    lastPort: null,
    uri: colon === -1 || listen === true ? '' : rest.slice(colon + 1),
  }
}

function parseBracketed(text: string, options: AddressOptions): NginxAddress | string {
  const close = text.indexOf(']')
  if (close === -1) return 'invalid host'
  let rest = text.slice(close + 1)
  let uri = ''
  const slash = rest.indexOf('/')
  if (slash !== -1) {
    if (options.listen === true || options.uri !== true) return 'invalid host'
    uri = rest.slice(slash)
    rest = rest.slice(0, slash)
  }
  let ports = NO_PORTS
  if (rest !== '') {
    if (!rest.startsWith(':')) return 'invalid host'
    const written = parsePorts(rest.slice(1), options)
    if (typeof written === 'string') return written
    ports = written
  }
  const inner = text.slice(1, close)
  if (inner === '') return 'no host'
  const ip = parseNginxIpv6(inner)
  if (ip === null) return 'invalid IPv6 address'
  return { address: ipAddress(ip), literal: true, host: text.slice(0, close + 1), ...ports, uri }
}

function parseInet(text: string, options: AddressOptions): NginxAddress | string {
  let host = text
  let uri = ''
  const path = text.search(/[/?]/)
  if (path !== -1) {
    if (options.listen === true || options.uri !== true) return 'invalid host'
    host = text.slice(0, path)
    uri = text.slice(path)
  }
  const colon = host.indexOf(':')
  let ports = NO_PORTS
  if (colon !== -1) {
    const written = parsePorts(host.slice(colon + 1), options)
    if (typeof written === 'string') return written
    ports = written
    host = host.slice(0, colon)
  } else if (options.listen === true) {
    const written = parseBarePorts(host, options)
    if (typeof written === 'string') return written
    if (written !== null) return { address: ANY, literal: true, host: '*', ...written, uri }
  }
  if (host === '') return 'no host'
  if (options.listen === true && host === '*') return { address: ANY, literal: true, host, ...ports, uri }
  const ip = parseNginxIpv4(host)
  // What is left goes to the resolver, which reads numbers in older forms too.
  const address = ip === null ? hostAddress(host) : ipAddress(ip)
  return { address, literal: ip !== null, host, ...ports, uri }
}

const ANY = ipAddress([0, 0, 0, 0])

interface Ports {
  readonly port: number | null
  readonly lastPort: number | null
}

const NO_PORTS: Ports = { port: null, lastPort: null }

function parsePorts(text: string, { listen }: AddressOptions): Ports | string {
  const dash = listen === true ? text.indexOf('-') : -1
  const port = parsePort(dash === -1 ? text : text.slice(0, dash))
  const lastPort = dash === -1 ? port : parsePort(text.slice(dash + 1))
  if (port === null || lastPort === null) return 'invalid port'
  return lastPort < port ? 'invalid port range' : { port, lastPort }
}

/** Null where it is no port but a host, such as `web-1` or a number that does not fit. */
function parseBarePorts(text: string, options: AddressOptions): Ports | string | null {
  const dash = text.indexOf('-')
  const first = parseDigits(dash === -1 ? text : text.slice(0, dash))
  const last = dash === -1 ? first : parseDigits(text.slice(dash + 1))
  return first === null || last === null ? null : parsePorts(text, options)
}

function parsePort(text: string): number | null {
  const port = parseDigits(text)
  return port !== null && port >= 1 && port <= 65535 ? port : null
}

function hostAddress(host: string): Address {
  const ip = numericHost(host)?.ip
  return ip === undefined ? nameAddress(host) : ipAddress(ip)
}

/** False for a name that no resolver can know: nginx does not start with it. */
export function isPossibleNginxHost({ address, host }: NginxAddress): boolean {
  return address.kind !== 'name' || isPossibleName(host)
}

/** What `listen` opens: the first port and the last, both null for a unix socket. */
export interface NginxListenAddress extends Endpoint {
  readonly lastPort: number | null
  /** True where no port was written and 80 holds. */
  readonly impliedPort: boolean
}

/** The first argument of `listen` of http; null where nginx refuses it. */
export function parseNginxListen(text: string): NginxListenAddress | null {
  const parsed = parseNginxAddress(text, { listen: true })
  if (typeof parsed === 'string') return null
  const { port, lastPort } = parsed
  const address = reached(parsed.address)
  const impliedPort = port === null && address.kind !== 'unix'
  return impliedPort
    ? { address, port: 80, lastPort: 80, impliedPort }
    : { address, port, lastPort, impliedPort }
}

/** A socket by the path that the kernel opens: nginx takes `unix:///tmp/x` as it stands. */
function reached(address: Address): Address {
  return address.kind === 'unix' ? { kind: 'unix', path: plainSocketPath(address.path) } : address
}

/** An address that nginx connects to, and the rest of a URL behind it. */
export interface NginxTarget extends Endpoint {
  /** True where no port was written and the protocol's own holds. */
  readonly impliedPort: boolean
  /** See {@link NginxAddress}. */
  readonly host: string
  readonly uri: string
}

/**
 * What follows the scheme of `proxy_pass`, the argument of `fastcgi_pass` and its like, or of an
 * upstream's `server`; null where nginx refuses it.
 */
export function parseNginxTarget(text: string, defaultPort: number): NginxTarget | null {
  const parsed = parseNginxAddress(text, { uri: true })
  if (typeof parsed === 'string') return null
  const { port, host, uri } = parsed
  const address = reached(parsed.address)
  const impliedPort = port === null && address.kind !== 'unix'
  return { address, port: impliedPort ? defaultPort : port, impliedPort, host, uri }
}

/**
 * `ngx_parse_addr_port`, as `proxy_bind` takes an address: of either version, with a port behind it if need be;
 * brackets stand only where a port follows.
 */
export function isNginxBind(text: string): boolean {
  if (parseNginxIpv4(text) !== null || parseNginxIpv6(text) !== null) return true
  const close = text.startsWith('[') ? text.indexOf(']:') : text.indexOf(':')
  if (close === -1) return false
  const isBracketed = text.startsWith('[')
  if (parsePort(text.slice(close + (isBracketed ? 2 : 1))) === null) return false
  return isBracketed
    ? parseNginxIpv6(text.slice(1, close)) !== null
    : parseNginxIpv4(text.slice(0, close)) !== null
}

/** What `set_real_ip_from` takes besides `unix:`: a network, or (since 1.13.1) what a resolver may know. */
export function isNginxRealIpSource(text: string): boolean {
  return parseNginxNetwork(text) !== null || numericHost(text) !== null || isPossibleName(text)
}
