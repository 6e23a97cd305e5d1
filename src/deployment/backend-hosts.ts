import type { ApacheConfiguration, ApacheDirective } from '../servers/apache/configuration.ts'
import { selectVirtualHost } from '../servers/apache/queries/select-virtual-host.ts'
import { type VirtualHost, virtualHosts } from '../servers/apache/queries/virtual-hosts.ts'
import type { BackendHost, Hop, HopToHost, Target } from './deployment.ts'
import { virtualHostOf } from './scheme-trust.ts'

const REDIRECTS = ['redirect', 'redirectmatch', 'redirectpermanent', 'redirecttemp', 'rewriterule']

/** Every virtual host of the deployment, with the hops that lead to it. */
export function backendHosts(
  configurations: readonly ApacheConfiguration[],
  hops: () => readonly Hop[],
): readonly BackendHost[] {
  const hosts: BackendHost[] = []
  const reaches = new Map<ApacheDirective, HopToHost[]>()
  let joined = false
  const hopsTo = (directive: ApacheDirective): readonly HopToHost[] => {
    if (!joined) {
      joined = true
      join(configurations, hosts, hops(), reaches)
    }
    return reaches.get(directive) ?? []
  }
  for (const configuration of configurations) {
    const redirecting = redirectingHosts(configuration)
    for (const host of virtualHosts(configuration)) {
      const { directive } = host
      hosts.push({
        configuration,
        directive,
        virtualHost: host,
        addresses: host.addresses.map(({ socket, at }) => ({
          known: socket.known,
          address: socket.known ? socket.value.address : null,
          port: socket.known ? socket.value.port : null,
          at,
        })),
        names: namesOf(host),
        mayRedirect: redirecting.has(directive) || redirecting.has(null),
        get hops() {
          return hopsTo(directive)
        },
      })
    }
  }
  return hosts
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

function join(
  configurations: readonly ApacheConfiguration[],
  hosts: readonly BackendHost[],
  hops: readonly Hop[],
  reaches: Map<ApacheDirective, HopToHost[]>,
): void {
  const byName = likelyHosts(hosts)
  const add = (directive: ApacheDirective, hop: Hop, certain: boolean): void => {
    const known = reaches.get(directive)
    if (known === undefined) {
      reaches.set(directive, [{ hop, certain }])
      return
    }
    const last = known.at(-1)
    if (last?.hop !== hop) known.push({ hop, certain })
    else if (certain && !last.certain) known[known.length - 1] = { hop, certain }
  }
  for (const hop of hops) {
    for (const target of hop.targets) {
      const { backend } = target
      if (backend.kind === 'apache') {
        const { configuration } = backend.listener
        const home = configurations.find(each => each === configuration)
        if (home !== undefined)
          for (const each of selected(home, target, hop)) add(each.directive, hop, each.certain)
      }
      // A port and a name that agree say which host is meant, where only a resolver or a missing
      // `Listen` could make it certain.
      if (backend.kind !== 'unknown' && backend.kind !== 'nobody') continue
      for (const name of namesAskedFor(hop)) {
        for (const directive of byName.get(`${target.port} ${name}`) ?? []) add(directive, hop, false)
      }
    }
  }
}

/** The hosts that answer on the connection's address for each name that nginx sends. */
function selected(
  configuration: ApacheConfiguration,
  target: Target,
  hop: Hop,
): readonly { readonly directive: ApacheDirective; readonly certain: boolean }[] {
  const { port } = target
  const address = target.addresses.find(({ kind }) => kind === 'ip') ?? target.address
  if (port === null) return []
  const found = new Map<ApacheDirective, boolean>()
  for (const host of hop.hostsSent ?? []) {
    const selection = selectVirtualHost(configuration, { address, port, host })
    if (selection.kind !== 'virtual-host') continue
    const { directive } = selection.virtualHost
    // Among fragments the host that answers for unknown names may be one that is not here.
    const certain = configuration.main !== null || selection.reason !== 'first'
    found.set(directive, certain || found.get(directive) === true)
  }
  return [...found].map(([directive, certain]) => ({ directive, certain }))
}

function namesAskedFor(hop: Hop): readonly string[] {
  if (hop.hostsSent !== null) return hop.hostsSent
  return hop.server.names.filter(({ exact }) => exact).map(({ name }) => name)
}

function likelyHosts(hosts: readonly BackendHost[]): ReadonlyMap<string, readonly ApacheDirective[]> {
  const byName = new Map<string, ApacheDirective[]>()
  for (const { addresses, names, directive } of hosts) {
    for (const { port } of addresses) {
      if (port === null) continue
      for (const name of names) {
        const key = `${port} ${name}`
        const known = byName.get(key)
        if (known === undefined) byName.set(key, [directive])
        else known.push(directive)
      }
    }
  }
  return byName
}
