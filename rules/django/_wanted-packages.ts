import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { importedNames } from '../../src/deployment/django/imported-names.ts'
import { type DjangoSettings, projectDirectory } from '../../src/deployment/django/settings.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { entryPlace, settingTexts, settingValue } from './_setting-entries.ts'

/** What is surely there where these are installed; null where one of them may bring any. */
export function withBrought(installed: ReadonlySet<string>): ReadonlySet<string> | null {
  if (![...installed].every(name => LEAVES.test(name) || BRINGS.has(name))) return null
  return new Set([...installed].flatMap(name => [name, ...(BRINGS.get(name) ?? [])]))
}

/** A package without which settings cannot be loaded. */
export interface WantedPackage {
  readonly module: string
  /** Any of which has the module. */
  readonly packages: readonly string[]
  readonly at: Place
  readonly says: string
  /** True where Django starts without it, and fails when the cache is first asked. */
  readonly late?: true
}

/** What comes of a package that nothing installs. */
export function lackOf({ late, says }: WantedPackage): string {
  return late === true ? `so all that asks the cache fails: ${says}` : `so Django does not start: ${says}`
}

/** What settings name and import of packages that most projects know. */
export function* wantedBy(settings: DjangoSettings, files: FileSystem): Iterable<WantedPackage> {
  for (const name of ['INSTALLED_APPS', 'MIDDLEWARE'] as const) {
    for (const [index, text] of (settingTexts(settings, name) ?? []).entries())
      if (text !== null) yield* ofModule(text, entryPlace(settings, name, [index], 'value'))
  }
  for (const [name, key] of [
    ['DATABASES', 'ENGINE'],
    ['CACHES', 'BACKEND'],
    ['CHANNEL_LAYERS', 'BACKEND'],
  ] as const) {
    const value = settingValue(settings, name)
    for (const [alias, entry] of value instanceof Map ? (value as ReadonlyMap<string, unknown>) : []) {
      const text: unknown = entry instanceof Map ? entry.get(key) : undefined
      const at = typeof text === 'string' ? entryPlace(settings, name, [alias, key], 'value') : null
      if (typeof text !== 'string' || at === null) continue
      yield* ofModule(text, at)
      const [, packages, says] = DRIVERS.find(([pattern]) => pattern.test(text)) ?? []
      if (packages !== undefined && says !== undefined) yield { module: '', packages, at, says }
      const [, client = ''] =
        CLIENTS.find(([backend]) => text === `django.core.cache.backends.${backend}`) ?? []
      if (client !== '')
        yield { module: '', packages: [client], at, says: `No module named '${client}'`, late: true }
    }
  }
  for (const path of settings.files)
    for (const { module, at } of importedNames(files, path)) yield* ofModule(module, at)
}

function* ofModule(dotted: string, at: Place | null): Iterable<WantedPackage> {
  const [module = ''] = dotted.split('.')
  const packages = MODULES.get(module)
  if (packages !== undefined && at !== null)
    yield { module, packages, at, says: `No module named '${module}'` }
}

/** A module of the project itself. */
export function isOwn(files: FileSystem, settings: DjangoSettings, module: string): boolean {
  const directory = projectDirectory(settings)
  if (module === '' || directory === null) return module !== ''
  return ['', '.py'].some(suffix => files.kind(posix.join(directory, module + suffix)) !== null)
}

/** Top-level modules by the packages of PyPI that have them. */
const MODULES: ReadonlyMap<string, readonly string[]> = new Map([
  ['rest_framework', ['djangorestframework']],
  ['rest_framework_simplejwt', ['djangorestframework-simplejwt']],
  ['corsheaders', ['django-cors-headers']],
  ['whitenoise', ['whitenoise']],
  ['debug_toolbar', ['django-debug-toolbar']],
  ['django_filters', ['django-filter']],
  ['django_extensions', ['django-extensions']],
  ['storages', ['django-storages']],
  ['crispy_forms', ['django-crispy-forms']],
  ['crispy_bootstrap4', ['crispy-bootstrap4']],
  ['crispy_bootstrap5', ['crispy-bootstrap5']],
  ['allauth', ['django-allauth']],
  ['channels', ['channels']],
  ['channels_redis', ['channels-redis']],
  ['daphne', ['daphne']],
  ['drf_yasg', ['drf-yasg']],
  ['drf_spectacular', ['drf-spectacular']],
  ['django_celery_beat', ['django-celery-beat']],
  ['django_celery_results', ['django-celery-results']],
  ['django_redis', ['django-redis']],
  ['import_export', ['django-import-export']],
  ['widget_tweaks', ['django-widget-tweaks']],
  ['simple_history', ['django-simple-history']],
  ['environ', ['django-environ']],
  ['decouple', ['python-decouple']],
  ['dj_database_url', ['dj-database-url']],
  ['dotenv', ['python-dotenv']],
  ['sentry_sdk', ['sentry-sdk']],
])

const DRIVERS: readonly (readonly [RegExp, readonly string[], string])[] = [
  [
    /^django\.(?:db|contrib\.gis\.db)\.backends\.(?:postgresql|postgis)/,
    ['psycopg2-binary', 'psycopg2', 'psycopg', 'psycopg-binary', 'psycopg-c', 'psycopg2cffi'],
    'Error loading psycopg2 or psycopg module',
  ],
  [
    /^django\.(?:db|contrib\.gis\.db)\.backends\.mysql/,
    ['mysqlclient', 'pymysql'],
    'Error loading MySQLdb module. Did you install mysqlclient?',
  ],
]

/** Backends of Django's own caches, and the client that each imports when it is first used. */
const CLIENTS = [
  ['redis.RedisCache', 'redis'],
  ['memcached.PyMemcacheCache', 'pymemcache'],
  ['memcached.PyLibMCCache', 'pylibmc'],
] as const

/** What packages bring that others need too. */
const BRINGS: ReadonlyMap<string, readonly string[]> = new Map([
  ['djangorestframework-simplejwt', ['djangorestframework']],
  ['drf-yasg', ['djangorestframework']],
  ['drf-spectacular', ['djangorestframework']],
  ['djoser', ['djangorestframework', 'djangorestframework-simplejwt']],
  ['dj-rest-auth', ['djangorestframework']],
  ['channels', ['daphne']],
  ['django-redis', ['redis']],
  ['channels-redis', ['channels', 'daphne', 'redis']],
  ['crispy-bootstrap4', ['django-crispy-forms']],
  ['crispy-bootstrap5', ['django-crispy-forms']],
  ['django-heroku', ['whitenoise', 'psycopg2', 'dj-database-url']],
  ['environs', ['python-dotenv', 'dj-database-url', 'django-cache-url']],
  ['pydantic-settings', ['python-dotenv']],
  ['uvicorn', ['python-dotenv']],
])

/** Packages that bring none of those above. */
const LEAVES =
  /^(?:django|gunicorn|whitenoise|djangorestframework|asgiref|sqlparse|pytz|tzdata|psycopg2?|psycopg2-binary|psycopg-binary|mysqlclient|pymysql|redis|hiredis|celery|kombu|billiard|vine|amqp|flower|requests|urllib3|certifi|idna|chardet|charset-normalizer|httpx|pillow|python-dotenv|python-decouple|dj-database-url|boto3|botocore|s3transfer|jmespath|python-dateutil|six|cryptography|cffi|pycparser|pyjwt|bcrypt|passlib|markdown|markupsafe|jinja2|numpy|pandas|openpyxl|lxml|beautifulsoup4|soupsieve|reportlab|xhtml2pdf|weasyprint|stripe|sentry-sdk|python-slugify|text-unidecode|faker|factory-boy|black|isort|flake8|pylint|ruff|mypy|pytest|pytest-django|coverage|ipython|click|packaging|setuptools|wheel|pip|typing-extensions|wrapt|prompt-toolkit|daphne|twisted|autobahn|django-(?:cors-headers|filter|environ|extensions|debug-toolbar|storages|redis|crispy-forms|taggit|mptt|widget-tweaks|import-export|simple-history|compressor|phonenumber-field|countries|celery-beat|celery-results|axes|guardian|allauth|bootstrap[345]|tables2|cleanup|model-utils|polymorphic|modeltranslation|ratelimit|ipware|jazzmin|tinymce|timezone-field|appconf))$/
