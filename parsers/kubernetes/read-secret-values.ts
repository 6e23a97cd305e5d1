import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { readYaml } from '../yaml/read-yaml.ts'
import type { YamlMap } from '../yaml/yaml-node.ts'
import { itemsOf, listAt, mapAt, podOf, textAt } from './yaml-paths.ts'

/** A value of `data` of a Secret. */
export interface SecretValue {
  readonly secret: string
  readonly namespace: string | null
  readonly key: string
  readonly at: Place
  /** The form alone: one line with a line feed behind it, and neither JSON nor a number, which are read with it. */
  readonly isLineWithEnd: boolean
}

/** A variable of a container that has its value from a Secret. */
export interface SecretVariable {
  readonly secret: string
  readonly namespace: string | null
  /** Null for all keys of the Secret, under their own names. */
  readonly key: string | null
  /** The name of the variable; null where it is that of the key. */
  readonly variable: string | null
  readonly image: string
  readonly at: Place
}

export interface SecretValues {
  readonly values: readonly SecretValue[]
  readonly variables: readonly SecretVariable[]
}

/** The values of the Secrets of a file, and the variables of containers that are filled from Secrets. */
export const readSecretValues = memo((source: Source): SecretValues => {
  const maps = readYaml(source).documents.flatMap(itemsOf)
  return { values: maps.flatMap(valuesOf), variables: maps.flatMap(variablesOf) }
})

function valuesOf(map: YamlMap): readonly SecretValue[] {
  const secret = textAt(map, 'metadata', 'name')
  const type = textAt(map, 'type') ?? 'Opaque'
  // Files of certificates, keys and registries are read by those who know line ends.
  if (
    textAt(map, 'kind') !== 'Secret' ||
    secret === null ||
    !/^(?:Opaque|kubernetes\.io\/basic-auth)$/.test(type)
  )
    return []
  const namespace = textAt(map, 'metadata', 'namespace')
  return [...(mapAt(map, 'data')?.entries.values() ?? [])].flatMap(({ name: key, value: { at } }) => {
    const text = textAt(map, 'data', key)
    return text === null ? [] : [{ secret, namespace, key, at, isLineWithEnd: isLineWithEnd(text) }]
  })
}

function isLineWithEnd(encoded: string): boolean {
  const plain = encoded.replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(plain) || plain.length > 2000) return false
  return /^(?![{[]|\d+\s*$)[\x20-\x7e]*[\x21-\x7e]\r?\n$/.test(
    Buffer.from(plain, 'base64').toString('latin1'),
  )
}

function variablesOf(map: YamlMap): readonly SecretVariable[] {
  const spec = podOf(map, textAt(map, 'kind') ?? '')?.spec
  if (spec === undefined) return []
  const namespace = textAt(map, 'metadata', 'namespace')
  return [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')].flatMap(container => {
    const image = textAt(container, 'image') ?? ''
    const all = listAt(container, 'envFrom').flatMap(each => {
      const secret = textAt(each, 'secretRef', 'name')
      // With a prefix the variables have other names.
      if (secret === null || textAt(each, 'prefix') !== null) return []
      return [{ secret, namespace, key: null, variable: null, image, at: container.at }]
    })
    const single = listAt(container, 'env').flatMap(each => {
      const secret = textAt(each, 'valueFrom', 'secretKeyRef', 'name')
      const key = textAt(each, 'valueFrom', 'secretKeyRef', 'key')
      const variable = textAt(each, 'name')
      return secret === null || key === null ? [] : [{ secret, namespace, key, variable, image, at: each.at }]
    })
    return [...all, ...single]
  })
}
