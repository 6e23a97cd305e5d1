import { parseIpv4, parseIpv6, parseNumber } from './numbers.ts'

/** What nginx makes of an address; `host` is null where it names none (a port alone, `*`). */
export interface Address {
  readonly kind: 'unix' | 'inet' | 'inet6' | 'name'
  /** Lower-cased name, the address as written, or the socket's path. */
  readonly host: string
  /** Null where none is written. */
  readonly port: number | null
  /** The end of a range of ports in `listen`; the port itself otherwise. */
  readonly lastPort: number | null
  readonly uri: string
}

export interface AddressOptions {
  /** A bare port, `*` and ranges of ports are allowed. */
  readonly listen?: boolean
  /** A path may follow. */
  readonly uri?: boolean
}

/** Reads an address as nginx's url parser does; a string is what it finds wrong. */
export function readAddress(text: string, options: AddressOptions = {}): Address | string {
  if (text.slice(0, 5).toLowerCase() === 'unix:') return readUnix(text.slice(5), options)
  if (text.startsWith('[')) return readBracketed(text, options)
  return readInet(text, options)
}

function readUnix(rest: string, { uri, listen }: AddressOptions): Address | string {
  const colon = uri === true ? rest.indexOf(':') : -1
  const path = colon === -1 ? rest : rest.slice(0, colon)
  if (path === '') return 'no path in the unix domain socket'
  if (Buffer.byteLength(path) > 107) return 'too long path in the unix domain socket'
  const kind = 'unix'
  const tail = colon === -1 || listen === true ? '' : rest.slice(colon + 1)
  return { kind, host: path, port: null, lastPort: null, uri: tail }
}

function readBracketed(text: string, options: AddressOptions): Address | string {
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
  let ports: readonly [number, number] | null = null
  if (rest !== '') {
    if (!rest.startsWith(':')) return 'invalid host'
    ports = readPorts(rest.slice(1), options)
    if (ports === null) return 'invalid port'
  }
  const host = text.slice(1, close)
  if (host === '') return 'no host'
  if (parseIpv6(host) === null) return 'invalid IPv6 address'
  return { kind: 'inet6', host, port: ports?.[0] ?? null, lastPort: ports?.[1] ?? null, uri }
}

function readInet(text: string, options: AddressOptions): Address | string {
  let rest = text
  let uri = ''
  const path = rest.search(/[/?]/)
  let colon = rest.indexOf(':')
  if (path !== -1) {
    if (options.listen === true || options.uri !== true) return 'invalid host'
    uri = rest.slice(path)
    rest = rest.slice(0, path)
    if (path < colon) colon = -1
  }
  let ports: readonly [number, number] | null = null
  if (colon !== -1) {
    ports = readPorts(rest.slice(colon + 1), options)
    if (ports === null) return 'invalid port'
    rest = rest.slice(0, colon)
  } else if (options.listen === true && parseNumber(rest.split('-')[0] ?? '') !== null) {
    ports = readPorts(rest, options)
    if (ports === null) return 'invalid port'
    return { kind: 'inet', host: '0.0.0.0', port: ports[0], lastPort: ports[1], uri }
  }
  const [port, lastPort] = ports ?? [null, null]
  if (rest === '') return 'no host'
  if (options.listen === true && rest === '*') return { kind: 'inet', host: '0.0.0.0', port, lastPort, uri }
  const address = parseIpv4(rest)
  if (address === null) return { kind: 'name', host: rest.toLowerCase(), port, lastPort, uri }
  const octets = [24, 16, 8, 0].map(shift => Math.floor(address / 2 ** shift) % 256)
  return { kind: 'inet', host: octets.join('.'), port, lastPort, uri }
}

function readPorts(text: string, { listen }: AddressOptions): readonly [number, number] | null {
  const dash = listen === true ? text.indexOf('-') : -1
  const first = parseNumber(dash === -1 ? text : text.slice(0, dash))
  const last = dash === -1 ? first : parseNumber(text.slice(dash + 1))
  if (first === null || last === null) return null
  return first < 1 || first > 65535 || last < first || last > 65535 ? null : [first, last]
}

/** False for a host that no name service can know: it has a letter that names of hosts never have. */
export function isPossibleHost(address: Address): boolean {
  return address.kind !== 'name' || /^[\w.\0-]+$/.test(address.host)
}
