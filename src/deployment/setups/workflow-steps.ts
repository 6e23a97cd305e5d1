import type { Source } from '../../../parsers/text/source.ts'
import type { WrittenText } from '../../../parsers/text/written-text.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../../../parsers/yaml/yaml-node.ts'

/** A step of a workflow of GitHub, a job of GitLab and their like: scripts of its own, or an action of somebody else. */
export type WorkflowStep = { readonly scripts: readonly WrittenText[] } | { readonly action: string }

const SCRIPTS = new Set(['script', 'after_script', 'run', 'inline', 'args', 'command'])

/** The steps of all jobs of a file, in their order. */
export function workflowSteps(source: Source): readonly WorkflowStep[] {
  return readYaml(source).documents.flatMap(stepsIn)
}

function stepsIn(node: YamlNode): readonly WorkflowStep[] {
  if (node.kind === 'scalar') return []
  if (node.kind === 'list') return node.items.flatMap(stepsIn)
  return [...node.entries.values()].flatMap(({ name, value }): readonly WorkflowStep[] => {
    if (name === 'uses' && value.kind === 'scalar') return [{ action: value.text.text }]
    const scripts = SCRIPTS.has(name) ? textsOf(value) : null
    return scripts === null ? stepsIn(value) : [{ scripts }]
  })
}

/** A text, or a list of them; null for anything else. */
function textsOf(node: YamlNode): readonly WrittenText[] | null {
  if (node.kind === 'scalar') return [node.text]
  if (node.kind === 'map') return null
  const texts = node.items.map(textsOf)
  return texts.includes(null) ? null : texts.flatMap(each => each ?? [])
}
