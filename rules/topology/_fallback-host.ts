import { areNumbered } from '../../parsers/text/slip.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { connectedSocket } from '../../src/deployment/connected-address.ts'
import type {
  VirtualApacheHost,
  Deployment,
  NginxConnection,
  NginxServer,
  ServerName,
} from '../../src/deployment/model.ts'
import { hostAt } from '../../src/deployment/fronts-of.ts'
import { selectVirtualHost } from '../../src/servers/apache/queries/select-virtual-host.ts'

/** A name that nginx passes on and no virtual host has, so that the first of the address answers. */
export interface FallbackHost {
  readonly connection: NginxConnection
  readonly name: ServerName
  /** The virtual host that answers. */
  readonly chosen: VirtualApacheHost
  /**
   * Another one with nearly this name, or that answers all other names of the server, or the one of its domain; null
   * where there is none.
   */
  readonly meant: VirtualApacheHost | null
  /** True where nothing but the domain speaks for that one. */
  readonly isByDomain: boolean
  /** True where other servers of nginx say that the one that answers is made for another site. */
  readonly isTaken: boolean
}

/** Every such name, once for each place where it is written; not where one virtual host is alone or a catch-all. */
export const fallbackHosts = memo((deployment: Deployment): readonly FallbackHost[] => {
  const { connections } = deployment
  const found: FallbackHost[] = []
  const indexes = new Map<NonNullable<ReturnType<typeof answering>>['set'], NameIndex>()
  const siteServers = new Map<VirtualApacheHost, readonly NginxServer[]>()
  const said = new Set<string>()
  for (const connection of connections.http) {
    for (const name of sentNames(connection)) {
      if (isCertainlyNamed(deployment, connection, name.name)) continue
      const answer = answering(connection, name.name)
      const chosen = answer === null ? null : hostAt(deployment, answer.directive)
      if (answer === null || chosen === null || connection.reachable === false) continue
      const key = `${name.at.source.path}\0${name.at.start}`
      if (said.has(key)) continue
      said.add(key)
      let index = indexes.get(answer.set)
      if (index === undefined) {
        index = indexNames(
          answer.set.members.flatMap(({ virtualHost }) => hostAt(deployment, virtualHost.directive) ?? []),
        )
        indexes.set(answer.set, index)
      }
      const site = siteOf(index, connection.server, chosen)
      if (isCatchAll(chosen) && (site === null || !site.names.some(other => isSameSite(other, name.name))))
        continue
      const named = nearestTo(index, name.name, chosen) ?? site
      const meant = named ?? ofDomain(index, name.name, chosen)
      let own = siteServers.get(chosen)
      if (own === undefined) {
        const sharing = connections.reaching(chosen).filter(reached => shares(reached.connection, chosen))
        own = [...new Set(sharing.map(reached => reached.connection.server))]
        siteServers.set(chosen, own)
      }
      // Another site's name in nginx says that this virtual host was meant for that one.
      const isTaken = own.length > 1 || (own[0] !== undefined && own[0] !== connection.server)
      found.push({ connection, name, chosen, meant, isByDomain: named === null, isTaken })
    }
  }
  return found
})

/** The names by which clients come and which nginx passes on unchanged. */
function sentNames({ server, hostsSent }: NginxConnection): readonly ServerName[] {
  if (!hostsSent.known) return []
  return server.names.filter(({ name, exact }) => exact && hostsSent.value.includes(name))
}

/** True where the one address of a connection has a virtual host of this name, and so none answers for want of one. */
function isCertainlyNamed({ connections }: Deployment, connection: NginxConnection, name: string): boolean {
  return (
    connection.targets.length === 1 &&
    connections.hostsReachedBy(connection).some(({ host }) => host.names.includes(name))
  )
}

/** The virtual host that answers because no name matches, with the others of its address. */
function answering(connection: NginxConnection, name: string) {
  for (const target of connection.targets) {
    const { to } = target
    const { address, port } = connectedSocket(target)
    if (to.kind !== 'listener' || to.listener.kind !== 'apache' || port === null) continue
    const selection = selectVirtualHost(to.listener.program.configuration, { address, port, host: name })
    if (selection.kind !== 'virtual-host' || selection.reason !== 'first') return null
    const { directive } = selection.virtualHost
    const { set } = selection
    const isAlone = set.members.every(({ virtualHost }) => virtualHost.directive === directive)
    return isAlone ? null : { directive, set }
  }
  return null
}

/** Named so that nobody can ask for it: made to answer what no other does. */
function isCatchAll({ names, virtualHost }: VirtualApacheHost): boolean {
  if (virtualHost.serverName === null) return true
  return names.some(
    name => /^(?:_|default|_default_|localhost|catch-?all|invalid)/.test(name) || !name.includes('.'),
  )
}

/** The hosts of one address, and for each of their names, whole and less one letter, who has it. */
interface NameIndex {
  readonly hosts: readonly VirtualApacheHost[]
  readonly positions: ReadonlyMap<string, readonly number[]>
  /** By the domain that a name lies in: `example.org` for `shop.example.org`. */
  readonly domains: ReadonlyMap<string, ReadonlySet<VirtualApacheHost>>
  /** The hosts with names of a server of nginx, as far as somebody asked. */
  readonly sites: Map<NginxServer, ReadonlySet<VirtualApacheHost>>
}

/** Names one slip apart are equal once a letter is taken out of one or both: thousands need no comparison. */
function indexNames(hosts: readonly VirtualApacheHost[]): NameIndex {
  const positions = new Map<string, number[]>()
  const domains = new Map<string, Set<VirtualApacheHost>>()
  for (const [position, host] of hosts.entries()) {
    for (const name of host.names) {
      const domain = domainOf(name)
      if (domain !== null) domains.set(domain, (domains.get(domain) ?? new Set()).add(host))
      for (const text of lessOneLetter(name)) {
        const known = positions.get(text)
        if (known === undefined) positions.set(text, [position])
        else if (known.at(-1) !== position) known.push(position)
      }
    }
  }
  return { hosts, positions, domains, sites: new Map() }
}

/** What follows the first label, where that is a domain of two labels or more. */
function domainOf(name: string): string | null {
  const dot = name.indexOf('.')
  return dot !== -1 && name.includes('.', dot + 1) ? name.slice(dot + 1) : null
}

/** The one host with a name in the same domain, where the one that answers has none in it. */
function ofDomain({ domains }: NameIndex, name: string, chosen: VirtualApacheHost): VirtualApacheHost | null {
  const domain = domainOf(name) ?? ''
  const hosts = domains.get(domain)
  if (hosts === undefined || hosts.size !== 1) return null
  if (chosen.names.some(other => other === domain || other.endsWith(`.${domain}`))) return null
  const [only] = hosts
  return only ?? null
}

function lessOneLetter(name: string): readonly string[] {
  const texts = [name]
  for (let at = 0; at < name.length; at++) texts.push(name.slice(0, at) + name.slice(at + 1))
  return texts
}

/** The first of the other hosts that is nearly called so. */
function nearestTo(
  { hosts, positions }: NameIndex,
  name: string,
  chosen: VirtualApacheHost,
): VirtualApacheHost | null {
  const candidates = new Set(lessOneLetter(name).flatMap(text => positions.get(text) ?? []))
  for (const position of [...candidates].sort((a, b) => a - b)) {
    const host = hosts[position]
    if (host !== undefined && host !== chosen && isNear(host, name)) return host
  }
  return null
}

/** The one host that has names of a server of nginx, where another one answers, and not by a redirect. */
function siteOf(index: NameIndex, server: NginxServer, chosen: VirtualApacheHost): VirtualApacheHost | null {
  let hosts = index.sites.get(server)
  if (hosts === undefined) {
    const positions = server.names.flatMap(({ name }) => index.positions.get(name) ?? [])
    const named = positions.flatMap(position => index.hosts[position] ?? [])
    hosts = new Set(named.filter(host => server.names.some(({ name }) => host.names.includes(name))))
    index.sites.set(server, hosts)
  }
  const [site] = hosts
  const isAnother = site !== undefined && site !== chosen && !chosen.mayRedirect
  return hosts.size === 1 && isAnother ? site : null
}

/** The same name with and without `www.` */
function isSameSite(a: string, b: string): boolean {
  return a === `www.${b}` || b === `www.${a}`
}

function isNear({ names }: VirtualApacheHost, name: string): boolean {
  return names.some(other => other.length > 4 && isOneSlipApart(other, name))
}

/** One letter more, less or different, or two neighbours swapped. */
function isOneSlipApart(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1 || areNumbered(a, b)) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  const restA = a.slice(start)
  const restB = b.slice(start)
  if (restA.slice(1) === restB || restA === restB.slice(1)) return true
  if (restA.slice(1) === restB.slice(1)) return true
  return restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2)
}

function shares({ server }: NginxConnection, { names }: VirtualApacheHost): boolean {
  return server.names.some(({ name }) => names.includes(name))
}
