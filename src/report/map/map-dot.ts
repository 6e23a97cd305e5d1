import type { DeploymentMap } from '../../deployment/map/deployment-map.ts'
import { type MapNode, mapGraph } from './map-graph.ts'

const SHAPES: Readonly<Record<MapNode['kind'], string>> = {
  site: 'box',
  listener: 'ellipse',
  'virtual-host': 'box',
  application: 'note',
  daemon: 'component',
  unknown: 'ellipse',
}

/** One graph in Graphviz’ language. */
export function mapDot(maps: readonly DeploymentMap[]): string {
  const { nodes, edges } = mapGraph(maps)
  const lines = [
    'digraph deployment {',
    '  rankdir=LR;',
    '  node [fontname="sans-serif"];',
    '  edge [fontname="sans-serif"];',
  ]
  for (const { id, label, kind, broken } of nodes) {
    const style = [`label=${quote(label)}`, `shape=${SHAPES[kind]}`]
    if (kind === 'unknown') style.push('style=dashed')
    if (broken) style.push('color=red')
    lines.push(`  ${id} [${style.join(', ')}];`)
  }
  for (const { from, to, label } of edges) {
    lines.push(`  ${from} -> ${to}${label === '' ? '' : ` [label=${quote(label)}]`};`)
  }
  lines.push('}')
  return `${lines.join('\n')}\n`
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`
}
