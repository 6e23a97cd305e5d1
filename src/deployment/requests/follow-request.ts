import { memo } from '../../../parsers/collections/memo.ts'
import { isUnknownWord, placeText } from '../../../parsers/text/source.ts'
import { formatEndpoint } from '../../servers/address.ts'
import { connectedSocket } from '../connected-address.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import { effectiveDirective, serverLevels } from '../../servers/apache/queries/effective.ts'
import { directivesByHost, type VirtualHost } from '../../servers/apache/queries/virtual-hosts.ts'
import type { ApacheEnd } from '../../servers/apache/requests/outcome.ts'
import type { PassEnd } from '../../servers/nginx/queries/outcome.ts'
import type { SentValue } from '../../servers/nginx/queries/sent-values.ts'
import { ANY_HEADERS, type ReceivedHeaders } from '../../servers/received-headers.ts'
import { fromBytes } from '../../servers/regex.ts'
import { destinationWords, programName, protocolName } from '../destination-words.ts'
import type {
  ApacheConnection,
  ApacheListener,
  Connection,
  Deployment,
  NginxConnection,
  NginxListener,
  Target,
} from '../model.ts'
import {
  type ApacheArrival,
  type ClientRequest,
  type FollowContext,
  type FollowedRequest,
  type FollowOptions,
  hostOf,
  type Layer,
  type Leg,
  type RequestStep,
} from './answer.ts'
import { argumentPlace } from '../places.ts'
import { schemeTold } from '../proxy-trust.ts'
import { serverBehind } from '../server-behind.ts'
import { entrance } from './entrance.ts'
import { followApache } from './follow-apache.ts'
import { followDjango } from './follow-django.ts'
import { followNginx } from './follow-nginx.ts'

/** A request that is proxied more often than this goes round in circles. */
const MOST_CONNECTIONS = 6

/**
 * Follows one request through every server of a deployment, to whoever answers. What the files cannot tell
 * ends it as unknown, with the reason.
 */
export function followRequest(
  deployment: Deployment,
  request: ClientRequest,
  options: FollowOptions = {},
): FollowedRequest {
  const { steps, end } = arrive(deployment, request, { options, depth: 0 })
  return { request, steps, end }
}

/** A request at the port of some program. */
function arrive(deployment: Deployment, request: ClientRequest, context: FollowContext): Leg {
  const listener = entrance(deployment, request)
  if (listener === null) {
    const open = openSocket(deployment, request.port)
    if (open !== null) {
      return { steps: [], end: { kind: 'unknown', ...open } }
    }
    const reason = `neither nginx nor Apache listens on port ${request.port}`
    return { steps: [], end: { kind: 'refused', reason, at: null } }
  }
  if (listener.kind === 'nginx') return atNginx(deployment, listener, request, context)
  const whom = listener.loopback === true ? ', for clients on this machine only' : ''
  const step = listening(listener, whom)
  const leg = atApache(deployment, listener, context, {
    address: request.address ?? listener.address,
    port: request.port,
    host: hostOf(request),
    tls: request.scheme === 'https',
    target: request.target,
    method: request.method,
    headers: request.headers ?? ANY_HEADERS,
    isFromClient: true,
    ...(request.client !== undefined && { client: request.client }),
  })
  return { steps: [step, ...leg.steps], end: leg.end }
}

/** Why nobody knows which sockets nginx or Apache opens; null where all of them are written out. */
function openSocket({ nginx, apache }: Deployment, port: number | null) {
  for (const { occurrences } of [...nginx, ...apache]) {
    for (const directive of occurrences.get('listen') ?? []) {
      if (!isUnknownWord(directive.args[0]?.value ?? '')) continue
      const at = argumentPlace(directive, 0)
      const reason = `a placeholder decides what \`${placeText(at)}\` is, and nothing else opens port ${port}`
      return { reason, at }
    }
  }
  for (const { main, occurrences } of apache) {
    const [host] = occurrences.get('virtualhost') ?? []
    if (main !== null || host === undefined || occurrences.has('listen')) continue
    return { reason: 'no file of the audit has the `Listen` of Apache', at: argumentPlace(host, 0) }
  }
  return null
}

function listening({ address, port, at, directive }: ApacheListener, more = ''): RequestStep {
  return {
    layer: 'apache',
    text: `listens on ${formatEndpoint({ address, port })}${more}`,
    at,
    known: true,
    directive,
  }
}

function atNginx(
  deployment: Deployment,
  { program }: NginxListener,
  request: ClientRequest,
  context: FollowContext,
): Leg {
  return followNginx(deployment, program.configuration, request, context, (pass, asked) =>
    followPass(deployment, pass, asked, context),
  )
}

function atApache(
  deployment: Deployment,
  { program }: ApacheListener,
  context: FollowContext,
  arrival: ApacheArrival,
): Leg {
  return followApache(deployment, program.configuration, arrival, context, (end, asked, host) =>
    followProxy(deployment, program.configuration, end, asked, host, context),
  )
}

/** Follows a `proxy_pass` or its like. */
function followPass(
  deployment: Deployment,
  pass: PassEnd,
  request: ClientRequest,
  context: FollowContext,
): Leg {
  const steps: RequestStep[] = sending(pass)
  const connection = connectionOf(deployment, pass)
  const inTurn = connection === null ? [] : targetsInTurn(connection)
  const [target] = inTurn
  if (connection === null || target === undefined) {
    const where = connection === null ? '' : ` (\`${connection.written}\`)`
    const decides = isUnknownWord(pass.target.host) ? 'a placeholder of a template' : 'a variable'
    const reason = `${decides} decides where the request goes${where}`
    return { steps, end: { kind: 'unknown', reason, at: pass.at } }
  }
  steps.push(connecting('nginx', connection, target, inTurn.length))
  const uri = pass.uri === null ? null : fromBytes(pass.uri)
  const listener = target.to.kind === 'listener' ? target.to.listener : null
  const { protocol } = pass.target
  const isHttp = protocol === 'http' || protocol === 'https'
  if (
    !isHttp ||
    uri === null ||
    listener === null ||
    (listener.kind !== 'nginx' && listener.kind !== 'apache')
  ) {
    if (context.options.goesOn === true && isHttp)
      steps.push(...inDjango(deployment, connection, target, pass, request))
    return { steps, end: endAt(connection, target, 'nginx', uri, scriptOf(pass)) }
  }
  if (context.depth >= MOST_CONNECTIONS) return { steps, end: goingRound(pass.at) }
  const inner = { ...context, depth: context.depth + 1 }
  const host = sentHost(pass)
  const headers = sentHeaders(pass, request)
  const { address, port } = connectedSocket(target)
  if (listener.kind === 'nginx') {
    const leg = atNginx(
      deployment,
      listener,
      {
        scheme: protocol,
        host: (host ?? '').replace(/:\d+$/, ''),
        target: uri,
        method: request.method,
        address,
        port: port ?? 0,
        headers,
        ...(target.local === true && { client: '127.0.0.1' }),
      },
      inner,
    )
    return { steps: [...steps, ...leg.steps], end: leg.end }
  }
  steps.push(listening(listener))
  const leg = atApache(deployment, listener, inner, {
    address,
    port: port ?? 0,
    host,
    tls: protocol === 'https',
    target: uri,
    method: request.method,
    headers,
    isFromClient: context.depth === 0,
    ...(target.local === true && { client: '127.0.0.1' }),
  })
  return { steps: [...steps, ...leg.steps], end: leg.end }
}

/** What Django in an application server makes of what nginx sends it; nothing where no settings are in the audit. */
function inDjango(
  deployment: Deployment,
  connection: NginxConnection,
  target: Target,
  pass: PassEnd,
  request: ClientRequest,
): readonly RequestStep[] {
  const program = serverBehind(target)
  const settings = program === null ? null : deployment.moduleOf(program)?.settings
  if (program === null || settings == null) return []
  const headers = sentHeaders(pass, request)
  const isUnix = target.address.kind === 'unix'
  // Of the others some put the client's address in its place.
  const isPlain = program.server.program === 'gunicorn'
  return followDjango(settings, {
    host: sentHost(pass),
    headers,
    scheme: schemeTold(program, connection, target, headers),
    client: !isPlain ? null : isUnix ? '' : target.local === true ? '127.0.0.1' : null,
  })
}

function connectionOf(deployment: Deployment, { scope }: PassEnd): NginxConnection | null {
  return deployment.connections.ofBlock(scope)
}

function goingRound(at: RequestStep['at']): Leg['end'] {
  return { kind: 'loop', reason: 'the servers proxy the request to each other again and again', at }
}

/** The headers that nginx writes itself, as they go out. */
function sending({ sends, at }: PassEnd): RequestStep[] {
  if (sends === null)
    return [
      { layer: 'nginx', text: 'the headers that are sent are not known', at, known: false, directive: null },
    ]
  return sends.list
    .filter(value => isShown(value))
    .map(({ name, written, value, at: place, directive }) => {
      // A variable of the client's is told as it is written: that is all there is to know.
      const text = value.known ? fromBytes(value.value) : written
      const shown = written === '' ? `removes ${name}` : `sends ${name}: ${text}`
      return { layer: 'nginx', text: shown, at: place, known: true, directive }
    })
}

function isShown({ name, directive }: SentValue): boolean {
  if (/^[A-Z_]+$/.test(name)) return name === 'SCRIPT_FILENAME'
  return directive !== null || name.toLowerCase() === 'host'
}

/** The `Host` that the backend gets: null for none, undefined where it is not known. */
function sentHost({ sends }: PassEnd): string | null | undefined {
  const host = sends?.list.find(({ name }) => name.toLowerCase() === 'host')
  if (host === undefined || !host.value.known) return undefined
  return host.value.value === '' ? null : fromBytes(host.value.value)
}

/** What the backend gets: what nginx writes, and else what the client sends. */
function sentHeaders({ sends }: PassEnd, { headers = ANY_HEADERS }: ClientRequest): ReceivedHeaders {
  if (sends === null) return ANY_HEADERS
  const values = new Map<string, string | null>(sends.passesOthers ? headers.values : [])
  const written = new Map<string, (string | null)[]>()
  for (const { name, value, written: source } of sends.list) {
    const lower = name.toLowerCase()
    // What the client sends under the name goes on under it.
    const isPassed = !value.known && source.toLowerCase() === `$http_${lower.replaceAll('-', '_')}`
    if (lower !== 'host' && !isPassed)
      written.set(lower, [...(written.get(lower) ?? []), value.known ? value.value : null])
  }
  for (const [name, list] of written) {
    const sent = list.filter(value => value !== '')
    values.set(name, sent.includes(null) ? null : sent.join(', '))
  }
  return { values, complete: headers.complete || !sends.passesOthers }
}

function scriptOf({ sends }: PassEnd): string | null {
  const script = sends?.list.findLast(({ name }) => name === 'SCRIPT_FILENAME')
  return script?.value.known ? fromBytes(script.value.value) : null
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

/** The step by which a server opens a connection. */
function connecting(layer: Layer, { protocol }: Connection, target: Target, count: number): RequestStep {
  const spoken = protocol.known && protocol.value !== 'http' ? ` by ${protocolName(protocol.value)}` : ''
  const more = count === 1 ? '' : `, one of ${count} servers that take turns`
  const text = `connects to ${formatEndpoint(target)}${spoken}${more}`
  return { layer, text, at: target.at, known: true, directive: null }
}

/** What the client sees of a connection that leads out of nginx and Apache. */
function endAt(
  connection: Connection,
  target: Target,
  by: 'nginx' | 'apache',
  uri: string | null,
  script: string | null,
): Leg['end'] {
  const address = formatEndpoint(target)
  const { to, at } = target
  if (to.kind === 'refused') {
    const reason = `connection refused: ${programName(to.by)} does not listen on ${address}`
    return { kind: 'status', by, status: by === 'nginx' ? 502 : 503, reason, at }
  }
  const reason = destinationWords(target)
  return { kind: 'backend', connection, target, address, reason, uri, script, at }
}

const connectionsByLine = memo(
  ({ connections }: Deployment): ReadonlyMap<ApacheDirective, ApacheConnection> =>
    new Map(connections.apache.map(connection => [connection.pass, connection])),
)

type ProxyEnd = Extract<ApacheEnd, { readonly kind: 'pass' }>

/** Follows mod_proxy. */
function followProxy(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  end: ProxyEnd,
  arrival: ApacheArrival,
  host: VirtualHost | null,
  context: FollowContext,
): Leg {
  const { directive, at } = end
  const connection = directive === null ? undefined : connectionsByLine(deployment).get(directive)
  const [target] = connection?.targets ?? []
  const url = fromBytes(end.url)
  if (connection === undefined || target === undefined) {
    const reason = `where \`${url}\` leads is not known`
    return { steps: [], end: { kind: 'unknown', reason, at } }
  }
  const steps = [connecting('apache', connection, target, connection.targets.length)]
  const parts = /^(https?):\/\/([^/]*)(\/.*)?$/.exec(url)
  const listener = target.to.kind === 'listener' ? target.to.listener : null
  const script = /^fcgi:\/\/[^/]*(\/.*)$/.exec(url)?.[1] ?? null
  if (parts === null || listener === null || (listener.kind !== 'nginx' && listener.kind !== 'apache'))
    return { steps, end: endAt(connection, target, 'apache', url, script) }
  if (context.depth >= MOST_CONNECTIONS) return { steps, end: goingRound(at) }
  const inner = { ...context, depth: context.depth + 1 }
  const preserves = effectiveDirective(configuration, serverLevels(host), 'ProxyPreserveHost')
  if (preserves === undefined)
    return { steps, end: { kind: 'unknown', reason: 'the Host that is sent is not known', at } }
  const keepsHost = preserves?.args[0]?.value.toLowerCase() === 'on'
  const sent = keepsHost ? (arrival.host ?? '') : (parts[2] ?? '')
  const tls = parts[1] === 'https'
  const { address, port } = connectedSocket(target)
  const common = {
    address,
    port: port ?? (tls ? 443 : 80),
    target: parts[3] ?? '/',
    method: arrival.method,
    // Further lines of httpd may change them.
    headers: { values: arrival.headers.values, complete: false },
    ...(target.local === true && { client: '127.0.0.1' }),
  }
  if (listener.kind === 'nginx') {
    const asked: ClientRequest = {
      ...common,
      scheme: tls ? 'https' : 'http',
      host: sent.replace(/:\d+$/, ''),
    }
    const leg = atNginx(deployment, listener, asked, inner)
    return { steps: [...steps, ...leg.steps], end: afterProxy(leg.end, configuration, host) }
  }
  steps.push(listening(listener))
  const leg = atApache(deployment, listener, inner, { ...common, host: sent, tls, isFromClient: false })
  return { steps: [...steps, ...leg.steps], end: afterProxy(leg.end, configuration, host) }
}

/** mod_proxy answers 502 where the other side does not speak what it speaks; a redirect may become another one. */
function afterProxy(
  end: Leg['end'],
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
): Leg['end'] {
  if (end.kind === 'refused')
    return { kind: 'status', by: 'apache', status: 502, reason: end.reason, at: end.at }
  if (end.kind !== 'redirect' || !mayChange(configuration, host, end.location)) return end
  return { kind: 'unknown', reason: '`ProxyPassReverse` may change the redirect', at: end.at }
}

/** False for a whole URL that begins like the target of no `ProxyPassReverse` in force, and that no `Header` edits. */
function mayChange(configuration: ApacheConfiguration, host: VirtualHost | null, location: string): boolean {
  if (configuration.main === null || !/^https?:\/\//.test(location) || editsRedirects(configuration))
    return true
  const byHost = directivesByHost(configuration, 'proxypassreverse')
  const lines = [null, ...(host === null ? [] : [host.directive])].flatMap(home => byHost.get(home) ?? [])
  return lines.some(({ args }) => {
    const target = args.find(({ value }) => value.includes('://'))?.value ?? ''
    return !/^https?:\/\/[^${}%]+$/i.test(target) || location.toLowerCase().startsWith(target.toLowerCase())
  })
}

const editsRedirects = memo(({ occurrences }: ApacheConfiguration): boolean =>
  (occurrences.get('header') ?? []).some(({ args }) => args.some(({ value }) => /^location:?$/i.test(value))),
)
