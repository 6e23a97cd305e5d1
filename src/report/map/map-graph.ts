import type { DeploymentMap, MappedPlace } from '../../deployment/deployment-map.ts'

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

/** From the names that clients ask for to the processes that answer. */
export function mapGraph(map: DeploymentMap): MapGraph {
  const nodes = new Map<string, MapNode>()
  const edges = new Map<string, MapEdge>()
  const ids = new Map<string, string>()
  const broken = new Set(map.faults.map(({ file, line }) => `${file}:${line}`))
  const idOf = (key: string): string => {
    const known = ids.get(key) ?? `n${ids.size + 1}`
    ids.set(key, known)
    return known
  }
  const node = (key: string, label: string, kind: MapNode['kind'], isBroken: boolean): string => {
    const id = idOf(key)
    if (!nodes.has(id)) nodes.set(id, { id, label, kind, broken: isBroken })
    return id
  }
  const edge = (from: string, to: string, label: string) =>
    edges.set(`${from} ${to} ${label}`, { from, to, label })
  const isBroken = (at: MappedPlace) => broken.has(`${at.file}:${at.line}`)
  const hostNames = new Map<string, string | null>()
  for (const { hosts } of map.virtualHosts) {
    for (const host of hosts) hostNames.set(`${host.file}:${host.line}`, host.name)
  }
  const hostNode = (at: MappedPlace): string => {
    const key = `${at.file}:${at.line}`
    return node(`host ${key}`, `virtual host ${hostNames.get(key) ?? key}`, 'virtual-host', isBroken(at))
  }

  for (const site of map.sites) {
    const listens = site.listens.map(({ address, tls }) => (tls ? `${address} tls` : address)).join(', ')
    const label = `${site.names.join(' ') || '(no name)'}\n${listens}`
    const from = node(`site ${site.file}:${site.line}`, label, 'site', isBroken(site))
    for (const hop of site.hops) {
      for (const target of hop.targets) {
        const to = node(
          `target ${target.address}`,
          target.address,
          target.listener === null ? 'unknown' : 'listener',
          target.backend === 'nobody',
        )
        edge(from, to, hop.location)
        for (const at of hop.virtualHosts) edge(to, hostNode(at), '')
      }
    }
  }
  for (const application of map.applications) {
    if (application.virtualHost === null) continue
    const script = node(
      `script ${application.script}`,
      application.script ?? '?',
      'application',
      isBroken(application),
    )
    edge(hostNode(application.virtualHost), script, application.path ?? '?')
    const group = application.processGroup
    if (group === null) continue
    const daemon = map.daemons.find(({ name }) => name === group)
    const label = group === '' ? 'embedded' : `group ${group}`
    edge(script, node(`group ${group}`, label, 'daemon', group !== '' && daemon === undefined), '')
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] }
}
