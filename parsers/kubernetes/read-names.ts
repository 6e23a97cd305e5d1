import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { readYaml } from '../yaml/read-yaml.ts'
import type { YamlMap } from '../yaml/yaml-node.ts'
import { entryAt, itemsOf, listAt, mapAt, podOf, textAt } from './yaml-paths.ts'

/** An object, as others name it. */
export interface NamedObject {
  readonly kind: string
  readonly name: string
  /** As written; null where whoever applies it says it. */
  readonly namespace: string | null
  /** The name. */
  readonly at: Place
  /** Its namespace, or the name where none is written. */
  readonly namespaceAt: Place
  /** True where an annotation has a program copy it into other namespaces. */
  readonly isCopied: boolean
}

/** A name by which an object asks for another one of its own namespace. */
export interface NameUse {
  readonly kind: string
  readonly name: string
  readonly namespace: string | null
  readonly at: Place
  /** The namespace of the object that asks; null where none is written. */
  readonly namespaceAt: Place | null
  /** The kind of the object that asks. */
  readonly by: string
}

export interface ManifestNames {
  readonly objects: readonly NamedObject[]
  readonly uses: readonly NameUse[]
}

/** The objects of a file, and the names by which they ask for others: what may be missing is left out. */
export const readNames = memo((source: Source): ManifestNames => {
  const objects: NamedObject[] = []
  const uses: NameUse[] = []
  for (const map of readYaml(source).documents.flatMap(itemsOf)) {
    const kind = textAt(map, 'kind')
    if (kind === null || textAt(map, 'apiVersion') === null) continue
    const namespace = textAt(map, 'metadata', 'namespace')
    const namespaceAt = entryAt(map, 'metadata', 'namespace')?.value.at ?? null
    for (const entry of namesOf(map, kind))
      objects.push({
        kind,
        name: entry.name,
        // One that a template makes is none that anybody knows.
        namespace: namespace ?? (namespaceAt === null ? null : '\uFFFD'),
        at: entry.at,
        namespaceAt: namespaceAt ?? entry.at,
        isCopied: isCopied(map),
      })
    if (namespace === null && namespaceAt !== null) continue
    for (const use of usesOf(map, kind)) uses.push({ ...use, namespace, namespaceAt, by: kind })
  }
  return { objects, uses }
})

function isCopied(map: YamlMap): boolean {
  return [mapAt(map, 'metadata', 'annotations'), mapAt(map, 'spec', 'secretTemplate', 'annotations')]
    .flatMap(each => [...(each?.entries.keys() ?? [])])
    .some(key => /reflect|replic|kubed|sync|cop(?:y|ied)/i.test(key))
}

/** Its own name, and that of the Secret that it makes: a Certificate makes no other. */
function namesOf(map: YamlMap, kind: string): readonly { readonly name: string; readonly at: Place }[] {
  const paths: readonly (readonly string[])[] = [
    ...(kind === 'Certificate'
      ? [['spec', 'secretName']]
      : [
          ['metadata', 'name'],
          ['spec', 'target', 'name'],
        ]),
  ]
  return paths.flatMap(path => {
    const name = textAt(map, ...path)
    return name === null ? [] : [{ name, at: entryAt(map, ...path)!.value.at }]
  })
}

type Use = Pick<NameUse, 'kind' | 'name' | 'at'>

function* usesOf(map: YamlMap, kind: string): Iterable<Use> {
  if (kind === 'Ingress')
    for (const rule of listAt(map, 'spec', 'rules'))
      for (const path of listAt(rule, 'http', 'paths'))
        yield* useAt(path, 'Service', 'backend', 'service', 'name')
  const target = kind === 'HorizontalPodAutoscaler' ? textAt(map, 'spec', 'scaleTargetRef', 'kind') : null
  if (target !== null) yield* useAt(map, target, 'spec', 'scaleTargetRef', 'name')
  const spec = podOf(map, kind)?.spec
  if (spec === undefined) return
  yield* useAt(spec, 'ServiceAccount', 'serviceAccountName')
  for (const volume of listAt(spec, 'volumes')) {
    yield* useAt(volume, 'PersistentVolumeClaim', 'persistentVolumeClaim', 'claimName')
    yield* required(volume, 'ConfigMap', 'configMap', 'name')
    yield* required(volume, 'Secret', 'secret', 'secretName')
  }
  for (const container of [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')]) {
    for (const each of listAt(container, 'envFrom')) {
      yield* required(each, 'ConfigMap', 'configMapRef', 'name')
      yield* required(each, 'Secret', 'secretRef', 'name')
    }
    for (const each of listAt(container, 'env')) {
      const from = mapAt(each, 'valueFrom')
      if (from === null) continue
      yield* required(from, 'ConfigMap', 'configMapKeyRef', 'name')
      yield* required(from, 'Secret', 'secretKeyRef', 'name')
    }
  }
}

function useAt(map: YamlMap, kind: string, ...path: readonly string[]): readonly Use[] {
  const name = textAt(map, ...path)
  return name === null ? [] : [{ kind, name, at: entryAt(map, ...path)!.value.at }]
}

function required(map: YamlMap, kind: string, part: string, key: string): readonly Use[] {
  return textAt(map, part, 'optional') === 'true' ? [] : useAt(map, kind, part, key)
}
