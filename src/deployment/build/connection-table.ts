import { groupBy } from '../../../parsers/collections/group-by.ts'
import { once } from '../../../parsers/collections/once.ts'
import type { Endpoint } from '../../servers/address.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import { proxyPasses } from '../../servers/apache/queries/proxy-passes.ts'
import type { NginxDirective } from '../../servers/nginx/configuration.ts'
import type {
  ApacheConnection,
  ApacheHost,
  Connection,
  Connections,
  Listener,
  Machine,
  NginxConnection,
  NginxServer,
  Program,
  ReachedHost,
  Target,
} from '../model.ts'
import type { Place } from '../../../parsers/text/source.ts'
import { TextMap } from '../places.ts'
import { apacheConnection } from './apache-connections.ts'
import { findDestination, type Surroundings } from './destinations.ts'
import { indexListeners } from './listeners.ts'
import { nginxConnection, nginxPasses } from './nginx-connections.ts'
import { containersByPort, hostOf, publishedListeners, shareNetwork } from './published-ports.ts'
import { type JoinedHosts, joinHosts } from './reached-hosts.ts'
import { type FoundPass, type FoundProxyPass, refusals } from './refused.ts'
import { serversAround } from './servers.ts'

/** What the table of connections is made of. */
export interface ConnectionInput {
  readonly machines: readonly Machine[]
  readonly programs: readonly Program[]
  readonly listeners: readonly Listener[]
  readonly servers: readonly NginxServer[]
  readonly standIns: readonly NginxServer[]
  readonly virtualHosts: readonly ApacheHost[]
}

const NONE: readonly never[] = []

/**
 * Reads every connection in one pass. What a target leads to hangs on all programs and, where no line opens
 * its address, on all that connects there: so places are looked up first, and the table is made of what was
 * found.
 */
export function connectionTable(input: ConnectionInput): Connections {
  const nginxPrograms = input.programs.filter(program => program.kind === 'nginx')
  const apachePrograms = input.programs.filter(program => program.kind === 'apache')
  const surroundings = surroundingsOf(input)
  const serverOf = serversAround(input)

  // The same text is the same target, however often its file is included.
  const found = new TextMap<Target>()
  const find = (endpoint: Endpoint & { readonly at: Place }, machine: Machine): Target => {
    const { source, start } = endpoint.at
    let target = found.get(source, start)
    if (target === undefined) {
      const around = surroundings.get(machine)
      if (around === undefined) throw new Error('a program of a machine outside of the deployment')
      target = findDestination(endpoint, around)
      found.add(source, start, target)
    }
    return target
  }
  const passes: FoundPass[] = []
  for (const program of nginxPrograms) {
    for (const pass of nginxPasses(program.configuration, serverOf)) {
      const { target } = pass
      const places = target.known ? target.value.endpoints.map(each => find(each, program.machine)) : NONE
      passes.push({ program, pass, found: places })
    }
  }
  const proxied: FoundProxyPass[] = apachePrograms.flatMap(program =>
    proxyPasses(program.configuration).map(pass => ({
      program,
      pass,
      found: pass.endpoints.map(each => find(each, program.machine)),
    })),
  )
  const refused = refusals(passes, proxied, input)
  const targets = new Map<Target, Target>()
  const settled = (places: readonly Target[]): readonly Target[] => {
    if (refused.size === 0 || places.length === 0) return places
    return places.map(place => {
      const to = refused.get(place)
      if (to === undefined) return place
      const target = targets.get(place) ?? { ...place, to }
      targets.set(place, target)
      return target
    })
  }
  const nginx = passes.map(({ program, pass, found }) => nginxConnection(program, pass, settled(found)))
  const apache = proxied.map(({ program, pass, found }) => apacheConnection(program, pass, settled(found)))
  const machines = new Map(apachePrograms.map(({ configuration, machine }) => [configuration, machine]))
  return new ConnectionTable(nginx, apache, () => joinHosts(nginx, input.virtualHosts, machines))
}

class ConnectionTable implements Connections {
  readonly all: readonly Connection[]
  readonly nginx: readonly NginxConnection[]
  readonly http: readonly NginxConnection[]
  readonly apache: readonly ApacheConnection[]
  readonly #byServer: () => ReadonlyMap<NginxServer, readonly NginxConnection[]>
  readonly #httpByServer: () => ReadonlyMap<NginxServer, readonly NginxConnection[]>
  readonly #byBlock: () => ReadonlyMap<NginxDirective, NginxConnection>
  readonly #byHost: () => ReadonlyMap<ApacheDirective | ApacheConfiguration, readonly ApacheConnection[]>
  readonly #byListener: () => ReadonlyMap<Listener, readonly Connection[]>
  readonly #joined: () => JoinedHosts

  constructor(
    nginx: readonly NginxConnection[],
    apache: readonly ApacheConnection[],
    join: () => JoinedHosts,
  ) {
    this.nginx = nginx
    this.apache = apache
    this.all = apache.length === 0 ? nginx : [...nginx, ...apache]
    const isHttp = nginx.every(({ pass }) => pass.name === 'proxy_pass')
    this.http = isHttp ? nginx : nginx.filter(({ pass }) => pass.name === 'proxy_pass')
    this.#byServer = once(() => groupBy(this.nginx, ({ server }) => server))
    this.#httpByServer = isHttp ? this.#byServer : once(() => groupBy(this.http, ({ server }) => server))
    this.#byBlock = once(() => new Map(this.nginx.map(connection => [connection.block, connection])))
    this.#byHost = once(() => groupBy(this.apache, ({ host, from }) => host ?? from.configuration))
    this.#byListener = once(() => groupByListener(this.all))
    this.#joined = once(join)
  }

  of(server: NginxServer): readonly NginxConnection[] {
    return this.#byServer().get(server) ?? NONE
  }

  httpOf(server: NginxServer): readonly NginxConnection[] {
    return this.#httpByServer().get(server) ?? NONE
  }

  ofBlock(block: NginxDirective): NginxConnection | null {
    return this.#byBlock().get(block) ?? null
  }

  ofHost(configuration: ApacheConfiguration, host: ApacheDirective | null): readonly ApacheConnection[] {
    return this.#byHost().get(host ?? configuration) ?? NONE
  }

  to(listener: Listener): readonly Connection[] {
    return this.#byListener().get(listener) ?? NONE
  }

  hostsReachedBy(connection: NginxConnection): readonly ReachedHost[] {
    return this.#joined().byConnection.get(connection) ?? NONE
  }

  reaching(host: ApacheHost): readonly ReachedHost[] {
    return this.#joined().byHost.get(host) ?? NONE
  }
}

function groupByListener(connections: readonly Connection[]): ReadonlyMap<Listener, readonly Connection[]> {
  const index = new Map<Listener, Connection[]>()
  for (const connection of connections) {
    for (const { to } of connection.targets) {
      if (to.kind !== 'listener') continue
      const known = index.get(to.listener)
      if (known === undefined) index.set(to.listener, [connection])
      else if (known.at(-1) !== connection) known.push(connection)
    }
  }
  return index
}

const NO_PORTS: ReadonlyMap<number, Machine> = new Map()

function surroundingsOf({ machines, listeners }: ConnectionInput): ReadonlyMap<Machine, Surroundings> {
  const byMachine = groupBy(listeners, ({ program }) => program.machine)
  const host = hostOf(machines)
  const published = host === null ? NONE : publishedListeners(listeners)
  const inside = new Map(published.map(each => [each.listener, each.inside]))
  const opened = (machine: Machine): readonly Listener[] => {
    const own = byMachine.get(machine) ?? NONE
    return machine === host && published.length > 0 ? [...own, ...inside.keys()] : own
  }
  const indexes = new Map(machines.map(machine => [machine, indexListeners(opened(machine))]))
  return new Map(
    machines.map(machine => [
      machine,
      {
        machine,
        listeners: indexes,
        inside,
        published: machine === host ? containersByPort(machines) : NO_PORTS,
        ownAddresses: boundAddresses(byMachine.get(machine) ?? NONE),
        byName: new Map(
          machines
            .filter(other => other === machine || other.container === null || shareNetwork(machine, other))
            .flatMap(other => other.names.map(name => [name, other] as const)),
        ),
      },
    ]),
  )
}

/** The addresses of a machine that a program is bound to; the wildcard is every one, and names none. */
function boundAddresses(listeners: readonly Listener[]): ReadonlySet<string> {
  const bound = new Set<string>()
  for (const { address } of listeners) if (address.kind === 'ip' && !address.wildcard) bound.add(address.ip)
  return bound
}
