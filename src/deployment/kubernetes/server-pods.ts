import { posix } from 'node:path'
import { groupBy } from '../../../parsers/collections/group-by.ts'
import { memo } from '../../../parsers/collections/memo.ts'
import type {
  ConfigMap,
  Manifests,
  PodContainer,
  PodMount,
  Workload,
} from '../../../parsers/kubernetes/manifest.ts'
import { readManifests } from '../../../parsers/kubernetes/read-manifests.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { splitNested } from '../../files/nested-path.ts'
import type { NginxConfiguration } from '../../servers/nginx/configuration.ts'
import type { Deployment, Machine, NginxProgram } from '../model.ts'
import { namePlace } from '../places.ts'
import { programsOfKind } from '../programs-of-kind.ts'

/** Of more files in a directory none is read. */
const MOST = 60

/** A container of a pod into which a ConfigMap brings files of nginx. */
export interface ServerPod {
  readonly program: NginxProgram
  /** All manifests of the directory. */
  readonly cluster: Manifests
  readonly configMap: ConfigMap
  /** The files of nginx that stand in the ConfigMap. */
  readonly sources: ReadonlySet<Source>
  readonly workload: Workload
  readonly container: PodContainer
  /** Those of the ConfigMap. */
  readonly mounts: readonly PodMount[]
}

/**
 * The containers of pods to which nginx’s files belong that stand as texts in manifests, by the ConfigMap in whose
 * data they stand and by the volumes of the workloads in the same directory.
 */
export const serverPods = memo((deployment: Deployment): readonly ServerPod[] =>
  programsOfKind(deployment, 'nginx').flatMap(program => [...podsOf(program)]),
)

function* podsOf(program: NginxProgram): Iterable<ServerPod> {
  const { configuration, machine } = program
  const nested = configuration.sources.filter(({ path }) => outerOf(path) !== null)
  if (nested.length === 0) return
  for (const [outer, sources] of groupBy(nested, ({ path }) => outerOf(path)!)) {
    const { files, path } = keptAt(machine, outer)
    const cluster = manifestsIn(files, posix.dirname(path))
    const maps = cluster.configMaps.filter(({ keys }) =>
      [...keys.values()].some(({ source }) => source.path === path),
    )
    const owned = groupBy(
      sources.filter(source => ownerOf(source, program, maps) !== null),
      source => ownerOf(source, program, maps)!,
    )
    for (const [configMap, own] of owned)
      for (const workload of cluster.workloads)
        for (const container of workload.containers) {
          const mounts = container.mounts.filter(({ volume }) => {
            const seen = workload.volumes.get(volume)
            return seen?.kind === 'configMap' && seen.source === configMap.name
          })
          if (mounts.length > 0)
            yield { program, cluster, configMap, sources: new Set(own), workload, container, mounts }
        }
  }
}

/** Where a manifest lies among the others: the container of a pod has no more of it than the text that is its file. */
function keptAt(
  { files, loose, beside }: Machine,
  outer: string,
): { readonly files: FileSystem; readonly path: string } {
  const isListed = (files.list(posix.dirname(outer)) ?? []).some(({ name }) => name === posix.basename(outer))
  if (isListed) return { files, path: outer }
  const shown = files.display(outer)
  for (const repository of [beside, loose]) {
    const path = repository?.manifests.find(each => repository.files.display(each) === shown)
    if (repository !== null && path !== undefined) return { files: repository.files, path }
  }
  return { files, path: outer }
}

function outerOf(path: string): string | null {
  const outer = splitNested(path)?.outer ?? null
  return outer !== null && /\.ya?ml$/.test(outer) ? outer : null
}

/** The ConfigMap whose key is the last one before the first line of a file. */
function ownerOf(
  source: Source,
  { configuration }: NginxProgram,
  maps: readonly ConfigMap[],
): ConfigMap | null {
  const start = firstLines(configuration).get(source)
  if (start === undefined) return null
  let found: { readonly map: ConfigMap; readonly at: number } | null = null
  for (const map of maps)
    for (const place of map.keys.values())
      if (place.start < start && (found === null || place.start > found.at)) found = { map, at: place.start }
  return found?.map ?? null
}

/** Where each file of a configuration begins, by its first line: the main file of an image may include it. */
const firstLines = memo(({ occurrences }: NginxConfiguration): ReadonlyMap<Source, number> => {
  const found = new Map<Source, number>()
  for (const directives of occurrences.values())
    for (const directive of directives) {
      const { start } = namePlace(directive)
      found.set(directive.source, Math.min(start, found.get(directive.source) ?? start))
    }
  return found
})

const known = memo((_: FileSystem) => new Map<string, Manifests>())

function manifestsIn(files: FileSystem, directory: string): Manifests {
  const before = known(files).get(directory)
  if (before !== undefined) return before
  const names = (files.list(directory) ?? [])
    .filter(({ name, kind }) => kind === 'file' && /\.ya?ml$/.test(name))
    .map(({ name }) => name)
  const read =
    names.length > MOST ? [] : names.flatMap(name => sourceAt(files, posix.join(directory, name)) ?? [])
  const all = read.filter(({ text }) => /^\s*apiVersion:/m.test(text)).map(readManifests)
  const manifests: Manifests = {
    configMaps: all.flatMap(({ configMaps }) => configMaps),
    workloads: all.flatMap(({ workloads }) => workloads),
    services: all.flatMap(({ services }) => services),
    problems: all.flatMap(({ problems }) => problems),
    complete: names.length <= MOST && all.every(({ complete }) => complete),
  }
  known(files).set(directory, manifests)
  return manifests
}
