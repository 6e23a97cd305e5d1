/**
 * How the C library reads addresses, which most servers leave to it: `inet_pton` for what has to be an
 * address, and `getaddrinfo`, which takes older forms too, for what may be a name.
 */

import { recent } from '../../../parsers/collections/recent.ts'

/** An IP address as its octets: 4 of version 4, 16 of version 6. */
export type Ip = readonly number[]

/** `inet_pton` of either version: four decimal numbers without leading zeros, or the groups of RFC 4291. */
export function inetPton(text: string): Ip | null {
  return text.includes(':') ? inetPton6(text) : inetPton4(text)
}

const inetPton4 = recent((text): Ip | null => {
  if (!/^(?:\d{1,3}\.){3}\d{1,3}$/.test(text)) return null
  const octets: number[] = []
  for (const part of text.split('.')) {
    const octet = Number(part)
    if (octet > 255 || (part.length > 1 && part.startsWith('0'))) return null
    octets.push(octet)
  }
  return octets
})

function inetPton6(text: string): Ip | null {
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0) return null
  const before = octetsOf(head, tail === undefined)
  const after = octetsOf(tail ?? '', true)
  if (before === null || after === null) return null
  const missing = 16 - before.length - after.length
  if (tail === undefined) return missing === 0 ? before : null
  // glibc lets `::` stand for one group or more.
  return missing >= 2 ? [...before, ...new Array<number>(missing).fill(0), ...after] : null
}

/** The octets of groups between colons, of which the last may be a version 4 address. */
function octetsOf(text: string, isEnd: boolean): Ip | null {
  if (text === '') return []
  const octets: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      const group = Number.parseInt(part, 16)
      octets.push(group >> 8, group & 0xff)
      continue
    }
    const version4 = isEnd && index === parts.length - 1 ? inetPton4(part) : null
    if (version4 === null) return null
    octets.push(...version4)
  }
  return octets
}

/** `inet_aton`: one to four numbers, decimal, octal or hexadecimal, of which the last fills all that is left. */
export function inetAton(text: string): Ip | null {
  // Names, which are most of what is asked, begin with no digit.
  if (!/^\d/.test(text)) return null
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
  const length = 4 - numbers.length
  if (numbers.some(number => number > 255) || last >= 256 ** length) return null
  return [
    ...numbers,
    ...Array.from({ length }, (_, index) => Math.floor(last / 256 ** (length - 1 - index)) % 256),
  ]
}

/** An address that `getaddrinfo` takes without asking a name service, with the zone behind `%`. */
export const numericHost = recent((text): { readonly ip: Ip; readonly zone: string | null } | null => {
  const version4 = inetAton(text)
  if (version4 !== null) return { ip: version4, zone: null }
  const percent = text.indexOf('%')
  const ip = text.includes(':') ? inetPton6(percent === -1 ? text : text.slice(0, percent)) : null
  if (ip === null) return null
  const zone = percent === -1 ? null : text.slice(percent + 1)
  return zone === null || isPossibleZone(ip, zone) ? { ip, zone } : null
})

/** A number behind any address; the name of an interface behind one that each link has anew. */
function isPossibleZone(ip: Ip, zone: string): boolean {
  if (/^\d+$/.test(zone)) return Number(zone) < 2 ** 32
  const [first = 0, second = 0] = ip
  const isOfLink = (first === 0xfe && (second & 0xc0) === 0x80) || (first === 0xff && (second & 0x0f) <= 2)
  return isOfLink && /^[^\s/]{1,15}$/.test(zone)
}

/**
 * False for a name that no name service knows, whatever the machine: one with a letter or an empty label
 * that names of hosts never have, or one of numbers alone, which would be a number of a top level domain.
 */
export function isPossibleName(text: string): boolean {
  return /^\w[\w-]*(?:\.[\w-]+)*\.?$/.test(text) && !/^[\d.]+$/.test(text)
}
