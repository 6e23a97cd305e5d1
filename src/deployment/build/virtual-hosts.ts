import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import { type Timeouts, timeouts } from '../../servers/apache/queries/server-settings.ts'
import {
  type VirtualHost,
  type VirtualHostAddress,
  virtualHosts,
} from '../../servers/apache/queries/virtual-hosts.ts'
import type { BackendHost, HostAddress, Reach } from '../model.ts'
import { virtualHostOf } from './scheme-trusts.ts'

const REDIRECTS = ['redirect', 'redirectmatch', 'redirectpermanent', 'redirecttemp', 'rewriterule']

/**
 * Every virtual host of the deployment, in reading order.
 *
 * @param join tells all of them the hops that lead there; called at the first question
 */
export function backendHosts(
  configurations: readonly ApacheConfiguration[],
  join: () => void,
): readonly ReachedHost[] {
  return configurations.flatMap(configuration => {
    const redirecting = redirectingHosts(configuration)
    return virtualHosts(configuration).map(host => {
      const mayRedirect = redirecting.has(host.directive) || redirecting.has(null)
      return new ReachedHost(configuration, host, mayRedirect, join)
    })
  })
}

/** A virtual host, and the hops that lead to it once they are joined. */
export class ReachedHost implements BackendHost {
  readonly configuration: ApacheConfiguration
  readonly virtualHost: VirtualHost
  readonly addresses: readonly HostAddress[]
  readonly names: readonly string[]
  readonly mayRedirect: boolean
  readonly #join: () => void
  #hops: Reach[] = []
  #timeouts: Timeouts | null = null

  constructor(
    configuration: ApacheConfiguration,
    virtualHost: VirtualHost,
    mayRedirect: boolean,
    join: () => void,
  ) {
    this.configuration = configuration
    this.virtualHost = virtualHost
    this.addresses = virtualHost.addresses.map(hostAddress)
    this.names = namesOf(virtualHost)
    this.mayRedirect = mayRedirect
    this.#join = join
  }

  get directive(): ApacheDirective {
    return this.virtualHost.directive
  }

  get timeouts(): Timeouts {
    this.#timeouts ??= timeouts(this.configuration, this.virtualHost)
    return this.#timeouts
  }

  get hops(): readonly Reach[] {
    this.#join()
    return this.#hops
  }

  addReach(reach: Reach): void {
    // An array that is made with its first item has no spare room, which most would never use.
    if (this.#hops.length === 0) this.#hops = [reach]
    else this.#hops.push(reach)
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
