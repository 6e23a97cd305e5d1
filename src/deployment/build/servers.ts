import { memo } from '../../../parsers/collections/memo.ts'
import { isLoopback } from '../../servers/address.ts'
import type { NginxConfiguration, NginxDirective } from '../../servers/nginx/configuration.ts'
import { listens, type NginxListen } from '../../servers/nginx/queries/listens.ts'
import { type NginxServerName, serverNames } from '../../servers/nginx/queries/server-names.ts'
import { httpServers, standIns } from '../../servers/nginx/queries/servers.ts'
import { type NginxSocket, sockets } from '../../servers/nginx/queries/sockets.ts'
import type { Answer, Deployment, NginxServer, ServerListen, ServerName } from '../model.ts'
import { ordinaryAnswer } from './ordinary-answer.ts'

/** Every `server` block of one nginx, with the sockets it shares with others. */
export function nginxServers(configuration: NginxConfiguration): readonly NginxServer[] {
  const socketOf = new Map<NginxListen, NginxSocket>()
  for (const socket of sockets(configuration)) {
    for (const { listen } of socket.servers) socketOf.set(listen, socket)
  }
  return httpServers(configuration).map(directive => {
    const own = listens(configuration, directive).map(listen => serverListen(listen, socketOf.get(listen)))
    return new HttpServer(
      configuration,
      directive,
      own,
      serverNames(configuration, directive).map(serverName),
    )
  })
}

/** The servers that stand for those that include a fragment of locations: without sockets or names. */
export function standInServers(configuration: NginxConfiguration): readonly NginxServer[] {
  return standIns(configuration).map(directive => new HttpServer(configuration, directive, NONE, []))
}

const NONE: readonly ServerListen[] = []

class HttpServer implements NginxServer {
  readonly configuration: NginxConfiguration
  readonly directive: NginxDirective
  readonly listens: readonly ServerListen[]
  readonly names: readonly ServerName[]
  readonly plainListens: readonly ServerListen[]
  #answer: Answer | null = null

  constructor(
    configuration: NginxConfiguration,
    directive: NginxDirective,
    listens: readonly ServerListen[],
    names: readonly ServerName[],
  ) {
    this.configuration = configuration
    this.directive = directive
    this.listens = listens
    this.names = names
    const plain = listens.filter(({ tls, loopback }) => !tls && loopback === false)
    this.plainListens = plain.length === 0 ? NONE : plain.length === listens.length ? listens : plain
  }

  get tls(): boolean {
    return this.listens.some(({ tls }) => tls)
  }

  get answer(): Answer {
    this.#answer ??= ordinaryAnswer(this.configuration, this.directive)
    return this.#answer
  }
}

/** TLS is a property of the socket: one `listen … ssl` turns it on for every server that shares it. */
function serverListen(listen: NginxListen, socket: NginxSocket | undefined): ServerListen {
  const { address, port, quic, defaultServer, directive, at, ipv6only } = listen
  const own: ServerListen = {
    address,
    port,
    tls: socket?.ssl ?? listen.ssl,
    quic,
    defaultServer,
    proxyProtocol: socket?.proxyProtocol ?? listen.proxyProtocol,
    loopback: isLoopback(address),
    directive,
    at,
  }
  return ipv6only === null ? own : { ...own, ipv6only }
}

function serverName(name: NginxServerName): ServerName {
  const exact = name.kind === 'exact' && name.name !== '_' && isHostName(name.name)
  return { name: name.kind === 'exact' ? name.name : name.text.toLowerCase(), exact, at: name.at }
}

/** False for what stands in `server_name` and can be in no request: `example.org,`, `www.$hostname`, `example.org:80`. */
function isHostName(name: string): boolean {
  return name.startsWith('[') || /^[^\s,;:$/|()"'@?#]+$/.test(name)
}

/** The names that a client can ask for as they are written. */
export function exactNames({ names }: NginxServer): readonly string[] {
  return names.filter(({ exact }) => exact).map(({ name }) => name)
}

/** The same, with the servers that stand for those that include a fragment of locations. */
export const serversAround = memo(
  ({
    servers,
    standIns,
  }: Pick<Deployment, 'servers' | 'standIns'>): ReadonlyMap<NginxDirective, NginxServer> =>
    standIns.length === 0 ? serverIndex(servers) : serverIndex([...servers, ...standIns]),
)

/** The directive of a server by which rules find what belongs to it. */
export const serverIndex = memo(
  (servers: readonly NginxServer[]): ReadonlyMap<NginxDirective, NginxServer> =>
    new Map(servers.map(server => [server.directive, server])),
)
