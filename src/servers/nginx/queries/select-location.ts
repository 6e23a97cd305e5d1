import { type Fact, known, unknown } from '../../fact.ts'
import { type PcreMatch, regexReason, toBytes } from '../../regex.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { isAround, locationIndex, type NginxLocation, passesOn } from './locations.ts'
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
 *
 * @param into a block of which is asked: of the requests that its location is made for, some may go to one that nobody
 * here has read, but not all
 */
export function selectLocation(
  configuration: NginxConfiguration,
  server: NginxDirective,
  uri: string,
  into: NginxDirective | null = null,
): Fact<LocationSelection> {
  const step = find({ configuration, uri, into }, server, NO_LOCATION)
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

interface Search {
  readonly configuration: NginxConfiguration
  readonly uri: string
  readonly into: NginxDirective | null
}

function find(search: Search, scope: NginxDirective, sofar: LocationSelection): Step {
  const index = locationIndex(scope)
  const exact = index.exact.get(search.uri)
  if (exact !== undefined) return ok({ location: exact, reason: 'exact', match: sofar.match })
  const reason = unreadReason(search.configuration, scope)
  const step = findRead(search, scope, sofar)
  if (reason === null || step.kind === 'unknown') return step
  return isTakenAnyway(search, step.selection.location, scope) ? step : unread(reason)
}

/** Why a block may have locations that nobody here knows; null where it has none. */
function unreadReason(configuration: NginxConfiguration, scope: NginxDirective): string | null {
  if (hasUnreadInclude(configuration, scope)) return 'something here was not read'
  return locationIndex(scope).unread.length > 0 ? 'the name of a location here is a placeholder' : null
}

/**
 * True where a location that nobody here knows hardly takes the request from the one that was found: that is named
 * after this very path, and what other files have beside such locations are expressions on the ending of a file.
 */
function isTakenAnyway({ uri, into }: Search, found: NginxLocation | null, scope: NginxDirective): boolean {
  if (found === null) return false
  if (into !== null && isAround(found.directive, into)) return true
  // Nothing inside of the location itself was found: hardly anybody has locations in one that passes everything on.
  if (found.directive === scope) return passesOn(scope)
  if (found.modifier === '^~') return found.name !== '/'
  // Whoever has an expression here for a file of the first level hardly has another one elsewhere.
  if (found.modifier !== '') return uri.lastIndexOf('/') === 0
  if (found.name === '/') return false
  return !uri.slice(toBytes(found.name).length).includes('.')
}

/** By the locations that are known. */
function findRead(search: Search, scope: NginxDirective, sofar: LocationSelection): Step {
  const { uri } = search
  const index = locationIndex(scope)
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
    const nested = find(search, prefix.location.directive, selection)
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
    const nested = find(search, location.directive, { location, reason: 'regex', match })
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
