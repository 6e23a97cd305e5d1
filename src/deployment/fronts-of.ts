import type { ApacheDirective } from '../servers/apache/configuration.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Application } from './build/applications.ts'
import type { BackendHost, Deployment, Hop, NginxServer } from './model.ts'

const indexes = new WeakMap<readonly BackendHost[], ReadonlyMap<ApacheDirective, BackendHost>>()

/** The virtual host that this section makes. */
export function hostAt({ virtualHosts }: Deployment, section: ApacheDirective): BackendHost | null {
  let byDirective = indexes.get(virtualHosts)
  if (byDirective === undefined) {
    byDirective = new Map(virtualHosts.map(host => [host.directive, host]))
    indexes.set(virtualHosts, byDirective)
  }
  return byDirective.get(section) ?? null
}

/** The servers of nginx that certainly hand requests to an application's host, each with its hops there. */
export function frontsOf({ host }: Application): ReadonlyMap<NginxServer, readonly Hop[]> {
  const hops = (host?.hops ?? []).flatMap(({ hop, certain }) => (certain ? [hop] : []))
  return groupBy(hops, ({ server }) => server)
}
