import { groupBy } from '../../../../parsers/collections/group-by.ts'
import { memo, memoByKey } from '../../../../parsers/collections/memo.ts'
import { type Address, covers } from '../../address.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import { type PcreMatch, regexReason } from '../../regex.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { childrenNamed, hasUnreadInclude } from './scope.ts'
import { type NginxServerName, serverNames } from './server-names.ts'
import { type NginxSocket, type SocketServer, sockets } from './sockets.ts'

/** Where a request arrives, and the host it names. */
export interface ServerRequest {
  /** The local address of the connection; absent where it does not matter or is not known. */
  readonly address?: Address
  /** Null for a unix socket. */
  readonly port: number | null
  /** The host of the request line or the `Host` header, port and all; null for a request without one. */
  readonly host: string | null
}

export type ServerReason = 'exact' | 'leading-wildcard' | 'trailing-wildcard' | 'regex' | 'default' | 'only'

export interface ServerSelection {
  readonly server: NginxDirective
  readonly reason: ServerReason
  /** The name that matched; null for the default server. */
  readonly name: NginxServerName | null
  /** The groups of a matching expression, which `$1` and named variables hold. */
  readonly match: PcreMatch | null
  readonly socket: NginxSocket
}

/** A name that a server cannot have because an earlier one on the same socket has it: nginx warns and ignores it. */
export interface NameConflict {
  readonly socket: NginxSocket
  readonly ignored: NginxServerName
  readonly server: NginxDirective
  readonly kept: NginxServerName
  readonly keptServer: NginxDirective
}

interface NamedServer {
  readonly server: NginxDirective
  readonly name: NginxServerName
}

interface NameIndex {
  readonly exact: ReadonlyMap<string, NamedServer>
  readonly leading: ReadonlyMap<string, NamedServer>
  readonly trailing: ReadonlyMap<string, NamedServer>
  readonly regexes: readonly NamedServer[]
  readonly conflicts: readonly NameConflict[]
  /** True where some server on the socket may have names that nobody here has read. */
  readonly incomplete: boolean
}

/**
 * The host as nginx keeps it: lower case, without port and last dot; null where nginx answers 400.
 */
export function requestHost(text: string): string | null {
  if (text === '' || /[\x00-\x20\x7f/]|\.\./.test(text)) return null
  let host = text
  if (text.startsWith('[')) {
    const close = text.indexOf(']')
    host = close === -1 ? text : text.slice(0, close + 1)
  } else {
    const colon = text.indexOf(':')
    if (colon !== -1) host = text.slice(0, colon)
  }
  if (host.endsWith('.')) host = host.slice(0, -1)
  return host === '' ? null : host.toLowerCase()
}

/**
 * The server block that answers: the socket by address (its own before a wildcard's), then the name:
 * exact, longest leading wildcard, longest trailing one, first regular expression, default server.
 *
 * Unknown where no such socket is here, where several may be meant, or where what was not read, or cannot
 * be evaluated, could decide otherwise. A name that TLS brought (SNI) selects by the same steps, with the
 * certificate of what it finds; the host of the request decides again.
 */
export function selectServer(
  configuration: NginxConfiguration,
  request: ServerRequest,
): Fact<ServerSelection> {
  const host = request.host === null ? '' : requestHost(request.host)
  if (host === null) return unknown('nginx refuses this host with 400')
  const candidates = socketsAt(configuration, request)
  if (!candidates.known) return candidates
  let selection: Fact<ServerSelection> | null = null
  for (const socket of candidates.value) {
    const found = selectOnSocket(configuration, socket, host)
    if (!found.known) return found
    if (selection?.known && selection.value.server !== found.value.server)
      return unknown('the servers on this port differ by address, and none is given')
    selection = found
  }
  return selection ?? unknown('no server listens there')
}

/** The sockets that may take a connection to that address and port: one, unless no address is given. */
function socketsAt(configuration: NginxConfiguration, request: ServerRequest): Fact<readonly NginxSocket[]> {
  const { address, port } = request
  const onPort = sockets(configuration).filter(socket => socket.port === port && !socket.quic)
  if (address === undefined) return known(onPort)
  const sure: NginxSocket[] = []
  let unsure = false
  for (const socket of onPort) {
    const listener = { address: socket.address, port, ipv6only: socket.ipv6only ?? true }
    const covered = covers(listener, { address, port })
    if (covered === true) sure.push(socket)
    if (covered === undefined) unsure = true
  }
  const isWildcard = ({ address: at }: NginxSocket) => at.kind === 'ip' && at.wildcard
  const own = sure.find(socket => !isWildcard(socket))
  if (own !== undefined) return known([own])
  if (unsure) return unknown('a name stands in a listen of this port')
  // `[::]` with ipv6only=off beside `0.0.0.0` cannot both be bound: nginx does not start then.
  const wildcard = sure[0]
  return known(wildcard === undefined ? [] : [wildcard])
}

/** The server of one socket for a host in nginx's own form; empty for a request without a host. */
export function selectOnSocket(
  configuration: NginxConfiguration,
  socket: NginxSocket,
  host: string,
): Fact<ServerSelection> {
  const names = nameIndex(configuration, socket)
  const exact = names.exact.get(host)
  if (exact !== undefined) return selected(socket, exact, 'exact', null)
  if (names.incomplete) return unknown('a server on this socket has names that were not read')
  const leading = longestLeading(names, host)
  if (leading !== null) return selected(socket, leading, 'leading-wildcard', null)
  const trailing = longestTrailing(names, host)
  if (trailing !== null) return selected(socket, trailing, 'trailing-wildcard', null)
  for (const candidate of host === '' ? [] : names.regexes) {
    if (candidate.name.kind !== 'regex') continue
    if (candidate.name.regex === null)
      return unknown(`\`${candidate.name.text}\` cannot be evaluated here`, candidate.name.at)
    const match = candidate.name.regex.match(host)
    if (match === undefined) return unknown(regexReason(candidate.name.pattern), candidate.name.at)
    if (match !== null) return selected(socket, candidate, 'regex', match)
  }
  const fallback = socket.defaultServer
  if (!fallback.known) return fallback
  const reason = socket.servers.length === 1 ? 'only' : 'default'
  return known({ server: fallback.value.server, reason, name: null, match: null, socket }, fallback.at)
}

function selected(
  socket: NginxSocket,
  { server, name }: NamedServer,
  reason: ServerReason,
  match: PcreMatch | null,
): Fact<ServerSelection> {
  return known({ server, reason, name, match, socket }, name.at)
}

function longestLeading({ leading }: NameIndex, host: string): NamedServer | null {
  const apex = leading.get(host)
  if (apex?.name.kind === 'leading' && apex.name.apex) return apex
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    const found = leading.get(host.slice(dot + 1))
    if (found !== undefined) return found
  }
  return null
}

function longestTrailing({ trailing }: NameIndex, host: string): NamedServer | null {
  for (let dot = host.lastIndexOf('.'); dot > 0; dot = host.lastIndexOf('.', dot - 1)) {
    const found = trailing.get(host.slice(0, dot))
    if (found !== undefined) return found
  }
  return null
}

const nameIndex = memoByKey(indexNames)

function indexNames(configuration: NginxConfiguration, socket: NginxSocket): NameIndex {
  const exact = new Map<string, NamedServer>()
  const leading = new Map<string, NamedServer>()
  const trailing = new Map<string, NamedServer>()
  const regexes: NamedServer[] = []
  const conflicts: NameConflict[] = []
  // `.example.com` takes the exact name too, but is found among the wildcards.
  const apexes = new Map<string, NamedServer>()
  let incomplete = false
  let last: NginxDirective | null = null
  for (const { server } of socket.servers) {
    // A server that is put on a socket twice stands there twice in a row.
    if (server === last) continue
    last = server
    const isNamed = childrenNamed(server, 'server_name').length > 0
    if (hasUnreadInclude(configuration, server, isNamed ? 'server_name' : null)) incomplete = true
    for (const name of serverNames(configuration, server)) {
      if (name.kind === 'unknown') incomplete = true
      const entry = { server, name }
      const kept = add(entry)
      if (kept !== null)
        conflicts.push({ socket, ignored: name, server, kept: kept.name, keptServer: kept.server })
    }
  }
  return { exact, leading, trailing, regexes, conflicts, incomplete }

  function add(entry: NamedServer): NamedServer | null {
    const { name } = entry
    switch (name.kind) {
      case 'exact':
        return apexes.get(name.name) ?? put(exact, name.name, entry)
      case 'leading':
        return (name.apex ? putApex(name.domain, entry) : null) ?? put(leading, name.domain, entry)
      case 'trailing':
        return put(trailing, name.stem, entry)
      case 'regex':
        regexes.push(entry)
        return null
      case 'unknown':
        return null
    }
  }

  function putApex(domain: string, entry: NamedServer): NamedServer | null {
    return exact.get(domain) ?? put(apexes, domain, entry)
  }
}

/** Puts the entry; where another holds the key already, that one. */
function put(map: Map<string, NamedServer>, key: string, entry: NamedServer): NamedServer | null {
  const present = map.get(key)
  if (present === undefined) map.set(key, entry)
  return present ?? null
}

/** The names that nginx ignores because an earlier server on the same socket has them, server by server. */
export function nameConflicts(configuration: NginxConfiguration): readonly NameConflict[] {
  return sockets(configuration).flatMap(socket => nameIndex(configuration, socket).conflicts)
}

/** The sockets of a server, each with the `listen` that puts it there. */
export function socketsOf(
  configuration: NginxConfiguration,
  server: NginxDirective,
): readonly { readonly socket: NginxSocket; readonly entry: SocketServer }[] {
  return bySocket(configuration).get(server) ?? []
}

const bySocket = memo((configuration: NginxConfiguration) =>
  groupBy(
    sockets(configuration).flatMap(socket => socket.servers.map(entry => ({ socket, entry }))),
    ({ entry }) => entry.server,
  ),
)
