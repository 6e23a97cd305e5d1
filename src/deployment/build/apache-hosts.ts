import { memo } from '../../../parsers/collections/memo.ts'
import type { Place } from '../../../parsers/text/source.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import { namePlace } from '../../servers/apache/queries/places.ts'
import { listens } from '../../servers/apache/queries/listens.ts'
import { virtualHostSet } from '../../servers/apache/queries/select-virtual-host.ts'
import { type Timeouts, timeouts } from '../../servers/apache/queries/server-settings.ts'
import {
  mainServerName,
  type VirtualHost,
  type VirtualHostAddress,
  virtualHostSection,
  virtualHosts,
} from '../../servers/apache/queries/virtual-hosts.ts'
import { isMainServerSite } from '../main-server-site.ts'
import type { ApacheHost, HostAddress, VirtualApacheHost } from '../model.ts'

const REDIRECTS = ['redirect', 'redirectmatch', 'redirectpermanent', 'redirecttemp', 'rewriterule']

/** Every virtual host of one httpd, in reading order. */
export function virtualApacheHosts(configuration: ApacheConfiguration): readonly VirtualApacheHost[] {
  const redirecting = redirectingHosts(configuration)
  return virtualHosts(configuration).map(host => {
    const mayRedirect = redirecting.has(host.directive) || redirecting.has(null)
    return new ConfiguredHost(configuration, host, mayRedirect)
  })
}

/**
 * The main server of one httpd, where it is a site of its own that answers on some socket: one that no virtual host
 * waits on. Fragments have none: their main server is in another file.
 */
export function mainApacheHost(configuration: ApacheConfiguration): ApacheHost | null {
  if (configuration.main === null || !isMainServerSite(configuration)) return null
  const addresses = ownAddresses(configuration)
  const [first] = addresses
  return first === undefined ? null : new MainHost(configuration, addresses, first.at)
}

/** The main server among the hosts of one httpd, behind all of its virtual hosts. */
export function mainAmong(hosts: readonly ApacheHost[]): ApacheHost | undefined {
  const last = hosts.at(-1)
  return last?.virtualHost === null ? last : undefined
}

class ConfiguredHost implements VirtualApacheHost {
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

  get at(): Place {
    return namePlace(this.directive)
  }

  get timeouts(): Timeouts {
    this.#timeouts ??= timeouts(this.configuration, this.virtualHost)
    return this.#timeouts
  }
}

class MainHost implements ApacheHost {
  readonly configuration: ApacheConfiguration
  readonly directive = null
  readonly virtualHost = null
  readonly addresses: readonly HostAddress[]
  readonly names: readonly string[]
  readonly mayRedirect: boolean
  readonly at: Place

  constructor(configuration: ApacheConfiguration, addresses: readonly HostAddress[], at: Place) {
    const name = mainServerName(configuration)
    this.configuration = configuration
    this.addresses = addresses
    this.at = at
    this.names = name.known ? [name.value.host.toLowerCase()] : []
    this.mayRedirect = redirectingHosts(configuration).has(null)
  }

  get timeouts(): Timeouts {
    return timeouts(this.configuration, null)
  }
}

/** Where httpd listens and no virtual host waits: the main server answers there. */
function ownAddresses(configuration: ApacheConfiguration): readonly HostAddress[] {
  return listens(configuration).flatMap(({ at, endpoint }) => {
    if (!endpoint.known) return []
    const { address, port } = endpoint.value
    if (address.kind !== 'ip' || port === null) return []
    return virtualHostSet(configuration, address.ip, port) === null
      ? [{ known: true, address: address.wildcard ? null : address, port, at }]
      : []
  })
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

const redirectingHosts = memo((configuration: ApacheConfiguration): ReadonlySet<ApacheDirective | null> => {
  const found = new Set<ApacheDirective | null>()
  for (const name of REDIRECTS) {
    for (const directive of configuration.occurrences.get(name) ?? [])
      found.add(virtualHostSection(directive))
  }
  return found
})
