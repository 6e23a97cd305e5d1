import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import { type Timeouts, timeouts } from '../../servers/apache/queries/server-settings.ts'
import {
  type VirtualHost,
  type VirtualHostAddress,
  virtualHosts,
} from '../../servers/apache/queries/virtual-hosts.ts'
import type { ApacheHost, HostAddress } from '../model.ts'
import { virtualHostSection } from '../../servers/apache/queries/virtual-hosts.ts'

const REDIRECTS = ['redirect', 'redirectmatch', 'redirectpermanent', 'redirecttemp', 'rewriterule']

/** Every virtual host of one httpd, in reading order. */
export function apacheHosts(configuration: ApacheConfiguration): readonly ApacheHost[] {
  const redirecting = redirectingHosts(configuration)
  return virtualHosts(configuration).map(host => {
    const mayRedirect = redirecting.has(host.directive) || redirecting.has(null)
    return new ConfiguredHost(configuration, host, mayRedirect)
  })
}

class ConfiguredHost implements ApacheHost {
  readonly configuration: ApacheConfiguration
  readonly virtualHost: VirtualHost
  readonly addresses: readonly HostAddress[]
  readonly names: readonly string[]
  readonly mayRedirect: boolean
  #timeouts: Timeouts | null = null

  constructor(configuration: ApacheConfiguration, virtualHost: VirtualHost, mayRedirect: boolean) {
    this.configuration = configuration
    this.virtualHost = virtualHost
    this.addresses = virtualHost.addresses.map(hostAddress)
    this.names = namesOf(virtualHost)
    this.mayRedirect = mayRedirect
  }

  get directive(): ApacheDirective {
    return this.virtualHost.directive
  }

  get timeouts(): Timeouts {
    this.#timeouts ??= timeouts(this.configuration, this.virtualHost)
    return this.#timeouts
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
    for (const directive of configuration.occurrences.get(name) ?? [])
      found.add(virtualHostSection(directive))
  }
  return found
}
