import { formatEndpoint } from '../../servers/address.ts'
import type { Deployment, Hop, Target } from '../model.ts'
import type { Trace, TraceEnd, TraceRequest, TraceStep } from './trace.ts'
import { traceApache } from './trace-apache.ts'
import { type Departure, traceNginx } from './trace-nginx.ts'
import type { ArrivingHeader } from './trace-scheme.ts'

/** A request that comes back to nginx more often than this goes round in circles. */
const MOST_HOPS = 5

/** Follows one request through every layer of a deployment: the model's questions, asked in order. */
export function traceRequest(deployment: Deployment, request: TraceRequest): Trace {
  const steps: TraceStep[] = []
  let arrival = request
  for (let hop = 0; hop < MOST_HOPS; hop++) {
    const nginx = deployment.nginx.find(configuration =>
      deployment.listeners.some(
        listener =>
          listener.program === 'nginx' &&
          listener.configuration === configuration &&
          listener.port === arrival.port,
      ),
    )
    if (nginx === undefined) return { request, steps, end: direct(deployment, arrival, steps) }
    const leg = traceNginx(deployment, nginx, arrival)
    steps.push(...leg.steps)
    if ('end' in leg) return { request, steps, end: leg.end }
    const next = follow(deployment, arrival, leg.departure, steps, hop === 0)
    if ('end' in next) return { request, steps, end: next.end }
    arrival = next.again
  }
  return {
    request,
    steps,
    end: { kind: 'loop', reason: 'nginx hands the request to itself again and again' },
  }
}

/** A client that reaches Apache without nginx. */
function direct(deployment: Deployment, request: TraceRequest, steps: TraceStep[]): TraceEnd {
  const listener = deployment.listeners.find(
    ({ program, port }) => program === 'apache' && port === request.port,
  )
  const configuration = deployment.apache.find(each => each === listener?.configuration)
  if (listener === undefined || configuration === undefined) {
    return { kind: 'refused', reason: `nothing listens on port ${request.port}` }
  }
  const whom = listener.loopback === true ? ', for clients on this machine only' : ''
  steps.push({
    layer: 'apache',
    text: `listens on ${formatEndpoint(listener)}${whom}`,
    at: listener.at,
    known: true,
  })
  const leg = traceApache(deployment, configuration, {
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
  const hop = deployment.hops.find(({ block }) => block === departure.scope)
  const inTurn = hop === undefined ? [] : targetsInTurn(hop)
  const [target] = inTurn
  if (hop === undefined || target === undefined) {
    return { end: { kind: 'unknown', reason: 'a variable decides where the request goes' } }
  }
  const address = formatEndpoint(target)
  const more = inTurn.length === 1 ? '' : `, one of ${inTurn.length} servers that take turns`
  steps.push({ layer: 'nginx', text: `connects to ${address}${more}`, at: target.at, known: true })
  const { backend } = target
  switch (backend.kind) {
    case 'nobody':
      return { end: { kind: 'status', by: 'nginx', status: 502, reason: `nothing listens on ${address}` } }
    case 'unknown':
      return { end: { kind: 'backend', address, reason: backend.reason } }
    case 'nginx':
      return {
        again: {
          scheme: departure.scheme,
          host: (departure.host ?? '').replace(/:\d+$/, ''),
          port: target.port ?? 0,
          target: departure.uri,
          method: request.method,
          address: target.address,
        },
      }
    case 'apache': {
      const configuration = deployment.apache.find(each => each === backend.listener.configuration)
      if (configuration === undefined)
        return { end: { kind: 'unknown', reason: 'the Apache behind it is not known' } }
      steps.push({
        layer: 'apache',
        text: `listens on ${formatEndpoint(backend.listener)}`,
        at: backend.listener.at,
        known: true,
      })
      const leg = traceApache(deployment, configuration, {
        address: target.addresses[0] ?? target.address,
        port: target.port ?? 0,
        host: departure.host,
        tls: departure.scheme === 'https',
        target: departure.uri,
        method: request.method,
        ...(target.local === true && { client: '127.0.0.1' }),
        header: name => arrivingHeader(hop, departure, name, isFirst),
      })
      steps.push(...leg.steps)
      // nginx speaks TLS to a plain virtual host, or the reverse: the client sees a bad gateway.
      if (leg.end.kind === 'refused')
        return { end: { kind: 'status', by: 'nginx', status: 502, reason: leg.end.reason } }
      return { end: leg.end }
    }
  }
}

/** What the backend gets under a name; behind another nginx, what goes through is that one's and not the client's. */
function arrivingHeader(
  { headers: { written, open, passesOthers } }: Hop,
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
function targetsInTurn({ targets, upstream }: Hop): readonly Target[] {
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
