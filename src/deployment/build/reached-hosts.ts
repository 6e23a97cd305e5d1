import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { selectVirtualHost } from '../../servers/apache/queries/select-virtual-host.ts'
import { groupBy } from '../../../parsers/collections/group-by.ts'
import type { ReachedHost } from './virtual-hosts.ts'
import type { Hop, Target } from '../model.ts'
import type { ProxyHop } from './nginx-connections.ts'
import { exactNames } from './servers.ts'
import { once } from '../../../parsers/collections/once.ts'

/** The virtual hosts that one hop reaches, by several of its names and addresses perhaps, and whether that is certain. */
type Found = Map<ReachedHost, boolean>

/** Tells every hop and every virtual host which of the others it reaches. */
export function joinHops(hops: readonly ProxyHop[], hosts: readonly ReachedHost[]): void {
  const byConfiguration = groupBy(hosts, ({ configuration }) => configuration)
  const byName = once(() => likelyHosts(hosts))
  const positions = once(() => new Map(hosts.map((host, position) => [host, position])))
  const found: Found = new Map()
  for (const hop of hops) {
    for (const target of hop.targets) {
      const { backend } = target
      if (backend.kind === 'apache') {
        const { configuration } = backend.listener
        if (configuration.program === 'apache')
          select(configuration, byConfiguration.get(configuration) ?? [], target, hop, found)
      }
      // A port and a name that agree say which host is meant, where only a resolver or a missing
      // `Listen` could make it certain.
      if (backend.kind !== 'unknown' && backend.kind !== 'nobody') continue
      for (const name of namesAskedFor(hop)) {
        for (const host of byName().get(`${target.port} ${name}`) ?? []) note(found, host, false)
      }
    }
    if (found.size === 0) continue
    const reaches = [...found].map(([host, certain]) => ({ hop, host, certain }))
    if (reaches.length > 1)
      reaches.sort((a, b) => (positions().get(a.host) ?? 0) - (positions().get(b.host) ?? 0))
    hop.setBackends(reaches)
    for (const reach of reaches) reach.host.addReach(reach)
    found.clear()
  }
}

function note(found: Found, host: ReachedHost, certain: boolean): void {
  if (certain || !found.has(host)) found.set(host, certain)
}

/** Tells the hosts that answer on the connection's address for each name that nginx sends. */
function select(
  configuration: ApacheConfiguration,
  hosts: readonly ReachedHost[],
  target: Target,
  hop: Hop,
  found: Found,
): void {
  const { port } = target
  if (port === null) return
  const address = target.addresses.find(({ kind }) => kind === 'ip') ?? target.address
  for (const host of hop.hostsSent ?? []) {
    const selection = selectVirtualHost(configuration, { address, port, host })
    if (selection.kind !== 'virtual-host') continue
    // Among fragments the host that answers for unknown names may be one that is not here.
    const certain = configuration.main !== null || selection.reason !== 'first'
    const reached = hosts[selection.virtualHost.index]
    if (reached !== undefined) note(found, reached, certain)
  }
}

function namesAskedFor(hop: Hop): readonly string[] {
  if (hop.hostsSent !== null) return hop.hostsSent
  return exactNames(hop.server)
}

function likelyHosts(hosts: readonly ReachedHost[]): ReadonlyMap<string, readonly ReachedHost[]> {
  const byName = new Map<string, ReachedHost[]>()
  for (const host of hosts) {
    for (const { port } of host.addresses) {
      if (port === null) continue
      for (const name of host.names) {
        const key = `${port} ${name}`
        const known = byName.get(key)
        if (known === undefined) byName.set(key, [host])
        else known.push(host)
      }
    }
  }
  return byName
}
