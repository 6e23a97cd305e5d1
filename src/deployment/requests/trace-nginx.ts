import type { FileSystem } from '../../files/file-system.ts'
import { parseHost } from '../../servers/address.ts'
import { type Fact, known, unknown } from '../../servers/fact.ts'
import type { NginxConfiguration, NginxDirective } from '../../servers/nginx/configuration.ts'
import { isOn } from '../../servers/nginx/queries/effective.ts'
import { interpolate } from '../../servers/nginx/queries/interpolate.ts'
import { type OutcomeEnd, outcome } from '../../servers/nginx/queries/outcome.ts'
import { requestHeaders } from '../../servers/nginx/queries/request-headers.ts'
import { type ServerSelection, selectServer } from '../../servers/nginx/queries/select-server.ts'
import type { Deployment } from '../model.ts'
import { namePlace } from '../places.ts'
import { Steps, type TraceEnd, type TraceRequest, type TraceStep } from './trace.ts'

/** How a request leaves nginx for another server. */
export interface Departure {
  readonly scope: NginxDirective
  /** What is spoken; for other protocols than HTTP nothing but where it goes is followed. */
  readonly scheme: 'http' | 'https' | null
  readonly uri: string
  /** The `Host` it carries; null for none, undefined where that is not known. */
  readonly host: string | null | undefined
  /** The values that nginx writes, by lower-case name; null for one that is not known. */
  readonly values: ReadonlyMap<string, readonly (string | null)[]>
}

export type NginxLeg =
  | { readonly steps: readonly TraceStep[]; readonly end: TraceEnd }
  | { readonly steps: readonly TraceStep[]; readonly departure: Departure }

/** Follows a request through nginx: socket, server, location, rewrites, files, and what it sends on. */
export function traceNginx(
  deployment: Deployment,
  configuration: NginxConfiguration,
  request: TraceRequest,
): NginxLeg {
  const files = deployment.filesOf(configuration)
  const steps = new Steps('nginx')
  const hostHeader = isDefaultPort(request) ? request.host : `${request.host}:${request.port}`
  const selection = select(configuration, request, hostHeader)
  if (!selection.known) {
    steps.doubt(selection.reason, selection.at)
    return steps.end({ kind: 'unknown', reason: selection.reason })
  }
  const { server, socket } = selection.value
  steps.add(describe(selection.value), namePlace(server))

  if (socket.ssl !== (request.scheme === 'https')) {
    const reason = socket.ssl
      ? 'plain HTTP comes to a port that speaks TLS'
      : `TLS comes to port ${request.port}, which speaks plain HTTP`
    steps.add(reason, selection.at)
    if (socket.ssl) return steps.end({ kind: 'status', by: 'nginx', status: 400, reason })
    return steps.end({ kind: 'refused', reason })
  }
  if (socket.ssl) {
    const rejects = isOn(configuration, server, 'ssl_reject_handshake', false)
    if (rejects.known && rejects.value) {
      steps.add('the TLS handshake is refused', rejects.at)
      return steps.end({ kind: 'refused', reason: '`ssl_reject_handshake on`' })
    }
  }

  const asked = {
    method: request.method,
    target: request.target,
    host: hostHeader,
    scheme: request.scheme,
    port: request.port,
    ...(request.address !== undefined && { address: request.address }),
  }
  const { match } = selection.value
  let result = outcome(configuration, server, asked, { files, match })
  if (result.end.kind === 'unknown') {
    const assumed = outcome(configuration, server, asked, { files: takenAsMissing(files), match })
    if (assumed.end.kind !== 'unknown') {
      steps.doubt(`${result.end.reason}: taken as missing`, result.end.at)
      result = assumed
    }
  }
  for (const { kind, text, at } of result.steps) {
    if (kind === 'unknown') steps.doubt(text, at)
    else steps.add(text, at)
  }
  return result.end.kind === 'pass'
    ? depart(configuration, request, hostHeader, result.end, steps)
    : steps.end(toEnd(result.end))
}

/** A client that may come to any address is taken to come from the network, by IP version 4. */
const FROM_THE_NETWORK = parseHost('192.0.2.1')

function select(
  configuration: NginxConfiguration,
  { port, address }: TraceRequest,
  host: string,
): Fact<ServerSelection> {
  if (address !== undefined) return selectServer(configuration, { port, host, address })
  const anywhere = selectServer(configuration, { port, host })
  if (anywhere.known) return anywhere
  const network = selectServer(configuration, { port, host, address: FROM_THE_NETWORK })
  return network.known ? network : anywhere
}

/** A static file is the rare case: where the document root is not in the audit, the rest of the way is told. */
function takenAsMissing(files: FileSystem): FileSystem {
  return { ...files, covers: () => true }
}

function describe({ server, reason, name }: ServerSelection): string {
  const which =
    name === null
      ? `server ${server.children.find(child => child.name === 'server_name')?.args[0]?.value ?? '(no name)'}`
      : `server ${name.text}`
  switch (reason) {
    case 'exact':
      return `${which}: its name is asked for`
    case 'leading-wildcard':
    case 'trailing-wildcard':
      return `${which}: its wildcard matches`
    case 'regex':
      return `${which}: its expression matches`
    case 'default':
      return `${which}: the default of this port, for no name matches`
    case 'only':
      return `${which}: the only one on this port`
  }
}

function depart(
  configuration: NginxConfiguration,
  request: TraceRequest,
  hostHeader: string,
  end: Extract<OutcomeEnd, { readonly kind: 'pass' }>,
  steps: Steps,
): NginxLeg {
  const { target, scope, uri } = end
  const { protocol } = target
  if (protocol !== 'http' && protocol !== 'https') {
    const departure = { scope, scheme: null, uri: uri ?? request.target, host: undefined, values: new Map() }
    return { steps: steps.list, departure }
  }
  const sent = requestHeaders(configuration, scope)
  let host: string | null | undefined
  const values = new Map<string, (string | null)[]>()
  if (sent.known) {
    const variables = requestValues(request, hostHeader, target.proxyHost)
    for (const header of sent.value.headers) {
      const name = header.name.toLowerCase()
      const isHost = name === 'host'
      if (!isHost && header.directive === null) continue
      const value = interpolate(header.value, variables)
      values.set(name, [...(values.get(name) ?? []), value.known ? value.value : null])
      if (isHost) host = value.known ? (value.value === '' ? null : value.value) : undefined
      // A variable of the client's is told as it is written: that is all there is to know.
      const text = value.known ? value.value : header.value
      steps.add(
        header.value === '' ? `takes ${header.name} away` : `sends ${header.name}: ${text}`,
        header.at,
      )
    }
  } else {
    steps.doubt(sent.reason, sent.at)
  }
  return {
    steps: steps.list,
    departure: { scope, scheme: protocol, uri: uri ?? request.target, host, values },
  }
}

function requestValues(
  request: TraceRequest,
  hostHeader: string,
  proxyHost: string,
): (name: string) => Fact<string> {
  const values: Readonly<Record<string, string>> = {
    host: request.host,
    http_host: hostHeader,
    scheme: request.scheme,
    request_uri: request.target,
    request_method: request.method,
    server_port: String(request.port),
    https: request.scheme === 'https' ? 'on' : '',
    proxy_host: proxyHost,
  }
  return name => {
    const value = values[name]
    return value === undefined ? unknown(`the value of \`$${name}\` is not known here`) : known(value)
  }
}

function toEnd(end: Exclude<OutcomeEnd, { readonly kind: 'pass' }>): TraceEnd {
  switch (end.kind) {
    case 'response':
      if (end.location === null)
        return { kind: 'status', by: 'nginx', status: end.status, reason: end.reason }
      return { kind: 'redirect', by: 'nginx', status: end.status, location: end.location }
    case 'closed':
      return { kind: 'refused', reason: 'nginx closes the connection without an answer' }
    case 'file':
      return { kind: 'file', by: 'nginx', path: end.path, exists: end.exists }
    case 'handler':
      return { kind: 'handler', by: 'nginx', name: end.name }
    case 'unknown':
      return { kind: 'unknown', reason: end.reason }
  }
}

function isDefaultPort({ scheme, port }: TraceRequest): boolean {
  return port === (scheme === 'https' ? 443 : 80)
}
