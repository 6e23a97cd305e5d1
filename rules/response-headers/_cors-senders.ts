import { memo } from '../../parsers/collections/memo.ts'
import { matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'

export interface Sender {
  readonly sender: string
  readonly at: Place
}

/** Where django-cors-headers is told whom to let in. */
export function sentByDjango(settings: DjangoSettings): Place | null {
  const middleware = settings.get('MIDDLEWARE')
  const isUsed =
    middleware?.known === true &&
    Array.isArray(middleware.value) &&
    middleware.value.includes('corsheaders.middleware.CorsMiddleware')
  if (!isUsed) return null
  for (const name of ['CORS_ALLOW_ALL_ORIGINS', 'CORS_ORIGIN_ALLOW_ALL']) {
    const all = settings.get(name)
    if (all?.known && all.value === true) return all.at
  }
  for (const name of ['CORS_ALLOWED_ORIGINS', 'CORS_ORIGIN_WHITELIST']) {
    const some = settings.get(name)
    if (some?.known && Array.isArray(some.value) && some.value.length > 0) return some.at
  }
  return null
}

/** Flask-Cors, and the middleware of Starlette and FastAPI. */
const CORS_OF_PYTHON = /^[ \t]*(?:CORS\(\s*\w+|\w+\.add_middleware\(\s*CORSMiddleware\b)/m
/** The middleware of Express, and the first line of a handler of every request that sends the header itself. */
const CORS_OF_NODE =
  /\.use\(\s*cors\((?!\s*\{\s*origin:\s*false\b)|(?:\.use|\bcreateServer)\(\s*(?:async\s+)?(?:function\s*)?\(\s*\w+\s*,\s*(\w+)\s*(?:,\s*\w+\s*)?\)\s*(?:=>\s*)?\{\s*\1\.(?:header|set|setHeader)\(\s*(["'])Access-Control-Allow-Origin\2/i

/** Where an application server lets other sites read every answer; null where it is not seen to. */
export function sentByApplication(deployment: Deployment, program: AppServerProgram): Sender | null {
  const loaded = deployment.moduleOf(program)
  const setting = loaded?.settings == null ? null : sentByDjango(loaded.settings)
  if (setting !== null) return { sender: 'Django', at: setting }
  const source = loaded?.source
  const at =
    source != null && source !== 'missing'
      ? corsOf(source).python
      : (program.server.sources.map(each => corsOf(each).node).find(found => found !== null) ?? null)
  return at === null ? null : { sender: 'the application', at }
}

const corsOf = memo((source: Source) => ({
  python: placeIn(source, CORS_OF_PYTHON),
  node: placeIn(source, CORS_OF_NODE),
}))

function placeIn(source: Source, pattern: RegExp): Place | null {
  const code = source.text.replace(/(^|\s)(?:#|\/\/)[^\n]*/g, comment => ' '.repeat(comment.length))
  const match = pattern.exec(code)
  return match === null ? null : matchedPlace(source, match)
}
