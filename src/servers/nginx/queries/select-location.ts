import { type Fact, known, unknown } from '../../fact.ts'
import { type PcreMatch, regexReason } from '../../regex.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { locationIndex, type NginxLocation } from './locations.ts'
import { hasUnreadInclude } from './scope.ts'
import { isUnseenServer } from './servers.ts'

export type LocationReason =
  | 'exact'
  | 'longest-prefix'
  /** A `^~` prefix, which keeps expressions out. */
  | 'prefix-without-regex'
  | 'regex'
  | 'named'
  /** No location matches: the server block itself answers. */
  | 'none'
  /** The URI lacks the last slash of a location that hands requests on: nginx answers 301 to it. */
  | 'auto-redirect'

export interface LocationSelection {
  /** Null where no location matches. */
  readonly location: NginxLocation | null
  readonly reason: LocationReason
  /** The last expression that nginx matched on its way, whose groups `$1` holds; null where none did. */
  readonly match: PcreMatch | null
}

type Step =
  | { readonly kind: 'ok' | 'redirect' | 'again' | 'declined'; readonly selection: LocationSelection }
  | { readonly kind: 'unknown'; readonly reason: string }

const NO_LOCATION: LocationSelection = { location: null, reason: 'none', match: null }

/**
 * The location that nginx takes for a URI (normalised, see `normaliseUri`): an exact one, else the longest
 * prefix and, nested ones first, the first expression that matches unless that prefix has `^~`.
 *
 * Unknown where an expression on the way cannot be evaluated, or unread files may hold a better one.
 */
export function selectLocation(
  configuration: NginxConfiguration,
  server: NginxDirective,
  uri: string,
): Fact<LocationSelection> {
  const step = find(configuration, server, uri, NO_LOCATION)
  if (step.kind === 'unknown') return unknown(step.reason)
  if (step.selection.location === null && isUnseenServer(server))
    return unknown('the server around it is not here')
  const { selection } = step
  return known(selection, selection.location?.at ?? null)
}

/** A named location, which stands in the server itself; null where there is none. */
export function namedLocation(server: NginxDirective, name: string): NginxLocation | null {
  return locationIndex(server).named.get(name) ?? null
}

function find(
  configuration: NginxConfiguration,
  scope: NginxDirective,
  uri: string,
  sofar: LocationSelection,
): Step {
  const index = locationIndex(scope)
  const exact = index.exact.get(uri)
  if (exact !== undefined) return ok({ location: exact, reason: 'exact', match: sofar.match })
  if (hasUnreadInclude(configuration, scope)) return unread('something here was not read')
  const placeholder = index.unread[0]
  if (placeholder !== undefined) return unread('the name of a location here is a placeholder')

  const prefix = longestPrefix(index.prefixes, index.lengths, uri)
  // The name itself is a better match than the redirect to its form with a slash.
  const withSlash = prefix?.name.length === uri.length ? null : `${uri}/`
  if (withSlash !== null && index.redirecting.has(withSlash)) {
    const target = index.exact.get(withSlash) ?? index.prefixes.get(withSlash)
    if (target !== undefined)
      return {
        kind: 'redirect',
        selection: { location: target, reason: 'auto-redirect', match: sofar.match },
      }
  }

  let step: Step = { kind: 'declined', selection: sofar }
  let noRegex = false
  if (prefix !== null) {
    noRegex = prefix.location.modifier === '^~'
    const reason = noRegex ? 'prefix-without-regex' : 'longest-prefix'
    const selection: LocationSelection = { location: prefix.location, reason, match: sofar.match }
    const nested = find(configuration, prefix.location.directive, uri, selection)
    if (nested.kind === 'ok' || nested.kind === 'redirect') return nested
    // A regular expression of this level may still overrule a nested prefix, known or not.
    if (nested.kind === 'unknown') return nested
    step = { kind: 'again', selection: nested.selection }
  }
  if (noRegex) return step
  for (const { location, regex } of index.regexes) {
    if (regex === null) return unread(`\`${location.name}\` cannot be evaluated here`)
    const match = regex.match(uri)
    if (match === undefined) return unread(regexReason(location.name))
    if (match === null) continue
    const nested = find(configuration, location.directive, uri, { location, reason: 'regex', match })
    return nested.kind === 'unknown' ? nested : ok(nested.selection)
  }
  return step
}

function longestPrefix(
  prefixes: ReadonlyMap<string, NginxLocation>,
  lengths: readonly number[],
  uri: string,
): { readonly name: string; readonly location: NginxLocation } | null {
  for (const length of lengths) {
    if (length > uri.length) continue
    const name = uri.slice(0, length)
    const location = prefixes.get(name)
    if (location !== undefined) return { name, location }
  }
  return null
}

function ok(selection: LocationSelection): Step {
  return { kind: 'ok', selection }
}

function unread(reason: string): Step {
  return { kind: 'unknown', reason }
}
