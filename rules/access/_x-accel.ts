import { posix } from 'node:path'
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
  /** What the path begins with, to its last slash; null for the path of a file on the disk, wherever that lies. */
  readonly path: string | null
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
  const root = base.value.path.replace(/(?<=.)\/+$/, '')
  for (const directory of [root, ...codeBeside(files, root)])
    for (const path of phpFiles(files, directory)) {
      const source = sourceAt(files, path)
      if (source !== null) yield* redirectsOfPhp(source)
    }
}

/** Laravel and Symfony have their controllers beside the directory that is served. */
function codeBeside(files: FileSystem, root: string): readonly string[] {
  const project = posix.dirname(root)
  return project !== '/' && files.kind(`${project}/composer.json`) === 'file'
    ? [`${project}/app`, `${project}/src`]
    : []
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
  const code = phpCode(source)
  return [
    ...[...code.matchAll(SENT)].map(found => ({ path: found[1] ?? '', at: lastPlace(source, found) })),
    ...[...code.matchAll(SENT_FILE)].map(found => ({ path: null, at: lastPlace(source, found) })),
  ]
})

/** `header('X-Accel-Redirect: ' . __DIR__ . '/../files/' . $name)`: what PHP and Laravel say of the disk. */
const SENT_FILE =
  /["']X-Accel-Redirect(?::\s*["']\s*\.|["']\s*(?:,|=>))\s*(__DIR__|dirname\(__FILE__\)|realpath\(|\$_SERVER\[["']DOCUMENT_ROOT["']\]|(?:storage|base|public|app)_path\(|Storage::(?:disk\([^()]*\)->)?path\()/gi

/** Where the first group of a match stands, which is its end. */
function lastPlace(source: Source, { 0: whole, 1: last = '', index }: RegExpExecArray): Place {
  return { source, start: index + whole.length - last.length, end: index + whole.length }
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
  const modules = (directory === null ? [] : (pythonFiles(files, directory) ?? [])).flatMap(path =>
    /(?:^|\/)(?:tests?\/|test_|migrations\/)/.test(path) ? [] : (sourceAt(files, path) ?? []),
  )
  for (const source of modules) {
    yield* redirectsOfModule(source)
    for (const { expression, at } of expressionsOfModule(source)) {
      const [, field] = /^(?:\w+\.)+(\w+)\.path$/.exec(expression) ?? []
      if (field !== undefined && modules.some(each => fileFields(each).has(field))) yield { path: null, at }
      const path = ofSetting(settings, expression)
      if (path !== null) yield { path, at }
    }
  }
}

/** `settings.MEDIA_ROOT + …`, `os.path.join(settings.MEDIA_ROOT, …)`, and what a text begins with. */
function ofSetting(settings: DjangoSettings, expression: string): string | null {
  const [, name] =
    /^(?:(?:os\.path\.)?join\(\s*|(?:pathlib\.)?Path\(\s*)?settings\.([A-Z][A-Z0-9_]*)(?=\s*[,+/)])/.exec(
      expression,
    ) ?? []
  const value = name === undefined ? null : settings.get(name)
  return value?.known === true && typeof value.value === 'string' && /^\/[\w.-]+/.test(value.value)
    ? `${value.value.replace(/\/+$/, '')}/`
    : null
}

/** The attributes of models that are files: `scan = models.FileField(…)`. */
const fileFields = memo(
  ({ text }: Source): ReadonlySet<string> =>
    new Set(
      [...text.matchAll(/^[ \t]+(\w+)\s*(?::[^=\n]*)?=\s*(?:models\.)?(?:File|Image)Field\(/gm)].map(
        ([, name = '']) => name,
      ),
    ),
)

interface Written {
  readonly expression: string
  readonly at: Place
}

/** What is given to nginx and no text begins, without what only encodes it; a variable stands for its value. */
const expressionsOfModule = memo((source: Source): readonly Written[] => {
  if (!/X-Accel-Redirect/i.test(source.text)) return []
  const code = withoutComments(source.text)
  return [...code.matchAll(/["']X-Accel-Redirect["'](?:\s*\]\s*=|\s*:|\s*,)[ \t]*(?=[\w(])/gi)].flatMap(
    ({ 0: whole, index }) => {
      const start = index + whole.length
      const written = expressionAt(code, start)
      if (written === '') return []
      const at = { source, start, end: start + written.length }
      const value = unwrapped(written)
      if (!/^\w+$/.test(value)) return [{ expression: value, at }]
      const assigned = valueBefore(code, value, index)
      return assigned === null ? [] : [{ expression: unwrapped(assigned), at }]
    },
  )
})

/** The expression from an offset to the end of its line, to a comma, or to the bracket that it stands in. */
function expressionAt(code: string, start: number): string {
  let depth = 0
  let end = start
  for (; end < code.length; end++) {
    const letter = code.charAt(end)
    if ('([{'.includes(letter)) depth++
    else if (')]}'.includes(letter) && --depth < 0) break
    else if (depth === 0 && (letter === '\n' || letter === ',')) break
  }
  return code.slice(start, end).trimEnd()
}

/** What quotes and encodes keeps the path: `quote(str(paper.file.path))`, `f"{paper.file.path}"`. */
function unwrapped(expression: string): string {
  const [, inside] =
    /^(?:\w+\.)*(?:quote|urlquote|escape_uri_path|iri_to_uri|filepath_to_uri|smart_str|force_str|str|fspath)\(([^,]*)\)$/.exec(
      expression,
    ) ??
    /^(.*)\.encode\([^()]*\)$/.exec(expression) ??
    /^[fF](["'])\{([^{}]+)\}\1$/.exec(expression)?.slice(1) ??
    []
  if (inside !== undefined) return unwrapped(inside.trim())
  const [, first] = /^[fF]["']\{(settings\.\w+)\}\//.exec(expression) ?? []
  return first === undefined ? expression : `${first} +`
}

/** The last value that a name was given before an offset in the same function, where it was given one alone. */
function valueBefore(code: string, name: string, offset: number): string | null {
  const from = code.lastIndexOf('\ndef ', offset)
  const method = /[\s\S]*\n[ \t]+(?:async )?def /.exec(code.slice(0, offset))?.[0].length ?? 0
  const scope = code.slice(Math.max(from, method, 0), offset)
  const found = [...scope.matchAll(new RegExp(`^[ \\t]+${name}[ \\t]*=[ \\t]*(?!=)`, 'gm'))]
  const [only] = found
  return only === undefined || found.length > 1 ? null : expressionAt(scope, only.index + only[0].length)
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
  return tokens.flatMap(({ kind, text }, index): readonly Redirected[] => {
    const value = tokens[index + 2]
    if (kind !== 'string' || !/^X-Accel-Redirect$/i.test(text) || value === undefined) return []
    if (!/^[,:]$/.test(tokens[index + 1]?.text ?? '')) return []
    const at = { source, start: value.start, end: value.end }
    const words = tokens.slice(index + 2, index + 7).map(each => each.text)
    if (/^(?:path\.(?:join|resolve)\(__dirname|__dirname\b)/.test(words.join(''))) return [{ path: null, at }]
    const path =
      value.kind === 'string' || value.kind === 'template' ? /^\/[\w./-]*\//.exec(value.text)?.[0] : null
    return path == null ? [] : [{ path, at }]
  })
})
