import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'

/**
 * The line by which browsers keep an answer for so many seconds or more; null where there is none, or another says that
 * it is not kept.
 *
 * @param expires the lines of `expires` that hold
 * @param headers those of `add_header`
 */
export function keptFor(
  seconds: number,
  expires: readonly NginxDirective[],
  headers: readonly NginxDirective[],
): NginxDirective | null {
  const control = headers.filter(({ args }) => /^cache-control$/i.test(args[0]?.value ?? ''))
  if (control.some(({ args }) => /no-cache|no-store|max-age=0|[$]/i.test(args[1]?.value ?? ''))) return null
  const byHeader = control.find(({ args }) => {
    const age = /(?:^|[\s,])max-age=(\d+)/i.exec(args[1]?.value ?? '')?.[1]
    return age !== undefined && Number(age) >= seconds
  })
  if (byHeader !== undefined) return byHeader
  return expires.find(({ args }) => args.length === 1 && secondsOf(args[0]?.value ?? '') >= seconds) ?? null
}

/** The same of the lines that hold in a block; null also where one of them may stand in what was not read. */
export function keptIn(
  configuration: NginxConfiguration,
  block: NginxDirective | null,
  seconds: number,
): NginxDirective | null {
  const expires = effectiveAtHand(configuration, block, 'expires')
  const headers = effectiveAtHand(configuration, block, 'add_header')
  return expires.known && headers.known
    ? keptFor(seconds, expires.value.directives, headers.value.directives)
    : null
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  M: 2_592_000,
  y: 31_536_000,
}

/** Zero for what is no plain time. */
function secondsOf(value: string): number {
  if (value === 'max') return Number.POSITIVE_INFINITY
  const match = /^\+?(\d+)([smhdwMy]?)$/.exec(value)
  return match === null ? 0 : Number(match[1]) * (UNITS[match[2] ?? ''] ?? 0)
}
