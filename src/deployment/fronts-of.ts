import type { ApacheDirective } from '../servers/apache/configuration.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import type { ApacheHost, Application, Deployment, NginxConnection, NginxServer } from './model.ts'

const indexes = new WeakMap<readonly ApacheHost[], ReadonlyMap<ApacheDirective, ApacheHost>>()

/** The virtual host that this section makes. */
export function hostAt({ virtualHosts }: Deployment, section: ApacheDirective): ApacheHost | null {
  let byDirective = indexes.get(virtualHosts)
  if (byDirective === undefined) {
    byDirective = new Map(virtualHosts.map(host => [host.directive, host]))
    indexes.set(virtualHosts, byDirective)
  }
  return byDirective.get(section) ?? null
}

/** The servers of nginx that certainly hand requests to an application's host, each with its hops there. */
export function frontsOf(
  { connections }: Pick<Deployment, 'connections'>,
  { host }: Application,
): ReadonlyMap<NginxServer, readonly NginxConnection[]> {
  const certain = host === null ? [] : connections.reaching(host).filter(reached => reached.certain)
  return groupBy(
    certain.map(({ connection }) => connection),
    ({ server }) => server,
  )
}
