import type { Place, Source } from '../text/source.ts'
import type { YamlEntry, YamlMap } from '../yaml/yaml-node.ts'
import { memo } from '../collections/memo.ts'
import { readYaml } from '../yaml/read-yaml.ts'
import { entryAt, itemsOf, listAt, podOf, textAt } from './yaml-paths.ts'

/** What one object of a file says of another. */
export type ManifestReference =
  | {
      readonly kind: 'service'
      readonly name: string
      /** A number, or the name of a port. */
      readonly port: number | string | null
      readonly at: Place
      readonly portAt: Place
    }
  | {
      readonly kind: 'ConfigMap' | 'Secret'
      readonly name: string
      readonly key: string
      readonly at: Place
      /** True for a file of a volume, and false for a variable. */
      readonly isFile: boolean
    }

/** An object with keys or ports, as others name it. */
export interface ManifestObject {
  readonly kind: string
  readonly name: string
  readonly at: Place
  /** The keys of a ConfigMap or Secret. */
  readonly keys: readonly string[]
  /** The ports of a Service, by number and by name; null where a template or nobody says them. */
  readonly ports: readonly { readonly port: number; readonly name: string | null }[] | null
}

/** A server that a container starts with an address of its own. */
export interface PodBind {
  readonly program: string
  /** The labels of its pod. */
  readonly labels: ReadonlyMap<string, string>
  readonly port: number
  readonly isLoopback: boolean
  readonly at: Place
}

export interface ManifestLinks {
  readonly objects: readonly ManifestObject[]
  readonly references: readonly ManifestReference[]
  readonly binds: readonly PodBind[]
}

/** What the objects of a file are called, and what they say of others. */
export const readLinks = memo((source: Source): ManifestLinks => {
  const objects: ManifestObject[] = []
  const references: ManifestReference[] = []
  const binds: PodBind[] = []
  for (const map of readYaml(source).documents.flatMap(itemsOf)) {
    const kind = textAt(map, 'kind')
    const name = textAt(map, 'metadata', 'name')
    if (kind === null || name === null) continue
    objects.push(objectOf(map, kind, name))
    if (kind === 'Ingress') references.push(...backends(map))
    const pod = podOf(map, kind)
    if (pod === null) continue
    const containers = listAt(pod.spec, 'containers')
    for (const each of listAt(pod.spec, 'volumes')) references.push(...filesOf(each))
    for (const each of [...containers, ...listAt(pod.spec, 'initContainers')])
      references.push(...keysOf(each))
    const labels = new Map(
      [...(pod.metadata === null ? [] : (mapEntries(pod.metadata, 'labels') ?? []))].flatMap(
        ({ name: key }) => {
          const text = textAt(pod.metadata!, 'labels', key)
          return text === null ? [] : [[key, text] as const]
        },
      ),
    )
    if (containers.length === 1) binds.push(...bindsOf(containers[0]!, labels))
  }
  return { objects, references, binds }
})

function mapEntries(map: YamlMap, ...path: readonly string[]): readonly YamlEntry[] | null {
  const node = entryAt(map, ...path)?.value
  return node?.kind === 'map' ? [...node.entries.values()] : null
}

function objectOf(map: YamlMap, kind: string, name: string): ManifestObject {
  const keys = ['data', 'binaryData', 'stringData'].flatMap(part => mapEntries(map, part) ?? [])
  const ports = listAt(map, 'spec', 'ports').map(each => ({
    port: Number(textAt(each, 'port')),
    name: textAt(each, 'name'),
  }))
  const isKnown =
    ports.length > 0 &&
    ports.every(({ port }) => Number.isInteger(port) && port > 0) &&
    textAt(map, 'spec', 'type') !== 'ExternalName'
  return {
    kind,
    name,
    at: entryAt(map, 'metadata', 'name')!.value.at,
    keys: keys.map(each => each.name),
    ports: kind === 'Service' && isKnown ? ports : null,
  }
}

function* backends(map: YamlMap): Iterable<ManifestReference> {
  yield* backendAt(map, 'spec', 'defaultBackend', 'service')
  const paths = listAt(map, 'spec', 'rules').flatMap(rule => listAt(rule, 'http', 'paths'))
  for (const each of paths) yield* backendAt(each, 'backend', 'service')
}

function* backendAt(map: YamlMap, ...path: readonly string[]): Iterable<ManifestReference> {
  const entry = entryAt(map, ...path, 'name')
  const name = textAt(map, ...path, 'name')
  if (entry === null || name === null) return
  const [number, named] = [entryAt(map, ...path, 'port', 'number'), entryAt(map, ...path, 'port', 'name')]
  const text = textAt(map, ...path, 'port', number === null ? 'name' : 'number')
  yield {
    kind: 'service',
    name,
    port: text === null ? null : number === null ? text : Number(text),
    at: entry.value.at,
    portAt: (number ?? named ?? entry).value.at,
  }
}

function* keysOf(container: YamlMap): Iterable<ManifestReference> {
  for (const variable of listAt(container, 'env'))
    for (const [kind, ref] of [
      ['ConfigMap', 'configMapKeyRef'],
      ['Secret', 'secretKeyRef'],
    ] as const) {
      const name = textAt(variable, 'valueFrom', ref, 'name')
      const key = textAt(variable, 'valueFrom', ref, 'key')
      const at = entryAt(variable, 'valueFrom', ref, 'key')?.value.at
      if (name === null || key === null || at === undefined) continue
      if (entryAt(variable, 'valueFrom', ref, 'optional') === null)
        yield { kind, name, key, at, isFile: false }
    }
}

/** The keys that `items` of a volume makes files of. */
function* filesOf(volume: YamlMap): Iterable<ManifestReference> {
  for (const [kind, part, named] of [
    ['ConfigMap', 'configMap', 'name'],
    ['Secret', 'secret', 'secretName'],
  ] as const) {
    const name = textAt(volume, part, named)
    if (name === null || entryAt(volume, part, 'optional') !== null) continue
    for (const item of listAt(volume, part, 'items')) {
      const key = textAt(item, 'key')
      const at = entryAt(item, 'key')?.value.at
      if (key !== null && at !== undefined) yield { kind, name, key, at, isFile: true }
    }
  }
}

/** The addresses in the words of a container that starts gunicorn or uvicorn without a shell. */
function* bindsOf(container: YamlMap, labels: ReadonlyMap<string, string>): Iterable<PodBind> {
  const words = ['command', 'args'].flatMap(part => {
    const node = entryAt(container, part)?.value
    return node?.kind === 'list' ? node.items : []
  })
  const texts = words.map(word => (word.kind === 'scalar' ? word.text.text : '\uFFFD'))
  const program = /^(?:\S*\/)?(gunicorn|uvicorn)$/.exec(texts[0] ?? '')?.[1]
  if (program === undefined || texts.some(text => /[\uFFFD$]/.test(text))) return
  const optionOf = (names: RegExp): { readonly text: string; readonly at: Place } | null => {
    const found = texts.flatMap((text, index) => {
      const [, own, value] = /^(--?[\w-]+)(?:=(.*))?$/.exec(text) ?? []
      if (own === undefined || !names.test(own)) return []
      const place = words[value === undefined ? index + 1 : index]?.at
      return place === undefined ? [] : [{ text: value ?? texts[index + 1] ?? '', at: place }]
    })
    return found.length === 1 ? found[0]! : null
  }
  if (program === 'uvicorn') {
    const port = optionOf(/^--port$/)
    const host = optionOf(/^--host$/)
    if (port === null || !/^\d+$/.test(port.text)) return
    yield {
      program,
      labels,
      port: Number(port.text),
      isLoopback: host !== null && /^(?:127\.\d+\.\d+\.\d+|localhost)$/.test(host.text),
      at: (host ?? port).at,
    }
    return
  }
  const bind = optionOf(/^(?:-b|--bind)$/)
  const [, host, port] = /^([\w.]*):(\d+)$/.exec(bind?.text ?? '') ?? []
  if (bind === null || host === undefined || port === undefined) return
  yield {
    program,
    labels,
    port: Number(port),
    isLoopback: /^(?:127\.\d+\.\d+\.\d+|localhost)$/.test(host),
    at: bind.at,
  }
}
