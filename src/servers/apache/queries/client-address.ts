import { parseHost, parseIpv4, parseIpv6Groups } from '../../address.ts'

/** Bits of an address: 4 or 16 numbers; an IPv4 address in IPv6 is the IPv4 address. */
function bytesOf(text: string): readonly number[] | null {
  const ipv4 = parseIpv4(text)
  if (ipv4 !== null) return ipv4.split('.').map(Number)
  const groups = parseIpv6Groups(text)
  if (groups === null) return null
  const bytes = groups.flatMap(group => [group >> 8, group & 255])
  const mapped = bytes.slice(0, 10).every(byte => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  return mapped ? bytes.slice(12) : bytes
}

/**
 * Whether an address lies in what `Require ip` and `Allow from` name: an address, its first parts
 * (`10.1`), or a network with a mask (`10.0.0.0/8`, `10.0.0.0/255.0.0.0`). Undefined for anything else.
 */
export function isInNetwork(client: string, network: string): boolean | undefined {
  const bytes = bytesOf(client)
  if (bytes === null) return undefined
  const [text = '', mask] = network.split('/')
  const partial = /^(?:\d{1,3}\.){0,2}\d{1,3}\.?$/.test(text) && parseIpv4(text) === null
  const parts = text.split('.').filter(part => part !== '')
  const base = partial ? [...parts.map(Number), 0, 0, 0, 0].slice(0, 4) : bytesOf(text)
  if (base === null) return undefined
  const bits = mask === undefined ? (partial ? parts.length * 8 : base.length * 8) : maskBits(mask)
  if (bits === null || bits > base.length * 8) return undefined
  if (base.length !== bytes.length) return false
  for (let bit = 0; bit < bits; bit += 8) {
    const keep = bits - bit >= 8 ? 255 : (255 << (8 - (bits - bit))) & 255
    if (((bytes[bit / 8] ?? 0) & keep) !== ((base[bit / 8] ?? 0) & keep)) return false
  }
  return true
}

function maskBits(mask: string): number | null {
  if (/^\d{1,3}$/.test(mask)) return Number(mask)
  const ipv4 = parseIpv4(mask)
  if (ipv4 === null) return null
  const text = ipv4
    .split('.')
    .map(part => Number(part).toString(2).padStart(8, '0'))
    .join('')
  return /^1*0*$/.test(text) ? (text.indexOf('0') === -1 ? 32 : text.indexOf('0')) : null
}

/** What `Require local` takes for this machine: loopback, or the server's own address. */
export function isLocalClient(client: string, server: string | undefined): boolean | undefined {
  if (isInNetwork(client, '127.0.0.0/8') === true || isInNetwork(client, '::1') === true) return true
  const address = parseHost(client)
  if (address.kind !== 'ip') return undefined
  return server === undefined ? undefined : client === server
}
