import { ownTable } from '../../../../parsers/text/own-table.ts'
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
const UNITS: Readonly<Record<string, readonly [step: number, milliseconds: number]>> = ownTable({
  y: [1, 365 * 24 * 3600 * SECOND],
  M: [2, 30 * 24 * 3600 * SECOND],
  w: [3, 7 * 24 * 3600 * SECOND],
  d: [4, 24 * 3600 * SECOND],
  h: [5, 3600 * SECOND],
  m: [6, 60 * SECOND],
  s: [7, SECOND],
  ms: [8, 1],
  ' ': [9, SECOND],
})

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
