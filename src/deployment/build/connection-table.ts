import { groupBy } from '../../../parsers/collections/group-by.ts'
import { once } from '../../../parsers/collections/once.ts'
import { formatEndpoint } from '../../servers/address.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import type { NginxDirective } from '../../servers/nginx/configuration.ts'
import type {
  ApacheConnection,
  ApacheHost,
  Connection,
  Connections,
  Destination,
  Listener,
  Machine,
  NginxConnection,
  NginxServer,
  ReachedHost,
  Target,
} from '../model.ts'
import { apacheConnection } from './apache-connections.ts'
import { type ConnectionInput, type FoundPasses, isOpen } from './find-passes.ts'
import { nginxConnection } from './nginx-connections.ts'
import { type JoinedHosts, joinHosts } from './reached-hosts.ts'
import { refusals } from './refused.ts'
import type { Supposed } from './unseen.ts'

/**
 * The table of all connections. What a target leads to hangs on all programs and, where no line opens its address,
 * on all that connects there: so places are looked up first, and the table is made of what was found.
 *
 * @param supposed the application that may be behind an address that nobody opens
 */
export function connectionTable(
  passes: FoundPasses,
  input: ConnectionInput,
  supposed: ReadonlyMap<Machine, Supposed>,
): Connections {
  const settledAs = new Map<Target, Destination>(refusals(passes.nginx, passes.apache, input))
  for (const { program, found } of supposed.size === 0 ? NONE : [...passes.nginx, ...passes.apache]) {
    const behind = supposed.get(program.machine)
    for (const target of found)
      if (isOpen(target) && formatEndpoint(target) === behind?.address && !settledAs.has(target))
        settledAs.set(target, { kind: 'unclaimed', supposed: behind.program })
  }
  const targets = new Map<Target, Target>()
  const settled = (places: readonly Target[]): readonly Target[] => {
    if (settledAs.size === 0 || places.length === 0) return places
    return places.map(place => {
      const to = settledAs.get(place)
      if (to === undefined) return place
      const target = targets.get(place) ?? { ...place, to }
      targets.set(place, target)
      return target
    })
  }
  const nginx = passes.nginx.map(({ program, pass, found }) => nginxConnection(program, pass, settled(found)))
  const apache = passes.apache.map(({ program, pass, found }) =>
    apacheConnection(program, pass, settled(found)),
  )
  const machines = new Map(
    input.programs.flatMap(each =>
      each.kind === 'apache' ? [[each.configuration, each.machine] as const] : [],
    ),
  )
  return new ConnectionTable(nginx, apache, () => joinHosts(nginx, input.apacheHosts, machines))
}

const NONE: readonly never[] = []

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
