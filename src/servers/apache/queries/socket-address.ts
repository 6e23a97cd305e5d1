import { type Address, parseApacheAddress, parseHost, parseIpv6Groups } from '../../address.ts'

/**
 * An address of `Listen` or `<VirtualHost>` as httpd understands it. `any` stands for `*`, `_default_`,
 * a bare port and the wildcard addresses of both versions; `port` is null where any port will do.
 */
export type SocketAddress =
  | {
      readonly kind: 'any'
      readonly address: Address
      readonly port: number | null
      readonly hasPort: boolean
    }
  | {
      readonly kind: 'ip'
      readonly address: Address
      readonly port: number | null
      readonly hasPort: boolean
    }
  /** Only a resolver knows the address. */
  | { readonly kind: 'name'; readonly name: string; readonly port: number | null; readonly hasPort: boolean }
  /** No resolver can know it: httpd says so, ignores a virtual host and refuses a Listen. */
  | { readonly kind: 'unresolvable' }
  /** httpd refuses the line. */
  | { readonly kind: 'malformed' }

const cache = new Map<string, SocketAddress>()

export function parseSocketAddress(text: string): SocketAddress {
  let parsed = cache.get(text)
  if (parsed === undefined) {
    parsed = parse(text)
    cache.set(text, parsed)
  }
  return parsed
}

function parse(text: string): SocketAddress {
  const address = parseApacheAddress(text)
  if (address === null) {
    // A colon with no number behind it is taken for a part of the name.
    return /:[0-9]+$|^\[/.test(text) || text === '' ? { kind: 'malformed' } : { kind: 'unresolvable' }
  }
  // `*` without a port means every port; `_default_` and any other address mean the main server's.
  const hasPort = address.port !== null || address.portWildcard || text === '*'
  const { port } = address
  if (address.address === null) return { kind: 'any', address: ANY, port, hasPort }
  const found = address.address
  if (found.kind === 'unix') return { kind: 'unresolvable' }
  if (found.kind === 'ip') {
    return { kind: found.wildcard ? 'any' : 'ip', address: unmapped(found), port, hasPort }
  }
  return nameAddress(found.name, port, hasPort)
}

const ANY: Address = { kind: 'ip', family: 6, ip: '::', wildcard: true }

function nameAddress(name: string, port: number | null, hasPort: boolean): SocketAddress {
  // httpd looks for the port from the right and takes the rest for the address: `::1:80` is `[::1]:80`.
  if (parseIpv6Groups(name) !== null) {
    const address = parseHost(`[${name}]`)
    if (address.kind === 'ip') {
      return { kind: address.wildcard ? 'any' : 'ip', address: unmapped(address), port, hasPort }
    }
  }
  // Names of hosts have none of these characters, and no top level domain is a number.
  if (!/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/.test(name) || /(?:^|\.)[0-9]+\.?$/.test(name))
    return { kind: 'unresolvable' }
  return { kind: 'name', name, port, hasPort }
}

/** An IPv4 address that is written in IPv6 is the IPv4 address to httpd. */
function unmapped(address: Address & { kind: 'ip' }): Address {
  return address.family === 6 && address.ip.startsWith('::ffff:') && address.ip.includes('.')
    ? parseHost(address.ip.slice('::ffff:'.length))
    : address
}
