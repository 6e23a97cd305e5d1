import { type Place, placeText, type Source } from '../text/source.ts'
import { readYaml } from '../yaml/read-yaml.ts'
import { isNull, type YamlEntry, type YamlMap, type YamlNode } from '../yaml/yaml-node.ts'
import { type ScalarType, typeOfText } from './check-manifest.ts'
import { entryAt, itemsOf, listAt, mapAt, podOf, textAt } from './yaml-paths.ts'

/** A value of a chart that a template puts without quotes where Kubernetes wants a text. */
export interface UnquotedValue {
  /** The placeholder. */
  readonly at: Place
  readonly type: ScalarType
  /** As Kubernetes calls it. */
  readonly field: string
  /** Where the value is written; null where it stands in the placeholder. */
  readonly valueAt: Place | null
  /** The placeholder with quotes. */
  readonly quoted: string
}

/**
 * What a template of Helm makes of its chart's own values is a text, which is read as YAML afterwards: a number in quotes
 * is a number again.
 *
 * @see https://helm.sh/docs/chart_best_practices/values/#make-types-clear
 */
export function unquotedValues(source: Source, values: YamlMap): readonly UnquotedValue[] {
  return readYaml(source)
    .documents.flatMap(itemsOf)
    .flatMap(map => [...textsIn(map)])
    .flatMap(({ field, value }) => unquotedIn(value, field, values) ?? [])
}

interface FieldOfText {
  readonly field: string
  readonly value: YamlNode
}

/** What has to be a text in an object of Kubernetes. */
function* textsIn(map: YamlMap): Iterable<FieldOfText> {
  const kind = textAt(map, 'kind')
  yield* valuesOf(map, 'ObjectMeta.metadata.labels', 'metadata', 'labels')
  yield* valuesOf(map, 'ObjectMeta.metadata.annotations', 'metadata', 'annotations')
  if (kind === 'ConfigMap') yield* valuesOf(map, 'ConfigMap.data', 'data')
  if (kind === 'Secret') yield* valuesOf(map, 'Secret.stringData', 'stringData')
  const pod = kind === null ? null : podOf(map, kind)
  if (pod === null) return
  yield* valuesOf(pod.metadata, 'ObjectMeta.metadata.labels', 'labels')
  yield* valuesOf(pod.metadata, 'ObjectMeta.metadata.annotations', 'annotations')
  yield* valuesOf(pod.spec, 'PodSpec.nodeSelector', 'nodeSelector')
  for (const container of [...listAt(pod.spec, 'containers'), ...listAt(pod.spec, 'initContainers')])
    for (const variable of listAt(container, 'env')) {
      const entry = entryAt(variable, 'value')
      if (entry !== null) yield { field: 'EnvVar.value', value: entry.value }
    }
}

function* valuesOf(map: YamlMap | null, field: string, ...path: readonly string[]): Iterable<FieldOfText> {
  for (const { value } of (map === null ? null : mapAt(map, ...path))?.entries.values() ?? [])
    yield { field, value }
}

const OPEN = String.raw`^\{\{-?\s*`
/** What leaves a number a number, and a text without quotes. */
const PLAIN = String.raw`(?:\s*\|\s*(?:int|int64|float64|toString|trim)|\s*\|\s*default\s+(?<default>"[^"]*"|[\w.-]+))*\s*-?\}\}$`
/** `{{ .Values.port }}`, `{{ .Values.port | default 8080 }}`. */
const OF_VALUES = new RegExp(String.raw`${OPEN}\$?\.Values\.(?<path>\w+(?:\.\w+)*)${PLAIN}`)
/** `{{ $value }}`, and `{{ .value }}` of a list. */
const OF_RANGE = new RegExp(String.raw`${OPEN}(?<name>\$\w+|\.\w+)${PLAIN}`)

function unquotedIn(value: YamlNode, field: string, values: YamlMap): UnquotedValue | null {
  if (value.kind !== 'scalar' || !value.plain || value.tag !== null) return null
  const written = placeText(value.at)
  const direct = OF_VALUES.exec(written)?.groups
  const ranged = direct === undefined ? OF_RANGE.exec(written)?.groups : undefined
  const { path, name, default: otherwise } = direct ?? ranged ?? {}
  const entries =
    path !== undefined
      ? [entryAt(values, ...path.split('.'))]
      : name !== undefined
        ? entriesOfRange(value.at, name, values)
        : []
  const fallback = otherwise?.replaceAll('"', '')
  for (const entry of entries) {
    const type = entry === null ? null : typeOfValue(entry)
    const isEmpty = entry === null || isWithoutValue(entry.value)
    const byDefault = fallback !== undefined && isEmpty ? typeOfText(fallback) : null
    const found = isEmpty && fallback !== undefined ? byDefault : type
    if (found === null) continue
    return {
      at: value.at,
      type: found,
      field,
      valueAt: byDefault !== null || entry === null ? null : entry.value.at,
      quoted: written.replace(/\s*-?\}\}$/, ' | quote }}'),
    }
  }
  return null
}

function typeOfValue({ value }: YamlEntry): ScalarType | null {
  if (value.kind !== 'scalar' || value.tag !== null || isNull(value)) return null
  return typeOfText(value.text.text)
}

/** What `default` takes the place of. */
function isWithoutValue(value: YamlNode): boolean {
  if (value.kind !== 'scalar') return false
  return isNull(value) || value.text.text === '' || (value.plain && /^(?:0|false)$/.test(value.text.text))
}

/** What a variable of the nearest `range` before it may stand for. */
function entriesOfRange(
  { source, start }: Place,
  name: string,
  values: YamlMap,
): readonly (YamlEntry | null)[] {
  const before = source.text.slice(0, start)
  const [, variable = null, path = ''] =
    [
      ...before.matchAll(/\{\{-?\s*range\s+(?:\$\w+\s*,\s*(\$\w+)\s*:=\s*)?\$?\.Values\.([\w.]+)\s*-?\}\}/g),
    ].at(-1) ?? []
  const node = path === '' ? null : entryAt(values, ...path.split('.'))?.value
  if (node == null || /\{\{-?\s*(?:range|with)\b/.test(before.slice(before.lastIndexOf(`.Values.${path}`))))
    return []
  if (name === variable) return node.kind === 'map' ? [...node.entries.values()] : []
  return variable === null && node.kind === 'list'
    ? node.items.map(item => (item.kind === 'map' ? entryAt(item, name.slice(1)) : null))
    : []
}
