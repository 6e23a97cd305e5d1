import type { Source } from '../../../parsers/text/source.ts'
import type { WrittenText } from '../../../parsers/text/written-text.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlMap, YamlNode } from '../../../parsers/yaml/yaml-node.ts'

/** A step of a workflow of GitHub, a job of GitLab and their like: scripts of its own, or an action of somebody else. */
export type WorkflowStep = ScriptStep | ActionStep

export interface ScriptStep {
  readonly scripts: readonly WrittenText[]
  /** The action to which they are given, as of `appleboy/ssh-action`; null where the runner reads them. */
  readonly of: string | null
}

export interface ActionStep {
  readonly action: string
  /** `with:`; null where nothing is given to it. */
  readonly inputs: YamlMap | null
}

const SCRIPTS = new Set(['script', 'after_script', 'run', 'inline', 'args', 'command'])

/** The steps of all jobs of a file, in their order. */
export function workflowSteps(source: Source): readonly WorkflowStep[] {
  return readYaml(source).documents.flatMap(document => stepsIn(document, null))
}

function stepsIn(node: YamlNode, of: string | null): readonly WorkflowStep[] {
  if (node.kind === 'scalar') return []
  if (node.kind === 'list') return node.items.flatMap(item => stepsIn(item, of))
  const uses = textIn(node, 'uses')
  const inputs = node.entries.get('with')?.value
  return [...node.entries.values()].flatMap(({ name, value }): readonly WorkflowStep[] => {
    if (name === 'uses' && uses !== null)
      return [{ action: uses, inputs: inputs?.kind === 'map' ? inputs : null }]
    const scripts = SCRIPTS.has(name) ? textsOf(value) : null
    return scripts === null ? stepsIn(value, name === 'with' ? uses : of) : [{ scripts, of }]
  })
}

function textIn({ entries }: YamlMap, name: string): string | null {
  const value = entries.get(name)?.value
  return value?.kind === 'scalar' ? value.text.text : null
}

/** A text, or a list of them; null for anything else. */
function textsOf(node: YamlNode): readonly WrittenText[] | null {
  if (node.kind === 'scalar') return [node.text]
  if (node.kind === 'map') return null
  const texts = node.items.map(textsOf)
  return texts.includes(null) ? null : texts.flatMap(each => each ?? [])
}
