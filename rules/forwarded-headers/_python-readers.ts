import type { Place } from '../../parsers/text/source.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { type DjangoConnection, djangoConnections, textList } from '../django/_behind-nginx.ts'

/** Where projects of Django take the client's address from the front of `X-Forwarded-For`, by their connections. */
export function readersInPython(deployment: Deployment): ReadonlyMap<NginxConnection, Place> {
  const readers = new Map<NginxConnection, Place>()
  for (const django of djangoConnections(deployment)) {
    const place = readers.has(django.connection) ? null : (settingOf(django) ?? middlewareOf(django))
    if (place !== null) readers.set(django.connection, place)
  }
  return readers
}

/** Settings of django-axes, django-ipware and django-ratelimit that name the header, and what makes it safe. */
const NAMING: readonly (readonly [name: string, counted: string])[] = [
  ['AXES_IPWARE_META_PRECEDENCE_ORDER', 'AXES_IPWARE_PROXY_COUNT'],
  ['AXES_META_PRECEDENCE_ORDER', 'AXES_PROXY_COUNT'],
  ['IPWARE_META_PRECEDENCE_ORDER', ''],
  ['RATELIMIT_IP_META_KEY', ''],
]

function settingOf({ settings }: DjangoConnection): Place | null {
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

const FIRST =
  /(?:META(?:\.get\(|\[)\s*["']HTTP_X_FORWARDED_FOR|headers(?:\.get\(|\[)\s*["']X-Forwarded-For)["'][\s\S]{0,300}?\.(?:split|partition)\(\s*["'],\s*["']\s*\)\s*\[\s*0\s*\]/i

/** The line of a middleware of the project itself. */
function middlewareOf({ settings, loaded, program }: DjangoConnection): Place | null {
  const { files } = program.machine
  for (const name of textList(settings, 'MIDDLEWARE') ?? []) {
    if (name.startsWith('django.')) continue
    const module = name.split('.').slice(0, -1).join('/')
    for (const directory of loaded.searchPath ?? []) {
      for (const path of [`${directory}/${module}.py`, `${directory}/${module}/__init__.py`]) {
        const read = files.kind(path) === 'file' ? files.read(path) : null
        if (read?.kind !== 'source') continue
        const { source } = read
        const code = source.text.replace(/#[^\n]*/g, comment => ' '.repeat(comment.length))
        const match = FIRST.exec(code)
        if (match !== null) return { source, start: match.index, end: match.index + match[0].length }
      }
    }
  }
  return null
}
