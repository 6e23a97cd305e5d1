import type { Place } from '../../parsers/text/source.ts'
import {
  isDjangoAtLeast,
  isPackageAtLeast,
  pinnedDjango,
} from '../../src/deployment/django/django-version.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { entryPlace, settingTexts, settingValue } from './_setting-entries.ts'

const project = (settings: string, requirements = 'Django==5.1.4'): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      ${settings}
    `,
  }),
  'web/requirements.txt': `${requirements}\n`,
})
const apps = (last: string): string => conf`
  INSTALLED_APPS = [
      "django.contrib.contenttypes",
      "django.contrib.auth",
      ${last}
  ]
`
const middleware = (lines: string): string => conf`
  INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
  MIDDLEWARE = [
      "django.middleware.common.CommonMiddleware",
      ${lines}
  ]
`
const templates = (marked: string, loaders: string): string => conf`
  TEMPLATES = [
      {
          "BACKEND": "django.template.backends.django.DjangoTemplates",
          ${marked}
          "OPTIONS": {
              ${loaders}
              "context_processors": ["django.template.context_processors.request"],
          },
      }
  ]
`
const LOADERS = `"loaders": ["django.template.loaders.app_directories.Loader"],`
const storages = (entries: string, more = ''): string => conf`
  INSTALLED_APPS = ["django.contrib.staticfiles"]
  STATIC_URL = "/static/"
  ${more}
  ${entries}
`
const DEFAULT = '"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}'
const STATIC = '"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}'
const database = (lines: string): string => conf`
  DATABASES = {
      "default": {
          "ENGINE": "django.db.backends.postgresql",
          "NAME": "shop",
          ${lines}
      }
  }
`
const cache = (backend: string, options: string): string => conf`
  CACHES = {
      "default": {
          "BACKEND": "${backend}",
          "LOCATION": "redis://cache:6379/1",
          "OPTIONS": {${options}},
      }
  }
`

export default defineRule({
  summary: 'Django refuses a setting',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Some settings exclude one another, or have to stand in one order. Django finds out when it starts, or only with the first request that needs them: an application that is listed twice (`Application labels aren’t unique`), `AuthenticationMiddleware` before `SessionMiddleware`, `APP_DIRS` beside `loaders`, `STORAGES` beside `STATICFILES_STORAGE` or without one of its two entries, a pool of connections beside `CONN_MAX_AGE`, options of django-redis for Django’s own Redis cache, the address of a cache without `redis://`, options of another database, `STATIC_URL` without its last slash, an empty `SECRET_KEY`, django-allauth without its middleware. The application does not boot, or answers with 500.',
  remedy: 'Leave one of the two out, or put them into the order that Django wants',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#storages',
    'https://docs.djangoproject.com/en/stable/ref/databases/#connection-pool',
    'https://docs.djangoproject.com/en/stable/ref/middleware/#middleware-ordering',
    'https://docs.djangoproject.com/en/stable/topics/cache/#redis',
  ],
  bad: [
    {
      title: 'an application that is listed twice',
      files: project(apps('"django.contrib.messages",\n«"django.contrib.auth"»,')),
    },
    {
      title: 'an application beside its configuration',
      files: project(apps('"shop.orders",\n«"shop.orders.apps.OrdersConfig"»,')),
    },
    {
      title: 'users before their session',
      files: project(
        middleware(
          '«"django.contrib.auth.middleware.AuthenticationMiddleware"»,\n"django.contrib.sessions.middleware.SessionMiddleware",',
        ),
      ),
    },
    {
      title: 'messages without sessions',
      files: project(middleware('«"django.contrib.messages.middleware.MessageMiddleware"»,')),
    },
    { title: 'loaders and APP_DIRS', files: project(templates('"APP_DIRS": «True»,', LOADERS)) },
    {
      title: 'a header without its value',
      files: project('SECURE_PROXY_SSL_HEADER = «"HTTP_X_FORWARDED_PROTO"»'),
    },
    {
      title: 'both ways to name the storage of static files',
      files: project(
        storages(
          conf`
            STATICFILES_STORAGE = «"whitenoise.storage.CompressedManifestStaticFilesStorage"»
            STORAGES = {${DEFAULT}, ${STATIC}}
          `,
        ),
        'Django==4.2.11',
      ),
    },
    { title: 'no storage of static files', files: project(storages(`STORAGES = «{${DEFAULT}}»`)) },
    {
      title: 'no storage of uploads',
      files: project(storages(`STORAGES = «{${STATIC}}»`, 'MEDIA_ROOT = "/srv/shop/media"')),
    },
    {
      title: 'a pool, and connections that are kept',
      files: project(database('"CONN_MAX_AGE": «60»,\n"OPTIONS": {"pool": True},')),
    },
    {
      title: 'an option of django-redis',
      files: project(
        cache(
          'django.core.cache.backends.redis.RedisCache',
          '«"CLIENT_CLASS"»: "django_redis.client.DefaultClient"',
        ),
      ),
    },
    {
      title: 'a cache that Django 4.1 removed',
      files: project(
        'CACHES = {"default": {"BACKEND": «"django.core.cache.backends.memcached.MemcachedCache"»}}',
      ),
    },
    {
      title: 'the address of a cache without its scheme',
      files: project(
        'CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": «"cache:6379/1"»}}',
      ),
    },
    {
      title: 'an option of MySQL',
      files: project(database('"OPTIONS": {«"charset"»: "utf8mb4"},')),
    },
    {
      title: 'an option of PostgreSQL',
      files: project(
        conf`
          DATABASES = {
              "default": {
                  "ENGINE": "django.db.backends.sqlite3",
                  "NAME": "/tmp/shop.db",
                  "OPTIONS": {«"sslmode"»: "require"},
              }
          }
        `,
      ),
    },
    {
      title: 'the older name of PostgreSQL',
      files: project(
        'DATABASES = {"default": {"ENGINE": «"django.db.backends.postgresql_psycopg2"», "NAME": "shop"}}',
      ),
    },
    {
      title: 'a URL of static files without its last slash',
      files: project('STATIC_URL = «"/static"»'),
    },
    { title: 'an empty key', files: project('SECRET_KEY = «""»') },
    {
      title: 'django-allauth without its middleware',
      files: project(
        conf`
          ${apps('"allauth",\n"allauth.account",')}
          MIDDLEWARE = «[
              "django.contrib.sessions.middleware.SessionMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware",
          ]»
        `,
        conf`
          Django==5.1.4
          django-allauth==65.7.0
        `,
      ),
    },
  ],
  good: [
    { title: 'each application once', files: project(apps('"django.contrib.messages",')) },
    {
      title: 'a list that another file may shorten',
      files: project(
        conf`
          from shop.base import *
          INSTALLED_APPS = INSTALLED_APPS + ["django.contrib.auth"]
        `,
      ),
    },
    {
      title: 'sessions first',
      files: project(
        middleware(
          '"django.contrib.sessions.middleware.SessionMiddleware",\n"django.contrib.auth.middleware.AuthenticationMiddleware",',
        ),
      ),
    },
    {
      title: 'sessions of another application',
      files: project(
        middleware(
          '"qsessions.middleware.SessionMiddleware",\n"django.contrib.auth.middleware.AuthenticationMiddleware",',
        ),
      ),
    },
    { title: 'loaders alone', files: project(templates('"DIRS": [],', LOADERS)) },
    { title: 'APP_DIRS alone', files: project(templates('"APP_DIRS": True,', '"debug": False,')) },
    {
      title: 'a header and its value',
      files: project('SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")'),
    },
    {
      title: 'the older name, which Django 5.1 does not read',
      files: project(
        storages(conf`
          STATICFILES_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"
          STORAGES = {${DEFAULT}, ${STATIC}}
        `),
      ),
    },
    { title: 'both storages', files: project(storages(`STORAGES = {${DEFAULT}, ${STATIC}}`)) },
    {
      title: 'storages that begin with others',
      files: project(
        conf`
          from shop.storages import STORED
          INSTALLED_APPS = ["django.contrib.staticfiles"]
          STORAGES = {**STORED, ${DEFAULT}}
        `,
      ),
    },
    {
      title: 'a pool alone',
      files: project(database('"CONN_MAX_AGE": 0,\n"OPTIONS": {"pool": {"max_size": 8}},')),
    },
    {
      title: 'options of its own',
      files: project(cache('django.core.cache.backends.redis.RedisCache', '"db": 3')),
    },
    {
      title: 'django-redis',
      files: project(
        cache('django_redis.cache.RedisCache', '"CLIENT_CLASS": "django_redis.client.DefaultClient"'),
      ),
    },
    {
      title: 'the address of a cache',
      files: project(
        'CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": ["redis://cache:6379/1", "unix:///run/redis.sock"]}}',
      ),
    },
    {
      title: 'options of PostgreSQL',
      files: project(database('"OPTIONS": {"sslmode": "require", "connect_timeout": 10},')),
    },
    {
      title: 'an option of SQLite',
      files: project(
        'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/tmp/shop.db", "OPTIONS": {"timeout": 20}}}',
      ),
    },
    {
      title: 'the older name, for an older Django',
      files: project(
        'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql_psycopg2", "NAME": "shop"}}',
        'Django==2.2.28',
      ),
    },
    { title: 'URLs with their last slash', files: project('STATIC_URL = "static/"\nMEDIA_URL = ""') },
    {
      title: 'a key from the environment',
      files: project('import os\nSECRET_KEY = os.environ.get("SECRET_KEY") or open("/run/key").read()'),
    },
    {
      title: 'django-allauth with its middleware',
      files: project(
        conf`
          ${apps('"allauth",\n"allauth.account",')}
          MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
        `,
        conf`
          Django==5.1.4
          django-allauth==65.7.0
        `,
      ),
    },
    {
      title: 'an older django-allauth',
      files: project(
        conf`
          ${apps('"allauth",\n"allauth.account",')}
          MIDDLEWARE = []
        `,
        conf`
          Django==4.2.11
          django-allauth==0.54.0
        `,
      ),
    },
    {
      title: 'an older Django',
      files: project(
        'CACHES = {"default": {"BACKEND": "django.core.cache.backends.memcached.MemcachedCache"}}',
        'Django==3.2.25',
      ),
    },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) {
      yield* applications(settings)
      yield* sessionsFirst(settings)
      yield* templateLoaders(settings)
      yield* schemeHeader(settings)
      yield* storagesOf(settings, files)
      yield* pools(settings)
      yield* cachesOf(settings, files)
      yield* databasesOf(settings, files)
      yield* urlsOf(settings)
      yield* keyOf(settings)
      yield* allauth(settings, files)
    }
  },
})

interface Fault {
  readonly at: Place
  readonly message: string
  readonly label: string
  readonly help?: string
}

function* applications(settings: DjangoSettings): Iterable<Fault> {
  const texts = settingTexts(settings, 'INSTALLED_APPS') ?? []
  const seen = new Set<string>()
  for (const [index, text] of texts.entries()) {
    if (text === null) continue
    const [, whole = '', last = '', config = ''] = /^((?:\w+\.)*(\w+))\.apps\.(\w+)$/.exec(text) ?? []
    const isOwn =
      config.replace(/(?:App)?Config$/, '').toLowerCase() === last.replaceAll('_', '').toLowerCase()
    const name = whole !== '' && isOwn ? whole : text
    if (!seen.has(name)) {
      seen.add(name)
      continue
    }
    const at = entryPlace(settings, 'INSTALLED_APPS', [index], 'value')
    if (at === null) continue
    yield {
      at,
      message: `\`${name}\` is installed a second time, so Django does not start: Application labels aren't unique, duplicates: ${name.replace(/^.*\./, '')}`,
      label: 'a second time',
    }
  }
}

const SESSIONS = 'django.contrib.sessions.middleware.SessionMiddleware'
const USERS = 'django.contrib.auth.middleware.AuthenticationMiddleware'
const MESSAGES = 'django.contrib.messages.middleware.MessageMiddleware'

function* sessionsFirst(settings: DjangoSettings): Iterable<Fault> {
  const texts = settingTexts(settings, 'MIDDLEWARE') ?? []
  for (const name of [USERS, MESSAGES]) {
    const index = texts.indexOf(name)
    // A middleware of the project, or one that nobody knows, may make the session.
    const mayMake = (text: string | null): boolean => text === null || /session/i.test(text)
    if (index === -1 || texts.slice(0, index).some(mayMake)) continue
    if (name === MESSAGES && settings.get('MESSAGE_STORAGE') !== null) continue
    if (!texts.includes(SESSIONS) && texts.some(mayMake)) continue
    const at = entryPlace(settings, 'MIDDLEWARE', [index], 'value')
    if (at === null) continue
    yield {
      at,
      message: `\`${name.replace(/^.*\./, '')}\` needs the session, which no middleware before it makes, so every request is answered with 500`,
      label: texts.includes(SESSIONS) ? '`SessionMiddleware` stands behind it' : 'no `SessionMiddleware`',
      help: `Put \`${SESSIONS}\` before it`,
    }
  }
}

function* templateLoaders(settings: DjangoSettings): Iterable<Fault> {
  const engines = settingValue(settings, 'TEMPLATES')
  if (!Array.isArray(engines)) return
  for (const [index, engine] of (engines as readonly unknown[]).entries()) {
    if (!(engine instanceof Map) || engine.get('APP_DIRS') !== true) continue
    if (engine.get('BACKEND') !== 'django.template.backends.django.DjangoTemplates') continue
    const options: unknown = engine.get('OPTIONS')
    if (!(options instanceof Map) || !options.has('loaders')) continue
    const at = entryPlace(settings, 'TEMPLATES', [index, 'APP_DIRS'], 'value')
    if (at === null) continue
    yield {
      at,
      message:
        'no template is found, for `loaders` says where they are: app_dirs must not be set when loaders is defined',
      label: 'beside `loaders`',
      help: 'Leave `APP_DIRS` out, and name `django.template.loaders.app_directories.Loader` among the loaders',
    }
  }
}

function* schemeHeader(settings: DjangoSettings): Iterable<Fault> {
  const value = settingValue(settings, 'SECURE_PROXY_SSL_HEADER')
  const count = typeof value === 'string' || Array.isArray(value) ? value.length : 0
  const at = entryPlace(settings, 'SECURE_PROXY_SSL_HEADER', [], 'value')
  if (count === 0 || count === 2 || at === null) return
  yield {
    at,
    message:
      'these are not two values, so Django fails where it needs the scheme: The SECURE_PROXY_SSL_HEADER setting must be a tuple containing two values',
    label: typeof value === 'string' ? 'one text' : 'no pair',
    help: "Write `('HTTP_X_FORWARDED_PROTO', 'https')`",
  }
}

function* storagesOf(settings: DjangoSettings, files: FileSystem): Iterable<Fault> {
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

function* pools(settings: DjangoSettings): Iterable<Fault> {
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

function* cachesOf(settings: DjangoSettings, files: FileSystem): Iterable<Fault> {
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
): Iterable<Fault> {
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

function* databasesOf(settings: DjangoSettings, files: FileSystem): Iterable<Fault> {
  const databases = settingValue(settings, 'DATABASES')
  if (!(databases instanceof Map)) return
  for (const [alias, database] of databases as ReadonlyMap<string, unknown>) {
    const engine: unknown = database instanceof Map ? database.get('ENGINE') : undefined
    if (!(database instanceof Map) || typeof engine !== 'string' || !engine.startsWith('django.')) continue
    if (engine === 'django.db.backends.postgresql_psycopg2') {
      const at = entryPlace(settings, 'DATABASES', [alias, 'ENGINE'], 'value')
      if (at !== null && isDjangoAtLeast(3, settings, files) === true)
        yield {
          at,
          message:
            "Django 3.0 removed this name, so the application does not start: 'django.db.backends.postgresql_psycopg2' isn't an available database backend",
          label: 'no such backend',
          help: 'Write `django.db.backends.postgresql`',
        }
    }
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

function* urlsOf(settings: DjangoSettings): Iterable<Fault> {
  for (const name of ['STATIC_URL', 'MEDIA_URL']) {
    const value = settingValue(settings, name)
    if (typeof value !== 'string' || value === '' || value.endsWith('/')) continue
    const at = entryPlace(settings, name, [], 'value')
    if (at !== null)
      yield {
        at,
        message: `\`manage.py\` stops: (urls.E006) The ${name} setting must end with a slash`,
        label: 'no slash at its end',
        help: `Write \`${value}/\``,
      }
  }
}

function* keyOf(settings: DjangoSettings): Iterable<Fault> {
  const value = settingValue(settings, 'SECRET_KEY')
  const at = value === '' || value === null ? entryPlace(settings, 'SECRET_KEY', [], 'value') : null
  if (at !== null)
    yield {
      at,
      message:
        'sessions, logins and everything else that is signed fail: The SECRET_KEY setting must not be empty',
      label: 'empty',
      help: 'Set it where the server is started',
    }
}

const ACCOUNTS = 'allauth.account.middleware.AccountMiddleware'

function* allauth(settings: DjangoSettings, files: FileSystem): Iterable<Fault> {
  const middleware = settingTexts(settings, 'MIDDLEWARE')
  if (settingTexts(settings, 'INSTALLED_APPS')?.includes('allauth.account') !== true) return
  if (middleware === null || middleware.some(each => each === null || each.includes('AccountMiddleware')))
    return
  const at = entryPlace(settings, 'MIDDLEWARE', [], 'value')
  if (at !== null && isPackageAtLeast('django-allauth', '0.56', settings, files) === true)
    yield {
      at,
      message: `the application does not start: ${ACCOUNTS} must be added to settings.MIDDLEWARE`,
      label: 'without `AccountMiddleware`',
      help: `Add \`${ACCOUNTS}\` at its end`,
    }
}
