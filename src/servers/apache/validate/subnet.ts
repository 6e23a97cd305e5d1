import { parseIpv6Groups } from '../../address.ts'

/**
 * True for an address or network as APR's `apr_ipsubnet_create` takes it: `10.1`, `10.0.0.0/8`,
 * `10.0.0.0/255.0.0.0`, `2001:db8::/32`. A leading part of an IPv4 address stands for its network.
 */
export function isSubnet(text: string): boolean {
  const slash = text.indexOf('/')
  const address = slash === -1 ? text : text.slice(0, slash)
  const mask = slash === -1 ? null : text.slice(slash + 1)
  if (address.includes(':')) {
    if (parseIpv6Groups(address) === null) return false
    return mask === null || isPrefix(mask, 128)
  }
  if (mask !== null) return isWholeIpv4(address) && (isPrefix(mask, 32) || isWholeIpv4(mask))
  return isPartialIpv4(address)
}

function isPrefix(mask: string, most: number): boolean {
  return /^[0-9]+$/.test(mask) && Number(mask) >= 1 && Number(mask) <= most
}

function isWholeIpv4(text: string): boolean {
  const octets = text.split('.')
  return octets.length === 4 && octets.every(isOctet)
}

/** One to four octets, a dot behind an incomplete address allowed: `10`, `10.`, `10.1.2`. */
function isPartialIpv4(text: string): boolean {
  const octets = text.split('.')
  if (octets.length > 1 && octets.length < 5 && octets[octets.length - 1] === '') octets.pop()
  return octets.length <= 4 && octets.every(isOctet)
}

function isOctet(text: string): boolean {
  return /^[0-9]{1,3}$/.test(text) && Number(text) <= 255
}
