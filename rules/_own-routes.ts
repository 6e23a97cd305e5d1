import { memo } from '../parsers/collections/memo.ts'
import { withoutComments } from '../parsers/python/without-comments.ts'
import type { Source } from '../parsers/text/source.ts'
import type { DjangoSettings } from '../src/deployment/django/settings.ts'
import { importedAnywhere } from '../src/deployment/django/imported-names.ts'
import type { Application, AppServerProgram, Connection, Deployment } from '../src/deployment/model.ts'
import { serverBehind } from '../src/deployment/server-behind.ts'
import { type FileSystem, sourceAt } from '../src/files/file-system.ts'
import type { Related } from '../src/servers/problem.ts'
import { loadedBy, loadedFiles } from './app-server/_loaded-files.ts'
import { configuredPath } from './_python-path.ts'
import { routesOfDjango } from './_django-routes.ts'
import { type Route, routesOfPython } from './_python-routes.ts'

/**
 * The routes of the application behind a connection, where each of them begins with the path of the location; null
 * where some does not, or where the application may have others.
 */
export function routesBelow(
  deployment: Deployment,
  { targets }: Pick<Connection, 'targets'>,
  path: string,
): Route | null {
  for (const target of targets) {
    const program = serverBehind(target)
    const found = program === null ? null : routesOfProgramBelow(deployment, program, path)
    if (found !== null) return found
  }
  return null
}

/** The same of the program itself. */
export function routesOfProgramBelow(
  deployment: Deployment,
  program: AppServerProgram,
  path: string,
): Route | null {
  return program.server.rootPath !== null || mayHavePrefix(program)
    ? null
    : allBelow(routesOfProgram(deployment, program), path.replace(/\/$/, ''))
}

/** The same of a script of mod_wsgi, which is mounted at a path: there `/` is its page. */
export function routesBelowMount(
  deployment: Deployment,
  application: Application,
  prefix: string,
): Route | null {
  const facts = deployment.pythonOf(application)
  if (facts === null) return null
  const { path, script, settings } = facts
  const files = deployment.filesOf(application.configuration)
  const source = sourceAt(files, path)
  if (source === null || CHANGES_PATHS.test(source.code)) return null
  if (settings !== null) return allBelow(routesWithoutPage(files, settings), prefix)
  const roots = [...script.path, ...(configuredPath(application) ?? [])]
  const routes = routesOfFiles(files, loadedFiles(files, path, roots, importedAnywhere))
  return routes?.some(isPage) === true ? null : allBelow(routes, prefix)
}

/** True of the page at the root of an application. */
function isPage({ route }: Route): boolean {
  return route === '' || route === '/'
}

/** The routes of a project of Django, where it has none at its root. */
function routesWithoutPage(files: FileSystem, settings: DjangoSettings): readonly Route[] | null {
  const routes = routesOfDjango(files, settings)
  return routes?.some(isPage) === true ? null : routes
}

/** What a script that starts an application may do to the path, or answer by itself. */
const CHANGES_PATHS = /PATH_INFO|SCRIPT_NAME|[Dd]ispatch|[Mm]iddleware|def application\b|^class\s|\bprefix/m

/** The first route of those of which each begins with a prefix; null where some does not. */
function allBelow(routes: readonly Route[] | null, prefix: string): Route | null {
  const below = routes?.filter(({ route }) => route === prefix || route.startsWith(`${prefix}/`)) ?? []
  const [first] = below
  if (routes === null || first === undefined) return null
  return routes.every(each => below.includes(each) || BESIDE.test(each.route)) ? first : null
}

function routesOfProgram(deployment: Deployment, program: AppServerProgram): readonly Route[] | null {
  const loaded = deployment.moduleOf(program)
  const source = loaded?.source === 'missing' ? null : (loaded?.source ?? null)
  if (loaded !== null && source !== null) {
    const files = program.machine.container?.files ?? program.machine.files
    if (loaded.settings !== null)
      return CHANGES_PATHS.test(source.code) ? null : routesWithoutPage(files, loaded.settings)
    const own = loadedBy(deployment, program)?.own
    if (own !== undefined)
      return routesOfFiles(files, loadedFiles(files, own, loaded.searchPath ?? [], importedAnywhere))
    return routesOf(source)
  }
  const script = program.server.sources.find(({ path: name }) => /\.[cm]?[jt]s$/.test(name))
  return script === undefined ? null : routesOf(script)
}

function routesOfFiles(files: FileSystem, paths: readonly string[]): readonly Route[] | null {
  const sources = paths.map(path => sourceAt(files, path))
  return sources.every(each => each !== null) ? routesOfPython(sources) : null
}

/**
 * A route of the application behind a connection where it has none at a path or below it, so that all that comes there
 * is 404; null where it may have one.
 */
export function routeElsewhere(
  deployment: Deployment,
  { targets }: Pick<Connection, 'targets'>,
  path: string,
): Route | null {
  const [target, ...others] = targets
  const program = target === undefined || others.length > 0 ? null : serverBehind(target)
  return program === null ? null : routeOfProgramElsewhere(deployment, program, path)
}

/** The same of the program itself. */
export function routeOfProgramElsewhere(
  deployment: Deployment,
  program: AppServerProgram,
  path: string,
): Route | null {
  const prefix = path.replace(/\/$/, '')
  const { server } = program
  if (server.rootPath !== null || mayHavePrefix(program)) return null
  const loaded = deployment.moduleOf(program)
  const source =
    loaded?.source != null && loaded.source !== 'missing'
      ? loaded.source
      : server.sources.find(({ path: name }) => /\.[cm]?[jt]s$/.test(name))
  if (source === undefined || OF_FRAMEWORKS.test(prefix) || mayHaveOthers(source)) return null
  const routes = routesOf(source)
  if (routes === null || routes.some(route => mayAnswer(route, prefix))) return null
  const first = routes.find(({ route }) => !BESIDE.test(route))
  return first ?? null
}

/** True where the environment may tell the prefix: servers for Python read it there, and nothing of Node.js does. */
function mayHavePrefix({ server, environment }: AppServerProgram): boolean {
  return server.program !== 'node' && environment('SCRIPT_NAME') !== null
}

/** What Flask and FastAPI answer without a route. */
const OF_FRAMEWORKS = /^\/(?:static|docs|redoc|openapi)/

/** What may answer, or lead elsewhere, before a route is looked for; routes of a function are not seen either. */
const MAY_CHANGE_PATHS =
  /before_request|@\w+\.middleware\(|BaseHTTPMiddleware|\.url\s*=(?!=)|errorhandler\(\s*(?:Exception|NotFound)|^[ \t]+@\w+\.(?:route|get|post|put|patch|delete|api_route|websocket)\(/m

/** What takes requests, mostly of WebSockets, before the application of the same server is asked. */
const ANSWERS_BESIDE =
  /['"](?:socket\.io|ws|express-ws|sockjs|peer|primus|engine\.io)['"]|\bsocketio\b|\bSocketIO\b|\.on\(\s*['"]upgrade['"]/

/** True where another module or a library may give the application routes, or change the path before one is found. */
const mayHaveOthers = memo((source: Source): boolean => {
  const code = source.path.endsWith('.py') ? withoutComments(source.code) : source.code
  if (ANSWERS_BESIDE.test(code)) return true
  // `app = application = Flask(__name__)` has two names.
  const made =
    /((?:\b\w+[ \t]*=[ \t]*)*\b\w+)\s*(?::\s*[\w.]+\s*)?=\s*(?:\w+\.)?(?:Flask|FastAPI|Starlette|Quart|express)\(/.exec(
      code,
    )
  if (made?.[1] === undefined || MAY_CHANGE_PATHS.test(code)) return true
  if (/^(?:from|import)\s/m.test(code.slice(made.index))) return true
  const [, assigned = ''] = made
  const names = assigned.split(/\s*=\s*/).join('|')
  const given = new RegExp(String.raw`([\w.]*)\(\s*(?:${names})\s*[,)]`, 'g')
  return [...code.matchAll(given)].some(([, callee = '']) => !WITHOUT_ROUTES.test(callee))
})

/** What is given an application, and gives it no routes. */
const WITHOUT_ROUTES =
  /^(?:(?:flask_cors\.)?CORS|SQLAlchemy|Migrate|Compress|Limiter|Talisman|LoginManager|Bcrypt|Mail|Session|JWTManager|Cache|\w*\.?init_app|uvicorn\.run|(?:waitress\.)?serve|https?\.createServer|createServer|CSRFProtect|print|isinstance)$/

/** True where a route is below a path, or takes whatever is there. */
function mayAnswer({ whole, isMount }: Route, prefix: string): boolean {
  const wanted = prefix.split('/').slice(1)
  const own = whole.split('/').slice(1)
  for (const [index, part] of wanted.entries()) {
    const given = own[index]
    if (given === undefined || given === '') return isMount
    if (/[<{:*(?+$]/.test(given)) return true
    if (given !== part) return false
  }
  return true
}

/** Where a route stands that waits for a path. */
export function waitsFor({ source, route, start }: Route): readonly Related[] {
  // Django writes a route without its first slash.
  const begin = source.text[start] === '/' ? start : start - 1
  return [
    {
      at: { source, start: Math.max(start, begin), end: begin + route.length },
      message: 'the path for which it waits',
    },
  ]
}

/** What an application answers besides for those that look after it. */
const BESIDE = /^\/(?:(?:health|live|ready|startup)[\w-]*|ping|status|metrics|favicon\.ico|robots\.txt)?\/?$/

/** The literal paths of an application of Flask, FastAPI, Starlette, Quart or Express; null where there may be others. */
const routesOf = memo((source: Source): readonly Route[] | null =>
  source.path.endsWith('.py') ? routesOfPython([source]) : ofExpress(source),
)

/** What stands in front of the routes and answers nothing. */
const MIDDLEWARE =
  /^(?:express\.(?:json|urlencoded|text|raw)|bodyParser\.\w+|cors|helmet|morgan|logger|compression|cookieParser|session|passport\.(?:initialize|session)|rateLimit)\(/

function ofExpress(source: Source): readonly Route[] | null {
  const code = source.code.replace(/\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/[^\n]*/g, comment =>
    comment.replace(/[^\n]/g, ' '),
  )
  if (!/\bexpress\(\)/.test(code) || /\bmountpath\b|\.all\(\s*['"]\*|\.route\(|\.url\s*=(?!=)/.test(code))
    return null
  const name =
    /\b(?:const|let|var)\s+(\w+)\s*(?::\s*[\w.]+\s*)?=\s*(?:require\(\s*['"]express['"]\s*\)|express)\(\)/.exec(
      code,
    )?.[1]
  if (name === undefined) return null
  const calls = [
    ...code.matchAll(new RegExp(String.raw`\b${name}\.(get|post|put|patch|delete|all|use)\(\s*`, 'g')),
  ]
  const routes: Route[] = []
  for (const call of calls) {
    const at = call.index + call[0].length
    const rest = code.slice(at)
    const whole = /^(['"])(\/[^'"\n]*)/.exec(rest)?.[2]
    if (whole !== undefined)
      routes.push({
        source,
        route: whole.replace(/[*:].*/, ''),
        whole,
        isMount: call[1] === 'use' || call[1] === 'all',
        start: at + 1,
      })
    else if (call[1] === 'use' ? !isMiddleware(rest) : !/^['"][\w -]+['"]\s*\)/.test(rest)) return null
  }
  return routes
}

/** What answers every request that no route took, by its name. */
const LAST = /^(?:(?:\w+\.)?(?:not_?found|error|handle_?(?:not_?found|errors?))\w*)(?:\(\))?\s*\)/i
const FUNCTION = String.raw`^(?:async\s+)?(?:function\s*\w*\s*)?\((?:_?err\w*,\s*)?_?req\w*,\s*_?res\w*`
const PASSES_ON = new RegExp(String.raw`${FUNCTION},\s*_?next\)\s*(?:=>|\{)`)
const ANSWERS_404 = new RegExp(
  String.raw`${FUNCTION}(?:,\s*_?next)?\)\s*(?:=>\s*)?\{?\s*(?:return\s+)?res\s*\.(?:status|sendStatus)\(\s*404\b`,
)

/** True also for a function that is written out and passes every request on, or answers that there is nothing. */
function isMiddleware(rest: string): boolean {
  return MIDDLEWARE.test(rest) || LAST.test(rest) || PASSES_ON.test(rest) || ANSWERS_404.test(rest)
}
