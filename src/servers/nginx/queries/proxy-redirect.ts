import { type Fact, known, unknown } from '../../fact.ts'
import { toBytes } from '../../regex.ts'
import { effectiveAtHand } from './effective.ts'
import { interpolate } from './interpolate.ts'
import { readLocation } from './locations.ts'
import { withMatch } from './maps.ts'
import { matchPattern } from './match-pattern.ts'
import type { ProxyTarget } from './proxy-target.ts'
import { type RequestState, requestVariables } from './request.ts'

/**
 * The `Location` of a backend as `proxy_redirect` lets it go: by default the address of `proxy_pass` becomes the
 * name of the location. Null where no line changes it; a result with a slash in front is still to be made whole.
 */
export function proxyRedirect(
  state: RequestState,
  target: ProxyTarget,
  location: string,
): Fact<string | null> {
  if (!target.directive.name.startsWith('proxy_pass')) return known(null)
  const fact = effectiveAtHand(state.configuration, state.scope, 'proxy_redirect')
  if (!fact.known) return unknown(fact.reason, fact.at)
  const lines = fact.value.directives
  if (lines.length === 0) return known(byDefault(state, target, location))
  for (const line of lines) {
    const [pattern = '', replacement] = line.args.map(({ value }) => value)
    if (replacement === undefined) {
      if (pattern !== 'default') return known(null)
      const usual = byDefault(state, target, location)
      if (usual !== null) return known(usual)
      continue
    }
    const changed = apply(state, pattern, replacement, location)
    if (!changed.known || changed.value !== null) return changed
  }
  return known(null)
}

function apply(
  state: RequestState,
  pattern: string,
  replacement: string,
  location: string,
): Fact<string | null> {
  const variables = requestVariables(state)
  if (pattern.startsWith('~')) {
    const caseless = pattern.startsWith('~*')
    const match = matchPattern(pattern.slice(caseless ? 2 : 1), location, caseless)
    if (match === undefined) return unknown(`\`${pattern}\` cannot be evaluated here`)
    return match === null ? known(null) : interpolate(replacement, withMatch(match, variables))
  }
  const prefix = interpolate(pattern, variables)
  if (!prefix.known) return prefix
  if (!location.startsWith(prefix.value)) return known(null)
  const begin = interpolate(replacement, variables)
  return begin.known ? known(begin.value + location.slice(prefix.value.length)) : begin
}

/** With a URI of its own the address stands for the location's name, else the address and a slash for a slash. */
function byDefault(state: RequestState, target: ProxyTarget, location: string): string | null {
  if (target.computed) return null
  const written = toBytes(target.directive.args[0]?.value ?? '')
  const pattern = target.uri === '' ? `${written}/` : written
  if (!location.startsWith(pattern)) return null
  const name = state.location === null ? '/' : readLocation(state.location).name
  return (target.uri === '' ? '/' : toBytes(name)) + location.slice(pattern.length)
}
