import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { readYaml } from '../yaml/read-yaml.ts'
import { writtenPlace } from '../yaml/written-place.ts'
import { isNull, type YamlMap } from '../yaml/yaml-node.ts'
import { checkManifest } from './check-manifest.ts'
import type { ManifestProblem } from './manifest-problem.ts'
import { entryAt, itemsOf, listAt, mapAt, type Pod, podOf, textAt } from './yaml-paths.ts'
import { factAt, podRun } from './read-pod-run.ts'
import type {
  ClusterService,
  ConfigMap,
  Manifests,
  PodContainer,
  PodMount,
  PodProbe,
  PodVolume,
  Workload,
} from './manifest.ts'

/** Reads the documents of a file of Kubernetes. It never throws; of a template it says what stands there. */
export const readManifests = memo((source: Source): Manifests => {
  const { documents, broken } = readYaml(source)
  const configMaps: ConfigMap[] = []
  const workloads: Workload[] = []
  const services: ClusterService[] = []
  const problems: ManifestProblem[] = []
  const complete = !broken && !source.template && !/\{\{|<%|\{%/.test(source.text)
  for (const each of documents.flatMap(itemsOf)) {
    const kind = textAt(each, 'kind')
    const name = textAt(each, 'metadata', 'name')
    if (kind === null || name === null || textAt(each, 'apiVersion') === null || isKeptHere(each)) continue
    const at = entryAt(each, 'metadata', 'name')!.value.at
    if (complete) problems.push(...checkManifest(each, kind))
    const namespace = textAt(each, 'metadata', 'namespace')
    if (kind === 'ConfigMap')
      configMaps.push({
        name,
        namespace,
        at,
        keys: keysOf(each),
        texts: textsAt(each, 'data'),
        values: valuesOf(each),
      })
    else if (kind === 'Service') services.push(serviceOf(each, name, at))
    else {
      const pod = podOf(each, kind)
      if (pod !== null) workloads.push(workloadOf(each, pod, kind, name, at))
    }
  }
  return {
    configMaps,
    workloads,
    services,
    problems,
    complete,
  }
})

/**
 * True of an object that is never sent to a cluster: what is told to a function of Kustomize or kpt, and what says so.
 *
 * @see https://kubernetes.io/docs/reference/labels-annotations-taints/#config-kubernetes-io-local-config
 */
function isKeptHere(map: YamlMap): boolean {
  const annotation = (name: string): string | null => textAt(map, 'metadata', 'annotations', name)
  const isForFunction = FUNCTION.some(name => entryAt(map, 'metadata', 'annotations', name) !== null)
  return isForFunction || (annotation(LOCAL) ?? 'false') !== 'false'
}

const LOCAL = 'config.kubernetes.io/local-config'
const FUNCTION = ['config.kubernetes.io/function', 'config.k8s.io/function']

function numberAt(map: YamlMap, ...path: readonly string[]): number | null {
  const text = textAt(map, ...path)
  return text !== null && /^\d{1,5}$/.test(text) ? Number(text) : null
}

function textsAt(map: YamlMap, ...path: readonly string[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const { name } of mapAt(map, ...path)?.entries.values() ?? []) {
    const text = textAt(map, ...path, name)
    texts.set(name, text ?? '\uFFFD')
  }
  return texts
}

function keysOf(map: YamlMap): ReadonlyMap<string, Place> {
  const entries = ['data', 'binaryData'].flatMap(part => [...(mapAt(map, part)?.entries.values() ?? [])])
  return new Map(entries.map(({ name, key }) => [name, key]))
}

function valuesOf(map: YamlMap): ReadonlyMap<string, Place> {
  return new Map([...(mapAt(map, 'data')?.entries.values() ?? [])].map(({ name, value }) => [name, value.at]))
}

export function serviceOf(map: YamlMap, name: string, at: Place): ClusterService {
  const selector = mapAt(map, 'spec', 'selector')
  return {
    name,
    namespace: textAt(map, 'metadata', 'namespace'),
    at,
    selector: textsAt(map, 'spec', 'selector'),
    selectorAt: selector === null ? at : writtenPlace(selector),
    ports: listAt(map, 'spec', 'ports').flatMap(each => {
      const port = numberAt(each, 'port')
      const target = entryAt(each, 'targetPort')
      const text = textAt(each, 'targetPort')
      if (port === null || (target !== null && text === null)) return []
      const written = entryAt(each, 'port')!.value.at
      return [
        {
          name: textAt(each, 'name'),
          port,
          target: text === null ? port : /^\d+$/.test(text) ? Number(text) : text,
          at: written,
          targetAt: target?.value.at ?? written,
        },
      ]
    }),
    headless: textAt(map, 'spec', 'clusterIP') === 'None' || textAt(map, 'spec', 'type') === 'ExternalName',
  }
}

function workloadOf(map: YamlMap, { metadata, spec }: Pod, kind: string, name: string, at: Place): Workload {
  return {
    kind,
    name,
    namespace: textAt(map, 'metadata', 'namespace'),
    at: entryAt(map, 'kind')?.value.at ?? at,
    replicas: factAt(map, 'spec', 'replicas'),
    labels: metadata === null ? new Map() : textsAt(metadata, 'labels'),
    selector: selectorOf(map),
    containers: listAt(spec, 'containers').flatMap(each => containerOf(each, spec)),
    initContainers: listAt(spec, 'initContainers').flatMap(each => containerOf(each, spec)),
    volumes: new Map(listAt(spec, 'volumes').flatMap(volumeOf)),
    hostNetwork: textAt(spec, 'hostNetwork') === 'true',
    hasAliases: entryAt(spec, 'hostAliases') !== null,
    hostname: textAt(spec, 'hostname') ?? (kind === 'Pod' ? name : null),
    sidecars: new Set(
      listAt(spec, 'initContainers').flatMap(each =>
        entryAt(each, 'restartPolicy') === null ? [] : (textAt(each, 'name') ?? []),
      ),
    ),
  }
}

function selectorOf(map: YamlMap): Workload['selector'] {
  const written = mapAt(map, 'spec', 'selector', 'matchLabels')
  if (written === null) return null
  return { labels: textsAt(map, 'spec', 'selector', 'matchLabels'), at: writtenPlace(written) }
}

function volumeOf(map: YamlMap): readonly (readonly [string, PodVolume])[] {
  const name = textAt(map, 'name')
  if (name === null) return []
  for (const kind of ['configMap', 'secret'] as const) {
    const source = mapAt(map, kind)
    if (source === null) continue
    const items = entryAt(source, 'items') === null ? null : listAt(source, 'items')
    const files = items?.map(
      each => [textAt(each, 'key') ?? '\uFFFD', textAt(each, 'path') ?? '\uFFFD'] as const,
    )
    return [
      [
        name,
        {
          kind,
          source: textAt(source, kind === 'secret' ? 'secretName' : 'name'),
          items: files === undefined ? null : new Map(files),
        },
      ],
    ]
  }
  const isEmpty = entryAt(map, 'emptyDir') !== null
  return [[name, { kind: isEmpty ? 'emptyDir' : 'other', source: null, items: null }]]
}

/** @param nameless what a container is called whose name a template makes; without it such a one is left out */
export function containerOf(
  map: YamlMap,
  spec: YamlMap,
  nameless: string | null = null,
): readonly PodContainer[] {
  const name = textAt(map, 'name') ?? nameless
  const at = entryAt(map, 'name')?.value.at
  if (name === null || at === undefined) return []
  const own = mapAt(map, 'securityContext')
  const user = ['runAsUser'].flatMap(key =>
    [own, mapAt(spec, 'securityContext')].flatMap(context =>
      context === null ? [] : (entryAt(context, key)?.value ?? []),
    ),
  )[0]
  // What the container says counts, whatever its pod says.
  const saysNonRoot = [own, mapAt(spec, 'securityContext')].find(
    context => context !== null && entryAt(context, 'runAsNonRoot') !== null,
  )
  const nonRoot =
    saysNonRoot != null && textAt(saysNonRoot, 'runAsNonRoot') === 'true'
      ? entryAt(saysNonRoot, 'runAsNonRoot')?.value.at
      : undefined
  const isOther = user?.kind === 'scalar' && /^[1-9]\d*$/.test(user.text.text)
  return [
    {
      name,
      at,
      image: textAt(map, 'image'),
      hasCommand: entryAt(map, 'command') !== null || entryAt(map, 'args') !== null,
      words: [...wordsAt(map, 'command'), ...wordsAt(map, 'args')],
      ports: listAt(map, 'ports').flatMap(each => {
        const port = numberAt(each, 'containerPort')
        return port === null
          ? []
          : [{ port, name: textAt(each, 'name'), at: entryAt(each, 'containerPort')!.value.at }]
      }),
      mounts: listAt(map, 'volumeMounts').flatMap(mountOf),
      requests: requestsOf(map),
      readOnlyRoot:
        own !== null && textAt(own, 'readOnlyRootFilesystem') === 'true'
          ? entryAt(own, 'readOnlyRootFilesystem')!.value.at
          : null,
      dropsAll: own === null ? null : dropsAllOf(own),
      otherUser: isOther ? user.at : user === undefined ? (nonRoot ?? null) : null,
      probes: PROBES.flatMap(probe => probesAt(map, probe)),
      variables: new Map(
        listAt(map, 'env').flatMap(each => {
          const variable = textAt(each, 'name')
          return variable === null ? [] : [[variable, textAt(each, 'value')] as const]
        }),
      ),
      variablePlaces: new Map(
        listAt(map, 'env').flatMap(each => {
          const variable = textAt(each, 'name')
          const entry = entryAt(each, 'name')
          return variable === null || entry === null ? [] : [[variable, entry.value.at] as const]
        }),
      ),
      keyReferences: new Map(
        listAt(map, 'env').flatMap(each => {
          const variable = textAt(each, 'name')
          const configMap = textAt(each, 'valueFrom', 'configMapKeyRef', 'name')
          const key = textAt(each, 'valueFrom', 'configMapKeyRef', 'key')
          return variable === null || configMap === null || key === null
            ? []
            : [[variable, { configMap, key }] as const]
        }),
      ),
      environmentMaps: listAt(map, 'envFrom').flatMap(each =>
        // With a prefix the variables have other names.
        entryAt(each, 'prefix') === null ? (textAt(each, 'configMapRef', 'name') ?? []) : [],
      ),
      run: podRun(map, spec, PROBES),
    },
  ]
}

function wordsAt(map: YamlMap, name: string): readonly string[] {
  const list = entryAt(map, name)?.value
  return list?.kind === 'list'
    ? list.items.flatMap(item => (item.kind === 'scalar' ? [item.text.text] : []))
    : []
}

export const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe']

/** What a probe asks, of the container in which it stands. */
export function probesAt(map: YamlMap, name: string): readonly PodProbe[] {
  return ['httpGet', 'tcpSocket'].flatMap(way => {
    const text = textAt(map, name, way, 'port')
    const at = entryAt(map, name, way, 'port')?.value.at
    const asked = entryAt(map, name, way)
    if (text === null || at === undefined || asked === null) return []
    const headers = listAt(map, name, way, 'httpHeaders')
    // One whose name a template makes may be any.
    const hasHost =
      entryAt(map, name, way, 'host') !== null ||
      headers.some(each => /^host$/i.test(textAt(each, 'name') ?? 'host'))
    return [
      {
        name,
        port: /^\d+$/.test(text) ? Number(text) : text,
        at,
        http:
          way === 'httpGet'
            ? {
                at: asked.key,
                hasHost,
                path: textAt(map, name, way, 'path') ?? '/',
                pathAt: entryAt(map, name, way, 'path')?.value.at ?? null,
                isPlain:
                  headers.length === 0 &&
                  (entryAt(map, name, way, 'scheme') === null || textAt(map, name, way, 'scheme') === 'HTTP'),
                isSecure: textAt(map, name, way, 'scheme') === 'HTTPS',
              }
            : null,
      },
    ]
  })
}

/** A limit without a request is one. */
function requestsOf(map: YamlMap): ReadonlySet<string> | null {
  const written = entryAt(map, 'resources')?.value
  if (written !== undefined && written.kind !== 'map' && !isNull(written)) return null
  const parts = ['requests', 'limits'].flatMap(part => [
    ...(mapAt(map, 'resources', part)?.entries.keys() ?? []),
  ])
  return new Set(parts)
}

function dropsAllOf(context: YamlMap): PodContainer['dropsAll'] {
  const dropped = entryAt(context, 'capabilities', 'drop')?.value
  const given = entryAt(context, 'capabilities', 'add')?.value
  const [all] =
    dropped?.kind === 'list'
      ? dropped.items.filter(item => item.kind === 'scalar' && /^all$/i.test(item.text.text))
      : []
  if (all === undefined) return null
  const kept = given?.kind === 'list' ? given.items : []
  const names = kept.map(item => (item.kind === 'scalar' ? item.text.text : 'ALL'))
  return { at: all.at, kept: new Set(names.map(name => name.toUpperCase().replace(/^CAP_/, ''))) }
}

function mountOf(map: YamlMap): readonly PodMount[] {
  const volume = textAt(map, 'name')
  const path = textAt(map, 'mountPath')
  if (volume === null || path === null) return []
  const part = entryAt(map, 'subPath') ?? entryAt(map, 'subPathExpr')
  const value = textAt(map, 'subPath')
  return [
    {
      volume,
      path: path.replace(/(.)\/+$/, '$1'),
      at: entryAt(map, 'mountPath')!.value.at,
      subPath: part === null ? null : { value: value ?? '\uFFFD', at: part.value.at },
    },
  ]
}
