import type { DeploymentMap, MappedPlace, MappedSite } from '../../deployment/map/deployment-map.ts'
import { printable } from '../printable.ts'
import { addressName, keyOf, listed, siteName } from './map-words.ts'

/** The map as nodes and edges: what Mermaid and Graphviz both draw. */
export interface MapGraph {
  readonly nodes: readonly MapNode[]
  readonly edges: readonly MapEdge[]
}

export interface MapNode {
  readonly id: string
  readonly label: string
  readonly kind: 'site' | 'listener' | 'virtual-host' | 'application' | 'daemon' | 'unknown'
  readonly broken: boolean
}

export interface MapEdge {
  readonly from: string
  readonly to: string
  readonly label: string
}

/** From the names that clients ask for to the processes that answer, every deployment in one graph. */
export function mapGraph(maps: readonly DeploymentMap[]): MapGraph {
  const graph = new GraphUnderConstruction()
  maps.forEach((map, index) => {
    graph.scope = `${index} `
    drawMap(map, graph)
  })
  return graph
}

/** Nodes by key, so that what two sites share is drawn once. */
class GraphUnderConstruction implements MapGraph {
  readonly nodes: MapNode[] = []
  readonly edges: MapEdge[] = []
  /** Stands before every key: nodes of two deployments are never the same. */
  scope = ''
  readonly #ids = new Map<string, string>()
  readonly #edges = new Set<string>()

  node(key: string, label: string, kind: MapNode['kind'], broken: boolean): string {
    const scoped = this.scope + key
    const known = this.#ids.get(scoped)
    if (known !== undefined) return known
    const id = `n${this.nodes.length + 1}`
    this.#ids.set(scoped, id)
    this.nodes.push({ id, label: label.split('\n').map(shown).join('\n'), kind, broken })
    return id
  }

  edge(from: string, to: string, label: string): void {
    const key = `${from} ${to} ${label}`
    if (this.#edges.has(key)) return
    this.#edges.add(key)
    this.edges.push({ from, to, label: shown(label) })
  }
}

/** Without what a terminal would obey. */
function shown(line: string): string {
  return printable(line)
}

function drawMap(map: DeploymentMap, graph: GraphUnderConstruction): void {
  const hosts = indexHosts(map)
  const hostNode = (at: MappedPlace): string => {
    const key = keyOf(at)
    const { name, addresses, broken } = hosts.get(key) ?? { name: null, addresses: [], broken: false }
    const label = [`virtual host ${name ?? '(no name)'}`, listed(addresses, ', ')].join('\n')
    return graph.node(`host ${key}`, label, 'virtual-host', broken)
  }
  const siteNode = (site: MappedSite): string =>
    graph.node(`site ${keyOf(site)}`, siteLabel(site), 'site', site.broken)
  const siteNamed = indexSites(map.sites)

  for (const site of map.sites) {
    const from = siteNode(site)
    if (site.redirect !== null) {
      const target = siteNamed(site.redirect)
      const to =
        target === undefined
          ? graph.node(`url ${site.redirect}`, site.redirect, 'unknown', false)
          : siteNode(target)
      graph.edge(from, to, 'redirects')
    }
    for (const hop of site.hops) {
      for (const { address, listener, to: answer } of hop.targets) {
        const kind = listener === null ? 'unknown' : 'listener'
        const label = answer === 'refused' ? `${address}\nconnection refused` : address
        const to = graph.node(`target ${address}`, label, kind, answer === 'refused')
        graph.edge(from, to, hop.location)
        for (const at of hop.virtualHosts) graph.edge(to, hostNode(at), '')
      }
    }
  }

  const declared = new Set(map.daemons.map(({ name }) => name))
  for (const application of map.applications) {
    const { script, path, processGroup: group, virtualHost } = application
    const from =
      virtualHost === null
        ? graph.node('main server', 'main server', 'virtual-host', false)
        : hostNode(virtualHost)
    const to = graph.node(`script ${script}`, script ?? '(script unknown)', 'application', application.broken)
    graph.edge(from, to, path ?? '(path unknown)')
    if (group === null) continue
    const label = group === '' ? 'embedded mode' : `process group ${group}`
    graph.edge(to, graph.node(`group ${group}`, label, 'daemon', group !== '' && !declared.has(group)), '')
  }
}

interface DrawnHost {
  readonly name: string | null
  readonly addresses: string[]
  readonly broken: boolean
}

/** A section of several addresses stands once in the picture. */
function indexHosts({ virtualHosts }: DeploymentMap): ReadonlyMap<string, DrawnHost> {
  const index = new Map<string, DrawnHost>()
  for (const mapped of virtualHosts) {
    const written = addressName(mapped)
    for (const host of mapped.hosts) {
      const known = index.get(keyOf(host))
      if (known === undefined)
        index.set(keyOf(host), { name: host.name, addresses: [written], broken: host.broken })
      else known.addresses.push(written)
    }
  }
  return index
}

function siteLabel(site: MappedSite): string {
  const { listens, answer } = site
  const sockets = listens.map(({ address, tls }) => (tls ? `${address} TLS` : address))
  const refusal = answer === 'refusal' ? ['rejects every request'] : []
  return [siteName(site, ' '), listed(sockets, ', '), ...refusal].join('\n')
}

/** Finds the site that a redirect of a fixed host leads to; undefined for a host of nobody here. */
function indexSites(sites: readonly MappedSite[]): (target: string) => MappedSite | undefined {
  const byName = new Map<string, MappedSite>()
  for (const site of sites) {
    for (const name of site.names) {
      for (const { tls } of site.listens) {
        const key = `${tls ? 'https' : 'http'}://${name}`
        if (!byName.has(key)) byName.set(key, site)
      }
    }
  }
  return target => byName.get(/^https?:\/\/[^/$:]+/.exec(target)?.[0] ?? '')
}
