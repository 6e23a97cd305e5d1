import { memo } from '../../parsers/collections/memo.ts'
import { jsTokens } from '../../parsers/javascript/tokens.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { projectDirectory, type DjangoSettings } from '../../src/deployment/django/settings.ts'
import { pythonFiles } from '../../src/deployment/django/scheduled-tasks.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

interface Redirected {
  /** What the path begins with, to its last slash. */
  readonly path: string
  readonly at: Place
}

/** The paths that the application behind a connection has nginx send by `X-Accel-Redirect`. */
export function* redirectsBehind(deployment: Deployment, connection: NginxConnection): Iterable<Redirected> {
  for (const target of connection.targets) {
    const program = serverBehind(target)
    if (program === null) continue
    const { files } = program.machine
    if (program.server.program === 'node')
      for (const source of program.server.sources) yield* redirectsOfScript(source)
    const loaded = deployment.moduleOf(program)
    if (loaded === null) continue
    if (loaded.settings !== null) yield* redirectsOfProject(files, loaded.settings)
    else if (loaded.source !== null && loaded.source !== 'missing') yield* redirectsOfModule(loaded.source)
  }
  for (const host of certainHosts(deployment, connection))
    for (const application of deployment.applicationsOf(host)) {
      const settings = deployment.pythonOf(application)?.settings ?? null
      if (settings !== null)
        yield* redirectsOfProject(deployment.filesOf(application.configuration), settings)
    }
}

function* redirectsOfProject(files: FileSystem, settings: DjangoSettings): Iterable<Redirected> {
  const backend = settings.get('SENDFILE_BACKEND')
  const url = settings.get('SENDFILE_URL')
  if (backend?.known === true && /^(?:django_)?sendfile\.backends\.nginx$/.test(String(backend.value)))
    if (
      url?.known === true &&
      typeof url.value === 'string' &&
      url.at !== null &&
      /^\/[\w-]+/.test(url.value)
    )
      yield { path: `${url.value.replace(/\/+$/, '')}/`, at: url.at }
  const directory = projectDirectory(settings)
  for (const path of directory === null ? [] : (pythonFiles(files, directory) ?? [])) {
    if (/(?:^|\/)(?:tests?\/|test_|migrations\/)/.test(path)) continue
    const source = sourceAt(files, path)
    if (source !== null) yield* redirectsOfModule(source)
  }
}

/** `response["X-Accel-Redirect"] = f"/protected/{name}"`, and an entry of a dictionary of headers. */
const ASSIGNED = /["']X-Accel-Redirect["'](?:\s*\]\s*=|\s*:|\s*,)\s*[bfru]{0,2}["'](\/[\w./-]*\/)/gi

const redirectsOfModule = memo((source: Source): readonly Redirected[] => {
  if (!/X-Accel-Redirect/i.test(source.text)) return []
  return [...withoutComments(source.text).matchAll(ASSIGNED)].map(({ 0: whole, 1: path = '', index }) => ({
    path,
    at: { source, start: index + whole.length - path.length, end: index + whole.length },
  }))
})

const redirectsOfScript = memo((source: Source): readonly Redirected[] => {
  if (!/X-Accel-Redirect/i.test(source.text)) return []
  const tokens = jsTokens(source.code)
  return tokens.flatMap(({ kind, text }, index) => {
    const value = tokens[index + 2]
    if (kind !== 'string' || !/^X-Accel-Redirect$/i.test(text) || value === undefined) return []
    const path =
      value.kind === 'string' || value.kind === 'template' ? /^\/[\w./-]*\//.exec(value.text)?.[0] : null
    if (path == null || !/^[,:]$/.test(tokens[index + 1]?.text ?? '')) return []
    return [{ path, at: { source, start: value.start, end: value.end } }]
  })
})
