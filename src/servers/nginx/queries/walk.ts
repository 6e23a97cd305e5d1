import type { Place } from '../../../../parsers/text/source.ts'
import { fromBytes } from '../../regex.ts'
import type { NginxDirective } from '../configuration.ts'
import { effective, isOn, isOnAtHand } from './effective.ts'
import type { FileView } from './file-view.ts'
import { interpolate } from './interpolate.ts'
import { argumentPlace, namePlace } from './places.ts'
import type { ProxyTarget } from './proxy-target.ts'
import type { SentValues } from './sent-values.ts'
import { type OutcomeStep, type RequestState, requestVariables } from './request.ts'
import { hasUnreadAround } from './scope.ts'
import { namedLocation } from './select-location.ts'
import type { FileBase } from './static-content.ts'

/** Where a request ends. */
export type OutcomeEnd = { readonly at: Place | null } & (
  | {
      readonly kind: 'response'
      readonly status: number
      /** The `Location` of a redirect, whole; null for other answers. */
      readonly location: string | null
      readonly reason: string
    }
  /** nginx hangs up without an answer (`return 444`). */
  | { readonly kind: 'closed' }
  /** A file; `exists` is null where that directory is not part of the audit. */
  | { readonly kind: 'file'; readonly path: string; readonly exists: true | null; readonly status: number }
  /** Another server answers. `uri` is null where the protocol has none. */
  | {
      readonly kind: 'pass'
      readonly target: ProxyTarget
      readonly uri: string | null
      /** The status that an `error_page` on the way puts in place of the backend's; null for that itself. */
      readonly status: number | null
      /** The block whose settings hold: a location, or an `if` in one. */
      readonly scope: NginxDirective
      /** The request headers, or parameters, that the backend gets; null where the set in force is not known. */
      readonly sends: SentValues | null
      /** What the client gets of the backend's answer, where the caller knows that; null otherwise. */
      readonly answer: { readonly status: number; readonly location: string | null } | null
    }
  /** A module of nginx answers: `stub_status`, `empty_gif`… */
  | { readonly kind: 'handler'; readonly name: string }
  | { readonly kind: 'unknown'; readonly reason: string }
)

export type PassEnd = Extract<OutcomeEnd, { readonly kind: 'pass' }>

/** What comes back from a backend. */
export type BackendAnswer =
  /** Nobody takes the connection, or what comes is no answer: nginx makes the status itself. */
  | { readonly kind: 'failed'; readonly status: number; readonly reason: string }
  | { readonly kind: 'answered'; readonly status: number; readonly location: string | null }

/** A request on its way. */
export interface Walk {
  readonly state: RequestState
  view: FileView
  /** What a backend answers, where the caller knows; null where it does not. */
  readonly backend: (pass: PassEnd) => BackendAnswer | null
  /** Follows a subrequest to its end, access left out. */
  readonly subrequest: (uri: string) => OutcomeEnd
  readonly steps: OutcomeStep[]
  /** Internal redirects and rewrites left, plus one. */
  changes: number
  /** True once an `error_page` was taken: without `recursive_error_pages` no second one is. */
  errorPage: boolean
  /** The status that an `error_page` leaves for whatever answers; null for the answer's own. */
  status: number | null
}

/** What follows a phase: the next one, another location, or the end. */
export type Next =
  | { readonly kind: 'go' }
  | { readonly kind: 'jump'; readonly to: 'server' | 'find' | 'named' }
  | { readonly kind: 'end'; readonly end: OutcomeEnd }

export const GO: Next = { kind: 'go' }

export function step(
  walk: Walk,
  kind: OutcomeStep['kind'],
  text: string,
  at: Place | null,
  directive: NginxDirective | null = null,
): void {
  walk.steps.push({ kind, text, at, directive })
}

export function endUnknown(walk: Walk, reason: string, at: Place | null): Next {
  step(walk, 'unknown', reason, at)
  return { kind: 'end', end: { kind: 'unknown', reason, at } }
}

/** An answer that is sent as it is: no `error_page` looks at it. */
export function respond(walk: Walk, status: number, reason: string, at: Place | null): Next {
  return {
    kind: 'end',
    end: { kind: 'response', status: walk.status ?? status, location: null, reason, at },
  }
}

/** Starts anew with another URI, the server's own rewrites first. Both are bytes. */
export function internalRedirect(walk: Walk, uri: string, args: string, at: Place | null): Next {
  const { state } = walk
  walk.changes--
  if (walk.changes <= 0) return plainError(500, 'more than ten internal redirects', at)
  state.uri = uri
  state.args = args
  state.internal = true
  state.unchanged = false
  state.validLocation = true
  state.addsUri = false
  state.location = null
  state.scope = state.server
  step(
    walk,
    'internal-redirect',
    `internal redirect to \`${fromBytes(uri)}${args === '' ? '' : `?${args}`}\``,
    at,
  )
  return { kind: 'jump', to: 'server' }
}

/** Goes on in a named location, with the URI as it is. */
export function enterNamed(walk: Walk, name: string, at: Place | null): Next {
  const { state } = walk
  walk.changes--
  if (walk.changes <= 0) return plainError(500, 'more than ten internal redirects', at)
  const location = namedLocation(state.server, name)
  if (location === null) return plainError(500, `there is no location \`${name}\` in this server`, at)
  state.location = location.directive
  state.scope = location.directive
  state.internal = true
  step(walk, 'location', `named location \`${name}\``, location.at, location.directive)
  return { kind: 'jump', to: 'named' }
}

function plainError(status: number, reason: string, at: Place | null): Next {
  return { kind: 'end', end: { kind: 'response', status, location: null, reason, at } }
}

/** An answer of 300 and above made by nginx: an `error_page` in force for it takes over. */
export function fail(
  walk: Walk,
  status: number,
  reason: string,
  at: Place | null,
  location: string | null = null,
): Next {
  const { state } = walk
  const page = walk.errorPage ? null : errorPageFor(walk, status)
  if (page === 'unknown')
    return endUnknown(walk, `the answer is ${status}, unless an unread file has an \`error_page\` for it`, at)
  if (page !== null) {
    const recursive = isOn(state.configuration, state.scope, 'recursive_error_pages', false)
    walk.errorPage = !(recursive.known && recursive.value)
    return takeErrorPage(walk, page, status)
  }
  const absolute = location === null ? null : absoluteLocation(state, location)
  return { kind: 'end', end: { kind: 'response', status, location: absolute, reason, at } }
}

function errorPageFor(walk: Walk, status: number): NginxDirective | 'unknown' | null {
  const { configuration, scope } = walk.state
  const fact = effective(configuration, scope, 'error_page')
  if (!fact.known) {
    // Nobody has a page for a redirect.
    if (status < 400) return null
    const isUnread = configuration.main !== null || hasUnreadAround(configuration, scope, 'error_page')
    return isUnread ? 'unknown' : null
  }
  if (fact.value.directives.length === 0) return null
  // One page in the block is enough for nginx to look no second time, whatever it is for.
  const recursive = isOn(configuration, scope, 'recursive_error_pages', false)
  const page = fact.value.directives.find(({ args }) =>
    args.slice(0, -1).some(word => word.value === String(status)),
  )
  if (page === undefined && !(recursive.known && recursive.value)) walk.errorPage = true
  return page ?? null
}

/** True where an `error_page` in force is for this status, whether it may still be taken or not. */
export function hasErrorPage(walk: Walk, status: number): boolean {
  const fact = effective(walk.state.configuration, walk.state.scope, 'error_page')
  if (!fact.known) return false
  return fact.value.directives.some(({ args }) =>
    args.slice(0, -1).some(word => word.value === String(status)),
  )
}

function takeErrorPage(walk: Walk, page: NginxDirective, status: number): Next {
  const { state } = walk
  const at = argumentPlace(page, page.args.length - 1)
  const written = page.args.at(-1)?.value ?? ''
  const equals = page.args.find(word => word.value.startsWith('='))?.value
  const overwrite = equals === undefined ? null : Number.parseInt(equals.slice(1), 10) || 0
  walk.status = overwrite === null ? status : overwrite === 0 ? null : overwrite
  const target = interpolate(written, requestVariables(state))
  if (!target.known) return endUnknown(walk, target.reason, at)
  step(walk, 'error-page', `\`error_page\` for ${status}: \`${target.value}\``, namePlace(page), page)
  if (target.value.startsWith('@')) return enterNamed(walk, target.value, at)
  if (target.value.startsWith('/')) {
    if (state.method !== 'HEAD') state.method = 'GET'
    const [uri, args] = splitArguments(target.value)
    return internalRedirect(walk, uri, args, at)
  }
  const isRedirect = overwrite !== null && [301, 302, 303, 307, 308].includes(overwrite)
  const code = isRedirect ? overwrite : 302
  return {
    kind: 'end',
    end: { kind: 'response', status: code, location: target.value, reason: 'an `error_page` redirects', at },
  }
}

/** nginx refuses to map a URI that `rewrite … break` has changed through an alias: 500. */
export function misplacedAlias(walk: Walk, base: FileBase): Next | null {
  if (base.kind !== 'alias' || walk.state.validLocation) return null
  return fail(walk, 500, '`alias` does not work behind `rewrite … break`', namePlace(base.directive))
}

/** A URI and what stands behind its `?`. */
export function splitArguments(text: string): readonly [string, string] {
  const question = text.indexOf('?')
  return question === -1 ? [text, ''] : [text.slice(0, question), text.slice(question + 1)]
}

/** The `Location` that goes out: nginx puts scheme, host and port before a path unless `absolute_redirect off`. */
export function absoluteLocation(state: RequestState, location: string): string {
  if (!location.startsWith('/')) return location
  const { configuration, scope, request } = state
  const absolute = isOnAtHand(configuration, scope, 'absolute_redirect', true)
  if (!absolute.known || !absolute.value) return location
  const named = isOnAtHand(configuration, scope, 'server_name_in_redirect', false)
  const host = requestVariables(state)(named.known && named.value ? 'server_name' : 'host')
  if (!host.known) return location
  const withPort = isOnAtHand(configuration, scope, 'port_in_redirect', true)
  const usual = request.scheme === 'https' ? 443 : 80
  const port =
    request.port === null || request.port === usual || !(withPort.known && withPort.value)
      ? ''
      : `:${request.port}`
  return `${request.scheme}://${host.value}${port}${location}`
}
