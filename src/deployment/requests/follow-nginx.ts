import { formatEndpoint } from '../../servers/address.ts'
import { FROM_THE_NETWORK } from '../connected-address.ts'
import type { Fact } from '../../servers/fact.ts'
import type { NginxConfiguration, NginxDirective } from '../../servers/nginx/configuration.ts'
import { isOn } from '../../servers/nginx/queries/effective.ts'
import {
  type BackendAnswer,
  type Outcome,
  type OutcomeEnd,
  type OutcomeOptions,
  outcome,
  type PassEnd,
} from '../../servers/nginx/queries/outcome.ts'
import type { NginxRequest, OutcomeStep } from '../../servers/nginx/queries/request.ts'
import { hasUnreadInclude } from '../../servers/nginx/queries/scope.ts'
import { type ServerSelection, selectServer } from '../../servers/nginx/queries/select-server.ts'
import { fromBytes } from '../../servers/regex.ts'
import type { Deployment } from '../model.ts'
import { namePlace } from '../places.ts'
import {
  type ClientRequest,
  type FollowContext,
  hostOf,
  type Leg,
  type RequestEnd,
  type RequestStep,
  Steps,
} from './answer.ts'

/** Follows what nginx sends on; `depth` counts. */
export type FollowPass = (pass: PassEnd, request: ClientRequest, context: FollowContext) => Leg

/** Follows a request through nginx: socket, server, and the phases of the request up to whoever answers. */
export function followNginx(
  deployment: Deployment,
  configuration: NginxConfiguration,
  request: ClientRequest,
  context: FollowContext,
  followPass: FollowPass,
): Leg {
  const steps = new Steps('nginx')
  const hostHeader = hostOf(request)
  const selection = select(configuration, request, hostHeader)
  if (!selection.known) {
    steps.doubt(selection.reason, selection.at)
    return steps.unknown(selection.reason, selection.at)
  }
  const { server, socket, match } = selection.value
  steps.add(describe(selection.value), namePlace(server), server)
  const isTls = request.scheme === 'https'
  if (isTls && !socket.ssl) {
    const reason = `TLS request sent to port ${request.port}, which speaks plain HTTP`
    steps.add(reason, selection.at)
    return steps.end({ kind: 'refused', reason, at: selection.at })
  }
  if (isTls) {
    const rejects = isOn(configuration, server, 'ssl_reject_handshake', false)
    if (rejects.known && rejects.value) {
      steps.add('`ssl_reject_handshake` refuses the TLS handshake', rejects.at)
      return steps.end({ kind: 'refused', reason: '`ssl_reject_handshake on`', at: rejects.at })
    }
  }
  const asked: NginxRequest = {
    method: request.method,
    target: request.target,
    host: hostHeader,
    scheme: request.scheme,
    port: request.port,
    ...(request.address !== undefined && { address: request.address }),
    ...(request.client !== undefined && { client: request.client }),
    ...(request.headers !== undefined && { headers: request.headers }),
  }
  const ask = (more: Partial<OutcomeOptions>): { readonly leg: Leg; readonly own: Outcome } => {
    const visits: Leg[] = []
    const backend = (pass: PassEnd): BackendAnswer | null => {
      const visit = followPass(pass, request, context)
      visits.push(visit)
      return backendAnswer(visit.end)
    }
    const { assume } = context.options
    const options: OutcomeOptions = {
      files: deployment.filesOf(configuration),
      match,
      backend,
      plainToTls: socket.ssl && !isTls,
      ...(assume !== undefined && { assume }),
      ...more,
    }
    const result = outcome(configuration, server, asked, options)
    return { leg: joined(result, visits), own: result }
  }
  let { leg, own } = ask({})
  if (context.options.goesOn && own.end.kind === 'unknown') {
    const lenient = ask({ assume: () => null })
    if (lenient.own.end.kind !== 'unknown') {
      steps.doubt(`${own.end.reason}: taken as missing`, own.end.at)
      leg = lenient.leg
    }
  } else if (context.options.goesOn)
    for (const block of unreadOnTheWay(configuration, server, own))
      steps.doubt('something here was not read: taken as missing', namePlace(block))
  return { steps: [...steps.list, ...leg.steps], end: leg.end }
}

/** The blocks that a request enters of which more may be written where nobody here has read it. */
function unreadOnTheWay(
  configuration: NginxConfiguration,
  server: NginxDirective,
  { steps }: Outcome,
): readonly NginxDirective[] {
  const entered = steps.flatMap(({ directive }) => (directive?.name === 'location' ? [directive] : []))
  return [...new Set([server, ...entered])].filter(block => hasUnreadInclude(configuration, block))
}

/** A client that may come to any address is taken to come from the network, by IP version 4. */
function select(
  configuration: NginxConfiguration,
  { port, address }: ClientRequest,
  host: string,
): Fact<ServerSelection> {
  if (address !== undefined) return selectServer(configuration, { port, host, address })
  const anywhere = selectServer(configuration, { port, host })
  if (anywhere.known) return anywhere
  const network = selectServer(configuration, { port, host, address: FROM_THE_NETWORK })
  return network.known ? network : anywhere
}

function describe({ server, socket, reason, name }: ServerSelection): string {
  const which =
    name === null
      ? `server ${server.children.find(child => child.name === 'server_name')?.args[0]?.value ?? '(no name)'}`
      : `server ${name.text}`
  switch (reason) {
    case 'exact':
      return `${which}: matched by server_name`
    case 'leading-wildcard':
    case 'trailing-wildcard':
      return `${which}: matched by a wildcard of server_name`
    case 'regex':
      return `${which}: matched by a regular expression of server_name`
    case 'default':
      return `${which}: default_server of ${socketName(socket)}, for no server_name matches`
    case 'only':
      return `${which}: the only server of ${socketName(socket)}`
  }
}

function socketName({ address, port }: ServerSelection['socket']): string {
  return formatEndpoint({ address, port })
}

/** What nginx makes of an answer of its backend, where the files tell it. */
function backendAnswer(end: RequestEnd): BackendAnswer | null {
  switch (end.kind) {
    case 'refused':
      return { kind: 'failed', status: 502, reason: end.reason }
    case 'status':
      // A connection that nobody accepts is nginx's own 502.
      if (end.by === 'nginx' && end.status === 502) return { kind: 'failed', status: 502, reason: end.reason }
      return { kind: 'answered', status: end.status, location: null }
    case 'redirect':
      return { kind: 'answered', status: end.status, location: end.location }
    case 'file':
    case 'handler':
      return { kind: 'answered', status: end.status, location: null }
    default:
      return null
  }
}

/** The steps of nginx, with those of its backends behind each pass. */
function joined({ steps, end }: Outcome, visits: readonly Leg[]): Leg {
  const all: RequestStep[] = []
  let visit = 0
  for (const step of steps) {
    all.push(toStep(step))
    if (step.kind === 'pass') all.push(...(visits[visit++]?.steps ?? []))
  }
  const last = visits[visit - 1]
  return { steps: all, end: end.kind === 'pass' && last !== undefined ? passed(end, last.end) : toEnd(end) }
}

function toStep({ kind, text, at, directive }: OutcomeStep): RequestStep {
  return { layer: 'nginx', text, at, known: kind !== 'unknown', directive }
}

/** The end of a backend as it leaves nginx. */
function passed({ answer }: PassEnd, end: RequestEnd): RequestEnd {
  if (end.kind === 'redirect' && answer?.location != null)
    return { ...end, status: answer.status, location: fromBytes(answer.location) }
  return end
}

function toEnd(end: OutcomeEnd): RequestEnd {
  const { at } = end
  switch (end.kind) {
    case 'response':
      if (end.location === null)
        return { kind: 'status', by: 'nginx', status: end.status, reason: end.reason, at }
      return { kind: 'redirect', by: 'nginx', status: end.status, location: fromBytes(end.location), at }
    case 'closed':
      return { kind: 'refused', reason: 'nginx closes the connection without an answer', at }
    case 'file':
      return { kind: 'file', by: 'nginx', path: end.path, exists: end.exists, status: end.status, at }
    case 'handler':
      return { kind: 'handler', by: 'nginx', name: end.name, path: null, status: 200, at }
    case 'pass':
      return { kind: 'unknown', reason: 'where the request goes is not known', at }
    case 'unknown':
      return { kind: 'unknown', reason: end.reason, at }
  }
}
