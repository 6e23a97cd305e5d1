import { parseHost } from '../../address.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import { sslEngine } from '../queries/server-settings.ts'
import { mainServerName, parseServerName } from '../queries/virtual-hosts.ts'
import type { RequestRecord } from './request.ts'
import { settingFor } from './settings.ts'

/** The host and port of a `Host` header, lower case; no port where none is written. */
export function requestHost(host: string): { readonly name: string; readonly port: number | null } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(host)
  const name = (match?.[1] ?? host).toLowerCase().replace(/\.$/, '')
  return { name, port: match?.[2] === undefined ? null : Number(match[2]) }
}

/** `https` where TLS ends here, else the scheme that `ServerName` claims, else `http`. */
export function requestScheme({ walk: { configuration, host, request } }: RequestRecord): 'http' | 'https' {
  const engine = sslEngine(configuration, host)
  if (engine.known ? engine.value : request.scheme === 'https') return 'https'
  const written = host === null ? mainServerName(configuration) : host.serverName
  const scheme = written?.known ? written.value.scheme : null
  return scheme === 'https' ? 'https' : 'http'
}

/** `%{SERVER_NAME}`: what the client asked for, or with `UseCanonicalName On` the name that is configured. */
export function serverName(record: RequestRecord): Fact<string> {
  const canonical = settingFor(record, 'UseCanonicalName')
  if (!canonical.known) return canonical
  const mode = canonical.value?.toLowerCase() ?? 'off'
  if (mode === 'dns') return unknown('`UseCanonicalName DNS` asks a resolver', canonical.at)
  const { host } = record.walk.request
  if (mode !== 'on' && host !== null && host !== '') return known(requestHost(host).name)
  return configuredName(record)
}

function configuredName({ walk: { configuration, host } }: RequestRecord): Fact<string> {
  const name = host?.serverName ?? (host === null ? mainServerName(configuration) : null)
  if (name === null) return unknown('only a resolver knows the name of the virtual host')
  return name.known ? known(name.value.host, name.at) : name
}

/** `%{SERVER_PORT}`: by default the port that the client wrote, else the one that is configured. */
export function serverPort(record: RequestRecord): Fact<number> {
  const canonical = settingFor(record, 'UseCanonicalName')
  const physical = settingFor(record, 'UseCanonicalPhysicalPort')
  if (!canonical.known) return canonical
  if (!physical.known) return physical
  const { request } = record.walk
  // A subrequest has lost the port that the client wrote.
  const asked = request.host === null || record.main !== null ? null : requestHost(request.host).port
  const configured = configuredPort(record)
  if (!configured.known) return configured
  const isPhysical = physical.value?.toLowerCase() === 'on'
  const usual = defaultPort(record)
  if (canonical.value?.toLowerCase() === 'on')
    return known(configured.value ?? (isPhysical ? request.port : usual))
  return known(asked ?? (isPhysical ? request.port : (configured.value ?? usual)))
}

/** Of `ServerName`, else of the first address of the `<VirtualHost>`; null for none. */
function configuredPort({ walk: { configuration, host } }: RequestRecord): Fact<number | null> {
  if (host === null) {
    const written = configuration.occurrences.get('servername')?.findLast(({ parent }) => parent === null)
    return known(written === undefined ? null : parseServerName(written.args[0]?.value ?? '').port)
  }
  if (host.serverName !== null) {
    if (!host.serverName.known) return host.serverName
    return known(host.serverName.value.port)
  }
  const socket = host.addresses[0]?.socket
  if (socket === undefined || !socket.known)
    return unknown('the port of the virtual host is not known here', socket?.at ?? null)
  return known(socket.value.port)
}

export function defaultPort(record: RequestRecord): number {
  return requestScheme(record) === 'https' ? 443 : 80
}

/** `ap_construct_url`: a path made whole with scheme, name and port. */
export function constructUrl(record: RequestRecord, path: string): Fact<string> {
  const name = serverName(record)
  if (!name.known) return name
  const port = serverPort(record)
  if (!port.known) return port
  const host =
    parseHost(name.value).kind === 'ip' && name.value.includes(':') ? bracketed(name.value) : name.value
  const written = port.value === defaultPort(record) ? '' : `:${port.value}`
  return known(`${requestScheme(record)}://${host}${written}${path}`)
}

function bracketed(name: string): string {
  return name.startsWith('[') ? name : `[${name}]`
}
