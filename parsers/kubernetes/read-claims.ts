import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { readYaml } from '../yaml/read-yaml.ts'
import type { YamlMap } from '../yaml/yaml-node.ts'
import { entryAt, itemsOf, listAt, podOf, textAt } from './yaml-paths.ts'

/** A PersistentVolumeClaim, as far as it says by how many nodes its volume is mounted. */
export interface Claim {
  readonly name: string
  readonly namespace: string | null
  /** Null where a template says one. */
  readonly modes: readonly { readonly mode: string; readonly at: Place }[] | null
  /** Null where the cluster's own holds. */
  readonly storageClass: string | null
  /** False where it asks for a volume that is there before. */
  readonly isProvisioned: boolean
}

/** What makes pods that mount claims. */
export interface ClaimUser {
  readonly kind: string
  readonly name: string
  readonly namespace: string | null
  readonly at: Place
  readonly claims: readonly { readonly name: string; readonly at: Place }[]
  /** Null where it is not written, and one pod is made. */
  readonly replicas: { readonly count: number | null; readonly at: Place } | null
  /** False where an update ends the old pods first. */
  readonly rolls: boolean
  /** True where something says on which nodes its pods run. */
  readonly isPlaced: boolean
}

export interface Claims {
  readonly claims: readonly Claim[]
  readonly users: readonly ClaimUser[]
}

/** The claims of a file, and the Deployments, StatefulSets and ReplicaSets that mount some by their names. */
export const readClaims = memo((source: Source): Claims => {
  const maps = readYaml(source).documents.flatMap(itemsOf)
  return {
    claims: maps.filter(map => textAt(map, 'kind') === 'PersistentVolumeClaim').flatMap(claimOf),
    users: maps
      .filter(map => /^(?:Deployment|StatefulSet|ReplicaSet)$/.test(textAt(map, 'kind') ?? ''))
      .flatMap(userOf),
  }
})

function claimOf(map: YamlMap): readonly Claim[] {
  const name = textAt(map, 'metadata', 'name')
  if (name === null) return []
  return [
    {
      name,
      namespace: textAt(map, 'metadata', 'namespace'),
      modes: modesOf(map),
      storageClass: textAt(map, 'spec', 'storageClassName'),
      isProvisioned: ['volumeName', 'selector', 'dataSource'].every(
        key => entryAt(map, 'spec', key) === null,
      ),
    },
  ]
}

function modesOf(map: YamlMap): Claim['modes'] {
  const list = entryAt(map, 'spec', 'accessModes')?.value
  if (list?.kind !== 'list') return null
  return list.items.map(item => ({ mode: item.kind === 'scalar' ? item.text.text : '', at: item.at }))
}

function userOf(map: YamlMap): readonly ClaimUser[] {
  const kind = textAt(map, 'kind') ?? ''
  const name = textAt(map, 'metadata', 'name')
  const at = entryAt(map, 'kind')?.value.at
  const pod = podOf(map, kind)
  if (name === null || pod === null || at === undefined) return []
  const claims = listAt(pod.spec, 'volumes').flatMap(volume => {
    const claim = textAt(volume, 'persistentVolumeClaim', 'claimName')
    const written = entryAt(volume, 'persistentVolumeClaim', 'claimName')
    return claim === null || written === null ? [] : [{ name: claim, at: written.value.at }]
  })
  const replicas = entryAt(map, 'spec', 'replicas')
  const count = textAt(map, 'spec', 'replicas')
  return [
    {
      kind,
      name,
      namespace: textAt(map, 'metadata', 'namespace'),
      at,
      claims,
      replicas:
        replicas === null
          ? null
          : { count: /^\d{1,5}$/.test(count ?? '') ? Number(count) : null, at: replicas.value.at },
      rolls:
        kind === 'Deployment' &&
        (textAt(map, 'spec', 'strategy', 'type') ?? 'RollingUpdate') === 'RollingUpdate' &&
        // Without a pod more than are wanted the old one ends first.
        textAt(map, 'spec', 'strategy', 'rollingUpdate', 'maxSurge') === null,
      isPlaced: ['nodeName', 'nodeSelector', 'affinity'].some(key => entryAt(pod.spec, key) !== null),
    },
  ]
}
