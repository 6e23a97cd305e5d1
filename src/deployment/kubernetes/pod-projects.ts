import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import type {
  ComposeProject,
  ComposeResource,
  ComposeService,
  ReachedName,
} from '../../../parsers/compose/compose.ts'
import type { ClusterService, PodContainer, Workload } from '../../../parsers/kubernetes/manifest.ts'
import { known, unknown } from '../../../parsers/text/fact.ts'
import type { Repository } from '../../files/machine.ts'
import { plainProject, plainService } from '../containers/plain-service.ts'
import { buildOfPod } from './image-of-pod.ts'
import { type ManifestSet, manifestSets } from './manifest-sets.ts'
import { podService } from './pod-service.ts'

/**
 * The pods of each set of manifests as a project, which is never complete, since a namespace may hold what is applied
 * from elsewhere: its containers are services, which others reach by the names of the
 * Services that select them. Several containers in one pod
 * share the network of the first.
 */
export const podProjects = memo((repository: Repository): readonly ComposeProject[] =>
  repository.manifests.length === 0
    ? []
    : manifestSets(repository).flatMap(set => {
        const project = projectOf(set, repository)
        return project.services.size === 0 ? [] : [project]
      }),
)

function projectOf(set: ManifestSet, repository: Repository): ComposeProject {
  const workloads = set.workloads.filter(({ kind }) => RUNS.test(kind))
  const selected = new Map(set.services.map(service => [service, selectedBy(service, workloads)] as const))
  const services = new Map<string, ComposeService>()
  const taken = new Set(set.services.map(({ name }) => name))
  for (const workload of workloads) {
    const fronts = [...selected].flatMap(([service, pods]) =>
      pods.length === 1 && pods[0] === workload ? [service] : [],
    )
    const reachedAs = fronts.flatMap(service => reachedNames(service, workload, set.namespace))
    const name =
      fronts[0]?.name ?? (taken.has(workload.name) ? `${workload.kind}/${workload.name}` : workload.name)
    for (const service of podServices(name, workload, set, repository, reachedAs))
      if (!services.has(service.name)) services.set(service.name, service)
  }
  // A name that leads to several pods, or to none that is here, is no name of another container.
  for (const [service, pods] of selected)
    if (pods.length !== 1 && !services.has(service.name))
      services.set(service.name, {
        ...plainService(service.name, service.at),
        networkMode: APART,
        reachedAs: reachedNames(service, null, set.namespace),
        complete: false,
      })
  return {
    ...plainProject('pods', set.directory, [...services.values()]),
    sources: set.sources,
    configs: configsOf(set),
  }
}

const RUNS = /^(?:Deployment|StatefulSet|DaemonSet|ReplicaSet|ReplicationController|Pod|Job|CronJob)$/

function selectedBy({ selector }: ClusterService, workloads: readonly Workload[]): readonly Workload[] {
  if (selector.size === 0) return []
  return workloads.filter(({ labels }) =>
    [...selector].every(([key, value]) => value !== '\uFFFD' && labels.get(key) === value),
  )
}

/** The short name, and with the namespace the longer ones that the resolver of a cluster knows. */
function reachedNames(
  { name, headless, ports }: ClusterService,
  workload: Workload | null,
  namespace: string | null,
): readonly ReachedName[] {
  const opened = headless
    ? null
    : new Map(ports.map(({ port, target }) => [port, portOfPod(target, workload)] as const))
  const long =
    namespace === null ? [] : ['', '.svc', '.svc.cluster.local'].map(end => `${name}.${namespace}${end}`)
  return [name, ...long].map(each => ({ name: each.toLowerCase(), ports: opened }))
}

function portOfPod(target: number | string, workload: Workload | null): number | null {
  if (typeof target === 'number') return workload === null ? null : target
  const ports = workload?.containers.flatMap(container => container.ports) ?? []
  return ports.find(each => each.name === target)?.port ?? null
}

function podServices(
  name: string,
  workload: Workload,
  set: ManifestSet,
  repository: Repository,
  reachedAs: readonly ReachedName[],
): readonly ComposeService[] {
  const { containers, initContainers, sidecars, hostNetwork, hasAliases, kind, replicas } = workload
  const isJob = /Job$/.test(kind)
  const serviceOf = (container: PodContainer, own: string): ComposeService => ({
    ...podService(own, container, workload, set.configMaps),
    ...buildOfPod(container, repository),
    restart: known(isJob ? 'no' : 'always', workload.at),
    replicas,
    reachedAs,
  })
  const [first, ...others] = containers
  if (first === undefined) return []
  const before = initContainers.filter(({ name }) => !sidecars.has(name))
  const beside = [...others, ...initContainers.filter(({ name }) => sidecars.has(name))]
  // Nothing else reaches what ends by itself, or has the network of the node.
  const isElsewhere = hostNetwork || hasAliases || isJob
  const network = isElsewhere ? APART : beside.length === 0 ? null : known(`service:${name}`, workload.at)
  return [
    { ...serviceOf(first, name), networkMode: network },
    ...beside.map(container => ({
      ...serviceOf(container, posix.join(name, container.name)),
      networkMode: network,
    })),
    ...before.map(container => ({
      ...serviceOf(container, posix.join(name, container.name)),
      networkMode: APART,
    })),
  ]
}

/** No network with the other pods of which anything is known. */
const APART = known('none')

/** The files that ConfigMaps make, by the map and the key. */
function configsOf({ configMaps }: ManifestSet): ReadonlyMap<string, ComposeResource> {
  return new Map(
    configMaps.flatMap(({ name, texts, values }) =>
      [...texts].flatMap(([key, text]) => {
        const at = values.get(key)
        return at === undefined
          ? []
          : [
              [
                `${name}/${key}`,
                {
                  key: `${name}/${key}`,
                  at,
                  name: null,
                  external: false,
                  driver: null,
                  device: null,
                  subnets: [],
                  file: null,
                  content: text.includes('\uFFFD') ? unknown('a template says it', at) : known(text, at),
                },
              ] as const,
            ]
      }),
    ),
  )
}
