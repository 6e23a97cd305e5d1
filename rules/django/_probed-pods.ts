import type { Manifests, PodContainer } from '../../parsers/kubernetes/manifest.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { containerOfImage } from '../../src/deployment/containers/images-alone.ts'
import { clusterBeside } from '../../src/deployment/kubernetes/cluster-files.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'

/** A probe of Kubernetes that asks Django by HTTP for the address of its pod. */
export interface ProbedPod {
  readonly probe: string
  readonly at: Place
  readonly settings: DjangoSettings
  readonly path: string
  /** True for a probe in plain HTTP that sends no header of its own. */
  readonly isPlain: boolean
  /** A variable of its container, where the manifests say its value; null where they do not, or in several ways. */
  readonly variable: (name: string) => PodVariable | null
}

export interface PodVariable {
  readonly value: string
  /** The key of a ConfigMap; null where the container says the value itself. */
  readonly at: Place | null
}

/**
 * The probes that reach the one Django of the repository, by the port on which its server listens. A manifest says no
 * more of an image than its name, so that a port of several images leads to none.
 */
export function* probedPods(deployment: Deployment): Iterable<ProbedPod> {
  const cluster = clusterBeside(deployment)
  if (cluster === null || cluster.hasPatches) return
  const containers = cluster.files.flatMap(({ workloads, complete }) =>
    complete ? workloads.flatMap(each => each.containers) : [],
  )
  if (containers.every(({ probes }) => probes.every(({ http }) => http === null))) return
  const django = onlyDjango(deployment)
  if (django === null) return
  const { settings, port } = django
  const asked = containers.filter(each => probesOf(each, port).length > 0 && mayRun(each, settings))
  const images = new Set(asked.map(({ image }) => image?.replace(/[:@][^/]*$/, '')))
  const isElsewhere = cluster.files.some(({ configMaps }) =>
    configMaps.some(({ keys, texts }) => keys.has(SETTINGS) && texts.get(SETTINGS) !== settings.module),
  )
  if (images.size !== 1 || isElsewhere) return
  for (const container of asked)
    for (const { name, http } of probesOf(container, port))
      if (http !== null && !http.hasHost)
        yield {
          probe: name,
          at: http.at,
          settings,
          path: http.path,
          isPlain: http.isPlain,
          variable: each => variableOf(container, each, cluster.files),
        }
}

/** What `env` says of a variable, else the last ConfigMap of `envFrom` that has it. */
export function variableOf(
  { variables, keyReferences, environmentMaps }: PodContainer,
  name: string,
  files: readonly Manifests[],
): PodVariable | null {
  const written = variables.get(name)
  // `$(NAME)` is another variable, such as the address of the pod.
  if (typeof written === 'string') return written.includes('$(') ? null : { value: written, at: null }
  const reference = keyReferences.get(name)
  if (written === null && reference === undefined) return null
  const key = reference?.key ?? name
  const wanted = reference === undefined ? environmentMaps : [reference.configMap]
  const holding = files.flatMap(({ configMaps }) =>
    configMaps.filter(each => wanted.includes(each.name) && each.keys.has(key)),
  )
  const [configMap, ...others] = holding
  const value = configMap?.texts.get(key)
  // Of several with one name it is not known which one the cluster gets.
  return value === undefined || others.length > 0 ? null : { value, at: configMap!.keys.get(key)! }
}

/** The application of the one image that the repository is seen to build; null where another may be meant. */
function onlyDjango(
  deployment: Deployment,
): { readonly settings: DjangoSettings; readonly port: number } | null {
  const [program, ...others] = programsOfKind(deployment, 'app-server')
  const beside = program?.machine.beside ?? null
  if (program === undefined || others.length > 0 || beside === null || beside.hasBuilds) return null
  const images = beside.dockerfiles.filter(path => containerOfImage(beside.files, path) !== null)
  const settings = images.length === 1 ? (deployment.moduleOf(program)?.settings ?? null) : null
  const port = portOf(program)
  return settings === null || port === null ? null : { settings, port }
}

function portOf({ sockets }: AppServerProgram): number | null {
  const [socket, ...others] = sockets
  return socket?.endpoint.known !== true || others.length > 0 ? null : socket.endpoint.value.port
}

function probesOf({ probes, ports }: PodContainer, wanted: number): PodContainer['probes'] {
  return probes.filter(
    ({ http, port }) =>
      http !== null &&
      (typeof port === 'number' ? port : ports.find(({ name }) => name === port)?.port) === wanted,
  )
}

/** False for the images of other programs, and where the container names other settings. */
function mayRun({ image, variables }: PodContainer, { module }: DjangoSettings): boolean {
  const named = variables.get(SETTINGS)
  return (named === undefined || named === module) && !OTHERS.test(image ?? '')
}

const SETTINGS = 'DJANGO_SETTINGS_MODULE'

const OTHERS =
  /\b(?:nginx|httpd|apache|envoy|traefik|caddy|haproxy|varnish|oauth2?-proxy|redis|postgres|node|frontend)\b/
