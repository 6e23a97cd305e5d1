import { posix } from 'node:path'
import { memo, memoByKey } from '../../../parsers/collections/memo.ts'
import {
  type ChartContainer,
  readChartPods,
  readChartServices,
  readValues,
} from '../../../parsers/kubernetes/read-chart.ts'
import { isKustomization } from '../../../parsers/kubernetes/read-kustomization.ts'
import type { ClusterService } from '../../../parsers/kubernetes/manifest.ts'
import { type UnquotedValue, unquotedValues } from '../../../parsers/kubernetes/unquoted-values.ts'
import { entryAt, textAt } from '../../../parsers/kubernetes/yaml-paths.ts'
import type { KnownValue, Source } from '../../../parsers/text/source.ts'
import type { YamlMap } from '../../../parsers/yaml/yaml-node.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../files/file-system.ts'
import type { Deployment } from '../model.ts'
import { valuesIn } from '../../files/to-source.ts'

/** A chart of Helm, with the placeholders of its templates filled in from its own values. */
export interface Chart {
  readonly name: string
  readonly directory: string
  /** The containers of each pod. */
  readonly pods: readonly (readonly ChartContainer[])[]
  readonly services: readonly ClusterService[]
  /** Numbers and booleans of its values that a template puts where a text has to be. */
  readonly unquoted: readonly UnquotedValue[]
  /** Every text of the chart: what it may say in a way that nobody reads here. */
  readonly sources: readonly Source[]
}

/** Where charts lie below a directory. */
const REACH = { levels: 5, skipped: /^(?:\..*|node_modules|vendor|tests?|testdata|fixtures|examples?)$/ }
/** Of more files in a chart none is read. */
const MOST = 200

/** The charts below a directory. */
export const chartsIn = memoByKey((files: FileSystem, directory: string): readonly Chart[] =>
  [...filesBelow(files, directory, REACH)]
    .filter(path => posix.basename(path) === 'Chart.yaml')
    .flatMap(path => chartOf(files, posix.dirname(path)) ?? []),
)

/** The charts of a deployment's repository, by their templates, and the manifests beside them as one that has no values. */
export const chartsOf = memo((deployment: Deployment): readonly Chart[] =>
  deployment.machines.flatMap(machine => {
    const loose = machine.loose ?? machine.beside
    if (loose === null) return []
    const paths = loose.manifests.map(path => ({ path, of: /^(.*)\/templates\//.exec(path)?.[1] ?? null }))
    const charts = new Set(paths.flatMap(({ of }) => of ?? []))
    const plain = paths.flatMap(({ path, of }) => (of === null ? (sourceAt(loose.files, path) ?? []) : []))
    const isPatched = plain.some(({ path }) => isKustomization(path))
    return [
      ...[...charts].flatMap(directory => chartOf(loose.files, directory) ?? []),
      ...(isPatched || plain.length === 0 ? [] : [withoutChart(plain)]),
    ]
  }),
)

function withoutChart(sources: readonly Source[]): Chart {
  return {
    name: '',
    directory: '',
    pods: sources.flatMap(source => readChartPods(source, null)),
    services: [],
    unquoted: [],
    sources,
  }
}

const chartOf = memoByKey(chartAt)

function chartAt(files: FileSystem, directory: string): Chart | null {
  const paths = [...filesBelow(files, directory, { levels: 3, skipped: /^(?:charts|tests?|ci|\..*)$/ })]
  const written = paths.filter(path => /\.(?:ya?ml|tpl)$/.test(path))
  const sources = written.length > MOST ? [] : written.flatMap(path => sourceAt(files, path) ?? [])
  const find = (name: string): YamlMap | null => {
    const source = sources.find(({ path }) => path === posix.join(directory, name))
    return source === undefined ? null : readValues(source)
  }
  const chart = find('Chart.yaml')
  const name = chart === null ? null : textAt(chart, 'name')
  if (chart === null || name === null) return null
  const values = find('values.yaml')
  const others = sources.filter(
    ({ path }) =>
      /(?:^|\/)[^/]*values[^/]*\.ya?ml$/.test(path) && path !== posix.join(directory, 'values.yaml'),
  )
  const told = { chart, values, others: others.flatMap(each => readValues(each) ?? []) }
  const valueFor = (placeholder: string): KnownValue | null => valueFilled(placeholder, told)
  const filled = sources
    .filter(({ path }) => path.startsWith(posix.join(directory, 'templates/')))
    .map(source => ({
      ...source,
      values: valuesIn(source.code, { words: null, isContinued: false, valueFor }),
    }))
  return {
    name,
    directory,
    pods: filled.flatMap(source => readChartPods(source, values)),
    services: filled.flatMap(readChartServices),
    unquoted: values === null ? [] : filled.flatMap(source => unquotedValues(source, values)),
    sources,
  }
}

interface Told {
  readonly chart: YamlMap
  readonly values: YamlMap | null
  /** Files of values that are laid over the chart's own. */
  readonly others: readonly YamlMap[]
}

const FILTERS = String.raw`(?:\s*\|\s*(?:quote|squote|int|int64|toString|trim|default\s+[^|{}]+))*`
/** `{{ .Values.service.port | int }}`, `{{ quote .Values.path }}`, `{{ .Chart.Name }}`. */
const PLACEHOLDER = new RegExp(
  String.raw`^\{\{-?\s*(?:(?:quote|squote|int|int64|toString)\s+)?\$?\.(Values|Chart)\.([\w.]+)${FILTERS}\s*-?\}\}$`,
)
const WORD = /^[\w./:@%+~,=-]+$/

/** What a placeholder stands for; null where nothing tells, or another file of values tells otherwise. */
function valueFilled(placeholder: string, { chart, values, others }: Told): KnownValue | null {
  const [, of = '', name = ''] = PLACEHOLDER.exec(placeholder) ?? []
  if (of === 'Chart') return name === 'Name' ? valueAt(chart, 'name') : null
  const path = name.split('.')
  const found = of === '' || values === null ? null : valueAt(values, ...path)
  const isOther = others.some(
    each => entryAt(each, ...path) !== null && valueAt(each, ...path)?.text !== found?.text,
  )
  return isOther ? null : found
}

function valueAt(map: YamlMap, ...path: readonly string[]): KnownValue | null {
  const text = textAt(map, ...path)
  const entry = entryAt(map, ...path)
  if (text === null || entry === null || !WORD.test(text)) return null
  return { text, at: { ...entry.key, end: entry.value.at.end } }
}
