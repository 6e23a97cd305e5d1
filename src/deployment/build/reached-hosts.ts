import { connectedSocket } from '../connected-address.ts'
import { groupBy } from '../../../parsers/collections/group-by.ts'
import { once } from '../../../parsers/collections/once.ts'
import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { selectVirtualHost } from '../../servers/apache/queries/select-virtual-host.ts'
import type { ApacheHost, ApacheListener, Machine, NginxConnection, ReachedHost, Target } from '../model.ts'
import { mainAmong } from './apache-hosts.ts'
import { exactNames } from './servers.ts'

/** Which virtual hosts and main servers the connections reach, from both ends. */
export interface JoinedHosts {
  readonly byConnection: ReadonlyMap<NginxConnection, readonly ReachedHost[]>
  readonly byHost: ReadonlyMap<ApacheHost, readonly ReachedHost[]>
}

/** The virtual hosts that one connection reaches, and whether that is certain. */
type Reached = Map<ApacheHost, boolean>

/** @param machines on which each httpd runs */
export function joinHosts(
  connections: readonly NginxConnection[],
  hosts: readonly ApacheHost[],
  machines: ReadonlyMap<ApacheConfiguration, Machine>,
): JoinedHosts {
  const byConnection = new Map<NginxConnection, readonly ReachedHost[]>()
  const byHost = new Map<ApacheHost, ReachedHost[]>()
  if (hosts.length === 0) return { byConnection, byHost }
  const byConfiguration = groupBy(hosts, ({ configuration }) => configuration)
  const byName = once(() => likelyHosts(hosts))
  const positions = once(() => new Map(hosts.map((host, position) => [host, position])))
  const reached: Reached = new Map()
  for (const connection of connections) {
    if (connection.pass.name !== 'proxy_pass') continue
    for (const target of connection.targets) {
      const { to } = target
      if (to.kind === 'listener') {
        if (to.listener.kind === 'apache') select(to.listener, byConfiguration, target, connection, reached)
        continue
      }
      // A port and a name that agree say which host is meant, where only a resolver or a missing `Listen`
      // could make it certain. Another machine's address leads to no virtual host of this one.
      for (const name of namesAskedFor(connection)) {
        for (const host of byName().get(`${target.port} ${name}`) ?? []) {
          const isSame = machines.get(host.configuration) === connection.from.machine
          if (isSame !== (to.kind === 'elsewhere')) note(reached, host, false)
        }
      }
    }
    if (reached.size === 0) continue
    const all = [...reached].map(([host, certain]) => ({ connection, host, certain }))
    if (all.length > 1) all.sort((a, b) => (positions().get(a.host) ?? 0) - (positions().get(b.host) ?? 0))
    byConnection.set(connection, all)
    for (const each of all) {
      const known = byHost.get(each.host)
      // An array that is made with its first item has no spare room, which most would never use.
      if (known === undefined) byHost.set(each.host, [each])
      else known.push(each)
    }
    reached.clear()
  }
  return { byConnection, byHost }
}

function note(reached: Reached, host: ApacheHost, certain: boolean): void {
  if (certain || !reached.has(host)) reached.set(host, certain)
}

/** Notes the hosts that answer on the connection's address for each name that nginx sends. */
function select(
  { program: { configuration } }: ApacheListener,
  hosts: ReadonlyMap<ApacheConfiguration, readonly ApacheHost[]>,
  target: Target,
  { hostsSent }: NginxConnection,
  reached: Reached,
): void {
  const { address, port } = connectedSocket(target)
  if (port === null || !hostsSent.known) return
  for (const host of hostsSent.value) {
    const selection = selectVirtualHost(configuration, { address, port, host })
    if (selection.kind === 'unknown') continue
    // Among fragments the host that answers for unknown names may be one that is not here.
    const certain =
      selection.kind === 'main-server' || configuration.main !== null || selection.reason !== 'first'
    const found =
      selection.kind === 'main-server'
        ? mainAmong(hosts.get(configuration) ?? [])
        : hosts.get(configuration)?.[selection.virtualHost.index]
    if (found !== undefined) note(reached, found, certain)
  }
}

function namesAskedFor({ hostsSent, server }: NginxConnection): readonly string[] {
  return hostsSent.known ? hostsSent.value : exactNames(server)
}

function likelyHosts(hosts: readonly ApacheHost[]): ReadonlyMap<string, readonly ApacheHost[]> {
  const byName = new Map<string, ApacheHost[]>()
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
