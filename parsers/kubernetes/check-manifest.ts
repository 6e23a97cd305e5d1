import type { Place } from '../text/source.ts'
import type { YamlMap, YamlNode } from '../yaml/yaml-node.ts'
import { encoded, probes, resources, storage } from './check-resources.ts'
import type { ManifestProblem } from './manifest-problem.ts'
import { entryAt, listAt, mapAt, podOf, textAt } from './yaml-paths.ts'

/** What Kubernetes refuses of one object, whose file no template makes. */
export function* checkManifest(map: YamlMap, kind: string): Iterable<ManifestProblem> {
  yield* removed(map, kind)
  yield* names(map)
  yield* texts(mapAt(map, 'metadata', 'labels'), 'ObjectMeta.metadata.labels')
  yield* texts(mapAt(map, 'metadata', 'annotations'), 'ObjectMeta.metadata.annotations')
  if (kind === 'ConfigMap') yield* texts(mapAt(map, 'data'), 'ConfigMap.data')
  if (kind === 'Secret') {
    yield* texts(mapAt(map, 'stringData'), 'Secret.stringData')
    yield* encoded(map)
  }
  if (kind === 'PersistentVolumeClaim') yield* storage(mapAt(map, 'spec'))
  if (kind === 'Ingress') yield* ingress(map)
  if (kind === 'Service') yield* service(map)
  if (WORKLOADS.has(kind)) yield* workload(map, kind)
}

const WORKLOADS: ReadonlySet<string> = new Set([
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'Pod'],
])

const NAMED: ReadonlySet<string> = new Set([
  ...WORKLOADS,
  ...['Service', 'ConfigMap', 'Secret', 'Ingress', 'PersistentVolumeClaim', 'Namespace'],
])

/** Versions of the API that Kubernetes has no more, and the release that dropped them. */
const REMOVED: readonly (readonly [version: RegExp, kinds: RegExp, release: string, now: string])[] = [
  [
    /^(?:extensions\/v1beta1|apps\/v1beta[12])$/,
    /^(?:Deployment|DaemonSet|StatefulSet|ReplicaSet)$/,
    '1.16',
    'apps/v1',
  ],
  [/^(?:extensions|networking\.k8s\.io)\/v1beta1$/, /^Ingress$/, '1.22', 'networking.k8s.io/v1'],
  [/^batch\/v1beta1$/, /^CronJob$/, '1.25', 'batch/v1'],
  [/^policy\/v1beta1$/, /^PodDisruptionBudget$/, '1.25', 'policy/v1'],
  [/^autoscaling\/v2beta[12]$/, /^HorizontalPodAutoscaler$/, '1.26', 'autoscaling/v2'],
]

function* removed(map: YamlMap, kind: string): Iterable<ManifestProblem> {
  const version = textAt(map, 'apiVersion') ?? ''
  const found = REMOVED.find(([versions, kinds]) => versions.test(version) && kinds.test(kind))
  if (found === undefined) return
  yield {
    kind: 'removed',
    at: entryAt(map, 'apiVersion')!.value.at,
    said: `no matches for kind "${kind}" in version "${version}", since Kubernetes ${found[2]}: it is \`${found[3]}\` now`,
    patchable: false,
  }
}

function* names(map: YamlMap): Iterable<ManifestProblem> {
  const name = textAt(map, 'metadata', 'name')
  // Roles and accounts have names of their own, and what is put in by a program is none yet.
  if (name === null || !/^[\w.-]+$/.test(name) || !NAMED.has(textAt(map, 'kind') ?? '')) return
  if (
    !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name) &&
    /[_A-Z]/.test(name) &&
    // `_` stands for the namespace that Kustomize is told.
    /[A-Za-z]/.test(name) &&
    !/(?:^|-)[A-Z][A-Z_\d]+(?:-|$)/.test(name)
  )
    yield {
      kind: 'name',
      at: entryAt(map, 'metadata', 'name')!.value.at,
      said: `"${name}" is no name of an object: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
      patchable: false,
    }
}

export type ScalarType = 'number' | 'bool'

function typeOf(node: YamlNode): ScalarType | null {
  return node.kind !== 'scalar' || !node.plain || node.tag !== null ? null : typeOfText(node.text.text)
}

/** What YAML 1.1 reads as a number or a boolean without quotes, as Kubernetes does. */
export function typeOfText(text: string): ScalarType | null {
  if (/^(?:true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/.test(text))
    return 'bool'
  return /^[-+]?(?:\d+|0x[\da-fA-F]+|\d+\.\d*|\.\d+|\d+(?:\.\d*)?[eE][-+]\d+)$/.test(text) ? 'number' : null
}

function* texts(map: YamlMap | null, field: string): Iterable<ManifestProblem> {
  for (const { value } of map?.entries.values() ?? []) {
    const type = typeOf(value)
    if (type !== null) yield notText(value.at, type, field)
  }
}

export function notTextSaid(type: ScalarType, field: string): string {
  return `cannot unmarshal ${type} into Go struct field ${field} of type string`
}

function notText(at: Place, type: ScalarType, field: string): ManifestProblem {
  return {
    kind: 'not-text',
    at,
    said: notTextSaid(type, field),
    patchable: false,
  }
}

function* ingress(map: YamlMap): Iterable<ManifestProblem> {
  if (textAt(map, 'apiVersion') !== 'networking.k8s.io/v1') return
  for (const rule of listAt(map, 'spec', 'rules'))
    for (const path of listAt(rule, 'http', 'paths')) {
      const old = entryAt(path, 'backend', 'serviceName')
      if (old !== null)
        yield {
          kind: 'ingress-shape',
          at: old.key,
          said: 'unknown field "spec.rules[0].http.paths[0].backend.serviceName"',
          patchable: false,
        }
      const first = [...path.entries.values()][0]
      if (path.entries.has('backend') && !path.entries.has('pathType') && first !== undefined)
        yield {
          kind: 'path-type',
          at: path.entries.get('path')?.key ?? first.key,
          said: 'spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified',
          patchable: true,
        }
    }
}

function* service(map: YamlMap): Iterable<ManifestProblem> {
  const ports = listAt(map, 'spec', 'ports')
  const type = entryAt(map, 'spec', 'type')
  const isInner = type === null || textAt(map, 'spec', 'type') === 'ClusterIP'
  for (const port of ports) {
    const node = entryAt(port, 'nodePort')
    // 0 is none.
    if (isInner && node !== null && !['0', null].includes(textAt(port, 'nodePort')))
      yield {
        kind: 'node-port',
        at: node.key,
        said: "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
        patchable: true,
      }
    if (ports.length > 1 && !port.entries.has('name') && port.entries.has('port'))
      yield {
        kind: 'ports-unnamed',
        at: port.entries.get('port')!.key,
        said: 'of several ports each has a name: Required value',
        patchable: true,
      }
  }
}

function* workload(map: YamlMap, kind: string): Iterable<ManifestProblem> {
  const pod = podOf(map, kind)
  if (pod === null) return
  for (const part of ['labels', 'annotations'])
    yield* texts(pod.metadata === null ? null : mapAt(pod.metadata, part), `ObjectMeta.metadata.${part}`)
  yield* texts(mapAt(pod.spec, 'nodeSelector'), 'PodSpec.nodeSelector')
  const containers = [...listAt(pod.spec, 'containers'), ...listAt(pod.spec, 'initContainers')]
  for (const each of containers) {
    yield* environment(each)
    yield* resources(each)
  }
  for (const each of listAt(map, 'spec', 'volumeClaimTemplates')) yield* storage(mapAt(each, 'spec'))
  // What has no image is a patch of something that has.
  if (containers.length === 0 || containers.some(each => !each.entries.has('image'))) return
  if (
    /^(?:Deployment|StatefulSet|DaemonSet)$/.test(kind) &&
    textAt(map, 'apiVersion') === 'apps/v1' &&
    entryAt(map, 'spec', 'selector') === null
  )
    yield {
      kind: 'selector-missing',
      at: entryAt(map, 'spec')!.key,
      said: 'spec.selector: Required value',
      patchable: true,
    }
  const volumes = new Set([
    ...listAt(pod.spec, 'volumes').map(each => textAt(each, 'name')),
    ...listAt(map, 'spec', 'volumeClaimTemplates').map(each => textAt(each, 'metadata', 'name')),
  ])
  for (const each of containers) {
    yield* mounts(each, volumes)
    yield* portNames(each)
    yield* probes(each)
    yield* command(each)
  }
}

function* environment(container: YamlMap): Iterable<ManifestProblem> {
  for (const variable of listAt(container, 'env')) {
    const value = entryAt(variable, 'value')?.value
    const type = value === undefined ? null : typeOf(value)
    if (value !== undefined && type !== null) yield notText(value.at, type, 'EnvVar.value')
  }
}

function* mounts(container: YamlMap, volumes: ReadonlySet<string | null>): Iterable<ManifestProblem> {
  const seen = new Set<string>()
  for (const mount of listAt(container, 'volumeMounts')) {
    const name = textAt(mount, 'name')
    if (name !== null && !volumes.has(null) && !volumes.has(name))
      yield {
        kind: 'volume-missing',
        at: entryAt(mount, 'name')!.value.at,
        said: `volumeMounts[0] names the volume "${name}", and the pod has no such volume`,
        patchable: true,
      }
    const path = textAt(mount, 'mountPath')
    if (path === null) continue
    if (seen.has(path))
      yield {
        kind: 'mounted-twice',
        at: entryAt(mount, 'mountPath')!.value.at,
        said: `spec.template.spec.containers[0].volumeMounts[1].mountPath: Invalid value: "${path}": must be unique`,
        patchable: false,
      }
    seen.add(path)
  }
}

function* portNames(container: YamlMap): Iterable<ManifestProblem> {
  for (const port of listAt(container, 'ports')) {
    const name = textAt(port, 'name')
    if (name === null || (name.length <= 15 && /^[a-z0-9-]+$/.test(name))) continue
    yield {
      kind: 'port-name',
      at: entryAt(port, 'name')!.value.at,
      said: `"${name}" is no name of a port: ${
        name.length > 15
          ? 'must be no more than 15 characters'
          : 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'
      }`,
      patchable: false,
    }
  }
}

/** A whole line as the name of a program: no shell cuts it into words. */
function* command(container: YamlMap): Iterable<ManifestProblem> {
  const written = entryAt(container, 'command')?.value
  const first = written?.kind === 'list' ? written.items[0] : undefined
  if (written?.kind !== 'list' || written.items.length > 1 || first?.kind !== 'scalar') return
  const { text } = first.text
  if (!/^[\w./-]+ +[\w./-]+/.test(text) || /\n/.test(text)) return
  yield {
    kind: 'command',
    at: first.at,
    said: `exec: "${text}": executable file not found in $PATH`,
    patchable: false,
  }
}
