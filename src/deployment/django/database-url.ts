import type { PythonValue } from '../../../parsers/python/python-value.ts'

/**
 * The entry of `DATABASES` that django-environ and dj-database-url make of a URL; undefined where its scheme is not
 * one of these, or options follow it.
 *
 * @see https://django-environ.readthedocs.io/en/latest/types.html#environ-env-db-url
 */
export function databaseOfUrl(text: string): PythonValue | undefined {
  const {
    scheme = '',
    user,
    password,
    host,
    port,
    name,
  } = /^(?<scheme>\w+):\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<host>[\w.-]*|\[[\d:a-f]+\])(?::(?<port>\d+))?\/(?<name>[^?#]*)$/i.exec(
    text,
  )?.groups ?? {}
  const engine = ENGINES.get(scheme)
  if (engine === undefined) return undefined
  return new Map<string, PythonValue>([
    ['ENGINE', engine],
    ['NAME', decoded(name)],
    ['USER', decoded(user)],
    ['PASSWORD', decoded(password)],
    ['HOST', (host ?? '').replace(/^\[|\]$/g, '')],
    ['PORT', port === undefined ? '' : Number(port)],
  ])
}

function decoded(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    return text ?? ''
  }
}

const ENGINES: ReadonlyMap<string, string> = new Map([
  ['postgres', 'django.db.backends.postgresql'],
  ['postgresql', 'django.db.backends.postgresql'],
  ['postgis', 'django.contrib.gis.db.backends.postgis'],
  ['mysql', 'django.db.backends.mysql'],
])
