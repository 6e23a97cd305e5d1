import { memo } from '../../parsers/collections/memo.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { AppServerProgram, Connection, Deployment } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'

/** A script that answers the requests of a connection, and the path under which all that it answers lies. */
export interface OwnRoutes {
  readonly source: Source
  /** One of its routes, as it is written. */
  readonly route: string
  /** Where that stands. */
  readonly start: number
}

/**
 * The routes of the application behind a connection, where each of them begins with the path of the location; null
 * where some does not, or where the application may have others.
 */
export function routesBelow(
  deployment: Deployment,
  { targets }: Pick<Connection, 'targets'>,
  path: string,
): OwnRoutes | null {
  const prefix = path.replace(/\/$/, '')
  for (const target of targets) {
    const program = serverBehind(target)
    if (program === null) continue
    const { server } = program
    if (server.rootPath !== null || mayHavePrefix(program)) continue
    const loaded = deployment.moduleOf(program)
    const source =
      loaded?.source != null && loaded.source !== 'missing'
        ? loaded.source
        : server.sources.find(({ path: name }) => /\.[cm]?[jt]s$/.test(name))
    if (source === undefined) continue
    const routes = routesOf(source)
    const below = routes?.filter(({ route }) => route === prefix || route.startsWith(`${prefix}/`)) ?? []
    const [first] = below
    if (routes === null || first === undefined) continue
    if (routes.every(each => below.includes(each) || BESIDE.test(each.route))) return { source, ...first }
  }
  return null
}

/**
 * A route of the application behind a connection where it has none at a path or below it, so that all that comes there
 * is 404; null where it may have one.
 */
export function routeElsewhere(
  deployment: Deployment,
  { targets }: Pick<Connection, 'targets'>,
  path: string,
): OwnRoutes | null {
  const prefix = path.replace(/\/$/, '')
  const [target, ...others] = targets
  const program = target === undefined || others.length > 0 ? null : serverBehind(target)
  if (program === null) return null
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
  return first === undefined ? null : { source, route: first.route, start: first.start }
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
  const made = /\b(\w+)\s*(?::\s*\w+\s*)?=\s*(?:\w+\.)?(?:Flask|FastAPI|Starlette|Quart|express)\(/.exec(code)
  if (made?.[1] === undefined || MAY_CHANGE_PATHS.test(code)) return true
  if (/^(?:from|import)\s/m.test(code.slice(made.index))) return true
  const given = new RegExp(String.raw`([\w.]*)\(\s*${made[1]}\s*[,)]`, 'g')
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

/** What an application answers besides for those that look after it. */
const BESIDE = /^\/(?:(?:health|live|ready|startup)[\w-]*|ping|status|metrics|favicon\.ico|robots\.txt)?\/?$/

interface Route extends Omit<OwnRoutes, 'source'> {
  /** As it is written, with what stands for something else. */
  readonly whole: string
  /** True where another part of the application answers what lies below it. */
  readonly isMount: boolean
}

/** The literal paths of an application of Flask, FastAPI, Starlette, Quart or Express; null where there may be others. */
const routesOf = memo((source: Source): readonly Route[] | null =>
  source.path.endsWith('.py') ? ofPython(source.code) : ofExpress(source.code),
)

const OTHERS_OF_PYTHON =
  /\b(?:add_url_rule|add_route|add_api_route|add_resource|mount|Route|Mount|DispatcherMiddleware|wsgi_app|APPLICATION_ROOT|SCRIPT_NAME|root_path|static_url_path|Api|restful|import_module)\b|@\w+\.(?:errorhandler|exception_handler)\(\s*404|exec\(/

function ofPython(text: string) {
  const code = withoutComments(text)
  if (!/\b(?:Flask|FastAPI|Starlette|Quart)\(/.test(code) || OTHERS_OF_PYTHON.test(code)) return null
  const routes = found(
    code,
    /^@(\w+)\.(?:route|get|post|put|patch|delete|api_route|websocket)\(\s*(?:path\s*=\s*)?(['"])(\/[^'"\n]*)\2/gm,
  )
  const decorators = code.match(/^@\w+\.(?:route|get|post|put|patch|delete|api_route|websocket)\(/gm) ?? []
  const included = found(
    code,
    /\b(include_router|register_blueprint)\([^()]*?\b(?:url_)?prefix\s*=\s*(['"])(\/[^'"\n]*)\2/g,
  )
  const includes = code.match(/\b(?:include_router|register_blueprint)\(/g) ?? []
  // A router of this very file has its prefix elsewhere.
  if (/\b(?:APIRouter|Blueprint)\(/.test(code)) return null
  return routes.length === decorators.length && included.length === includes.length
    ? [...routes, ...included]
    : null
}

/** What stands in front of the routes and answers nothing. */
const MIDDLEWARE =
  /^(?:express\.(?:json|urlencoded|text|raw)|bodyParser\.\w+|cors|helmet|morgan|logger|compression|cookieParser|session|passport\.(?:initialize|session)|rateLimit)\(/

function ofExpress(text: string) {
  const code = text.replace(/\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/[^\n]*/g, comment =>
    comment.replace(/[^\n]/g, ' '),
  )
  if (!/\bexpress\(\)/.test(code) || /\bmountpath\b|\.all\(\s*['"]\*|\.route\(/.test(code)) return null
  const name = /\b(?:const|let|var)\s+(\w+)\s*=\s*(?:require\(\s*['"]express['"]\s*\)|express)\(\)/.exec(
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
        route: whole.replace(/[*:].*/, ''),
        whole,
        isMount: call[1] === 'use' || call[1] === 'all',
        start: at + 1,
      })
    else if (call[1] === 'use' ? !isMiddleware(rest) : !/^['"][\w -]+['"]\s*\)/.test(rest)) return null
  }
  return routes
}

/** True also for a function that is written out and passes every request on. */
function isMiddleware(rest: string): boolean {
  return MIDDLEWARE.test(rest) || /^\((?:_?err\w*,\s*)?_?req\w*,\s*_?res\w*,\s*_?next\)\s*=>/.test(rest)
}

function found(code: string, pattern: RegExp): readonly Route[] {
  return [...code.matchAll(pattern)].map(match => {
    const route = match[3] ?? ''
    const isMount = match[1] === 'include_router' || match[1] === 'register_blueprint'
    return { route, whole: route, isMount, start: match.index + match[0].lastIndexOf(route) }
  })
}
