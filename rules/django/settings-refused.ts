import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { addressFaults } from './_address-faults.ts'
import { adminFaults } from './_admin-faults.ts'
import { applicationFaults } from './_application-faults.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { entryPlace, type SettingsFault, settingValue } from './_setting-entries.ts'
import { storeFaults } from './_store-faults.ts'
import { valueFaults } from './_value-faults.ts'

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
      "django.contrib.sessions",
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

const AUTHENTICATION = '"django.contrib.auth.middleware.AuthenticationMiddleware",'
/** The settings that the admin asks for, without one of their lines. */
const admin = (without = '', instead = ''): string =>
  conf`
    INSTALLED_APPS = [
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ]
    MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ],
            },
        },
    ]
  `.replace(without, instead)

const channels = (hosts: string): string => conf`
  INSTALLED_APPS = ["channels"]
  CHANNEL_LAYERS = {
      "default": {
          "BACKEND": "channels_redis.core.RedisChannelLayer",
          "CONFIG": {"hosts": ${hosts}},
      }
  }
`

export default defineRule({
  summary: 'Django refuses a setting',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Some settings exclude one another, or have to stand in one order. Django finds out when it starts, or only with the first request that needs them: an application that is listed twice (`Application labels aren’t unique`), `AuthenticationMiddleware` before `SessionMiddleware`, `APP_DIRS` beside `loaders`, `STORAGES` beside `STATICFILES_STORAGE` or without one of its two entries, a pool of connections beside `CONN_MAX_AGE`, options of django-redis for Django’s own Redis cache, the address of a cache without `redis://`, options of another database, `STATIC_URL` without its last slash, an empty `SECRET_KEY`, a time zone that does not exist, a model of users by its module, databases without `default`, the port in the name of a database, a Redis of the channel layer that is no list, sessions without their application, django-allauth without its middleware. The application does not boot, or answers with 500.',
  remedy: 'Leave one of the two out, or put them into the order that Django wants',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#storages',
    'https://docs.djangoproject.com/en/stable/ref/databases/#connection-pool',
    'https://docs.djangoproject.com/en/stable/ref/middleware/#middleware-ordering',
    'https://docs.djangoproject.com/en/stable/topics/cache/#redis',
  ],
  bad: [
    {
      title: 'the port in the name of a database',
      files: project(database('"HOST": «"db:5432"»,')),
    },
    {
      title: 'a URL in place of the port',
      files: project(database('"HOST": "db", "PORT": «"5432/shop"»,')),
    },
    {
      title: 'one database where Django wants several',
      files: project(conf`
        import dj_database_url
        DATABASES = «dj_database_url.config(conn_max_age=600)»
      `),
    },
    {
      title: 'a pair in place of a list of pairs',
      files: project(channels('«("redis", 6379)»')),
    },
    { title: 'a Redis without its scheme', files: project(channels('«["redis:6379"]»')) },
    { title: 'one Redis that is no list', files: project(channels('«"redis://redis:6379"»')) },
    {
      title: 'sessions in a table that no application makes',
      files: project(conf`
        INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
        MIDDLEWARE = [
            «"django.contrib.sessions.middleware.SessionMiddleware"»,
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ]
      `),
    },
    {
      title: 'the number of the site as a text',
      files: project(conf`
        INSTALLED_APPS = ["django.contrib.sites"]
        SITE_ID = «"1"»
      `),
    },
    {
      title: 'the admin without the middleware of users',
      files: project(admin(AUTHENTICATION, '').replace('MIDDLEWARE', '«MIDDLEWARE»')),
    },
    {
      title: 'the admin without messages',
      files: project(admin('"django.contrib.messages",', '').replace(/"django.contrib.admin"/, '«$&»')),
    },
    {
      title: 'the admin without the users in its templates',
      files: project(
        admin('"django.contrib.auth.context_processors.auth",', '').replace(
          '"context_processors"',
          '«"context_processors"»',
        ),
      ),
    },
    {
      title: 'daphne behind the static files',
      files: project('INSTALLED_APPS = ["django.contrib.staticfiles", «"daphne"»]\nSTATIC_URL = "/static/"'),
    },
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
      title: 'a URL of static files without its last slash',
      files: project('STATIC_URL = «"/static"»'),
    },
    { title: 'a time zone that does not exist', files: project('TIME_ZONE = «"Europe/Berlinn"»') },
    { title: 'a language with an underscore', files: project('LANGUAGE_CODE = «"en_us"»') },
    { title: 'a model of users by its module', files: project('AUTH_USER_MODEL = «"shop.models.User"»') },
    {
      title: 'no database that is the default',
      files: project(
        'DATABASES = «{"shop": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/tmp/shop.db"}}»',
      ),
    },
    {
      title: 'no cache that is the default',
      files: project('CACHES = «{"pages": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}»'),
    },
    {
      title: 'sessions in a cache that is not there',
      files: project(conf`
        CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
        SESSION_CACHE_ALIAS = «"sessions"»
      `),
    },
    { title: 'seconds as a text', files: project(database('"CONN_MAX_AGE": «"60"»,')) },
    { title: 'addresses without names', files: project('ADMINS = «["ops@example.org"]»') },
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
    {
      title: 'an application that is listed twice before Django had a registry of them',
      files: project(
        conf`
        ${apps('"django.contrib.messages",\n"django.contrib.auth",')}
        MIDDLEWARE_CLASSES = ("django.middleware.common.CommonMiddleware",)
      `,
        'Django',
      ),
    },
    {
      title: 'several hosts, a socket, a port that is a number, and hosts of the channel layer',
      files: project(conf`
        ${database('"HOST": "db1,db2", "PORT": "5432,5433",')}
        DATABASES["other"] = {"ENGINE": "django.db.backends.postgresql", "HOST": "/run/postgresql", "PORT": 5432}
        ${channels('[("redis", 6379), "redis://other:6379/1", {"address": "redis:6379"}]')}
      `),
    },
    {
      title: 'a file of the site that is run among the settings',
      files: project(conf`
        TIME_ZONE = "America/NewYork"
        with open("/etc/shop/settings.py") as file:
            exec(compile(file.read(), "settings.py", "exec"))
      `),
    },
    {
      title: 'the database of a URL, in its place',
      files: project(conf`
        import dj_database_url
        DATABASES = {"default": dj_database_url.config()}
      `),
    },
    {
      title: 'sessions that are kept elsewhere, and middleware of one’s own',
      files: project(conf`
        INSTALLED_APPS = ["django.contrib.auth"]
        MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
        SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
        SITE_ID = "1"
      `),
    },
    {
      title: 'settings that a function fills in behind them',
      files: project(conf`
        SECRET_KEY = None
        update_secret_from_file(__name__, "secret_key")
      `),
    },
    {
      title: 'settings of other files that are put beside them',
      files: project(conf`
        SECRET_KEY = ""
        locals().update(load_py_settings())
      `),
    },
    {
      title: 'a language before Django looked at it',
      files: project('LANGUAGE_CODE = "pt_BR"', 'Django==2.1.7'),
    },
    {
      title: 'the admin of settings with which a sample of others begins',
      files: {
        ...project(admin('"django.contrib.auth.context_processors.auth",', '')),
        'web/shop/settings_local_example.py': conf`
          from .settings import *
          INSTALLED_APPS = ["shop"]
        `,
      },
    },
    {
      title: 'the admin with all that it needs',
      files: project(admin()),
    },
    {
      title: 'the admin, and middleware that may do what Django’s does',
      files: project(admin(AUTHENTICATION, '"shop.users.Users",')),
    },
    {
      title: 'values that Django takes',
      files: project(conf`
        TIME_ZONE = "US/Eastern"
        LANGUAGE_CODE = "zh-hans"
        AUTH_USER_MODEL = "shop.User"
        ADMINS = [("Ops", "ops@example.org")]
        CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}, "sessions": {}}
        SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
        SESSION_CACHE_ALIAS = "sessions"
      `),
    },
    {
      title: 'a time zone that a template fills in',
      files: project('TIME_ZONE = "{{ cookiecutter.timezone }}"'),
    },
    { title: 'addresses, for Django 6', files: project('ADMINS = ["ops@example.org"]', 'Django==6.0') },
    {
      title: 'databases from elsewhere',
      files: project('from shop.base import *\nDATABASES = {**DATABASES, "shop": {}}'),
    },
    {
      title: 'daphne before the static files',
      files: project('INSTALLED_APPS = ["daphne", "django.contrib.staticfiles"]\nSTATIC_URL = "/static/"'),
    },
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
      title: 'the older name of PostgreSQL, which Django still takes for the newer one',
      files: project(
        'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql_psycopg2", "NAME": "shop"}}',
        'Django==5.2.17',
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
      yield* applicationFaults(settings, files)
      yield* adminFaults(settings, files)
      yield* storeFaults(settings, files)
      yield* valueFaults(settings, files)
      yield* addressFaults(settings)
      yield* schemeHeader(settings)
      yield* urlsOf(settings)
      yield* keyOf(settings)
    }
  },
})

function* schemeHeader(settings: DjangoSettings): Iterable<SettingsFault> {
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

function* urlsOf(settings: DjangoSettings): Iterable<SettingsFault> {
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

function* keyOf(settings: DjangoSettings): Iterable<SettingsFault> {
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
