import { covers, type Endpoint, formatEndpoint, plainSocketPath } from '../../servers/address.ts'
import type { Listener } from '../model.ts'

/** Who accepts connections: listeners by port and by socket path, in the order given. */
export interface ListenerIndex {
  readonly all: readonly Listener[]
  readonly byPort: ReadonlyMap<number, readonly Listener[]>
  readonly bySocket: ReadonlyMap<string, Listener>
}

export function indexListeners(listeners: readonly Listener[]): ListenerIndex {
  const byPort = new Map<number, Listener[]>()
  const bySocket = new Map<string, Listener>()
  for (const listener of listeners) {
    if (listener.port === null) {
      const key = socketKey(listener)
      if (!bySocket.has(key)) bySocket.set(key, listener)
      continue
    }
    const known = byPort.get(listener.port)
    if (known === undefined) byPort.set(listener.port, [listener])
    else known.push(listener)
  }
  return { all: listeners, byPort, bySocket }
}

/** `/var/run` is a link to `/run` on every Linux that has systemd (Filesystem Hierarchy Standard 3.0, 5.13). */
function socketKey(endpoint: Endpoint): string {
  return plainSocketPath(formatEndpoint(endpoint)).replace(/^unix:\/var\/run\//, 'unix:/run/')
}

/**
 * The listener that accepts a connection: as the kernel chooses, one bound to the very address before one
 * on the wildcard. Undefined where only a resolver could tell, null where none does.
 */
export function listenerAt(index: ListenerIndex, target: Endpoint): Listener | null | undefined {
  if (target.port === null) return index.bySocket.get(socketKey(target)) ?? null
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
