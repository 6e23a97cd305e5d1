import type { DeploymentMap, MappedPlace, MappedSite } from './deployment-map.ts'

/** The part of a map that one name reaches: its sites, and what stands on their way. */
export function siteMap(map: DeploymentMap, name: string): DeploymentMap {
  const sites = map.sites.filter(site => site.names.some(each => isName(each, name.toLowerCase())))
  const listens = new Set(sites.flatMap(site => site.listens.map(({ address }) => address)))
  const connections = sites.flatMap(({ hops }) => hops)
  const listeners = places(connections.flatMap(({ targets }) => targets.map(({ listener }) => listener)))
  const hosts = places(connections.flatMap(({ virtualHosts }) => virtualHosts))
  const virtualHosts = map.virtualHosts
    .map(address => ({ ...address, hosts: address.hosts.filter(host => hosts.has(key(host))) }))
    .filter(address => address.hosts.length > 0)
  const applications = map.applications.filter(
    ({ virtualHost }) => virtualHost !== null && hosts.has(key(virtualHost)),
  )
  const groups = new Set(applications.map(({ processGroup }) => processGroup))
  const files = new Set([...sites, ...virtualHosts.flatMap(each => each.hosts)].map(({ file }) => file))
  return {
    listeners: map.listeners.filter(
      listener =>
        listeners.has(key(listener)) || (listener.program === 'nginx' && listens.has(listener.address)),
    ),
    sites,
    virtualHosts,
    applications,
    daemons: map.daemons.filter(daemon => daemon.name !== null && groups.has(daemon.name)),
    // Its connections say in their own lines what is not known.
    unknowns: [],
    faults: map.faults.filter(({ file }) => files.has(file)),
  }
}

/** As nginx compares a written name with one that is asked for; expressions compare as they are written. */
function isName(written: string, name: string): boolean {
  const lower = written.toLowerCase()
  if (lower === name) return true
  if (lower.startsWith('*.')) return name.endsWith(lower.slice(1))
  if (lower.startsWith('.')) return name === lower.slice(1) || name.endsWith(lower)
  return lower.endsWith('.*') && name.startsWith(lower.slice(0, -1))
}

function key({ file, line }: MappedPlace): string {
  return `${file}:${line}`
}

function places(all: readonly (MappedPlace | null)[]): ReadonlySet<string> {
  return new Set(all.flatMap(place => (place === null ? [] : [key(place)])))
}

/** The names by which sites can be asked for, once each. */
export function siteNames(sites: readonly MappedSite[]): readonly string[] {
  return [...new Set(sites.flatMap(({ names }) => names))].filter(name => name !== '' && name !== '_')
}
