import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { selectVirtualHost } from '../../servers/apache/queries/select-virtual-host.ts'
import { sslEngine } from '../../servers/apache/queries/server-settings.ts'
import { hostName, type VirtualHost } from '../../servers/apache/queries/virtual-hosts.ts'
import {
  type ApacheEnd,
  type ApacheOutcome,
  apacheOutcome,
  type WalkOptions,
} from '../../servers/apache/requests/outcome.ts'
import { fromBytes } from '../../servers/regex.ts'
import type { Deployment } from '../model.ts'
import { namePlace } from '../places.ts'
import { type ApacheArrival, type FollowContext, type Leg, type RequestEnd, Steps } from './answer.ts'
import { followWsgi } from './follow-wsgi.ts'
import { holdsDirectory } from './holds-directory.ts'

/** Follows what mod_proxy sends on. */
export type FollowProxy = (
  end: Extract<ApacheEnd, { readonly kind: 'pass' }>,
  arrival: ApacheArrival,
  host: VirtualHost | null,
) => Leg

/** Follows a request through httpd: virtual host, the phases of the request, and mod_wsgi. */
export function followApache(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  arrival: ApacheArrival,
  { options: follow }: FollowContext,
  followProxy: FollowProxy,
): Leg {
  const steps = new Steps('apache')
  if (arrival.host === undefined) return steps.unknown('the Host that Apache is asked for is not known')
  const { address, port, host: asked } = arrival
  const selection = selectVirtualHost(configuration, { address, port, host: asked })
  if (selection.kind === 'unknown') {
    steps.doubt(selection.reason, null)
    return steps.unknown(selection.reason)
  }
  const host = selection.kind === 'virtual-host' ? selection.virtualHost : null
  if (selection.kind === 'virtual-host') {
    const name = hostName(configuration, selection.virtualHost)
    const { directive } = selection.virtualHost
    const shown = name.known ? name.value.host : '(name unknown)'
    steps.add(`virtual host ${shown}: ${WHY[selection.reason]}`, namePlace(directive), directive)
  } else steps.add('the main server: no virtual host has this address', null)

  const refused = checkTls(configuration, host, arrival, steps)
  if (refused !== null) return refused
  const { assume, goesOn } = follow
  const request = {
    method: arrival.method,
    target: arrival.target,
    host: asked,
    scheme: arrival.tls ? 'https' : 'http',
    address,
    port,
    headers: arrival.headers,
    ...(arrival.client !== undefined && { client: arrival.client }),
  } as const
  const files = deployment.filesOf(configuration)
  const ask = (more: Partial<WalkOptions>): ApacheOutcome =>
    apacheOutcome(configuration, host, request, {
      files,
      skipsUnreadHtaccess: holdsDirectory({ configuration, host }, files),
      ...(assume !== undefined && { assume }),
      ...more,
    })
  let result = ask({})
  if (goesOn && result.end.kind === 'unknown') {
    const { reason, at } = result.end
    const careless = ask({ skipsUnreadHtaccess: () => true, assume: () => undefined })
    const lenient =
      careless.end.kind === 'unknown'
        ? ask({ skipsUnreadHtaccess: () => true, assume: () => null })
        : careless
    if (lenient.end.kind !== 'unknown') {
      result = lenient
      if (lenient !== careless) steps.doubt(`${reason}: taken as missing`, at)
    }
  }
  for (const { kind, text, at, directive } of result.steps)
    steps.list.push({ layer: 'apache', text, at, known: kind !== 'doubt', directive })
  const { end } = result
  if (end.kind === 'pass') {
    const leg = followProxy(end, arrival, host)
    return { steps: [...steps.list, ...leg.steps], end: leg.end }
  }
  if (end.kind === 'wsgi') {
    return followWsgi({ deployment, configuration, host, arrival, goesOn: goesOn === true }, end, steps)
  }
  return steps.end(toEnd(end))
}

const WHY = {
  name: 'matched by ServerName',
  alias: 'matched by ServerAlias',
  'wild-alias': 'matched by a wildcard of ServerAlias',
  address: 'the only one of its address',
  first: 'the first of its address, for no name matches',
} as const

/** What becomes of TLS on a plain virtual host, and the reverse; null where both speak the same. */
function checkTls(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  { tls }: ApacheArrival,
  steps: Steps,
): Leg | null {
  const engine = sslEngine(configuration, host)
  const { at } = engine
  if (!engine.known) {
    steps.doubt(engine.reason, at)
    return null
  }
  if (engine.value === tls) return null
  const reason = engine.value
    ? 'plain HTTP request sent to a virtual host that speaks TLS'
    : 'TLS request sent to a virtual host that speaks plain HTTP'
  steps.add(reason, at)
  return engine.value
    ? steps.end({ kind: 'status', by: 'apache', status: 400, reason, at })
    : steps.end({ kind: 'refused', reason, at })
}

function toEnd(end: Exclude<ApacheEnd, { readonly kind: 'pass' | 'wsgi' }>): RequestEnd {
  const { at } = end
  switch (end.kind) {
    case 'response':
      if (end.location === null)
        return { kind: 'status', by: 'apache', status: end.status, reason: end.reason, at }
      return { kind: 'redirect', by: 'apache', status: end.status, location: fromBytes(end.location), at }
    case 'file':
      return { kind: 'file', by: 'apache', path: end.path, exists: end.exists, status: end.status, at }
    case 'handler':
      return { kind: 'handler', by: 'apache', name: end.name, path: end.path, status: end.status, at }
    case 'unknown':
      return { kind: 'unknown', reason: end.reason, at }
  }
}
