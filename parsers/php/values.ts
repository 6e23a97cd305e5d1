import type { Fact } from '../text/fact.ts'
import { readFact, type WrittenText } from '../text/written-text.ts'

/** PHP's booleans; FPM takes no other words, PHP takes any other number for true. */
export function phpBoolean(written: WrittenText): Fact<boolean> {
  return readFact(written, text => {
    if (/^(?:1|on|yes|true)$/i.test(text)) return true
    return /^(?:|0|off|no|none|false)$/i.test(text) ? false : undefined
  })
}

const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** A size in bytes: `8M`, `-1`, `0`. */
export function phpSize(written: WrittenText): Fact<number> {
  return readFact(written, text => {
    const match = /^(-?\d{1,15})\s*([kmg])?$/i.exec(text)
    return match === null ? undefined : Number(match[1]) * (UNITS[match[2]?.toLowerCase() ?? ''] ?? 1)
  })
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** A time of FPM in seconds: `30`, `30s`, `5m`. */
export function fpmSeconds(written: WrittenText): Fact<number> {
  return readFact(written, text => {
    const match = /^(\d{1,9})([smhd])?$/.exec(text)
    return match === null ? undefined : Number(match[1]) * (SECONDS[match[2] ?? 's'] ?? 1)
  })
}

export function phpNumber(written: WrittenText): Fact<number> {
  return readFact(written, text => (/^-?\d{1,15}$/.test(text) ? Number(text) : undefined))
}

/** A mode as FPM reads it: octal, with or without its zero. */
export function fpmMode(written: WrittenText): Fact<number> {
  return readFact(written, text => (/^[0-7]{1,5}$/.test(text) ? Number.parseInt(text, 8) : undefined))
}
