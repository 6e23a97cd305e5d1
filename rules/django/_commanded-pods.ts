import { posix } from 'node:path'
import type { PodContainer } from '../../parsers/kubernetes/manifest.ts'
import type { Place } from '../../parsers/text/source.ts'
import { chartsOf } from '../../src/deployment/kubernetes/charts.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import type { Deployment, LooseFiles } from '../../src/deployment/model.ts'
import { directoriesAbove } from '../../parsers/text/directories-above.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { type PlainSettings, plainSettings } from './_plain-settings.ts'
import { type PodVariable, variableOf } from './_probed-pods.ts'

/** A probe of a pod whose own command starts a project of the repository. */
export interface CommandedPod {
  readonly probe: string
  readonly at: Place
  readonly path: string
  readonly isPlain: boolean
  readonly settings: PlainSettings
  readonly variable: (name: string) => PodVariable | null
}

const SERVER =
  /\b(?:gunicorn|uvicorn|daphne|hypercorn)\b(?:[^|;&\n]*?\s)?([A-Za-z_][\w.]*)\.(?:wsgi|asgi)(?::\w+)?(?=\s|$)/
const PORT = /\s(?:-b|--bind|-p|--port)(?:[ =]|(?=\d))(?:\S*:)?(\d{2,5})(?=\s|$)/g

/** The probes by HTTP that reach a server of Django which the manifest, or the template of a chart, starts. */
export function* commandedPods(deployment: Deployment): Iterable<CommandedPod> {
  for (const { loose } of deployment.machines) {
    if (loose === null) continue
    const cluster = clusterFiles(deployment)
    if (cluster?.hasPatches === true) continue
    const pods = [
      ...(cluster?.files ?? []).flatMap(({ workloads, complete }) =>
        complete ? workloads.flatMap(({ containers }) => containers) : [],
      ),
      ...chartsOf(deployment).flatMap(chart => chart.pods.flat()),
    ]
    const seen = new Set<number>()
    for (const pod of pods) {
      if (seen.has(pod.at.start)) continue
      seen.add(pod.at.start)
      const started = startedBy(pod)
      const probes = started === null ? [] : probesOf(pod, started.port)
      if (started === null || probes.length === 0) continue
      const variable = (name: string) => variableOf(pod, name, cluster?.files ?? [])
      const settings = settingsOf(loose, started.package, pod, variable)
      if (settings === null) continue
      for (const { name, http } of probes)
        if (http !== null && !http.hasHost)
          yield { probe: name, at: http.at, path: http.path, isPlain: http.isPlain, settings, variable }
    }
  }
}

/** The package of the project and the one port, of a command that says both. */
function startedBy({ words }: PodContainer): { readonly package: string; readonly port: number } | null {
  const text = words.join(' ')
  const [line, name = ''] = SERVER.exec(text) ?? []
  const ports = new Set([...text.matchAll(PORT)].map(([, port]) => Number(port)))
  const [port] = ports
  return line === undefined || port === undefined || ports.size > 1 || /[$\0\uFFFD]/.test(line)
    ? null
    : { package: name, port }
}

function probesOf({ probes, ports }: PodContainer, wanted: number): PodContainer['probes'] {
  return probes.filter(
    ({ http, port }) =>
      http !== null &&
      (typeof port === 'number' ? port : ports.find(({ name }) => name === port)?.port) === wanted,
  )
}

const SETTINGS = 'DJANGO_SETTINGS_MODULE'

/** The settings of the one package of that name; null where others may be chosen. */
function settingsOf(
  { files }: LooseFiles,
  name: string,
  { variables, at }: PodContainer,
  variable: (name: string) => PodVariable | null,
): PlainSettings | null {
  const path = name.replaceAll('.', '/')
  const home = homeOf(files, at.source.path, path)
  if (home === null) return null
  const module = variables.has(SETTINGS)
    ? (variable(SETTINGS)?.value ?? null)
    : (variable(SETTINGS)?.value ?? moduleOf(files, posix.join(home, path)) ?? `${name}.settings`)
  if (module === null || !/^[\w.]+$/.test(module)) return null
  const file = posix.join(home, `${module.replaceAll('.', '/')}.py`)
  // A package of settings, or others beside them, may be chosen by a variable that nobody sees.
  const others = (files.list(posix.dirname(file)) ?? []).filter(
    each => /settings|prod|local/i.test(each.name) && each.name !== posix.basename(file),
  )
  if (variable(SETTINGS) === null && others.length > 0) return null
  const source = sourceAt(files, file)
  return source === null ? null : plainSettings(source)
}

/** So many directories lie between a manifest and the one that holds its project, or the directory of its project. */
const LEVELS = 5

/** The directory of the one project with that package which is nearest to a manifest; null where there are more. */
function homeOf(files: FileSystem, manifest: string, path: string): string | null {
  const isHome = (directory: string): boolean =>
    ['settings', 'wsgi', 'asgi', 'urls'].some(
      each => files.kind(posix.join(directory, path, `${each}.py`)) === 'file',
    )
  for (const directory of directoriesAbove(manifest).slice(0, LEVELS)) {
    const below = (files.list(directory) ?? []).flatMap(({ name, kind }) =>
      kind === 'directory' && !/^\.|node_modules/.test(name) ? [posix.join(directory, name)] : [],
    )
    const [home, ...others] = [directory, ...below].filter(isHome)
    if (home !== undefined) return others.length === 0 ? home : null
    if (files.kind(posix.join(directory, '.git')) !== null) return null
  }
  return null
}

/** What `wsgi.py` names where the environment names none. */
function moduleOf(files: FileSystem, directory: string): string | null {
  for (const name of ['wsgi.py', 'asgi.py']) {
    const found = /DJANGO_SETTINGS_MODULE["']\s*[,\]]\s*=?\s*["']([\w.]+)["']/.exec(
      sourceAt(files, posix.join(directory, name))?.code ?? '',
    )
    if (found?.[1] !== undefined) return found[1]
  }
  return null
}
