import { memo } from '../../../../parsers/collections/memo.ts'
import { type Address, formatEndpoint } from '../../address.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { hasUnreadListens, listens, type NginxListen } from './listens.ts'
import { hasUnreadInclude, httpBlock, mayRepeatServers } from './scope.ts'
import { httpServers } from './servers.ts'

/** A server on a socket, by the `listen` that puts it there. */
export interface SocketServer {
  readonly server: NginxDirective
  readonly listen: NginxListen
}

/** One address and port that nginx opens, with every server on it. */
export interface NginxSocket {
  readonly address: Address
  readonly port: number | null
  /** UDP, for HTTP/3. */
  readonly quic: boolean
  /** False where one of its listens says so: then `[::]` takes version 4 as well. Null for other addresses. */
  readonly ipv6only: boolean | null
  /** nginx joins these of all listens of a socket: one `ssl` makes all of them TLS. */
  readonly ssl: boolean
  readonly http2: boolean
  readonly proxyProtocol: boolean
  /** In reading order. */
  readonly servers: readonly SocketServer[]
  /**
   * Who answers a host that no name matches: the `default_server`, else the first. Unknown where unread
   * files may hold an earlier one.
   */
  readonly defaultServer: Fact<SocketServer>
  /** The entry that says `default_server`; null where the order decides. */
  readonly explicitDefault: SocketServer | null
  /** False where unread files may put further servers on it. */
  readonly complete: boolean
}

/** A longer range of ports than this is a mistake or a scanner's, and is not opened here. */
const LONGEST_RANGE = 1024

/** Every socket of http, in the order of the first `listen` that opens it. */
export const sockets = memo((configuration: NginxConfiguration): readonly NginxSocket[] => {
  let complete = isKnownWhole(configuration)
  const entries = new Map<string, SocketServer[]>()
  const ports = new Map<string, number | null>()
  for (const server of httpServers(configuration)) {
    const own = listens(configuration, server)
    if (complete && hasUnreadListens(configuration, server, own)) complete = false
    for (const listen of own) {
      const last = Math.min(listen.lastPort ?? 0, (listen.port ?? 0) + LONGEST_RANGE)
      for (let port = listen.port ?? 0; port <= last; port++) {
        const endpoint =
          listen.port === null || listen.port === port
            ? listen.endpoint
            : formatEndpoint({ address: listen.address, port })
        const key = listen.quic ? `quic ${endpoint}` : endpoint
        const list = entries.get(key)
        if (list !== undefined) {
          list.push({ server, listen })
          continue
        }
        entries.set(key, [{ server, listen }])
        ports.set(key, listen.port === null ? null : port)
      }
    }
  }
  const built: NginxSocket[] = []
  for (const [key, list] of entries) {
    const first = list[0]
    if (first !== undefined) built.push(socketOf(first, list, ports.get(key) ?? null, complete))
  }
  return built
})

/** True where every server of http is known. */
function isKnownWhole(configuration: NginxConfiguration): boolean {
  const http = httpBlock(configuration)
  if (http === null || configuration.main === null) return false
  return !hasUnreadInclude(configuration, http, 'server') && !mayRepeatServers(configuration)
}

function socketOf(
  first: SocketServer,
  servers: readonly SocketServer[],
  port: number | null,
  complete: boolean,
): NginxSocket {
  const explicit = servers.find(({ listen }) => listen.defaultServer) ?? null
  const fallback = explicit ?? first
  const listensOfAll = servers.map(({ listen }) => listen)
  const { address } = first.listen
  return {
    address,
    port,
    quic: first.listen.quic,
    ipv6only:
      first.listen.ipv6only === null ? null : !listensOfAll.some(({ ipv6only }) => ipv6only === false),
    // `ssl on` counts where it stands in the server that answers first, before a name is known.
    ssl: listensOfAll.some(({ sslParameter }) => sslParameter) || fallback.listen.ssl,
    http2: listensOfAll.some(({ http2 }) => http2),
    proxyProtocol: listensOfAll.some(({ proxyProtocol }) => proxyProtocol),
    servers,
    defaultServer:
      explicit !== null || complete
        ? known(fallback, fallback.listen.at)
        : unknown('another file may put an earlier server on this socket', first.listen.at),
    explicitDefault: explicit,
    complete,
  }
}
