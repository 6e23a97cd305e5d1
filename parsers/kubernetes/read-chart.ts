import { memo } from '../collections/memo.ts'
import { isUnknownWord, type Source } from '../text/source.ts'
import { readYaml } from '../yaml/read-yaml.ts'
import type { YamlEntry, YamlMap } from '../yaml/yaml-node.ts'
import type { ClusterService, PodContainer, PodProbe } from './manifest.ts'
import { containerOf, PROBES, probesAt, serviceOf } from './read-manifests.ts'
import { entryAt, itemsOf, listAt, mapAt, podOf, textAt } from './yaml-paths.ts'

/** The values of a chart: a file of them as a map. */
export const readValues = memo((source: Source): YamlMap | null => {
  const { documents, broken } = readYaml(source)
  const [values] = documents
  return broken || values?.kind !== 'map' || documents.length > 1 ? null : values
})

/** A container of a pod, whatever a template calls both. */
export interface ChartContainer extends PodContainer {
  /** Its image without tag or digest, which a template may choose; null where it chooses all. */
  readonly repository: string | null
}

/**
 * The containers of each pod in a file of manifests, also where their objects have no name but a template's. A probe that
 * a template takes from the values of its chart as a whole is the one that stands there.
 */
export function readChartPods(
  source: Source,
  values: YamlMap | null,
): readonly (readonly ChartContainer[])[] {
  return readYaml(source)
    .documents.flatMap(itemsOf)
    .flatMap(map => {
      const kind = textAt(map, 'kind')
      const pod = kind === null ? null : podOf(map, kind)
      if (pod === null) return []
      return [
        listAt(pod.spec, 'containers').flatMap(each =>
          containerOf(each, pod.spec, '').map(container => ({
            ...container,
            probes: [...container.probes, ...(values === null ? [] : probesFrom(values, each))],
            repository: repositoryOf(each),
          })),
        ),
      ]
    })
}

/** The Services of a file, whatever a template calls them. */
export function readChartServices(source: Source): readonly ClusterService[] {
  return readYaml(source)
    .documents.flatMap(itemsOf)
    .flatMap(map => {
      const at = entryAt(map, 'metadata', 'name')?.value.at
      return textAt(map, 'kind') === 'Service' && at !== undefined ? [serviceOf(map, '', at)] : []
    })
}

function repositoryOf(container: YamlMap): string | null {
  const image = entryAt(container, 'image')?.value
  const text = image?.kind === 'scalar' ? image.text.text : ''
  const [repository = ''] = text.split(/@|:(?=[^/]*$)/)
  return repository === '' || isUnknownWord(repository) ? null : repository
}

/** `{{- toYaml .Values.probe | nindent 12 }}` behind a key, or with a dot below `{{- with .Values.probe }}`. */
const AS_YAML =
  /^\s*:\s*\{\{-?\s*(?:toYaml\s+(?:(\.)|\$?\.Values\.([\w.]+))|\$?\.Values\.([\w.]+)\s*\|\s*toYaml)\s*(?:\|\s*n?indent\s+\d+\s*)?-?\}\}/
const WITH = /\{\{-?\s*with\s+\$?\.Values\.([\w.]+)\s*-?\}\}\s*$/

function probesFrom(values: YamlMap, container: YamlMap): readonly PodProbe[] {
  return PROBES.flatMap(name => {
    const entry = entryAt(container, name)
    if (entry === null || entry.value.kind === 'map') return []
    const path = pathBehind(entry)
    const told = path === null ? null : mapAt(values, ...path.split('.'))
    if (told === null) return []
    return probesAt({ ...told, entries: new Map([[name, { ...entry, value: told }]]) }, name)
  })
}

function pathBehind({ key: { source, start, end } }: YamlEntry): string | null {
  const [, dot, ...paths] = AS_YAML.exec(source.text.slice(end, end + 200)) ?? []
  if (dot === undefined) return paths.find(path => path !== undefined) ?? null
  return WITH.exec(source.text.slice(Math.max(0, start - 200), start))?.[1] ?? null
}
