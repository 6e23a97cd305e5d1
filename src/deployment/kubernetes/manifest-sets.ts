import { posix } from 'node:path'
import { groupBy } from '../../../parsers/collections/group-by.ts'
import type { ClusterService, ConfigMap, Manifests, Workload } from '../../../parsers/kubernetes/manifest.ts'
import { isKustomization } from '../../../parsers/kubernetes/read-kustomization.ts'
import { readManifests } from '../../../parsers/kubernetes/read-manifests.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { Repository } from '../../files/machine.ts'
import { sourceAt } from '../../files/file-system.ts'
import { readKustomize } from './kustomize.ts'

/** So many files that may hold manifests are read of a repository. */
export const MOST_MANIFESTS = 300

/** Objects that one namespace of a cluster holds. */
export interface ManifestSet {
  /** The directory in which all of them lie. */
  readonly directory: string
  /** Null where no file says what it is called. */
  readonly namespace: string | null
  readonly workloads: readonly Workload[]
  readonly services: readonly ClusterService[]
  readonly configMaps: readonly ConfigMap[]
  readonly sources: readonly Source[]
}

interface ReadFile {
  readonly source: Source
  readonly manifests: Manifests
}

/**
 * The sets of manifests of a repository that are applied as they are: what Kustomize changes, and what a template
 * makes, is left out.
 */
export function manifestSets({ files, manifests }: Repository): readonly ManifestSet[] {
  if (manifests.length === 0 || manifests.length > MOST_MANIFESTS) return []
  const sources = manifests.flatMap(path => sourceAt(files, path) ?? [])
  const { told, isChanged } = readKustomize(sources)
  const read = sources.flatMap((source): readonly ReadFile[] =>
    OBJECT.test(source.text) &&
    !isKustomization(source.path) &&
    !told.has(source.path) &&
    !isChanged(source.path)
      ? [{ source, manifests: readManifests(source) }]
      : [],
  )
  const kustomizations = sources.filter(({ path }) => isKustomization(path))
  return [...groupBy(read, ({ source }) => rootOf(source.path))].flatMap(([root, own]) =>
    together(root, own).flatMap(([directory, files]) => inNamespaces(directory, files, kustomizations)),
  )
}

const OBJECT = /^apiVersion:/m

/** The outermost directory that is called after what is deployed from it, else that of the file. */
function rootOf(path: string): string {
  const parts = posix.dirname(path).split('/')
  const index = parts.findIndex(part =>
    /^(?:\d+[-_.])?(?:k8s|k3s|kube|kubernetes|manifests?|deploy(?:ments?)?|cluster)\b/i.test(part),
  )
  return index === -1 ? parts.join('/') : parts.slice(0, index + 1).join('/')
}

/**
 * All files below a directory, where no object of them is there twice; else those of each directory by themselves, and
 * of a directory that has it twice each file.
 */
function together(
  root: string,
  files: readonly ReadFile[],
): readonly (readonly [directory: string, files: readonly ReadFile[]])[] {
  if (isOneSet(files)) return [[root, files]]
  const below = groupBy(
    files,
    ({ source: { path } }) => posix.relative(root, posix.dirname(path)).split('/')[0] ?? '',
  )
  if (below.size > 1) return [...below].flatMap(([name, own]) => together(posix.join(root, name), own))
  const [only] = below.keys()
  if (only !== undefined && only !== '') return together(posix.join(root, only), files)
  return files.length === 1 ? [] : files.filter(file => isOneSet([file])).map(file => [root, [file]] as const)
}

function isOneSet(files: readonly ReadFile[]): boolean {
  const seen = new Set<string>()
  return files.every(({ manifests: { workloads, services, configMaps } }) =>
    [
      ...workloads.map(({ kind, name, namespace }) => `${kind}/${namespace ?? ''}/${name}`),
      ...services.map(({ name, namespace }) => `Service/${namespace ?? ''}/${name}`),
      ...configMaps.map(({ name, namespace }) => `ConfigMap/${namespace ?? ''}/${name}`),
    ].every(key => !seen.has(key) && seen.add(key)),
  )
}

/** What names no namespace is in the one that the others name. */
function inNamespaces(
  directory: string,
  files: readonly ReadFile[],
  kustomizations: readonly Source[],
): readonly ManifestSet[] {
  const whole = files.filter(({ manifests }) => manifests.complete)
  const workloads = whole.flatMap(({ manifests }) => manifests.workloads)
  if (workloads.length === 0) return []
  const services = whole.flatMap(({ manifests }) => manifests.services)
  const configMaps = whole.flatMap(({ manifests }) => manifests.configMaps)
  const isGiven = kustomizations.some(
    ({ path, text }) => posix.dirname(path) === directory && /^namespace:/m.test(text),
  )
  const named = new Set([...workloads, ...services].flatMap(({ namespace }) => namespace ?? []))
  const [only = null] = named.size === 1 ? named : []
  const set = {
    directory,
    sources: whole.map(({ source }) => source),
  }
  if (isGiven || named.size <= 1)
    return [{ ...set, namespace: isGiven ? null : only, workloads, services, configMaps }]
  return [...named, null].flatMap(namespace => {
    const isIn = (each: { readonly namespace: string | null }): boolean => each.namespace === namespace
    const own = workloads.filter(isIn)
    return own.length === 0
      ? []
      : [
          {
            ...set,
            namespace,
            workloads: own,
            services: services.filter(isIn),
            configMaps: configMaps.filter(isIn),
          },
        ]
  })
}
