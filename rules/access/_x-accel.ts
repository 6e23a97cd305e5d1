import { memo, memoByKey } from '../../parsers/collections/memo.ts'
import { jsTokens } from '../../parsers/javascript/tokens.ts'
import { phpCode } from '../../parsers/php/script.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { projectDirectory, type DjangoSettings } from '../../src/deployment/django/settings.ts'
import { pythonFiles } from '../../src/deployment/django/scheduled-tasks.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { filesBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'

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
  if (connection.pass.name === 'fastcgi_pass') yield* redirectsOfScripts(deployment, connection)
  for (const host of certainHosts(deployment, connection))
    for (const application of deployment.applicationsOf(host)) {
      const settings = deployment.pythonOf(application)?.settings ?? null
      if (settings !== null)
        yield* redirectsOfProject(deployment.filesOf(application.configuration), settings)
    }
}

/** Those of the scripts that PHP runs for a location, and of what lies below them. */
function* redirectsOfScripts(
  { filesOf }: Deployment,
  { server: { configuration }, block }: NginxConnection,
): Iterable<Redirected> {
  const base = fileBase(configuration, block)
  if (!base.known || base.value.kind !== 'root' || isComputed(base.value.path)) return
  const files = filesOf(configuration)
  for (const path of phpFiles(files, base.value.path.replace(/(?<=.)\/+$/, ''))) {
    const source = sourceAt(files, path)
    if (source !== null) yield* redirectsOfPhp(source)
  }
}

const MOST_SCRIPTS = 300
const DEEPEST = 3
/** What others wrote, and what nothing runs. */
const OTHERS = /^(?:vendor|node_modules|tests?|cache|\..*)$/

const phpFiles = memoByKey((files: FileSystem, root: string): readonly string[] => {
  const found: string[] = []
  for (const path of filesBelow(files, root, { levels: DEEPEST, skipped: OTHERS })) {
    if (found.length >= MOST_SCRIPTS) break
    if (path.endsWith('.php')) found.push(path)
  }
  return found
})

/** `header('X-Accel-Redirect: /protected/' . $name)`, and `->header('X-Accel-Redirect', '/protected/' . $name)`. */
const SENT = /["']X-Accel-Redirect(?::\s*|["']\s*(?:,|=>)\s*["'])(\/[\w./-]*\/)/gi

const redirectsOfPhp = memo((source: Source): readonly Redirected[] => {
  if (!/X-Accel-Redirect/i.test(source.text)) return []
  return [...phpCode(source).matchAll(SENT)].map(({ 0: whole, 1: path = '', index }) => ({
    path,
    at: { source, start: index + whole.length - path.length, end: index + whole.length },
  }))
})

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
