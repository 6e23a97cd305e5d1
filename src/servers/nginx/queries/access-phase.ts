import type { Place } from '../../../../parsers/text/source.ts'
import { admits } from './access.ts'
import { effective, effectiveValue } from './effective.ts'
import { namePlace } from './places.ts'
import { endUnknown, fail, GO, type Next, step, type Walk } from './walk.ts'

/**
 * `allow` and `deny`, `auth_basic`, `auth_request`. Passwords and the answers of other servers are not known:
 * without credentials the answer is 401; with them, or where nobody knows, the request goes on as if they
 * were right, and a step says so.
 */
export function accessStep(walk: Walk): Next {
  const asks = authentication(walk)
  const verdict = byAddress(walk)
  if (verdict.kind === 'unknown') return endUnknown(walk, verdict.reason, verdict.at)
  const { configuration, scope } = walk.state
  const satisfy = effectiveValue(configuration, scope, 'satisfy', 'all')
  const any = asks !== null && satisfy.known && satisfy.value === 'any'
  if (verdict.kind === 'denied' && !any) return fail(walk, 403, verdict.text, verdict.at)
  if (verdict.kind === 'allowed') step(walk, 'access', verdict.text, verdict.at)
  if (asks === null || (any && verdict.kind === 'allowed')) return GO
  return authenticate(walk, asks)
}

type AddressVerdict =
  | { readonly kind: 'open' }
  | { readonly kind: 'allowed' | 'denied'; readonly text: string; readonly at: Place }
  | { readonly kind: 'unknown'; readonly reason: string; readonly at: Place | null }

function byAddress(walk: Walk): AddressVerdict {
  const { configuration, scope, request } = walk.state
  const rules = effective(configuration, scope, 'allow')
  const first = rules.known ? rules.value.directives[0] : undefined
  if (first === undefined) return { kind: 'open' }
  if (request.client === undefined) {
    // One rule for everybody needs no address.
    if (first.args[0]?.value !== 'all')
      return { kind: 'unknown', reason: 'access hangs on the address of the client', at: namePlace(first) }
  }
  const client = request.client ?? 'any client'
  const fact = admits(configuration, scope, client)
  if (!fact.known) return { kind: 'unknown', reason: fact.reason, at: fact.at }
  const { admitted, by } = fact.value
  if (by === null) return { kind: 'open' }
  const text = `\`${by.name} ${by.args[0]?.value ?? ''}\` holds for ${client}`
  return { kind: admitted ? 'allowed' : 'denied', text, at: namePlace(by) }
}

interface Authentication {
  readonly kind: 'basic' | 'request'
  readonly at: Place | null
}

function authentication(walk: Walk): Authentication | null {
  const { configuration, scope } = walk.state
  const basic = effectiveValue(configuration, scope, 'auth_basic', 'off')
  if (basic.known && basic.value !== 'off') return { kind: 'basic', at: basic.at }
  const request = effectiveValue(configuration, scope, 'auth_request', 'off')
  return request.known && request.value !== 'off' ? { kind: 'request', at: request.at } : null
}

function authenticate(walk: Walk, { kind, at }: Authentication): Next {
  const { headers } = walk.state.request
  if (kind === 'basic' && headers !== undefined && !headers.has('authorization'))
    return fail(walk, 401, '`auth_basic` asks for a password', at)
  step(
    walk,
    'access',
    kind === 'basic'
      ? 'a right password is taken for granted'
      : 'a yes of `auth_request` is taken for granted',
    at,
  )
  return GO
}
