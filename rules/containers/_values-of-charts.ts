import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { readYaml } from '../../parsers/yaml/read-yaml.ts'
import type { YamlMap, YamlNode } from '../../parsers/yaml/yaml-node.ts'
import type { Deployment } from '../../src/deployment/model.ts'

/** What the values of a chart have of an Ingress: its annotations beside its paths. */
interface IngressOfValues {
  readonly annotations: readonly { readonly name: string; readonly value: string; readonly at: Place }[]
  readonly paths: readonly { readonly path: string; readonly at: Place }[]
}

const VALUES = /(?:^|\/)values[\w.-]*\.ya?ml$/
const PREFIX = 'nginx.ingress.kubernetes.io/'

/** Those of every file of values, as far as annotations and paths stand in one map. */
export const ingressesOfValues = memo((deployment: Deployment): readonly IngressOfValues[] =>
  (deployment.setups() ?? [])
    .filter(({ path, text }) => VALUES.test(path) && text.includes(`${PREFIX}rewrite-target`))
    .flatMap(source => readYaml(source).documents.flatMap(mapsIn).flatMap(ingressOf)),
)

function mapsIn(node: YamlNode): readonly YamlMap[] {
  if (node.kind === 'list') return node.items.flatMap(mapsIn)
  return node.kind === 'map'
    ? [node, ...[...node.entries.values()].flatMap(({ value }) => mapsIn(value))]
    : []
}

function ingressOf(map: YamlMap): readonly IngressOfValues[] {
  const written = map.entries.get('annotations')?.value
  if (written?.kind !== 'map') return []
  const annotations = [...written.entries.values()].flatMap(({ name, value }) =>
    name.startsWith(PREFIX) && value.kind === 'scalar'
      ? [{ name: name.slice(PREFIX.length), value: value.text.text, at: value.at }]
      : [],
  )
  const others = [...map.entries.values()].filter(({ name }) => name !== 'annotations')
  const paths = others.flatMap(({ name, value }) => pathsIn(name, value))
  return annotations.length === 0 || paths.length === 0 ? [] : [{ annotations, paths }]
}

/** What stands behind `path` or in `paths`, below maps that have no annotations of their own. */
function pathsIn(name: string, node: YamlNode): IngressOfValues['paths'] {
  if (node.kind === 'list') return node.items.flatMap(each => pathsIn(name, each))
  if (node.kind === 'map')
    return node.entries.has('annotations')
      ? []
      : [...node.entries.values()].flatMap(each => pathsIn(each.name, each.value))
  const isPath = node.kind === 'scalar' && /^paths?$/.test(name) && node.text.text.startsWith('/')
  return isPath ? [{ path: node.text.text, at: node.at }] : []
}
