import { posix } from 'node:path'
import type { ChartContainer } from '../../parsers/kubernetes/read-chart.ts'
import type { ClusterService } from '../../parsers/kubernetes/manifest.ts'
import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import { stepText } from '../../parsers/dockerfile/command-text.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { exposesBesides } from '../../src/deployment/containers/exposes-besides.ts'
import { containerOfImage } from '../../src/deployment/containers/images-alone.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { clusterBeside, clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { type Chart, chartsIn, chartsOf } from '../../src/deployment/kubernetes/charts.ts'
import { isOfOthers } from '../../src/deployment/kubernetes/image-names.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { looseImages, type RunImage, startsNginxPlainly } from './_images.ts'
import { hasLabels, portOf } from './_labels.ts'

/** Ports of a pod that the server does not open which the image of its container starts. */
export function* portsOfImages(deployment: Deployment): Iterable<RuleFinding> {
  const beside = chartsOf(deployment)
  for (const serving of [...applicationImages(deployment), ...nginxImages(deployment)]) {
    const charts = beside.length > 0 ? beside : chartsIn(serving.files, serving.directory)
    for (const chart of charts)
      for (const pod of chart.pods) yield* unopened(deployment, { ...serving, charts, chart, pod })
  }
}

/** An image of the repository that starts one server. */
interface ServingImage {
  readonly name: string
  readonly opened: readonly Opened[]
  /** Its Dockerfile, and the directory from which it is built. */
  readonly path: string
  readonly directory: string
  readonly files: FileSystem
  /** The container, of an application that may open a port besides; null of nginx. */
  readonly container: Container | null
  /** True where nothing else is built beside it. */
  readonly isOnly: boolean
}

function* applicationImages(deployment: Deployment): Iterable<ServingImage> {
  for (const program of programsOfKind(deployment, 'app-server')) {
    const { container } = program.machine
    const opened = container === null ? null : openedBy(program, container)
    if (container?.image == null || opened === null) continue
    const { image, hostFiles, project } = container
    const { path } = image.stage.at.source
    const built = [...project.services.values()].filter(({ build }) => build !== null)
    yield {
      name: programName(program),
      opened,
      path,
      directory: project.directory,
      files: hostFiles,
      container,
      isOnly: built.length === 1 && onlyDockerfile(hostFiles, path),
    }
  }
}

function* nginxImages(deployment: Deployment): Iterable<ServingImage> {
  for (const run of looseImages(deployment)) {
    const { image, files } = run
    const opened = image === null ? null : openedByNginx(run)
    if (image === null || opened === null) continue
    const { path } = image.stage.at.source
    const directory = posix.dirname(path)
    const isOnly = onlyDockerfile(files, path) && looseImages(deployment).length === 1
    yield { name: 'nginx', opened, path, directory, files, container: null, isOnly }
  }
}

/** What an image of nginx opens by the files that it is given, and by those it has; null where more may be there. */
function openedByNginx({ base, fault, image, mounts, command, files }: RunImage): readonly Opened[] | null {
  if (image === null || fault !== null || !isNginxImage(base) || !startsNginxPlainly(command)) return null
  const isKnown = image.steps.every(step =>
    'sources' in step
      ? step.target.known && (step.from !== null || step.kind === 'COPY')
      : !/nginx\/(?!conf\.d\/default|html)|conf\.d\/(?!default)|\bsed\b|\.sh\b/.test(stepText(step.command)),
  )
  const given = mounts.filter(({ target }) => /^\/etc\/nginx(?:\/|$)/.test(target))
  const isForeign = image.steps.some(
    step =>
      'sources' in step && step.from !== null && step.target.known && step.target.value.startsWith('/etc'),
  )
  if (!isKnown || isForeign || mounts.some(({ target }) => /^\/docker-entry|^\/etc\/?$/.test(target)))
    return null
  const sources = given.map(({ path }) => (path === null ? null : sourceAt(files, path)))
  if (
    sources.some(
      source =>
        source === null ||
        /listen[ \t]+[^;]*[${]|^[ \t]*include[ \t]+(?!\S*(?:mime\.types|_params|conf\.d\/\*\.conf))/m.test(
          source.code,
        ),
    )
  )
    return null
  const own = sources.flatMap(source => (source === null ? [] : listensIn(source)))
  const replaces = given.some(({ target }) => /\/(?:conf\.d\/default|nginx)\.conf$/.test(target))
  const stock = { port: /unprivileged/.test(base ?? '') ? 8080 : 80, at: image.stage.at, isDefault: false }
  return replaces && own.length > 0 ? own : [...own, stock]
}

function listensIn(source: Source): readonly Opened[] {
  return [...source.code.matchAll(LISTENS)].map(({ 0: all, 1: port = '80', index }) => ({
    port: Number(port),
    at: { source, start: index, end: index + all.length },
    isDefault: false,
  }))
}

const LISTENS = /(?<=^[ \t]*|[;{}][ \t]*)listen[ \t]+(?:[\w.*]+:|\[[^\]]*\]:?)?(\d+)?\b/gm

interface Opened {
  readonly port: number
  readonly at: Place
  /** True where a variable of the environment may say another port. */
  readonly isDefault: boolean
}

/** The ports of the one program of an image that nothing outside of it tells where to listen; else null. */
function openedBy(
  { machine, server, sockets, listensKnown }: AppServerProgram,
  { service, image }: Container,
): readonly Opened[] | null {
  if (image === null || machine.programs.length > 1 || sockets.length === 0) return null
  if (service.command !== null || service.entrypoint !== null) return null
  const isNode = server.program === 'node'
  const isDotnet = server.program === 'dotnet'
  const opened = sockets.map(({ at, endpoint }) =>
    endpoint.known && listensKnown
      ? endpoint.value.port === null
        ? null
        : { port: endpoint.value.port, at, isDefault: speaksOfEnvironment(at) }
      : isNode
        ? defaultPort(at)
        : isDotnet
          ? portOfDotnet(image, at)
          : null,
  )
  return opened.every(each => each !== null) ? opened : null
}

/** True where the environment may say where a program listens. */
function speaksOfEnvironment({ source: { text }, start, end }: Place): boolean {
  const last = text.indexOf('\n', end)
  return /env/i.test(text.slice(text.lastIndexOf('\n', start) + 1, last === -1 ? undefined : last))
}

/** Where Kestrel listens by the variables of its image, and by those of Microsoft's; a pod may give it others. */
function portOfDotnet({ base, environment }: DockerImage, at: Place): Opened | null {
  const release = /\/dotnet\/(?:nightly\/)?aspnet:(\d+)\./.exec(base.known ? base.value : '')?.[1]
  if (release === undefined) return null
  if (environment.some(({ name }) => /(?:URLS|_PORTS?)$|^Kestrel/i.test(name))) return null
  return { port: Number(release) >= 8 ? 8080 : 80, at, isDefault: true }
}

/** The one port in the script of a socket that stands behind `process.env.PORT ||`. */
function defaultPort({ source }: Place): Opened | null {
  const [match, ...others] = source.code.matchAll(DEFAULT_PORT)
  if (match === undefined || others.length > 0) return null
  const [all, port = ''] = match
  const at = { source, start: match.index, end: match.index + all.length }
  return { port: Number(port), at, isDefault: true }
}

const DEFAULT_PORT = /\bprocess\.env\.PORT\b\)?\s*(?:\|\||\?\?)\s*["']?(\d{2,5})\b/g

interface Asked extends ServingImage {
  readonly charts: readonly Chart[]
  readonly chart: Chart
  readonly pod: readonly ChartContainer[]
}

function* unopened(deployment: Deployment, asked: Asked): Iterable<RuleFinding> {
  const { name, container, opened, chart, pod } = asked
  const [own, ...others] = pod
  if (own === undefined || others.length > 0 || own.hasCommand || !isOfImage(own, asked)) return
  const ports = opened.map(({ port }) => port)
  const isTold = [...own.variables].some(
    ([name, value]) => /PORT|LISTEN|BIND|ADDR|URLS|KESTREL/i.test(name) || ports.includes(Number(value)),
  )
  if (
    isTold ||
    (opened.some(({ isDefault }) => isDefault) && chart.sources.some(({ text }) => /envFrom/.test(text)))
  )
    return
  const listens = [...new Set(ports)].join(' and ')
  const related = opened.map(({ at }) => ({ at, message: `${name} listens here` }))
  const seen = new Set<number>()
  for (const { text, target, at: written } of whatAsks(chart, own, deployment)) {
    const port = portOf(own, target)
    if (
      port === null ||
      ports.includes(port) ||
      (container !== null && exposesBesides(container, port, opened))
    )
      continue
    const at = own.ports.find(each => each.name === target)?.at ?? written
    if (seen.has(at.start)) continue
    seen.add(at.start)
    yield {
      at,
      message: `${text} port ${port} of the container, and ${name} of its image listens on ${listens}: Connection refused`,
      label: 'nothing listens there',
      related,
      help: `Give the container a port of its own, ${listens}, apart from the port of the Service`,
    }
  }
}

interface Asking {
  readonly text: string
  readonly target: number | string
  readonly at: Place
}

/** Probes of a container, and the Services that lead to it. */
function whatAsks(chart: Chart, own: ChartContainer, deployment: Deployment): readonly Asking[] {
  return [
    ...own.probes.map(({ name, port, at }) => ({ text: `\`${name}\` connects to`, target: port, at })),
    ...servicesOf(chart, own, deployment).flatMap(({ ports }) =>
      ports.map(({ target, targetAt }) => ({ text: 'the Service leads to', target, at: targetAt })),
    ),
  ]
}

/** The Services of a chart that has no other pod, or those whose selector is the labels of a pod. */
function servicesOf(
  { pods, services }: Chart,
  { at }: ChartContainer,
  deployment: Deployment,
): readonly ClusterService[] {
  if (services.length > 0) return pods.length === 1 ? services : []
  const files = (clusterFiles(deployment) ?? clusterBeside(deployment))?.files ?? []
  const workload = files
    .flatMap(file => file.workloads)
    .find(({ containers }) =>
      containers.some(each => each.at.source.path === at.source.path && each.at.start === at.start),
    )
  if (workload === undefined) return []
  return files
    .flatMap(file => file.services)
    .filter(
      ({ selector, headless }) => !headless && selector.size > 0 && hasLabels(workload.labels, selector),
    )
}

/**
 * True where a pod runs the image of a Dockerfile: its name is that of the chart or of the Dockerfile's directory, and no
 * other Dockerfile starts a server.
 */
function isOfImage({ repository }: ChartContainer, { path, isOnly, chart, charts }: Asked): boolean {
  if (repository === null || isOfOthers(repository)) return false
  const base = posix.basename(repository)
  if (base === posix.basename(posix.dirname(path))) return true
  const images = new Set(charts.flatMap(each => each.pods.flat()).flatMap(each => each.repository ?? []))
  const own = [...images].filter(each => !isOfOthers(each))
  return (base === chart.name || own.length <= 1) && isOnly
}

function onlyDockerfile(files: Container['hostFiles'], path: string): boolean {
  const directory = posix.dirname(path)
  const beside = (files.list(directory) ?? []).filter(({ name }) => /Dockerfile/i.test(name))
  return beside.every(({ name }) => {
    const other = posix.join(directory, name)
    return other === path || containerOfImage(files, other) === null
  })
}
