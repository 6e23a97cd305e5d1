/** The readers of numbers that nginx's directives share; null is what nginx refuses. */

/** The largest number that nginx holds in its integers; beyond it a value is refused. */
const LIMIT = 2 ** 63

/** Digits alone, no sign. */
export function parseNumber(text: string): number | null {
  if (text.length === 0) return null
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x30 || code > 0x39) return null
  }
  const value = Number(text)
  return value < LIMIT ? value : null
}

/** Digits with at most one unit: `k` or `m` for a size, `g` too for an offset in a file. */
export function parseSize(text: string, gigabytes = false): number | null {
  const unit = text.charAt(text.length - 1)
  const shift =
    unit === 'k' || unit === 'K'
      ? 1024
      : unit === 'm' || unit === 'M'
        ? 1024 ** 2
        : gigabytes && (unit === 'g' || unit === 'G')
          ? 1024 ** 3
          : 1
  const value = parseNumber(shift === 1 ? text : text.slice(0, -1))
  return value === null || value * shift >= LIMIT ? null : value * shift
}

const SECOND = 1000
const UNITS: Readonly<Record<string, readonly [step: number, milliseconds: number]>> = {
  y: [1, 365 * 24 * 3600 * SECOND],
  M: [2, 30 * 24 * 3600 * SECOND],
  w: [3, 7 * 24 * 3600 * SECOND],
  d: [4, 24 * 3600 * SECOND],
  h: [5, 3600 * SECOND],
  m: [6, 60 * SECOND],
  s: [7, SECOND],
  ms: [8, 1],
  ' ': [9, SECOND],
}

/**
 * A time in milliseconds: numbers with units that fall from years to milliseconds (`1d12h`, `1h 30m`), a
 * bare number in seconds. Where nginx counts in seconds, milliseconds are refused; where it counts in milliseconds,
 * years and months are.
 */
export function parseTime(text: string, inSeconds: boolean): number | null {
  let step = inSeconds ? 0 : 2
  let value = 0
  let total = 0
  let valid = false
  let index = 0
  while (index < text.length) {
    const digit = text.charCodeAt(index) - 0x30
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      if (value >= LIMIT) return null
      valid = true
      index++
      continue
    }
    const name = text.startsWith('ms', index) ? 'ms' : text.charAt(index)
    const unit = UNITS[name]
    if (unit === undefined) return null
    const [next, scale] = unit
    if (name === 'ms' && inSeconds) return null
    if (name === ' ' ? step >= 7 : name === 'y' ? step > 0 : step >= next) return null
    step = next
    total += value * scale
    value = 0
    index += name.length
    while (text.charAt(index) === ' ') index++
  }
  const milliseconds = total + value * SECOND
  if (!valid || milliseconds / (inSeconds ? SECOND : 1) >= LIMIT) return null
  return milliseconds
}

/** An IPv4 address as nginx reads it: four octets, of which it lets any be empty. */
export function parseIpv4(text: string): number | null {
  let address = 0
  let octet = 0
  let dots = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code >= 0x30 && code <= 0x39) {
      octet = octet * 10 + (code - 0x30)
      if (octet > 255) return null
    } else if (code === 0x2e) {
      address = address * 256 + octet
      octet = 0
      dots++
    } else return null
  }
  return dots === 3 ? address * 256 + octet : null
}

/** An IPv6 address without brackets as its eight groups. */
export function parseIpv6(text: string): readonly number[] | null {
  const halves = text.split('::')
  if (halves.length > 2 || text === '') return null
  const head = groupsOf(halves[0] ?? '')
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '') : []
  if (head === null || tail === null) return null
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 0 : missing !== 0) return null
  return [...head, ...new Array<number>(missing).fill(0), ...tail]
}

function groupsOf(text: string): readonly number[] | null {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] ?? ''
    if (part.includes('.')) {
      const last = parseIpv4(part)
      if (last === null || index !== parts.length - 1) return null
      groups.push(Math.floor(last / 65536), last % 65536)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else return null
  }
  return groups
}

/** A network in CIDR form, or a single address. */
export function isCidr(text: string): 'valid' | 'host-bits' | 'invalid' {
  const slash = text.indexOf('/')
  const address = slash === -1 ? text : text.slice(0, slash)
  const v4 = parseIpv4(address)
  const v6 = v4 === null ? parseIpv6(address) : null
  if (v4 === null && v6 === null) return 'invalid'
  if (slash === -1) return 'valid'
  const bits = parseNumber(text.slice(slash + 1))
  if (bits === null || bits > (v4 === null ? 128 : 32)) return 'invalid'
  if (v4 !== null) return bits === 32 || v4 % 2 ** (32 - bits) === 0 ? 'valid' : 'host-bits'
  for (let group = 0; group < 8; group++) {
    const free = Math.min(16, Math.max(0, 16 * (group + 1) - bits))
    if ((v6?.[group] ?? 0) % 2 ** free !== 0) return 'host-bits'
  }
  return 'valid'
}
