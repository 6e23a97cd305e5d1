import { covers, type Endpoint, formatEndpoint, isLoopback } from '../../servers/address.ts'
import { parseNginxListen } from '../../servers/addresses/nginx.ts'
import type { NginxConfiguration } from '../../servers/nginx/configuration.ts'
import { sockets } from '../../servers/nginx/queries/sockets.ts'
import type { Listener } from '../model.ts'
import { argumentPlace } from '../places.ts'

/** The sockets that one nginx opens: those of http, then those of stream and mail. */
export function nginxListeners(configuration: NginxConfiguration): readonly Listener[] {
  const found: Listener[] = []
  for (const socket of sockets(configuration)) {
    if (socket.quic) continue
    const [first, ...rest] = socket.servers
    if (first === undefined) continue
    found.push({
      program: 'nginx',
      configuration,
      address: socket.address,
      port: socket.port,
      ...(socket.ipv6only === null ? {} : { ipv6only: socket.ipv6only }),
      loopback: isLoopback(socket.address),
      directive: first.listen.directive ?? first.server,
      at: first.listen.at,
      others: rest.map(({ listen }) => listen.at),
    })
  }
  for (const directive of configuration.occurrences.get('listen') ?? []) {
    if (directive.context !== 'stream server' && directive.context !== 'mail server') continue
    if (directive.args.some(({ value }) => value === 'udp')) continue
    const parsed = parseNginxListen(directive.args[0]?.value ?? '')
    if (parsed === null) continue
    found.push({
      program: 'nginx',
      configuration,
      address: parsed.address,
      port: parsed.port,
      ...(directive.args.some(({ value }) => value === 'ipv6only=off') ? { ipv6only: false } : {}),
      loopback: isLoopback(parsed.address),
      directive,
      at: argumentPlace(directive, 0),
      others: [],
    })
  }
  return found
}

/** Who takes connections: listeners by port and by socket path, in the order given. */
export interface ListenerIndex {
  readonly byPort: ReadonlyMap<number, readonly Listener[]>
  readonly bySocket: ReadonlyMap<string, Listener>
}

export function indexListeners(listeners: readonly Listener[]): ListenerIndex {
  const byPort = new Map<number, Listener[]>()
  const bySocket = new Map<string, Listener>()
  for (const listener of listeners) {
    if (listener.port === null) {
      const key = formatEndpoint(listener)
      if (!bySocket.has(key)) bySocket.set(key, listener)
      continue
    }
    const known = byPort.get(listener.port)
    if (known === undefined) byPort.set(listener.port, [listener])
    else known.push(listener)
  }
  return { byPort, bySocket }
}

/**
 * The listener that takes a connection: as the kernel chooses, one bound to the very address before one
 * on the wildcard. Undefined where only a resolver could tell, null where none does.
 */
export function listenerAt(index: ListenerIndex, target: Endpoint): Listener | null | undefined {
  if (target.port === null) return index.bySocket.get(formatEndpoint(target)) ?? null
  let wildcard: Listener | null = null
  let isOpen = false
  for (const listener of index.byPort.get(target.port) ?? []) {
    const takes = covers(listener, target)
    if (takes === undefined) isOpen = true
    if (takes !== true) continue
    if (listener.address.kind === 'ip' && listener.address.wildcard) wildcard ??= listener
    else return listener
  }
  return wildcard ?? (isOpen ? undefined : null)
}
