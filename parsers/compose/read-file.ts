import { type Fact, unknown } from '../text/fact.ts'
import type { Place, Source } from '../text/source.ts'
import { factOf } from '../text/written-text.ts'
import { readYaml } from '../yaml/read-yaml.ts'
import { isNull, type YamlMap, type YamlNode } from '../yaml/yaml-node.ts'
import type { ComposeFault, ComposeResource } from './compose.ts'
import { composeFaults } from './schema-faults.ts'
import { readService, type WrittenService } from './read-service.ts'
import { factIn, type FileContext, isTrue, pathFact, pathIn, textOf, textsOf, valueIn } from './values.ts'

/** One file, nothing merged or followed. */
export interface ComposeFile {
  readonly source: Source
  readonly name: Fact<string> | null
  readonly services: ReadonlyMap<string, WrittenService>
  /** Services of earlier files that this one takes away (`!reset`) or writes anew (`!override`). */
  readonly replaced: ReadonlySet<string>
  readonly networks: ReadonlyMap<string, ComposeResource>
  readonly volumes: ReadonlyMap<string, ComposeResource>
  readonly configs: ReadonlyMap<string, ComposeResource>
  readonly secrets: ReadonlyMap<string, ComposeResource>
  readonly includes: readonly ComposeInclude[]
  readonly faults: readonly ComposeFault[]
  readonly legacy: boolean
  readonly broken: boolean
}

/** An entry of `include:`: files that are one project of their own. */
export interface ComposeInclude {
  readonly at: Place
  readonly paths: readonly Fact<string>[]
  readonly directory: Fact<string> | null
  readonly envFiles: readonly Fact<string>[] | null
}

export function readComposeFile(source: Source, context: FileContext): ComposeFile {
  const { documents, broken, faults } = readYaml(source)
  const roots = documents.filter(node => node.kind === 'map')
  const legacy = roots.length === 1 && isLegacy(roots[0]!)
  const resources = (key: string): ReadonlyMap<string, ComposeResource> =>
    new Map(roots.flatMap(root => readResources(valueIn(root, key), context)))
  const services = new Map<string, WrittenService>()
  const replaced = new Set<string>()
  for (const root of roots) {
    const map = legacy ? root : valueIn(root, 'services')
    if (map?.kind !== 'map') continue
    for (const { name, key, value } of map.entries.values()) {
      if (value.tag === '!reset' || value.tag === '!override') replaced.add(name)
      if (value.tag === '!reset') continue
      if (value.kind === 'map' && !name.startsWith('x-'))
        services.set(name, inNetworkOf(root, readService(name, key, value, context)))
    }
  }
  const [first] = roots
  return {
    source,
    name: first === undefined || legacy ? null : factIn(first, 'name', context),
    services,
    replaced,
    networks: legacy ? new Map() : resources('networks'),
    volumes: legacy ? new Map() : resources('volumes'),
    configs: legacy ? new Map() : resources('configs'),
    secrets: legacy ? new Map() : resources('secrets'),
    includes: legacy ? [] : roots.flatMap(root => readIncludes(valueIn(root, 'include'), context)),
    faults:
      legacy || (broken && isFormatted(source))
        ? []
        : [
            ...faults.map(({ at, said }) => ({ at, said: `yaml: ${said}`, meant: null, home: null })),
            // Of what is no YAML the schema is not asked, as of a template whose lines a program indents.
            ...((broken && source.template) || faults.some(({ former }) => former === null)
              ? []
              : roots.flatMap(root => composeFaults(root, context))),
          ],
    legacy,
    broken,
  }
}

/** Uffizzi runs the containers of a file in one network, so that each is on the loopback of all. */
function inNetworkOf(root: YamlMap, written: WrittenService): WrittenService {
  if (!root.entries.has('x-uffizzi') || written.service.networkMode !== null) return written
  const networkMode = unknown<string>('Uffizzi gives all containers one network')
  return { ...written, service: { ...written.service, networkMode } }
}

/** True for what a program fills in, whose braces are flow maps to YAML: `{PORT}:{PORT}` beside `URL={URL}`. */
function isFormatted({ text }: Source): boolean {
  const names = new Set([...text.matchAll(/(?<![$\w{])\{([A-Z][A-Z\d_]+)\}(?!\})/g)].map(([, name]) => name))
  return names.size > 1 && !text.includes('${')
}

/** The first format of all had its services at the root and none of the later keys. */
function isLegacy(root: YamlMap): boolean {
  if (['services', 'version', 'include', 'name', 'networks'].some(key => root.entries.has(key))) return false
  const values = [...root.entries.values()].filter(({ name }) => !name.startsWith('x-'))
  return (
    values.length > 0 &&
    values.every(
      ({ value }) =>
        value.kind === 'map' && ['image', 'build', 'extends'].some(key => value.entries.has(key)),
    )
  )
}

function readResources(
  node: YamlNode | undefined,
  context: FileContext,
): readonly (readonly [string, ComposeResource])[] {
  if (node?.kind !== 'map') return []
  return [...node.entries.values()].map(({ name: key, key: at, value }) => {
    const map: YamlMap = value.kind === 'map' ? value : emptyMap(value)
    const external = valueIn(map, 'external')
    const isExternal =
      external?.kind === 'map' || (external !== undefined && isYes(isTrue(textOf(external, context))))
    const options = valueIn(map, 'driver_opts')
    const resource: ComposeResource = {
      key,
      at,
      name:
        factIn(map, 'name', context) ?? (external?.kind === 'map' ? factIn(external, 'name', context) : null),
      external: isExternal,
      driver: factIn(map, 'driver', context),
      device: options?.kind === 'map' ? factIn(options, 'device', context) : null,
      subnets: subnetsIn(map, context),
      file: pathIn(map, 'file', context),
      content: factIn(map, 'content', context),
    }
    return [key, resource] as const
  })
}

function subnetsIn(map: YamlMap, context: FileContext): readonly Fact<string>[] {
  const ipam = valueIn(map, 'ipam')
  const configs = ipam?.kind === 'map' ? valueIn(ipam, 'config') : undefined
  if (configs?.kind !== 'list') return []
  return configs.items.flatMap(item => (item.kind === 'map' ? (factIn(item, 'subnet', context) ?? []) : []))
}

function emptyMap({ at, tag }: YamlNode): YamlMap {
  return { kind: 'map', at, tag, entries: new Map() }
}

function isYes(fact: Fact<boolean>): boolean {
  return fact.known && fact.value
}

function readIncludes(node: YamlNode | undefined, context: FileContext): readonly ComposeInclude[] {
  const items = node?.kind === 'list' ? node.items : []
  return items.flatMap(item => {
    if (isNull(item)) return []
    const paths = (key: string): readonly Fact<string>[] => {
      const value = item.kind === 'map' ? valueIn(item, key) : item
      return textsOf(value, context).map(text =>
        text.text.includes('://') ? factOf(text) : pathFact(text, context.directory),
      )
    }
    const isMap = item.kind === 'map'
    return [
      {
        at: item.at,
        paths: paths('path'),
        directory: isMap ? pathIn(item, 'project_directory', context) : null,
        envFiles: isMap && valueIn(item, 'env_file') !== undefined ? paths('env_file') : null,
      },
    ]
  })
}
