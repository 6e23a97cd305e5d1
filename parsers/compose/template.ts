import { isUnknownWord } from '../text/source.ts'
import type { YamlNode } from '../yaml/yaml-node.ts'

/** What a template engine, or the environment, puts in. */
export function isTemplate(node: YamlNode): boolean {
  return node.kind === 'scalar' && (isUnknownWord(node.text.text) || /\{[{%]|<%|\$/.test(node.text.text))
}
