import type { BackendHost, Deployment, Hop, HopToHost } from './deployment.ts'

/** The virtual hosts that a hop certainly reaches. */
export function certainBackends(deployment: Deployment, hop: Hop): readonly BackendHost[] {
  const hosts = deployment.backendsOf(hop)
  return hosts.every(host => isCertainBackend(host, hop))
    ? hosts
    : hosts.filter(host => isCertainBackend(host, hop))
}

const indexes = new WeakMap<readonly HopToHost[], ReadonlySet<Hop>>()

/** Below this, looking at one after the other is quicker than an index. */
const SCANNED = 16

/** True where a hop certainly reaches this host, which thousands of others may reach too. */
export function isCertainBackend({ hops }: BackendHost, hop: Hop): boolean {
  if (hops.length <= SCANNED) return hops.some(reach => reach.hop === hop && reach.certain)
  let certain = indexes.get(hops)
  if (certain === undefined) {
    certain = new Set(hops.flatMap(reach => (reach.certain ? [reach.hop] : [])))
    indexes.set(hops, certain)
  }
  return certain.has(hop)
}
