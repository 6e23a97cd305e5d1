import type { PodContainer } from '../../parsers/kubernetes/manifest.ts'
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
    configMaps.some(({ keys }) => keys.has('DJANGO_SETTINGS_MODULE')),
  )
  if (images.size !== 1 || isElsewhere) return
  for (const container of asked)
    for (const { name, http } of probesOf(container, port))
      if (http !== null && !http.hasHost)
        yield { probe: name, at: http.at, settings, path: http.path, isPlain: http.isPlain }
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
  const named = variables.get('DJANGO_SETTINGS_MODULE')
  return (named === undefined || named === module) && !OTHERS.test(image ?? '')
}

const OTHERS =
  /\b(?:nginx|httpd|apache|envoy|traefik|caddy|haproxy|varnish|oauth2?-proxy|redis|postgres|node|frontend)\b/
