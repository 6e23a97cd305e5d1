import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { isUnknownWord } from '../text/source.ts'
import { readYaml } from '../yaml/read-yaml.ts'
import type { YamlNode } from '../yaml/yaml-node.ts'

/** A file or a directory that Kustomize reads, by its path as it is written. */
export interface KustomizePath {
  readonly path: string
  readonly at: Place
}

/** True for the path of a file that Kustomize begins with. */
export function isKustomization(path: string): boolean {
  return /\/kustomization\.ya?ml$/.test(path)
}

/** What a kustomization reads beside itself; what a template makes is left out. */
export const readKustomization = memo((source: Source): readonly KustomizePath[] =>
  source.template || /\{\{|<%/.test(source.text) ? [] : pathsIn(source, LISTS),
)

const LISTS = ['resources', 'bases', 'components', 'patchesStrategicMerge', 'patches', 'patchesJson6902']

/** What a kustomization tells its functions, which is no object of a cluster. */
export const readKustomizeFunctions = memo((source: Source): readonly KustomizePath[] =>
  FUNCTIONS.some(name => source.text.includes(`${name}:`)) ? pathsIn(source, FUNCTIONS) : [],
)

const FUNCTIONS = ['generators', 'transformers', 'validators']

function pathsIn(source: Source, lists: readonly string[]): readonly KustomizePath[] {
  return readYaml(source).documents.flatMap(document =>
    document.kind !== 'map' ? [] : lists.flatMap(name => pathsOf(document.entries.get(name)?.value)),
  )
}

function pathsOf(node: YamlNode | undefined): readonly KustomizePath[] {
  if (node?.kind !== 'list') return []
  return node.items.flatMap(item => {
    const value = item.kind === 'map' ? item.entries.get('path')?.value : item
    if (value?.kind !== 'scalar') return []
    const { text } = value.text
    // A patch may be written in place, and much of what is read comes from elsewhere.
    return isUnknownWord(text) ||
      !/^[\w./-]+$/.test(text) ||
      /^(?:https?:|git@|github\.com|[\w.-]+\.\w+\/\/)/.test(text)
      ? []
      : [{ path: text, at: value.at }]
  })
}
