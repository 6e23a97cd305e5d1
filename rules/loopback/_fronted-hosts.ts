import { memoByKey } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { connectedSocket } from '../../src/deployment/connected-address.ts'
import { hostAt } from '../../src/deployment/fronts-of.ts'
import type { ApacheListener, Deployment, NginxConnection, Target } from '../../src/deployment/model.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import {
  unplacedMembers,
  type VirtualHostSet,
  virtualHostSet,
} from '../../src/servers/apache/queries/select-virtual-host.ts'

/** A site of Apache that nginx connects to. */
export interface FrontedHost {
  readonly targets: readonly Target[]
  /** A header that it believes; null where it believes none. */
  readonly trust: Place | null
}

/** The sites behind nginx that answer on a socket of Apache; none where nobody can tell. */
export function frontedHosts(
  deployment: Deployment,
  { address, port, program: { configuration } }: ApacheListener,
): readonly FrontedHost[] {
  if (address.kind !== 'ip' || port === null || unplacedMembers(configuration).length > 0) return []
  // Of all addresses of the machine, one that no virtual host names.
  const set = virtualHostSet(configuration, address.wildcard ? 'any other' : address.ip, port)
  return set === null ? mainServer(deployment, configuration) : ofSet(deployment, set)
}

const ofSet = memoByKey((deployment: Deployment, set: VirtualHostSet): readonly FrontedHost[] => {
  const sections = new Set(set.members.map(({ virtualHost }) => virtualHost.directive))
  return [...sections].flatMap(section => {
    const host = hostAt(deployment, section)
    if (host === null) return []
    const reached = deployment.connections.reaching(host).filter(({ certain }) => certain)
    if (reached.length === 0) return []
    const targets = targetsOf(reached.map(({ connection }) => connection))
    return [{ targets, trust: deployment.trustsOf(host)[0]?.at ?? null }]
  })
})

/** The main server, where it is what answers nginx. */
const mainServer = memoByKey(
  (deployment: Deployment, configuration: ApacheConfiguration): readonly FrontedHost[] => {
    const { connections, trusts } = deployment
    if (configuration.main === null) return []
    const leading = connections.http.filter(
      connection =>
        connections.hostsReachedBy(connection).every(({ host }) => host.virtualHost === null) &&
        connection.targets.some(target => fallsToMain(target, configuration)),
    )
    const trust = trusts.find(each => each.configuration === configuration && each.virtualHost === null)
    return leading.length === 0 ? [] : [{ targets: targetsOf(leading), trust: trust?.at ?? null }]
  },
)

function fallsToMain(target: Target, configuration: ApacheConfiguration): boolean {
  const { to } = target
  const { address, port } = connectedSocket(target)
  if (to.kind !== 'listener' || to.listener.kind !== 'apache') return false
  if (to.listener.program.configuration !== configuration || address.kind !== 'ip' || port === null)
    return false
  return virtualHostSet(configuration, address.ip, port) === null
}

function targetsOf(connections: readonly NginxConnection[]): readonly Target[] {
  return [...new Set(connections.flatMap(({ targets }) => targets))]
}
