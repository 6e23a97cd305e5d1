import type { BackendHost, Deployment, Hop } from './deployment.ts'

/** The virtual hosts that a hop certainly reaches. */
export function certainBackends(deployment: Deployment, hop: Hop): readonly BackendHost[] {
  return deployment
    .backendsOf(hop)
    .filter(host => host.hops.some(reach => reach.hop === hop && reach.certain))
}
