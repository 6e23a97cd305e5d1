import { formatEndpoint } from '../../servers/address.ts'
import type { Deployment, NginxConnection, Target } from '../model.ts'
import { listenersOfKind } from '../programs-of-kind.ts'
import { isSameUrl } from './same-url.ts'
import type { Trace, TraceEnd, TraceRequest, TraceStep } from './trace.ts'
import { traceApache } from './trace-apache.ts'
import { connecting, endAt } from './trace-connection.ts'
import { type Departure, traceNginx } from './trace-nginx.ts'
import type { ArrivingHeader } from './trace-scheme.ts'

/** A request that comes back to nginx more often than this goes round in circles. */
const MOST_CONNECTIONS = 5

/** Follows one request through every layer of a deployment: the model's questions, asked in order. */
export function traceRequest(deployment: Deployment, request: TraceRequest): Trace {
  const steps: TraceStep[] = []
  const end = endOfRequest(deployment, request, steps)
  // Whichever server says it, a redirect to the URL that was asked for is asked for again, and so on.
  if (end.kind === 'redirect' && isSameUrl(request, end.location))
    return { request, steps, end: { kind: 'loop', reason: `${end.status} redirects to the same URL` } }
  return { request, steps, end }
}

function endOfRequest(deployment: Deployment, request: TraceRequest, steps: TraceStep[]): TraceEnd {
  let arrival = request
  for (let count = 0; count < MOST_CONNECTIONS; count++) {
    const listener = listenersOfKind(deployment, 'nginx').find(({ port }) => port === arrival.port)
    if (listener === undefined) return direct(deployment, arrival, steps)
    const leg = traceNginx(deployment, listener.program.configuration, arrival)
    steps.push(...leg.steps)
    if ('end' in leg) return leg.end
    const next = follow(deployment, arrival, leg.departure, steps, count === 0)
    if ('end' in next) return next.end
    arrival = next.again
  }
  return { kind: 'loop', reason: 'nginx proxies the request to itself again and again' }
}

/** A client that reaches Apache without nginx. */
function direct(deployment: Deployment, request: TraceRequest, steps: TraceStep[]): TraceEnd {
  const listener = listenersOfKind(deployment, 'apache').find(({ port }) => port === request.port)
  if (listener === undefined) {
    return { kind: 'refused', reason: `neither nginx nor Apache listens on port ${request.port}` }
  }
  const whom = listener.loopback === true ? ', for clients on this machine only' : ''
  steps.push({
    layer: 'apache',
    text: `listens on ${formatEndpoint(listener)}${whom}`,
    at: listener.at,
    known: true,
  })
  const leg = traceApache(deployment, listener.program.configuration, {
    address: request.address ?? listener.address,
    port: request.port,
    host: request.host,
    tls: request.scheme === 'https',
    target: request.target,
    method: request.method,
    header: () => ({ kind: 'client' }),
  })
  steps.push(...leg.steps)
  return leg.end
}

function follow(
  deployment: Deployment,
  request: TraceRequest,
  departure: Departure,
  steps: TraceStep[],
  isFirst: boolean,
): { readonly end: TraceEnd } | { readonly again: TraceRequest } {
  const connection = deployment.connections.ofBlock(departure.scope)
  const inTurn = connection === null ? [] : targetsInTurn(connection)
  const [target] = inTurn
  if (connection === null || target === undefined) {
    const where = connection === null ? '' : ` (\`${connection.written}\`)`
    return { end: { kind: 'unknown', reason: `a variable decides where the request goes${where}` } }
  }
  steps.push(connecting('nginx', connection, target, inTurn.length))
  const { to } = target
  const listener = to.kind === 'listener' ? to.listener : null
  const { scheme } = departure
  if (scheme === null || listener === null || (listener.kind !== 'nginx' && listener.kind !== 'apache'))
    return { end: endAt(target, 'nginx') }
  if (listener.kind === 'nginx') {
    const host = (departure.host ?? '').replace(/:\d+$/, '')
    const { port, address } = target
    return {
      again: { scheme, host, port: port ?? 0, target: departure.uri, method: request.method, address },
    }
  }
  steps.push({
    layer: 'apache',
    text: `listens on ${formatEndpoint(listener)}`,
    at: listener.at,
    known: true,
  })
  const leg = traceApache(deployment, listener.program.configuration, {
    address: target.addresses[0] ?? target.address,
    port: target.port ?? 0,
    host: departure.host,
    tls: scheme === 'https',
    target: departure.uri,
    method: request.method,
    ...(target.local === true && { client: '127.0.0.1' }),
    header: name => arrivingHeader(connection, departure, name, isFirst),
  })
  steps.push(...leg.steps)
  // nginx speaks TLS to a plain virtual host, or the reverse: the client sees a bad gateway.
  if (leg.end.kind === 'refused')
    return { end: { kind: 'status', by: 'nginx', status: 502, reason: leg.end.reason } }
  return { end: leg.end }
}

/** What the backend gets under a name; behind another nginx, what goes through is that one's and not the client's. */
function arrivingHeader(
  { headers: { written, open, passesOthers } }: NginxConnection,
  { values }: Departure,
  name: string,
  isFirst: boolean,
): ArrivingHeader {
  const through: ArrivingHeader = { kind: isFirst ? 'client' : 'unknown' }
  if (open) return { kind: 'unknown' }
  const own = written.filter(header => header.name === name)
  if (own.length === 0) return passesOthers ? through : { kind: 'values', values: [] }
  if (own.some(({ state }) => state === 'passed')) return own.length === 1 ? through : { kind: 'unknown' }
  const sent = values.get(name) ?? []
  const told = sent.filter(value => value !== null)
  return told.length < sent.length
    ? { kind: 'unknown' }
    : { kind: 'values', values: told.filter(value => value !== '') }
}

/** Where requests go while every server answers: backups wait until the others fail. */
function targetsInTurn({ targets, upstream }: NginxConnection): readonly Target[] {
  const waiting = new Set(
    upstream?.children
      .filter(
        ({ name, args }) =>
          name === 'server' && args.some(({ value }) => value === 'backup' || value === 'down'),
      )
      .map(({ args }) => args[0]?.value),
  )
  const inTurn = targets.filter(({ written }) => !waiting.has(written))
  return inTurn.length === 0 ? targets : inTurn
}
