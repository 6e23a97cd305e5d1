import { isUnknownWord } from '../text/source.ts'
import { isNull, type YamlEntry, type YamlMap, type YamlNode } from '../yaml/yaml-node.ts'

/** A `List` holds others. */
export function itemsOf(node: YamlNode): readonly YamlMap[] {
  if (node.kind !== 'map') return []
  const items = node.entries.get('items')?.value
  if (textAt(node, 'kind') === 'List' && items?.kind === 'list') return items.items.flatMap(itemsOf)
  return [node]
}

export function entryAt(map: YamlMap, ...path: readonly string[]): YamlEntry | null {
  let node: YamlNode = map
  let entry: YamlEntry | undefined
  for (const key of path) {
    if (node.kind !== 'map') return null
    entry = node.entries.get(key)
    if (entry === undefined) return null
    node = entry.value
  }
  return entry ?? null
}

export function mapAt(map: YamlMap, ...path: readonly string[]): YamlMap | null {
  const node = entryAt(map, ...path)?.value
  return node?.kind === 'map' ? node : null
}

export function listAt(map: YamlMap, ...path: readonly string[]): readonly YamlMap[] {
  const node = entryAt(map, ...path)?.value
  return node?.kind === 'list' ? node.items.flatMap(item => (item.kind === 'map' ? [item] : [])) : []
}

/** A text that no template makes; null for all else. */
export function textAt(map: YamlMap, ...path: readonly string[]): string | null {
  const node = entryAt(map, ...path)?.value
  if (node?.kind !== 'scalar' || isNull(node)) return null
  const { text } = node.text
  return isUnknownWord(text) || /\{\{|\$\{|<%/.test(text) ? null : text
}

export interface Pod {
  readonly metadata: YamlMap | null
  readonly spec: YamlMap
}

export function podOf(map: YamlMap, kind: string): Pod | null {
  const path =
    kind === 'Pod'
      ? []
      : kind === 'CronJob'
        ? ['spec', 'jobTemplate', 'spec', 'template']
        : ['spec', 'template']
  const spec = mapAt(map, ...path, 'spec')
  return spec === null ? null : { metadata: mapAt(map, ...path, 'metadata'), spec }
}
