import { posix } from 'node:path'
import type { ChartContainer } from '../../parsers/kubernetes/read-chart.ts'
import type { Place } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { exposesBesides } from '../../src/deployment/containers/exposes-besides.ts'
import { containerOfImage } from '../../src/deployment/containers/images-alone.ts'
import { type Chart, chartsIn, chartsOf } from '../../src/deployment/kubernetes/charts.ts'
import { isOfOthers } from '../../src/deployment/kubernetes/image-names.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { portOf } from './_labels.ts'

/** Ports of a chart's pod that the application does not open which the image of its container starts. */
export function* portsOfImages(deployment: Deployment): Iterable<RuleFinding> {
  for (const program of programsOfKind(deployment, 'app-server')) {
    const { container } = program.machine
    const opened = container === null ? null : openedBy(program, container)
    if (container === null || opened === null) continue
    const beside = chartsOf(deployment)
    const charts = beside.length > 0 ? beside : chartsIn(container.hostFiles, container.project.directory)
    for (const chart of charts)
      for (const pod of chart.pods) yield* unopened({ program, container, opened, charts, chart, pod })
  }
}

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
  const opened = sockets.map(({ at, endpoint }) =>
    endpoint.known && listensKnown
      ? endpoint.value.port === null
        ? null
        : { port: endpoint.value.port, at, isDefault: speaksOfEnvironment(at) }
      : isNode
        ? defaultPort(at)
        : null,
  )
  return opened.every(each => each !== null) ? opened : null
}

/** True where the environment may say where a program listens. */
function speaksOfEnvironment({ source: { text }, start, end }: Place): boolean {
  const last = text.indexOf('\n', end)
  return /env/i.test(text.slice(text.lastIndexOf('\n', start) + 1, last === -1 ? undefined : last))
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

interface Asked {
  readonly program: AppServerProgram
  readonly container: Container
  readonly opened: readonly Opened[]
  readonly charts: readonly Chart[]
  readonly chart: Chart
  readonly pod: readonly ChartContainer[]
}

function* unopened({ program, container, opened, charts, chart, pod }: Asked): Iterable<RuleFinding> {
  const [own, ...others] = pod
  if (own === undefined || others.length > 0 || own.hasCommand || !isOfImage(own, container, chart, charts))
    return
  const ports = opened.map(({ port }) => port)
  const isTold = [...own.variables].some(
    ([name, value]) => /PORT|LISTEN|BIND|ADDR/.test(name) || ports.includes(Number(value)),
  )
  if (
    isTold ||
    (opened.some(({ isDefault }) => isDefault) && chart.sources.some(({ text }) => /envFrom/.test(text)))
  )
    return
  const listens = [...new Set(ports)].join(' and ')
  const name = programName(program)
  const related = opened.map(({ at }) => ({ at, message: `${name} listens here` }))
  const seen = new Set<number>()
  for (const { text, target, at: asked } of whatAsks(chart, own)) {
    const port = portOf(own, target)
    if (port === null || ports.includes(port) || exposesBesides(container, port, opened)) continue
    const at = own.ports.find(each => each.name === target)?.at ?? asked
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

/** Probes of a container, and the Services of a chart that has no other pod. */
function whatAsks({ pods, services }: Chart, { probes }: ChartContainer): readonly Asking[] {
  return [
    ...probes.map(({ name, port, at }) => ({ text: `\`${name}\` connects to`, target: port, at })),
    ...(pods.length === 1 ? services : []).flatMap(({ ports }) =>
      ports.map(({ target, targetAt }) => ({ text: 'the Service leads to', target, at: targetAt })),
    ),
  ]
}

/**
 * True where a pod runs the image of a Dockerfile: its name is that of the chart or of the Dockerfile's directory, and no
 * other Dockerfile starts a server.
 */
function isOfImage(
  { repository }: ChartContainer,
  { image, hostFiles, project }: Container,
  { name }: Chart,
  charts: readonly Chart[],
): boolean {
  if (repository === null || isOfOthers(repository) || image === null) return false
  const { path } = image.stage.at.source
  const base = posix.basename(repository)
  if (base === posix.basename(posix.dirname(path))) return true
  const images = new Set(charts.flatMap(chart => chart.pods.flat()).flatMap(each => each.repository ?? []))
  const own = [...images].filter(each => !isOfOthers(each))
  if (base !== name && own.length > 1) return false
  const built = [...project.services.values()].filter(({ build }) => build !== null)
  return built.length === 1 && onlyDockerfile(hostFiles, path)
}

function onlyDockerfile(files: Container['hostFiles'], path: string): boolean {
  const directory = posix.dirname(path)
  const beside = (files.list(directory) ?? []).filter(({ name }) => /Dockerfile/i.test(name))
  return beside.every(({ name }) => {
    const other = posix.join(directory, name)
    return other === path || containerOfImage(files, other) === null
  })
}
