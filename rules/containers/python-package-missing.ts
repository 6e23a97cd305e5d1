import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { importedNames } from '../../src/deployment/django/imported-names.ts'
import { type DjangoSettings, projectDirectory } from '../../src/deployment/django/settings.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { entryPlace, settingTexts, settingValue } from '../django/_setting-entries.ts'
import { installedPackages } from './_python-packages.ts'

const project = (
  settings: string,
  requirements: string,
  install = 'RUN pip install -r requirements.txt',
  more: Record<string, string> = {},
): Record<string, string> => ({
  ...djangoBehindNginx({ settings }),
  'web/Dockerfile': conf`
    FROM python:3.12-slim
    WORKDIR /app
    COPY requirements.txt .
    ${install}
    COPY . .
  `,
  'web/requirements.txt': requirements,
  ...more,
})
const REQUIREMENTS = conf`
  Django==5.2.1
  gunicorn==23.0.0
`
const APPS = conf`
  INSTALLED_APPS = [
      "django.contrib.auth",
      "django.contrib.contenttypes",
      «"rest_framework"»,
  ]
`
const POSTGRES = `DATABASES = {"default": {"ENGINE": «"django.db.backends.postgresql"», "NAME": "shop"}}\n`

export default defineRule({
  summary: 'Settings of Django name a package that the image does not install',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: 'On the machine where an application is written a package is there because somebody once installed it; in the image is what `requirements.txt` names. What `INSTALLED_APPS`, `MIDDLEWARE` or an import of the settings names and nothing installs ends every worker: `ModuleNotFoundError: No module named`, and behind nginx 502.',
  remedy: 'Add the package to `requirements.txt`',
  references: ['https://docs.djangoproject.com/en/stable/ref/applications/#troubleshooting'],
  unproven: 'The live tests build no images',
  bad: [
    { title: 'an application', files: project(APPS, REQUIREMENTS) },
    {
      title: 'middleware',
      files: project(
        conf`
          MIDDLEWARE = [
              "django.middleware.security.SecurityMiddleware",
              «"whitenoise.middleware.WhiteNoiseMiddleware"»,
          ]
        `,
        REQUIREMENTS,
      ),
    },
    { title: 'the driver of the database', files: project(POSTGRES, REQUIREMENTS) },
    {
      title: 'the driver of MySQL',
      files: project(
        'DATABASES = {"default": {"ENGINE": «"django.db.backends.mysql"», "NAME": "shop"}}\n',
        REQUIREMENTS,
      ),
    },
    {
      title: 'an import of the settings',
      files: project(
        conf`
          from decouple import «config»
          SECRET_KEY = config("SECRET_KEY")
        `,
        REQUIREMENTS,
      ),
    },
    {
      title: 'a cache',
      files: project(
        'CACHES = {"default": {"BACKEND": «"django_redis.cache.RedisCache"», "LOCATION": "redis://cache"}}\n',
        REQUIREMENTS,
      ),
    },
  ],
  good: [
    { title: 'all of them', files: project(APPS, `${REQUIREMENTS}djangorestframework==3.16.0\n`) },
    {
      title: 'a package that brings it',
      files: project(APPS, `${REQUIREMENTS}djangorestframework-simplejwt==5.5.0\n`),
    },
    {
      title: 'a package of which nobody knows what it brings',
      files: project(APPS, `${REQUIREMENTS}django-shop-kit==1.0\n`),
    },
    {
      title: 'named in the Dockerfile',
      files: project(
        POSTGRES,
        REQUIREMENTS,
        conf`
          RUN pip install -r requirements.txt
          RUN pip install psycopg2-binary
        `,
      ),
    },
    {
      title: 'the driver with its binary part',
      files: project(POSTGRES, `${REQUIREMENTS}psycopg[binary]\n`),
    },
    {
      title: 'an application that lies in the project',
      files: project(APPS, REQUIREMENTS, undefined, { 'web/rest_framework/__init__.py': '' }),
    },
    {
      title: 'an application for development',
      files: project(
        conf`
          DEBUG = False
          INSTALLED_APPS = ["django.contrib.auth"]
          if DEBUG:
              INSTALLED_APPS += ["debug_toolbar"]
          try:
              import dotenv
          except ImportError:
              pass
        `,
        REQUIREMENTS,
      ),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      const settings = container === null ? null : (deployment.moduleOf(program)?.settings ?? null)
      if (container === null || settings === null) continue
      const installed = installedPackages(container)
      if (installed === null || ![...installed].every(name => LEAVES.test(name) || BRINGS.has(name))) continue
      const said = new Set<string>()
      const brought = new Set([...installed].flatMap(name => [name, ...(BRINGS.get(name) ?? [])]))
      for (const { module, packages, at, says } of wantedBy(settings, container)) {
        const [first] = packages
        if (first === undefined || packages.some(name => brought.has(name))) continue
        if (said.has(first) || isOwn(container, settings, module)) continue
        said.add(first)
        yield {
          at,
          message: `nothing installs \`${first}\`, so Django does not start: ${says}`,
          label: 'not in the requirements',
          help: `Add \`${first}\` to the requirements`,
        }
      }
    }
  },
})

interface Wanted {
  readonly module: string
  /** Any of which has the module. */
  readonly packages: readonly string[]
  readonly at: Place
  readonly says: string
}

function* wantedBy(settings: DjangoSettings, { files }: Container): Iterable<Wanted> {
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
    }
  }
  for (const path of settings.files)
    for (const { module, at } of importedNames(files, path)) yield* ofModule(module, at)
}

function* ofModule(dotted: string, at: Place | null): Iterable<Wanted> {
  const [module = ''] = dotted.split('.')
  const packages = MODULES.get(module)
  if (packages !== undefined && at !== null)
    yield { module, packages, at, says: `No module named '${module}'` }
}

/** A module of the project itself. */
function isOwn({ files }: Container, settings: DjangoSettings, module: string): boolean {
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

/** What packages bring that others need too. */
const BRINGS: ReadonlyMap<string, readonly string[]> = new Map([
  ['djangorestframework-simplejwt', ['djangorestframework']],
  ['drf-yasg', ['djangorestframework']],
  ['drf-spectacular', ['djangorestframework']],
  ['djoser', ['djangorestframework', 'djangorestframework-simplejwt']],
  ['dj-rest-auth', ['djangorestframework']],
  ['channels', ['daphne']],
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
