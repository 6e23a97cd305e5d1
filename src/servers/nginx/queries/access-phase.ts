import type { Place } from '../../../../parsers/text/source.ts'
import type { Fact } from '../../fact.ts'
import { lacksHeader } from '../../received-headers.ts'
import type { NginxDirective } from '../configuration.ts'
import { admits } from './access.ts'
import { type EffectiveDirectives, effective, effectiveValue } from './effective.ts'
import { interpolate } from './interpolate.ts'
import { namePlace } from './places.ts'
import { requestVariables } from './request.ts'
import { hasUnreadAround } from './scope.ts'
import { endUnknown, fail, GO, type Next, step, type Walk } from './walk.ts'

/** What one of the modules that control access says. */
type Verdict =
  | { readonly kind: 'declined' }
  | {
      readonly kind: 'allowed'
      readonly text: string
      readonly at: Place | null
      readonly by: NginxDirective
    }
  | { readonly kind: 'refused'; readonly status: number; readonly text: string; readonly at: Place | null }
  /** A right password, or a yes of another server, is taken for granted. */
  | { readonly kind: 'assumed'; readonly text: string; readonly at: Place | null }
  | { readonly kind: 'unknown'; readonly reason: string; readonly at: Place | null }

const DECLINED: Verdict = { kind: 'declined' }

/**
 * `allow` and `deny`, `auth_basic`, `auth_request`: all of them, or with `satisfy any` one. Passwords are not
 * known: without credentials the answer is 401; with them, or where nobody knows, the request goes on as if
 * they were right, and a step says so.
 */
export function accessStep(walk: Walk): Next {
  const { configuration, scope } = walk.state
  const satisfy = effectiveValue(configuration, scope, 'satisfy', 'all')
  const verdicts = [byAddress, byPassword, byRequest].map(check => check(walk))
  return satisfy.known && satisfy.value === 'any' ? anyOf(walk, verdicts) : allOf(walk, verdicts)
}

function allOf(walk: Walk, verdicts: readonly Verdict[]): Next {
  for (const verdict of verdicts) {
    if (verdict.kind === 'unknown') return endUnknown(walk, verdict.reason, verdict.at)
    if (verdict.kind === 'refused') return fail(walk, verdict.status, verdict.text, verdict.at)
    note(walk, verdict)
  }
  return GO
}

/** The first that allows ends it; if none does, a password is worth more than an address. */
function anyOf(walk: Walk, verdicts: readonly Verdict[]): Next {
  const passed = verdicts.find(({ kind }) => kind === 'allowed' || kind === 'assumed')
  if (passed !== undefined) {
    note(walk, passed)
    return GO
  }
  const open = verdicts.find(({ kind }) => kind === 'unknown')
  if (open?.kind === 'unknown') return endUnknown(walk, open.reason, open.at)
  const refused = verdicts.flatMap(verdict => (verdict.kind === 'refused' ? [verdict] : []))
  const told = refused.find(({ status }) => status === 401) ?? refused[0]
  return told === undefined ? GO : fail(walk, told.status, told.text, told.at)
}

function note(walk: Walk, verdict: Verdict): void {
  if (verdict.kind === 'allowed') step(walk, 'access', verdict.text, verdict.at, verdict.by)
  else if (verdict.kind === 'assumed') step(walk, 'access', verdict.text, verdict.at)
}

function byAddress(walk: Walk): Verdict {
  const { configuration, scope, request } = walk.state
  const rules = effective(configuration, scope, 'allow')
  if (hasUnread(walk, rules, 'allow')) return NOT_READ
  const first = rules.known ? rules.value.directives[0] : undefined
  if (first === undefined) return DECLINED
  // One rule for everybody needs no address.
  if (request.client === undefined && first.args[0]?.value !== 'all')
    return { kind: 'unknown', reason: 'access hangs on the address of the client', at: namePlace(first) }
  const client = request.client ?? 'any client'
  const fact = admits(configuration, scope, client)
  if (!fact.known) return { kind: 'unknown', reason: fact.reason, at: fact.at }
  const { admitted, by } = fact.value
  if (by === null) return DECLINED
  const text = `\`${by.name} ${by.args[0]?.value ?? ''}\` applies to ${client}`
  const at = namePlace(by)
  return admitted ? { kind: 'allowed', text, at, by } : { kind: 'refused', status: 403, text, at }
}

const NOT_READ: Verdict = { kind: 'unknown', reason: 'something here was not read', at: null }

/** True where what nobody has read from here to the server may have the lines that decide, or more of them. */
function hasUnread(
  { state: { configuration, scope } }: Walk,
  fact: Fact<EffectiveDirectives>,
  name: string,
): boolean {
  return (!fact.known || !fact.value.complete) && hasUnreadAround(configuration, scope, name)
}

/** True for a block with rules of its own for addresses: who writes them there leaves access to no other file. */
function rulesAccess({ state: { configuration, scope } }: Walk): boolean {
  const rules = effective(configuration, scope, 'allow')
  return rules.known && rules.value.complete && rules.value.directives.length > 0 && !rules.value.inherited
}

/** Without a file of passwords `auth_basic` does nothing, and a realm that comes out as `off` asks for none. */
function byPassword(walk: Walk): Verdict {
  const { state } = walk
  const { configuration, scope, request } = state
  const realm = effectiveValue(configuration, scope, 'auth_basic', 'off')
  const file = effectiveValue(configuration, scope, 'auth_basic_user_file', '')
  if (!realm.known && !rulesAccess(walk) && hasUnreadAround(configuration, scope, 'auth_basic'))
    return NOT_READ
  if (!realm.known || realm.value === 'off' || (file.known && file.value === '')) return DECLINED
  const { at } = realm
  // A `map` may say `off` for some requests.
  const shown = interpolate(realm.value, requestVariables(state))
  if (!shown.known) return { kind: 'unknown', reason: shown.reason, at }
  if (shown.value === 'off') return DECLINED
  if (request.headers !== undefined && lacksHeader(request.headers, 'authorization'))
    return { kind: 'refused', status: 401, text: '`auth_basic` requires a password', at }
  return { kind: 'assumed', text: 'a right password is taken for granted', at }
}

/** Any other answer than a yes, 401 or 403 of the subrequest is an error. */
function byRequest(walk: Walk): Verdict {
  const { configuration, scope } = walk.state
  const uri = effectiveValue(configuration, scope, 'auth_request', 'off')
  if (!uri.known && !rulesAccess(walk) && hasUnreadAround(configuration, scope, 'auth_request'))
    return NOT_READ
  if (!uri.known || uri.value === 'off') return DECLINED
  const { at } = uri
  const end = walk.subrequest(uri.value)
  const status = end.kind === 'response' || end.kind === 'file' ? end.status : null
  if (status === null) return { kind: 'assumed', text: 'a yes of `auth_request` is taken for granted', at }
  if (status >= 200 && status < 300)
    return { kind: 'assumed', text: `\`auth_request\` is answered by ${status}`, at }
  const isRefusal = status === 401 || status === 403
  const text = isRefusal ? '`auth_request` refuses' : `\`auth_request\` is answered by ${status}`
  return { kind: 'refused', status: isRefusal ? status : 500, text, at }
}
