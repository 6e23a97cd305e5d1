import type { DeploymentMap } from '../../deployment/map/deployment-map.ts'
import { mapGraph } from './map-graph.ts'

/** A Mermaid flowchart, as GitHub draws it in Markdown. */
export function mapMermaid(maps: readonly DeploymentMap[]): string {
  const { nodes, edges } = mapGraph(maps)
  const lines = ['flowchart LR']
  for (const { id, label, broken } of nodes)
    lines.push(`  ${id}["${entities(label)}"]${broken ? ':::broken' : ''}`)
  for (const { from, to, label } of edges)
    lines.push(`  ${from} -->${label === '' ? '' : `|"${entities(label)}"|`} ${to}`)
  lines.push('  classDef broken stroke:#d00,stroke-width:3px')
  return `${lines.join('\n')}\n`
}

/**
 * Mermaid has no backslash escapes: what would end the label is written as an entity, and so is what begins a
 * directive (`%%{init…}%%`, which counts wherever it stands), Markdown or mathematics.
 */
function entities(text: string): string {
  return text
    .replace(/["#&<>;%{}`$\\]/g, character => `#${character.charCodeAt(0)};`)
    .replaceAll('\n', '<br>')
}
