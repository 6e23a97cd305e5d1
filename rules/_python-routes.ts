import { memo } from '../parsers/collections/memo.ts'
import { withoutComments } from '../parsers/python/without-comments.ts'
import type { Source } from '../parsers/text/source.ts'

/** A route of an application. */
export interface Route {
  readonly source: Source
  /** As far as it is the same for all requests. */
  readonly route: string
  /** As it is written, with what stands for something else. */
  readonly whole: string
  /** Where that stands. */
  readonly start: number
  /** True where another part of the application answers what lies below it. */
  readonly isMount: boolean
}

/** What one file has of the routes of an application. */
interface RoutesOfFile {
  readonly makesApplication: boolean
  /** By the name of what each is a route of: the application, a blueprint of Flask, a router of FastAPI. */
  readonly routes: readonly (readonly [string, Route])[]
  /** Blueprints and routers by their names, with the prefix that is given where they are made. */
  readonly routers: readonly (readonly [string, Route | null])[]
  readonly registrations: readonly Registration[]
  /** Names that it imports by other ones. */
  readonly aliases: ReadonlyMap<string, string>
}

interface Registration {
  /** What takes it. */
  readonly by: string
  /** The blueprint or router, without its module. */
  readonly name: string
  readonly prefix: Route | null
}

/**
 * The literal paths of an application of Flask, FastAPI, Starlette or Quart that consists of these files; null where
 * there may be others.
 */
export function routesOfPython(sources: readonly Source[]): readonly Route[] | null {
  const files: RoutesOfFile[] = []
  for (const source of sources) {
    const file = routesOfFile(source)
    if (file === null) return null
    files.push(file)
  }
  if (!files.some(({ makesApplication }) => makesApplication)) return null
  const routers = files.flatMap(file => file.routers)
  const names = new Set(routers.map(([name]) => name))
  const routes = files.flatMap(file => file.routes)
  const found = routes.flatMap(([name, route]) => (names.has(name) ? [] : [route]))
  for (const { registrations, aliases } of files) {
    for (const { by, name, prefix } of registrations) {
      if (names.has(by)) return null
      if (prefix !== null) {
        found.push(prefix)
        continue
      }
      const own = names.has(name) ? name : aliases.get(name)
      const made = routers.filter(([each]) => each === own)
      if (made.length === 0) return null
      for (const [each, given] of made)
        found.push(
          ...(given === null ? routes.flatMap(([of, route]) => (of === each ? [route] : [])) : [given]),
        )
    }
  }
  return found
}

/** What may answer other paths, or change one before a route is looked for. */
const OTHERS =
  /\b(?:add_url_rule|add_route|add_api_route|add_resource|mount|Route|Mount|DispatcherMiddleware|wsgi_app|APPLICATION_ROOT|SCRIPT_NAME|PATH_INFO|root_path|static_url_path|Api|restful|import_module|find_modules|iter_modules)\b|@\w+\.(?:errorhandler|exception_handler)\(\s*404|exec\(/
/** Leaves the path as it is. */
const PROXY_FIX = /^[ \t]*\w+\.wsgi_app\s*=\s*ProxyFix\(\s*\w+\.wsgi_app\b/gm

const VERBS = 'route|get|post|put|patch|delete|api_route|websocket'
const DECORATOR = new RegExp(String.raw`^[ \t]*@[\w.]+\.(?:${VERBS})\(`, 'gm')
const ROUTE = new RegExp(
  String.raw`^[ \t]*@(?:\w+\.)*?(\w+)\.(?:${VERBS})\(\s*(?:(?:path|rule)\s*=\s*)?(['"])((?:\/[^'"\n]*)?)\2`,
  'gm',
)
const ROUTER = /^(\w+)\s*(?::\s*[\w.]+\s*)?=\s*(?:\w+\.)?(?:Blueprint|APIRouter)\(((?:[^()]|\([^()]*\))*)\)/gm
const REGISTRATION =
  /\b(\w+)\.(?:include_router|register_blueprint)\(\s*(?:[\w.]+\.)?(\w+)\s*((?:,(?:[^()]|\([^()]*\))*)?)\)/g
const PREFIX = /\b(?:url_)?prefix\s*=\s*(?:(['"])((?:\/[^'"\n]*)?)\1)?/

const routesOfFile = memo((source: Source): RoutesOfFile | null => {
  const code = withoutComments(source.code).replace(PROXY_FIX, text => ' '.repeat(text.length))
  if (OTHERS.test(code)) return null
  const routes = [...code.matchAll(ROUTE)].map(match => {
    const route = match[3] ?? ''
    const start = match.index + match[0].length - route.length - 1
    return [match[1] ?? '', { source, route, whole: route, start, isMount: false }] as const
  })
  if (routes.length !== (code.match(DECORATOR)?.length ?? 0)) return null
  const prefixIn = (text: string, at: number): Route | null | undefined => {
    const match = PREFIX.exec(text)
    if (match === null) return text.includes('**') ? undefined : null
    const { 2: route, 0: whole, index } = match
    if (route === undefined) return undefined
    const start = at + index + whole.length - route.length - 1
    return route === '' ? null : { source, route, whole: route, start, isMount: true }
  }
  const routers = []
  for (const match of code.matchAll(ROUTER)) {
    const prefix = prefixIn(match[2] ?? '', match.index + match[0].length - 1 - (match[2] ?? '').length)
    if (prefix === undefined) return null
    routers.push([match[1] ?? '', prefix] as const)
  }
  if (routers.length !== (code.match(/\b(?:APIRouter|Blueprint)\(/g)?.length ?? 0)) return null
  const registrations = []
  for (const match of code.matchAll(REGISTRATION)) {
    const [whole, by = '', name = '', rest = ''] = match
    const prefix = prefixIn(rest, match.index + whole.length - 1 - rest.length)
    if (prefix === undefined) return null
    registrations.push({ by, name, prefix })
  }
  if (registrations.length !== (code.match(/\b(?:include_router|register_blueprint)\(/g)?.length ?? 0))
    return null
  const aliases = new Map(
    [...code.matchAll(/\b(\w+)[ \t]+as[ \t]+(\w+)/g)].map(([, name = '', as = '']) => [as, name] as const),
  )
  const makesApplication = /\b(?:Flask|FastAPI|Starlette|Quart)\(/.test(code)
  return { makesApplication, routes, routers, registrations, aliases }
})
