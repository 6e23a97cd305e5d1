import { isDjangoAtLeast, pinnedDjango } from '../../src/deployment/django/django-version.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { entryPlace, type SettingsFault, settingTexts, settingValue } from './_setting-entries.ts'

/** What the storages, databases and caches that settings name are told and refuse. */
export function* storeFaults(settings: DjangoSettings, files: FileSystem): Iterable<SettingsFault> {
  yield* storagesOf(settings, files)
  yield* pools(settings)
  yield* cachesOf(settings, files)
  yield* databasesOf(settings)
}

function* storagesOf(settings: DjangoSettings, files: FileSystem): Iterable<SettingsFault> {
  const storages = settings.expressionOf('STORAGES')
  if (storages === null) return
  const at = entryPlace(settings, 'STORAGES', [], 'value')
  const value = settingValue(settings, 'STORAGES')
  const isFour = isDjangoAtLeast(4, settings, files)
  if (at === null || isFour === false) return
  const hasBoth =
    (isFour === true && isDjangoAtLeast(5, settings, files) === false) ||
    /^5\.0\b/.test(pinnedDjango(settings, files)?.version ?? '')
  for (const name of ['DEFAULT_FILE_STORAGE', 'STATICFILES_STORAGE']) {
    const place =
      hasBoth && settings.expressionOf(name) !== null ? entryPlace(settings, name, [], 'value') : null
    if (place !== null)
      yield {
        at: place,
        message: `\`STORAGES\` is set too, so Django does not start: ${name}/STORAGES are mutually exclusive`,
        label: 'the older way',
        help: `Leave \`${name}\` out`,
      }
  }
  if (!(value instanceof Map) || storages.expression.kind !== 'dict' || !storages.expression.complete) return
  const takesUploads = ['MEDIA_ROOT', 'MEDIA_URL'].some(name => settings.expressionOf(name) !== null)
  const serves = settingTexts(settings, 'INSTALLED_APPS')?.includes('django.contrib.staticfiles') === true
  for (const [name, isUsed] of [
    ['default', takesUploads],
    ['staticfiles', serves],
  ] as const) {
    if (!isUsed || value.has(name)) continue
    yield {
      at,
      message: `this replaces the storages that Django has by itself, so ${name === 'default' ? 'each upload' : '`{% static %}`'} fails: Could not find config for '${name}' in settings.STORAGES`,
      label: `no \`${name}\``,
    }
  }
}

function* pools(settings: DjangoSettings): Iterable<SettingsFault> {
  const databases = settingValue(settings, 'DATABASES')
  if (!(databases instanceof Map)) return
  for (const [alias, database] of databases as ReadonlyMap<string, unknown>) {
    if (!(database instanceof Map)) continue
    const options: unknown = database.get('OPTIONS')
    const pool: unknown = options instanceof Map ? options.get('pool') : undefined
    const age: unknown = database.get('CONN_MAX_AGE')
    const keeps = database.has('CONN_MAX_AGE') && (age === null || (typeof age === 'number' && age !== 0))
    if (!keeps || !(pool === true || pool instanceof Map)) continue
    const at = entryPlace(settings, 'DATABASES', [alias, 'CONN_MAX_AGE'], 'value')
    if (at !== null)
      yield {
        at,
        message:
          'the pool keeps the connections, so Django connects to no database: Pooling doesn’t support persistent connections',
        label: 'beside `pool`',
        help: 'Leave `CONN_MAX_AGE` out',
      }
  }
}

/** Options of django-redis, which Django gives to redis-py as they are. */
const OF_DJANGO_REDIS: ReadonlySet<unknown> = new Set([
  'CLIENT_CLASS',
  'PARSER_CLASS',
  'CONNECTION_POOL_CLASS',
  'CONNECTION_POOL_KWARGS',
  'CONNECTION_FACTORY',
  'COMPRESSOR',
  'SERIALIZER',
  'PICKLE_VERSION',
  'PASSWORD',
  'SOCKET_TIMEOUT',
  'SOCKET_CONNECT_TIMEOUT',
  'IGNORE_EXCEPTIONS',
])

function* cachesOf(settings: DjangoSettings, files: FileSystem): Iterable<SettingsFault> {
  const caches = settingValue(settings, 'CACHES')
  if (!(caches instanceof Map)) return
  for (const [alias, cache] of caches as ReadonlyMap<string, unknown>) {
    if (!(cache instanceof Map)) continue
    const backend: unknown = cache.get('BACKEND')
    if (backend === 'django.core.cache.backends.memcached.MemcachedCache') {
      const at = entryPlace(settings, 'CACHES', [alias, 'BACKEND'], 'value')
      const isGone = isDjangoAtLeast('4.1', settings, files) === true
      if (at !== null && isGone)
        yield {
          at,
          message:
            'Django 4.1 removed this cache, so it fails where the cache is used: InvalidCacheBackendError',
          label: 'no such cache',
          help: 'Write `django.core.cache.backends.memcached.PyMemcacheCache`',
        }
    }
    yield* locations(settings, alias, cache.get('LOCATION'), backend)
    const options: unknown = cache.get('OPTIONS')
    if (backend !== 'django.core.cache.backends.redis.RedisCache' || !(options instanceof Map)) continue
    const key = [...(options as ReadonlyMap<string, unknown>).keys()].find(each => OF_DJANGO_REDIS.has(each))
    const at = key === undefined ? null : entryPlace(settings, 'CACHES', [alias, 'OPTIONS', key], 'key')
    if (at !== null && key !== undefined)
      yield {
        at,
        message: `\`${key}\` is an option of django-redis, and Django’s own cache gives it to the connection: TypeError: unexpected keyword argument '${key}'`,
        label: 'of django-redis',
        help: 'Write `"BACKEND": "django_redis.cache.RedisCache"`, or leave the option out',
      }
  }
}

const REDIS: ReadonlySet<unknown> = new Set([
  'django.core.cache.backends.redis.RedisCache',
  'django_redis.cache.RedisCache',
])

/** What redis-py takes for a URL. */
function* locations(
  settings: DjangoSettings,
  alias: string,
  location: unknown,
  backend: unknown,
): Iterable<SettingsFault> {
  if (!REDIS.has(backend)) return
  const texts: readonly unknown[] = Array.isArray(location) ? location : [location]
  for (const [index, text] of texts.entries()) {
    if (typeof text !== 'string' || /(?:^|[;,])\s*$|^(?:rediss?|unix):\/\//.test(text)) continue
    if (!/^[\w.-]+(?::\d+)?(?:\/\d+)?$/.test(text)) continue
    const path = ['LOCATION', ...(Array.isArray(location) ? [index] : [])]
    const at = entryPlace(settings, 'CACHES', [alias, ...path], 'value')
    if (at === null) continue
    yield {
      at,
      message: `\`${text}\` is no URL, so every use of the cache fails: Redis URL must specify one of the following schemes (redis://, rediss://, unix://)`,
      label: 'no scheme',
      help: `Write \`redis://${text}\``,
    }
  }
}

/** Options of `OPTIONS` that belong to other databases, and that the driver of this one refuses. */
const FOREIGN: readonly (readonly [
  engine: RegExp,
  options: ReadonlySet<unknown>,
  said: (name: string) => string,
])[] = [
  [
    /\.(?:postgresql|postgis)$/,
    new Set([
      'charset',
      'init_command',
      'sql_mode',
      'read_default_file',
      'unix_socket',
      'timeout',
      'use_unicode',
    ]),
    name => `invalid connection option "${name}"`,
  ],
  [
    /\.(?:sqlite3|spatialite)$/,
    new Set(['charset', 'sslmode', 'connect_timeout', 'sql_mode', 'read_default_file', 'unix_socket']),
    name => `TypeError: '${name}' is an invalid keyword argument`,
  ],
  [
    /\.mysql$/,
    new Set(['sslmode', 'timeout', 'options', 'application_name']),
    name => `TypeError: '${name}' is an invalid keyword argument for connect()`,
  ],
]

function* databasesOf(settings: DjangoSettings): Iterable<SettingsFault> {
  const databases = settingValue(settings, 'DATABASES')
  if (!(databases instanceof Map)) return
  for (const [alias, database] of databases as ReadonlyMap<string, unknown>) {
    const engine: unknown = database instanceof Map ? database.get('ENGINE') : undefined
    if (!(database instanceof Map) || typeof engine !== 'string' || !engine.startsWith('django.')) continue
    const options: unknown = database.get('OPTIONS')
    const [, foreign, said] = FOREIGN.find(([pattern]) => pattern.test(engine)) ?? []
    if (!(options instanceof Map) || foreign === undefined || said === undefined) continue
    for (const name of (options as ReadonlyMap<string, unknown>).keys()) {
      const at = foreign.has(name) ? entryPlace(settings, 'DATABASES', [alias, 'OPTIONS', name], 'key') : null
      if (at !== null)
        yield {
          at,
          message: `\`${name}\` is an option of another database, so Django connects to none: ${said(name)}`,
          label: 'of another database',
          help: 'Leave it out',
        }
    }
  }
}
