import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import type { ClusterService, ConfigMap, PodContainer, Workload } from '../../parsers/kubernetes/manifest.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { hasLabels, portOf } from './_labels.ts'

/**
 * Ports of Services and probes at which nothing of the pods is, as far as their manifests alone tell: a name that no
 * port has, a port that an image of a web server does not open, and one besides those that the pods declare and use.
 */
export function* portsOfPods(deployment: Deployment): Iterable<RuleFinding> {
  const cluster = clusterFiles(deployment)
  // Kustomize may add ports, and containers that open them.
  if (cluster === null || cluster.hasPatches) return
  const workloads = cluster.files.flatMap(file => file.workloads)
  const services = cluster.files.flatMap(file => file.services)
  const podsOf = selecting(workloads)
  const leading = servicesByPod(services, podsOf)
  const heard = heardContainers(
    workloads,
    new Map(cluster.files.flatMap(file => file.configMaps).map(map => [map.name, map])),
  )
  for (const { files, isComplete } of cluster.directories) {
    if (!isComplete) continue
    for (const workload of files.flatMap(file => file.workloads)) yield* probesOf(workload)
    for (const service of files.flatMap(file => file.services)) {
      const pods = service.headless ? [] : podsOf(service)
      if (pods.length === 0 || !pods.every(isPlain)) continue
      for (const port of service.ports) {
        const finding =
          typeof port.target === 'string'
            ? unnamed(service, port.target, pods)
            : (closed(service, port.target, pods) ?? undeclared(service, port, pods, { leading, heard }))
        if (finding !== null) yield { at: port.targetAt, ...finding }
      }
    }
  }
}

/** True for pods whose containers and ports are all written there. */
function isPlain({ containers, sidecars, hostNetwork }: Workload): boolean {
  return (
    containers.length > 0 &&
    containers.every(({ image }) => image !== null) &&
    sidecars.size === 0 &&
    !hostNetwork
  )
}

/** The pods that each Service leads to, wherever their manifests lie. */
function selecting(workloads: readonly Workload[]): (service: ClusterService) => readonly Workload[] {
  const byLabel = groupBy(
    workloads.flatMap(workload => [...workload.labels].map(label => ({ workload, label: label.join('=') }))),
    ({ label }) => label,
  )
  return ({ selector }) => {
    const [first] = selector
    const found = first === undefined ? [] : (byLabel.get(first.join('=')) ?? [])
    return found.flatMap(({ workload }) => (hasLabels(workload.labels, selector) ? [workload] : []))
  }
}

type PodServices = ReadonlyMap<Workload, readonly ClusterService[]>

function servicesByPod(
  services: readonly ClusterService[],
  podsOf: (service: ClusterService) => readonly Workload[],
): PodServices {
  const found = new Map<Workload, ClusterService[]>()
  for (const service of services)
    for (const pod of podsOf(service)) {
      const before = found.get(pod)
      if (before === undefined) found.set(pod, [service])
      else before.push(service)
    }
  return found
}

type Found = Omit<RuleFinding, 'at'>

/** A name that no container has given a port: no pod is an endpoint of the Service. */
function unnamed(service: ClusterService, target: string, pods: readonly Workload[]): Found | null {
  const containers = pods.flatMap(pod => pod.containers)
  if (containers.some(container => portOf(container, target) !== null)) return null
  const beside = pods.filter(pod => directoryOf(pod) === directoryOf(service))
  const shown = (beside.length > 0 ? beside : pods).flatMap(pod => pod.containers)
  const declared = shown.flatMap(({ ports }) => ports)
  const named = declared.flatMap(port => (port.name === null ? [] : [`\`${port.name}\``]))
  return {
    message: `no container of the pods has a port with the name \`${target}\`${named.length > 0 ? `, but ${[...new Set(named)].join(', ')}` : ''}, so the Service \`${service.name}\` has no endpoints`,
    label: 'the name of no port',
    related: (declared.length > 0 ? declared : shown)
      .slice(0, 3)
      .map(({ at }) => ({ at, message: declared.length > 0 ? 'another name, or none' : 'declares no port' })),
  }
}

const directoryOf = ({ at }: ClusterService | Workload): string => posix.dirname(at.source.path)

/** Probes by a name that their container has given no port: the kubelet cannot ask, and the pod is never ready. */
function* probesOf({ containers }: Workload): Iterable<RuleFinding> {
  for (const container of containers) {
    // Others of the pod may open the port.
    const image = containers.length === 1 ? portOfImage(container) : null
    for (const { name, port, at } of container.probes) {
      if (image !== null && typeof port === 'number' && port !== image.port)
        yield {
          at,
          message: `\`${name}\` connects to port ${port}, and \`${image.image}\` listens on ${image.port}: Connection refused`,
          label: 'nothing listens there',
          related: [{ at: container.at, message: `listens on ${image.port}` }],
        }
      // What has no image is a patch of another one.
      if (container.image === null || typeof port === 'number') continue
      if (name === 'livenessProbe' || portOf(container, port) !== null) continue
      yield {
        at,
        message: `the container \`${container.name}\` has no port with the name \`${port}\`, so \`${name}\` asks nothing and the pod is never ready`,
        label: 'the name of no port',
        related: container.ports.slice(0, 3).map(each => ({ at: each.at, message: 'another name, or none' })),
      }
    }
  }
}

/** Images of web servers that listen on one port, whatever their variables say. */
const IMAGES: readonly (readonly [image: RegExp, port: number, configuration: RegExp])[] = [
  [/^(?:docker\.io\/)?(?:library\/)?nginx(?=[:@]|$)/, 80, /^\/etc(?:\/nginx(?:\/|$)|$)|^\/docker-entrypoint/],
  [
    /^(?:docker\.io\/)?(?:nginxinc|nginx)\/nginx-unprivileged(?=[:@]|$)/,
    8080,
    /^\/etc(?:\/nginx(?:\/|$)|$)|^\/docker-entrypoint/,
  ],
  [/^(?:docker\.io\/)?(?:library\/)?httpd(?=[:@]|$)/, 80, /^\/usr\/local(?:\/apache2(?:\/conf(?:\/|$)|$)|$)/],
]

/** The port of the one image that all pods are made of. */
function portOfImage(container: PodContainer | undefined): { image: string; port: number } | null {
  const image = container?.image
  if (container === undefined || image == null || container.hasCommand) return null
  const known = IMAGES.find(([name]) => name.test(image))
  if (known === undefined) return null
  const [, port, configuration] = known
  return container.mounts.some(({ path }) => configuration.test(path)) ? null : { image, port }
}

/** A port that an image as it comes does not open. */
function closed({ name }: ClusterService, target: number, pods: readonly Workload[]): Found | null {
  const opened = pods.map(({ containers }) => (containers.length === 1 ? portOfImage(containers[0]) : null))
  const [first] = opened
  if (first == null || opened.some(each => each === null || each.port === target)) return null
  const container = pods[0]!.containers[0]!
  return {
    message: `the Service \`${name}\` leads to port ${target} of the pod, and \`${first.image}\` listens on ${first.port}: Connection refused`,
    label: 'nothing listens there',
    related: [{ at: container.at, message: `listens on ${first.port}` }],
  }
}

/** What is asked for pages: of other ports an image may open more than it declares. */
const OF_PAGES = /^(?:80|81|443|3000|4200|5000|5173|8000|8008|8080|8081|8088|8443|8888|9000)$/
/** Ports that are not the application's. */
const ASIDE = /health|metric|probe|prom|admin|stat|debug|manage|mgmt|monitor|actuator|jmx|live|ready/i

/**
 * A port that no container declares, where each declares others, at which a probe asks or which its command or variables
 * name, and no Service leads to any of these.
 */
function undeclared(
  { name }: ClusterService,
  { port, target }: ClusterService['ports'][number],
  pods: readonly Workload[],
  { leading, heard }: { readonly leading: PodServices; readonly heard: ReadonlySet<PodContainer> },
): Found | null {
  if (typeof target === 'string' || !OF_PAGES.test(String(port)) || !OF_PAGES.test(String(target)))
    return null
  const used = pods.map(pod => usedPorts(pod, target, { services: leading.get(pod) ?? [], heard }))
  const [first] = used
  if (first === undefined || used.some(ports => ports.length === 0)) return null
  const ports = [...new Set(first.map(each => each.port))]
  return {
    severity: 'warning',
    message: `the Service \`${name}\` leads to port ${target} of the pod, whose containers declare and use ${ports.join(' and ')}: Connection refused`,
    label: 'not a port of its pods',
    related: first.slice(0, 3).map(({ at }) => ({ at, message: 'the port of the container' })),
    ...(ports.length === 1 && { help: `Write \`targetPort: ${ports[0]}\`` }),
  }
}

interface Led {
  /** Those that lead to the pod. */
  readonly services: readonly ClusterService[]
  readonly heard: ReadonlySet<PodContainer>
}

/** The ports that a pod declares, empty where one may be the target, or where a Service leads to one of them. */
function usedPorts(
  { containers }: Workload,
  target: number,
  { services, heard }: Led,
): PodContainer['ports'] {
  const declared = containers.flatMap(({ ports }) => ports)
  const isOpen =
    containers.some(container => container.ports.length === 0 || names(container, target)) ||
    containers.some(({ probes }) => probes.some(({ port }) => port === target)) ||
    declared.some(({ port, name }) => port === target || ASIDE.test(name ?? ''))
  if (isOpen) return []
  const led = services.flatMap(({ ports }) => ports.map(each => each.target))
  if (led.some(each => declared.some(({ port, name }) => each === port || each === name))) return []
  return containers.some(each => heard.has(each) || isSeenToUse(each)) ? declared : []
}

/** True where something besides the declaration shows that a container listens on a port that it declares. */
function isSeenToUse(container: PodContainer): boolean {
  return container.ports.some(
    ({ port }) =>
      isToldPort(container, port) ||
      container.probes.some(probe => portOf(container, probe.port) === port && !isAside(probe)),
  )
}

const isAside = ({ http }: PodContainer['probes'][number]): boolean =>
  /metrics|actuator/.test(http?.path ?? '')

/** True where the words or variables of a container have a port, of any program. */
function names({ words, variables }: PodContainer, port: number): boolean {
  return [...words, ...variables.values()].some(text => text !== null && hasNumber(text, port))
}

/** True where it is told to listen there. */
function isToldPort({ words, variables }: PodContainer, port: number): boolean {
  const told = [...variables].flatMap(([name, value]) =>
    /PORT$|^LISTEN|BIND|_ADDR$/.test(name) ? [value ?? ''] : [],
  )
  return [...words, ...told].some(text => hasNumber(text, port))
}

const hasNumber = (text: string, port: number): boolean => new RegExp(`(?<!\\d)${port}(?!\\d)`).test(text)

/** The containers with a text of a ConfigMap in which a server listens on a port that they declare. */
function heardContainers(
  workloads: readonly Workload[],
  configMaps: ReadonlyMap<string, ConfigMap>,
): ReadonlySet<PodContainer> {
  return new Set(
    workloads.flatMap(({ containers, volumes }) =>
      containers.filter(({ mounts, ports }) =>
        mounts.some(({ volume }) => {
          const seen = volumes.get(volume)
          const map = seen?.kind === 'configMap' ? configMaps.get(seen.source ?? '') : undefined
          const listens = [...(map?.texts.values() ?? [])].flatMap(text => [...text.matchAll(LISTENS)])
          return listens.some(([, port]) => ports.some(each => String(each.port) === port))
        }),
      ),
    ),
  )
}

const LISTENS = /^\s*listen\s+(?:\S*:)?(\d+)\b/gim
