import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { entryPlace, type SettingsFault, settingValue } from './_setting-entries.ts'

const project = (lines: string): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      import os
      ALLOWED_HOSTS = ["example.org", "web"]
      INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
      ${lines}
    `,
  })
const engine = (entry: string, options = ''): string => conf`
  TEMPLATES = [
      {
          "BACKEND": "django.template.backends.django.DjangoTemplates",
          "DIRS": ["/app/templates"],
          ${entry}
          "OPTIONS": {
              "context_processors": ["django.template.context_processors.request"],
              ${options}
          },
      },
  ]
`

export default defineRule({
  summary: 'Django refuses an entry of DATABASES, CACHES or TEMPLATES',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Each database needs an `ENGINE` and each cache a `BACKEND`, in capitals. A template engine has five keys, and what Django’s own engine takes besides, such as `debug` and `context_processors`, stands in its `OPTIONS`. Django finds out with the first query, the first use of the cache or the first page, and `manage.py migrate` before.',
  remedy: 'Write the key that Django reads, where it reads it',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#databases',
    'https://docs.djangoproject.com/en/stable/ref/settings/#templates',
    'https://docs.djangoproject.com/en/stable/topics/templates/#django.template.backends.django.DjangoTemplates',
  ],
  bad: [
    {
      title: 'a database in small letters',
      files: project(conf`
        DATABASES = {
            «"default"»: {
                "engine": "django.db.backends.postgresql",
                "NAME": "shop",
            }
        }
      `),
    },
    {
      title: 'a database without an engine',
      files: project('DATABASES = {«"default"»: {"NAME": "shop", "HOST": os.environ.get("DB_HOST", "db")}}'),
    },
    {
      title: 'a database without a name',
      files: project('DATABASES = {«"default"»: {"ENGINE": "django.db.backends.postgresql", "HOST": "db"}}'),
    },
    {
      title: 'a cache without its backend',
      files: project('CACHES = {«"default"»: {"LOCATION": "redis://cache:6379/1"}}'),
    },
    { title: 'an option outside of OPTIONS', files: project(engine('«"debug"»: False,')) },
    { title: 'a key inside of OPTIONS', files: project(engine('', '«"DIRS"»: ["/app/pages"],')) },
  ],
  good: [
    { title: 'options in OPTIONS', files: project(engine('"APP_DIRS": True,', '"debug": False,')) },
    {
      title: 'an engine and a name',
      files: project(conf`
        DATABASES = {
            "default": {},
            "shop": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ.get("DB_NAME", "shop")},
            "files": {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"service": "files"}},
        }
        CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
      `),
    },
    {
      title: 'an engine and a backend that the environment names',
      files: project(conf`
        DATABASES = {"default": {"ENGINE": os.environ["DB_ENGINE"], "NAME": "shop"}}
        CACHES = {"default": {"BACKEND": os.environ["CACHE_BACKEND"]}}
      `),
    },
    {
      title: 'what is filled in later',
      files: project(conf`
        import dj_database_url
        DATABASES = {"default": {"CONN_MAX_AGE": 60}}
        DATABASES["default"].update(dj_database_url.config())
      `),
    },
    {
      title: 'what other settings bring',
      files: project(conf`
        from shop.stores import DATABASE
        DATABASES = {"default": {**DATABASE, "CONN_MAX_AGE": 60}}
      `),
    },
    {
      title: 'an engine of another kind',
      files: project(conf`
        TEMPLATES = [
            {"BACKEND": "django_jinja.jinja2.Jinja2", "OPTIONS": {"match_extension": ".jinja"}},
        ]
      `),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      yield* databases(settings)
      yield* caches(settings)
      yield* engines(settings)
    }
  },
})

/** An entry whose keys are all written; of a value that nobody knows, its key is there. */
interface Entry {
  readonly alias: string
  readonly keys: ReadonlySet<string>
  readonly values: ReadonlyMap<string, unknown>
}

function* entriesOf(settings: DjangoSettings, name: string): Iterable<Entry> {
  const value = settingValue(settings, name)
  const outer = settings.expressionOf(name)?.expression
  // What is changed item by item may be filled in by something else, too.
  if (!(value instanceof Map) || outer?.kind !== 'dict' || !outer.complete) return
  for (const { key, value: inner } of outer.entries) {
    const values: unknown = key.kind === 'string' ? value.get(key.value) : undefined
    if (key.kind !== 'string' || inner.kind !== 'dict' || !inner.complete || !(values instanceof Map))
      continue
    const keys = inner.entries.map(each => (each.key.kind === 'string' ? each.key.value : null))
    if (keys.every(each => each !== null)) yield { alias: key.value, keys: new Set(keys), values }
  }
}

function* databases(settings: DjangoSettings): Iterable<SettingsFault> {
  for (const { alias, keys, values } of entriesOf(settings, 'DATABASES')) {
    const at = keys.size === 0 ? null : entryPlace(settings, 'DATABASES', [alias], 'key')
    if (at === null) continue
    const backend = values.get('ENGINE')
    const isNameless =
      typeof backend === 'string' &&
      /^django\.(?:db|contrib\.gis\.db)\.backends\.(?:sqlite3|spatialite|postgresql|postgresql_psycopg2|postgis)$/.test(
        backend,
      ) &&
      !keys.has('NAME') &&
      !keys.has('OPTIONS')
    if (keys.has('ENGINE') && !isNameless) continue
    const key = keys.has('ENGINE') ? 'NAME' : 'ENGINE'
    const small = keys.has(key.toLowerCase())
    yield {
      at,
      message: `Django connects to no database: settings.DATABASES is improperly configured. Please supply the ${key} value`,
      label: small ? `\`${key.toLowerCase()}\` is not \`${key}\`` : `no \`${key}\``,
      help: small ? 'Write its keys in capitals' : `Give it its \`${key}\``,
    }
  }
}

function* caches(settings: DjangoSettings): Iterable<SettingsFault> {
  for (const { alias, keys } of entriesOf(settings, 'CACHES')) {
    const at = keys.has('BACKEND') ? null : entryPlace(settings, 'CACHES', [alias], 'key')
    if (at !== null)
      yield {
        at,
        message: "`manage.py` stops, and every use of the cache fails: KeyError: 'BACKEND'",
        label: 'no `BACKEND`',
        help: keys.has('backend') ? 'Write its keys in capitals' : 'Give it its `BACKEND`',
      }
  }
}

const KEYS: ReadonlySet<string> = new Set(['BACKEND', 'NAME', 'DIRS', 'APP_DIRS', 'OPTIONS'])
/** What the engine of Django takes, in every release. */
const OPTIONS: ReadonlySet<string> = new Set([
  'autoescape',
  'builtins',
  'context_processors',
  'debug',
  'file_charset',
  'libraries',
  'loaders',
  'string_if_invalid',
])

function* engines(settings: DjangoSettings): Iterable<SettingsFault> {
  const value = settingValue(settings, 'TEMPLATES')
  if (!Array.isArray(value)) return
  for (const [index, engine] of (value as readonly unknown[]).entries()) {
    if (!(engine instanceof Map)) continue
    const keys = [...(engine as ReadonlyMap<string, unknown>).keys()]
    if (engine.get('BACKEND') !== 'django.template.backends.django.DjangoTemplates') continue
    for (const key of keys) {
      const at = KEYS.has(key) ? null : entryPlace(settings, 'TEMPLATES', [index, key], 'key')
      if (at !== null)
        yield {
          at,
          message: `every page of a template is answered with 500: ImproperlyConfigured: Unknown parameters: ${key}`,
          label: 'no key of an engine',
          help: OPTIONS.has(key.toLowerCase())
            ? `Write it into \`OPTIONS\`, as \`${key.toLowerCase()}\``
            : 'Leave it out',
        }
    }
    const options: unknown = engine.get('OPTIONS')
    if (!(options instanceof Map)) continue
    for (const key of (options as ReadonlyMap<string, unknown>).keys()) {
      const at = OPTIONS.has(key) ? null : entryPlace(settings, 'TEMPLATES', [index, 'OPTIONS', key], 'key')
      if (at !== null)
        yield {
          at,
          message: `every page of a template is answered with 500: TypeError: __init__() got an unexpected keyword argument '${key}'`,
          label: 'no option of Django’s engine',
          help: KEYS.has(key.toUpperCase())
            ? `Write \`${key.toUpperCase()}\` beside \`OPTIONS\``
            : 'Leave it out',
        }
    }
  }
}
