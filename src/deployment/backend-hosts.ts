import type { ApacheConfiguration, ApacheDirective } from '../servers/apache/configuration.ts'
import { selectVirtualHost } from '../servers/apache/queries/select-virtual-host.ts'
import { type Timeouts, timeouts } from '../servers/apache/queries/server-settings.ts'
import {
  type VirtualHost,
  type VirtualHostAddress,
  virtualHosts,
} from '../servers/apache/queries/virtual-hosts.ts'
import type { BackendHost, HostAddress, Hop, HopToHost, Target } from './deployment.ts'
import { once } from './once.ts'
import { virtualHostOf } from './scheme-trust.ts'

const REDIRECTS = ['redirect', 'redirectmatch', 'redirectpermanent', 'redirecttemp', 'rewriterule']

/** Every virtual host of the deployment, with the hops that lead to it. */
export function backendHosts(
  configurations: readonly ApacheConfiguration[],
  hops: () => readonly Hop[],
): readonly BackendHost[] {
  const hosts = new Map<ApacheConfiguration, readonly ReachedHost[]>()
  const joined = once(() => join(hosts, hops()))
  for (const configuration of configurations) {
    const redirecting = redirectingHosts(configuration)
    const own = virtualHosts(configuration).map(host => {
      const mayRedirect = redirecting.has(host.directive) || redirecting.has(null)
      return new ReachedHost(configuration, host, mayRedirect, joined)
    })
    hosts.set(configuration, own)
  }
  return [...hosts.values()].flat()
}

/** Which hops lead to it is found for all hosts at once, at the first question. */
class ReachedHost implements BackendHost {
  readonly configuration: ApacheConfiguration
  readonly virtualHost: VirtualHost
  readonly addresses: readonly HostAddress[]
  readonly names: readonly string[]
  readonly mayRedirect: boolean
  readonly #joined: () => void
  #hops: HopToHost[] = []
  #timeouts: Timeouts | null = null

  constructor(
    configuration: ApacheConfiguration,
    virtualHost: VirtualHost,
    mayRedirect: boolean,
    joined: () => void,
  ) {
    this.configuration = configuration
    this.virtualHost = virtualHost
    this.addresses = virtualHost.addresses.map(hostAddress)
    this.names = namesOf(virtualHost)
    this.mayRedirect = mayRedirect
    this.#joined = joined
  }

  get directive(): ApacheDirective {
    return this.virtualHost.directive
  }

  get timeouts(): Timeouts {
    this.#timeouts ??= timeouts(this.configuration, this.virtualHost)
    return this.#timeouts
  }

  get hops(): readonly HopToHost[] {
    this.#joined()
    return this.#hops
  }

  /** One hop may lead here by several of its names and addresses. */
  reachedBy(hop: Hop, certain: boolean): void {
    const last = this.#hops.at(-1)
    // An array that is made with its first item has no spare room, which most would never use.
    if (last === undefined) this.#hops = [{ hop, certain }]
    else if (last.hop !== hop) this.#hops.push({ hop, certain })
    else if (certain && !last.certain) this.#hops[this.#hops.length - 1] = { hop, certain }
  }
}

function hostAddress({ socket, at }: VirtualHostAddress): HostAddress {
  return socket.known
    ? { known: true, address: socket.value.address, port: socket.value.port, at }
    : { known: false, address: null, port: null, at }
}

/** ServerName and the aliases without wildcards, lower case. */
function namesOf({ serverName, aliases }: VirtualHost): readonly string[] {
  const names = serverName?.known ? [serverName.value.host.toLowerCase()] : []
  for (const { name, wild } of aliases) if (name.known && !wild) names.push(name.value.toLowerCase())
  return names
}

function redirectingHosts(configuration: ApacheConfiguration): ReadonlySet<ApacheDirective | null> {
  const found = new Set<ApacheDirective | null>()
  for (const name of REDIRECTS) {
    for (const directive of configuration.occurrences.get(name) ?? []) found.add(virtualHostOf(directive))
  }
  return found
}

function join(hosts: ReadonlyMap<ApacheConfiguration, readonly ReachedHost[]>, hops: readonly Hop[]): void {
  const byName = once(() => likelyHosts([...hosts.values()].flat()))
  for (const hop of hops) {
    for (const target of hop.targets) {
      const { backend } = target
      if (backend.kind === 'apache') {
        for (const [configuration, own] of hosts) {
          if (configuration === backend.listener.configuration) select(configuration, own, target, hop)
        }
      }
      // A port and a name that agree say which host is meant, where only a resolver or a missing
      // `Listen` could make it certain.
      if (backend.kind !== 'unknown' && backend.kind !== 'nobody') continue
      for (const name of namesAskedFor(hop)) {
        for (const host of byName().get(`${target.port} ${name}`) ?? []) host.reachedBy(hop, false)
      }
    }
  }
}

/** Tells the hosts that answer on the connection's address for each name that nginx sends. */
function select(
  configuration: ApacheConfiguration,
  hosts: readonly ReachedHost[],
  target: Target,
  hop: Hop,
): void {
  const { port } = target
  if (port === null) return
  const address = target.addresses.find(({ kind }) => kind === 'ip') ?? target.address
  for (const host of hop.hostsSent ?? []) {
    const selection = selectVirtualHost(configuration, { address, port, host })
    if (selection.kind !== 'virtual-host') continue
    // Among fragments the host that answers for unknown names may be one that is not here.
    const certain = configuration.main !== null || selection.reason !== 'first'
    hosts[selection.virtualHost.index]?.reachedBy(hop, certain)
  }
}

function namesAskedFor(hop: Hop): readonly string[] {
  if (hop.hostsSent !== null) return hop.hostsSent
  return hop.server.names.filter(({ exact }) => exact).map(({ name }) => name)
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
