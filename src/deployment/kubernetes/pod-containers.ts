import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import type { ComposeProject, ComposeService, ComposeVariable } from '../../../parsers/compose/compose.ts'
import type { ConfigMap, PodContainer, Workload } from '../../../parsers/kubernetes/manifest.ts'
import { isKustomization } from '../../../parsers/kubernetes/read-kustomization.ts'
import { readManifests } from '../../../parsers/kubernetes/read-manifests.ts'
import { expandVariables } from '../../../parsers/kubernetes/expand-variables.ts'
import { known } from '../../../parsers/text/fact.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { Repository } from '../../files/machine.ts'
import { sourceAt } from '../../files/file-system.ts'
import type { Container, ContainerMount } from '../containers/container.ts'
import { imageContainer, withMounts } from '../containers/images-alone.ts'
import { isOfOthers, isOfPublicRegistry, repositoryOf } from './image-names.ts'

/** So many files that may hold manifests are read of a repository. */
export const MOST_MANIFESTS = 300

/**
 * The containers of pods that run an image of which a Dockerfile is in the repository: with the command, the variables
 * and the account that the manifest gives them. As of any image that no compose file runs, who reaches its ports is not
 * known here.
 *
 * What Kustomize patches, and what a template makes, is left out; and so is what runs beside others in one pod, which
 * share its addresses.
 */
export const podContainers = memo((repository: Repository): readonly Container[] => {
  const { files, manifests, dockerfiles } = repository
  if (manifests.length === 0 || manifests.length > MOST_MANIFESTS || dockerfiles.length === 0) return []
  const sources = manifests.flatMap(path => sourceAt(files, path) ?? [])
  if (sources.some(isPatching)) return []
  const read = sources.filter(({ text }) => OBJECT.test(text)).map(readManifests)
  const whole = read.filter(({ complete }) => complete)
  const workloads = whole.flatMap(each => each.workloads).filter(runsOn)
  const maps = whole.flatMap(({ configMaps }) => configMaps)
  const images = new Set(workloads.flatMap(({ containers }) => containers.flatMap(ownImage)))
  return workloads.flatMap(({ containers: [only] }) => {
    const image = only === undefined ? null : (ownImage(only)[0] ?? null)
    const path = image === null ? null : dockerfileOf(image, images.size === 1, repository)
    const built = path === null ? null : imageContainer(files, path)
    return only === undefined || built === null ? [] : [inPod(built, only, maps)]
  })
})

const OBJECT = /^apiVersion:/m

function isPatching({ path, text }: Source): boolean {
  return isKustomization(path) && /^(?:patches\w*|components|transformers|replacements):/m.test(text)
}

/** True for what keeps one container running that has an address of its own. */
function runsOn({ kind, containers, hostNetwork, hasSidecars }: Workload): boolean {
  return (
    /^(?:Deployment|StatefulSet|DaemonSet|ReplicaSet|Pod)$/.test(kind) &&
    containers.length === 1 &&
    !hostNetwork &&
    !hasSidecars
  )
}

/** An image that somebody builds for himself, without its tag. */
function ownImage({ run: { image } }: PodContainer): readonly string[] {
  if (image?.known !== true || isOfOthers(image.value)) return []
  return [repositoryOf(image.value)]
}

/**
 * The Dockerfile of an image: the one in the directory of its name, or the one that is called for it; the only one of
 * the repository where the manifests run no other image of its own, of a registry of its own.
 */
function dockerfileOf(image: string, isOnly: boolean, { dockerfiles }: Repository): string | null {
  const named = dockerfiles.filter(path => isCalled(path, posix.basename(image)))
  const found = named.length > 0 || !isOnly || isOfPublicRegistry(image) ? named : dockerfiles
  return found.length === 1 ? (found[0] ?? null) : null
}

function isCalled(path: string, image: string): boolean {
  const name = posix.basename(path)
  const part = /^(?:Dockerfile[._-](.+)|(.+)\.[Dd]ockerfile)$/.exec(name)
  const called = part === null ? posix.basename(posix.dirname(path)) : (part[1] ?? part[2])
  return called !== undefined && called !== '' && (image === called || image.endsWith(`-${called}`))
}

function inPod(built: Container, pod: PodContainer, maps: readonly ConfigMap[]): Container {
  const service = serviceOf(built.service, pod, maps)
  const services: ReadonlyMap<string, ComposeService> = new Map([[service.name, service]])
  const project: ComposeProject = { ...built.project, services, sources: [pod.at.source] }
  const mounts = pod.mounts.map(
    ({ path, at }): ContainerMount => ({ target: path, path: null, volume: null, from: 'volumes', at }),
  )
  return { ...withMounts(built, mounts), project, service, projects: [project] }
}

function serviceOf(image: ComposeService, pod: PodContainer, maps: readonly ConfigMap[]): ComposeService {
  const { run } = pod
  const fromMaps = run.environmentMaps.map(({ name, prefix }) => variablesOf(name, prefix, maps))
  const isKnown = run.knowsEnvironment && fromMaps.every(each => each !== null)
  // The later of two ConfigMaps counts, and `env` before all.
  const environment = [...fromMaps.flatMap(each => each ?? []), ...run.environment]
  const values = new Map(environment.map(({ name, value }) => [name, value]))
  const words = (each: PodContainer['run']['command']): ComposeService['command'] =>
    each === null
      ? null
      : { at: each.at, words: each.words.map(word => expandVariables(word, values)), rest: null }
  return {
    ...image,
    name: pod.name,
    at: pod.at,
    keys: [pod.at],
    entrypoint: words(run.command),
    command: words(run.args),
    environment,
    expose: pod.ports.map(({ port, at }) => ({
      at,
      port: known({ first: port, last: port }, at),
      protocol: known('tcp'),
    })),
    ...(isKnown && { envFiles: [] }),
    workingDirectory: run.workingDirectory,
    user: run.user,
    ...(run.check !== null && { healthcheck: { ...run.check, shell: false } }),
  }
}

/** The keys of a ConfigMap as variables; null where it is none of the repository's, or one of several of that name. */
function variablesOf(
  name: string,
  prefix: string,
  maps: readonly ConfigMap[],
): readonly ComposeVariable[] | null {
  const [map, ...others] = maps.filter(each => each.name === name)
  if (map === undefined || others.length > 0) return null
  return [...map.texts].flatMap(([key, text]) => {
    const at = map.keys.get(key)
    return at === undefined ? [] : [{ name: `${prefix}${key}`, value: known(text, at), at }]
  })
}
