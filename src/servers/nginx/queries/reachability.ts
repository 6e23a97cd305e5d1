import { memoByKey } from '../../../../parsers/collections/memo.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import { isLoopback } from '../../address.ts'
import { toBytes } from '../../regex.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { addressAccess } from './access.ts'
import { conditionWords } from './conditions.ts'
import { effective, effectiveValue } from './effective.ts'
import { isComputed, variableNames } from './interpolate.ts'
import { hasUnreadListens, listens } from './listens.ts'
import { locationIndex, locationsOf, readLocation } from './locations.ts'
import { argumentPlace, namePlace } from './places.ts'
import { childrenNamed } from './scope.ts'
import { selectLocation } from './select-location.ts'
import { isUnseenServer, serverAround } from './servers.ts'

/** Whether somebody on another machine gets an answer out of a block. */
export interface Reachability {
  readonly kind:
    | 'reachable'
    /** Only with a password, or the yes of `auth_request`. */
    | 'authenticated'
    /** Only from addresses that `allow` lists. */
    | 'restricted'
    /** From no other machine: `deny all`, or every socket of the server is loopback or a unix socket. */
    | 'denied'
    /** Only by internal redirects, and no reachable block of the server is seen to make one. */
    | 'internal'
    /** Something in front of it always answers: a `return` in the server or in the block itself. */
    | 'shadowed'
    | 'unknown'
  readonly reason: string
  /** What decides; null where nothing written does. */
  readonly at: Place | null
}

/**
 * Whether requests from outside get to a location (or an `if` in one, or a server itself).
 *
 * A named or internal location is reached where `try_files`, `error_page`, or a `rewrite` of a reachable
 * block of the same server leads to it. Unknown where an `if` that the client does not decide may refuse.
 */
export const externalReachability = memoByKey(judge)

/** True, false, or undefined where nobody can tell: for rules that only ask whether outsiders get in at all. */
export function isExternallyReachable(
  configuration: NginxConfiguration,
  scope: NginxDirective,
): boolean | undefined {
  const { kind } = externalReachability(configuration, scope)
  if (kind === 'unknown') return undefined
  return kind === 'reachable' || kind === 'authenticated' || kind === 'restricted'
}

function judge(configuration: NginxConfiguration, scope: NginxDirective): Reachability {
  const server = serverAround(scope)
  if (server === null) return { kind: 'unknown', reason: 'the server around it is not here', at: null }
  const local = isUnseenServer(server) ? null : localServer(configuration, server)
  if (local !== null) return local
  const answered = answersAlways(server)
  if (answered !== null && scope !== server) return answered
  const location = enclosingLocation(scope)
  if (location !== null) {
    const own = answersAlways(location)
    if (own !== null) return own
    const entered = entrance(configuration, server, location)
    if (entered !== null) return entered
  }
  const refused = byAddress(configuration, scope)
  if (refused !== null) return refused
  const guarded = guard(server) ?? (location === null ? null : guard(location))
  if (guarded !== null) return guarded
  const authenticated = authentication(configuration, scope)
  if (authenticated !== null) return authenticated
  if (isUnseenServer(server)) return { kind: 'unknown', reason: 'the server around it is not here', at: null }
  return { kind: 'reachable', reason: 'any client', at: null }
}

function enclosingLocation(scope: NginxDirective): NginxDirective | null {
  for (let at: NginxDirective | null = scope; at !== null; at = at.parent)
    if (at.name === 'location') return at
  return null
}

/** A server of which every socket is this machine's own. */
function localServer(configuration: NginxConfiguration, server: NginxDirective): Reachability | null {
  if (hasUnreadListens(configuration, server)) return null
  const all = listens(configuration, server)
  if (all.length === 0 || !all.every(({ address }) => isLoopback(address) === true)) return null
  return { kind: 'denied', reason: 'the server listens on loopback alone', at: all[0]?.at ?? null }
}

/** A `return` that stands in the block itself, not in an `if`: nothing behind it is ever asked. */
function answersAlways(scope: NginxDirective): Reachability | null {
  for (const child of scope.children) {
    if (child.name === 'return')
      return { kind: 'shadowed', reason: 'a `return` answers every request', at: namePlace(child) }
    // A rewrite may leave the block before the `return` is met.
    if (child.name === 'rewrite' || child.name === 'if' || child.name === 'break') return null
  }
  return null
}

/** Null where requests come in by their URI; else how they do. */
function entrance(
  configuration: NginxConfiguration,
  server: NginxDirective,
  location: NginxDirective,
): Reachability | null {
  const { modifier, name } = readLocation(location)
  const internal = internalBy(configuration, location)
  if (modifier !== '@' && internal === null) return null
  const reached = origins(configuration, server, location).map(origin =>
    externalReachability(configuration, origin),
  )
  const best =
    reached.find(({ kind }) => kind === 'reachable') ??
    reached.find(({ kind }) => kind === 'authenticated' || kind === 'restricted') ??
    reached.find(({ kind }) => kind === 'unknown') ??
    reached.find(({ kind }) => kind === 'denied')
  if (best !== undefined) return best.kind === 'reachable' ? null : best
  const reason = modifier === '@' ? `nothing reachable leads to \`${name}\`` : 'the location is `internal`'
  return { kind: 'internal', reason, at: namePlace(internal ?? location) }
}

/** The `internal` in force: a location inside an internal one is internal too. */
function internalBy(configuration: NginxConfiguration, location: NginxDirective): NginxDirective | null {
  const fact = effective(configuration, location, 'internal')
  return fact.known ? (fact.value.directives[0] ?? null) : null
}

function isEnteredInside(configuration: NginxConfiguration, block: NginxDirective): boolean {
  if (block.name !== 'location') return false
  return readLocation(block).modifier === '@' || internalBy(configuration, block) !== null
}

/**
 * The blocks that requests enter by their URI and leave for this location by redirects that are written out,
 * perhaps by way of other internal ones.
 */
function origins(
  configuration: NginxConfiguration,
  server: NginxDirective,
  location: NginxDirective,
): readonly NginxDirective[] {
  const all = redirects(configuration, server)
  const seen = new Set<NginxDirective>([location])
  const found: NginxDirective[] = []
  for (const target of seen) {
    for (const redirect of all) {
      if (redirect.target !== target || seen.has(redirect.from)) continue
      // A set grows while it is walked, so what is added here is visited too.
      if (isEnteredInside(configuration, redirect.from)) seen.add(redirect.from)
      else if (!found.includes(redirect.from)) found.push(redirect.from)
    }
  }
  return found
}

interface Redirect {
  readonly from: NginxDirective
  readonly target: NginxDirective
}

const redirects = memoByKey((configuration: NginxConfiguration, server: NginxDirective) => {
  const found: Redirect[] = []
  const http = server.parent
  for (const block of [...(http === null ? [] : [http]), server, ...locationsOf(server)]) {
    // What http redirects, the server's own answers do.
    const from = block === http ? server : block
    for (const destination of destinations(block)) {
      const target = targetOf(configuration, server, destination)
      if (target !== null) found.push({ from, target })
    }
  }
  return found
})

function destinations(block: NginxDirective): readonly string[] {
  const found: string[] = []
  for (const { name, args } of [
    ...childrenNamed(block, 'try_files'),
    ...childrenNamed(block, 'error_page'),
  ]) {
    const last = args.at(-1)?.value ?? ''
    if (!(name === 'try_files' && last.startsWith('='))) found.push(last)
  }
  for (const { args } of childrenNamed(block, 'rewrite')) {
    const target = args[1]?.value ?? ''
    if (target.startsWith('/')) found.push(target)
  }
  return found
}

function targetOf(
  configuration: NginxConfiguration,
  server: NginxDirective,
  destination: string,
): NginxDirective | null {
  if (destination.startsWith('@')) return locationIndex(server).named.get(destination)?.directive ?? null
  // What stands before the first variable is enough to find a prefix by.
  const path = destination.split(/[?$]/)[0] ?? ''
  if (!path.startsWith('/') || (path === '/' && isComputed(destination))) return null
  const selected = selectLocation(configuration, server, toBytes(path))
  return selected.known ? (selected.value.location?.directive ?? null) : null
}

function byAddress(configuration: NginxConfiguration, scope: NginxDirective): Reachability | null {
  const satisfy = effectiveValue(configuration, scope, 'satisfy', 'all')
  if (satisfy.known && satisfy.value === 'any' && authentication(configuration, scope) !== null)
    return authentication(configuration, scope)
  const access = addressAccess(configuration, scope)
  if (!access.known) {
    // In fragments the missing outer part may deny, but hardly ever does: that alone leaves nothing in doubt.
    return configuration.main === null ? null : { kind: 'unknown', reason: access.reason, at: access.at }
  }
  const { value } = access
  if (value.kind === 'open') return null
  if (value.kind === 'closed')
    return { kind: 'denied', reason: '`deny all` keeps out every other machine', at: namePlace(value.by) }
  return { kind: 'restricted', reason: 'only listed addresses get in', at: namePlace(value.by) }
}

function authentication(configuration: NginxConfiguration, scope: NginxDirective): Reachability | null {
  for (const name of ['auth_basic', 'auth_request', 'auth_jwt']) {
    const fact = effectiveValue(configuration, scope, name, 'off')
    if (fact.known && fact.value !== 'off')
      return { kind: 'authenticated', reason: `\`${name}\` asks who is there`, at: fact.at }
  }
  return null
}

/** What the client writes as it likes: an `if` on these turns some requests away, never all. */
const FREE_VARIABLES =
  /^(?:http_(?:user_agent|referer|host|accept\w*|origin)|host|uri|document_uri|request_uri|request_method|args|query_string|scheme|https|server_port|server_name|request_filename|invalid_referer|is_args|[1-9])$/

/** An `if` that refuses requests by something else, such as a secret header: whether outsiders pass is unknown. */
function guard(scope: NginxDirective): Reachability | null {
  for (const condition of childrenNamed(scope, 'if')) {
    if (!refuses(condition)) continue
    const names = conditionWords(condition).flatMap(word => variableNames(word))
    if (names.every(name => FREE_VARIABLES.test(name))) continue
    return {
      kind: 'unknown',
      reason: 'an `if` that cannot be decided refuses requests',
      at: argumentPlace(condition, 0),
    }
  }
  return null
}

function refuses(condition: NginxDirective): boolean {
  return childrenNamed(condition, 'return').some(({ args }) => /^4[0-9]{2}$/.test(args[0]?.value ?? ''))
}
