import { withoutComments } from '../../parsers/python/without-comments.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import type { AppServerProgram, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { textList } from '../django/_behind-nginx.ts'

/** Headers by which a proxy tells the client's address. */
export type AddressHeader = 'x-forwarded-for' | 'x-real-ip'

/** Where an application behind a connection reads a header for the client's address; null where none is seen to. */
export function applicationReading(
  deployment: Deployment,
  { targets }: NginxConnection,
  header: AddressHeader,
): Place | null {
  for (const target of targets) {
    const program = serverBehind(target)
    if (program === null) continue
    const inScript = program.server.headersRead.get(header)
    if (inScript !== undefined) return inScript
    const loaded = deployment.moduleOf(program)
    if (loaded === null) continue
    for (const source of modulesOf(program, loaded)) {
      const place = READING[header](source)
      if (place !== null) return place
    }
  }
  return null
}

/**
 * Where an application behind a connection takes the client's address from the front of `X-Forwarded-For`; null where
 * none is seen to.
 */
export function applicationTakingFirst(deployment: Deployment, { targets }: NginxConnection): Place | null {
  for (const target of targets) {
    const program = serverBehind(target)
    if (program === null) continue
    const inScript = firstInScript(program)
    if (inScript !== null) return inScript
    const loaded = deployment.moduleOf(program)
    if (loaded === null) continue
    const setting = loaded.settings === null ? null : settingOf(loaded.settings)
    if (setting !== null) return setting
    for (const source of modulesOf(program, loaded)) {
      const place = FIRST(source)
      if (place !== null) return place
    }
  }
  return null
}

/** Node.js: the header as it is or its first entry; Express that trusts every proxy, so that `req.ip` is that entry. */
function firstInScript({ server: { headersRead, settings } }: AppServerProgram): Place | null {
  const read = headersRead.get('x-forwarded-for')
  if (read !== undefined) {
    const behind = read.source.code.slice(read.end, read.end + 120)
    if (/\.pop\(\)|\.at\(\s*-|\.slice\(\s*-|length\s*-\s*1/.test(behind)) return null
    return read
  }
  const trust = settings.get('trust proxy')
  return trust?.known === true && trust.value === true && settings.has('rate limit') ? trust.at : null
}

/** Settings of django-axes, django-ipware and django-ratelimit that name the header, and what makes it safe. */
const NAMING: readonly (readonly [name: string, counted: string])[] = [
  ['AXES_IPWARE_META_PRECEDENCE_ORDER', 'AXES_IPWARE_PROXY_COUNT'],
  ['AXES_META_PRECEDENCE_ORDER', 'AXES_PROXY_COUNT'],
  ['IPWARE_META_PRECEDENCE_ORDER', ''],
  ['RATELIMIT_IP_META_KEY', ''],
]

function settingOf(settings: DjangoSettings): Place | null {
  for (const [name, counted] of NAMING) {
    const fact = settings.get(name)
    if (!fact?.known || (counted !== '' && settings.get(counted) !== null)) continue
    const values: readonly unknown[] = Array.isArray(fact.value) ? fact.value : [fact.value]
    if (values[0] === 'HTTP_X_FORWARDED_FOR') return fact.at
  }
  // Without the number of proxies the throttles of Django REST Framework count by the whole header.
  const framework = settings.get('REST_FRAMEWORK')
  if (!framework?.known || !(framework.value instanceof Map)) return null
  const throttles: unknown = framework.value.get('DEFAULT_THROTTLE_CLASSES')
  const isCounted = framework.value.get('NUM_PROXIES') !== undefined
  return Array.isArray(throttles) && throttles.length > 0 && !isCounted ? framework.at : null
}

const asking = (header: string): string => {
  const variable = `HTTP_${header.replaceAll('-', '_')}`
  return String.raw`(?:(?:META|environ)(?:\.get\(|\[)\s*["']${variable}|headers(?:\.get\(|\[)\s*["']${header})["']`
}
/** Where a module of Python has what matches, comments left aside; each is looked through once. */
const within = (pattern: string): ((source: Source) => Place | null) => {
  const expression = new RegExp(pattern, 'i')
  return memo((source: Source): Place | null => {
    const code = withoutComments(source.text)
    const match = expression.exec(code)
    return match === null ? null : matchedPlace(source, match)
  })
}
const READING: Readonly<Record<AddressHeader, (source: Source) => Place | null>> = {
  'x-forwarded-for': within(asking('X-Forwarded-For')),
  'x-real-ip': within(asking('X-Real-IP')),
}
const FIRST = within(
  String.raw`${asking('X-Forwarded-For')}[\s\S]{0,300}?\.(?:split|partition)\(\s*["'],\s*["']\s*\)\s*\[\s*0\s*\]`,
)

/** The module of the application itself; of Django, the middlewares of the project. */
function* modulesOf({ machine: { files } }: AppServerProgram, loaded: LoadedModule): Iterable<Source> {
  const { settings, source } = loaded
  if (settings === null) {
    if (source !== null && source !== 'missing') yield source
    return
  }
  for (const name of textList(settings, 'MIDDLEWARE') ?? []) {
    if (name.startsWith('django.')) continue
    const module = name.split('.').slice(0, -1).join('/')
    for (const directory of loaded.searchPath ?? []) {
      for (const path of [`${directory}/${module}.py`, `${directory}/${module}/__init__.py`]) {
        const read = files.kind(path) === 'file' ? files.read(path) : null
        if (read?.kind === 'source') yield read.source
      }
    }
  }
}
