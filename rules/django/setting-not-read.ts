import { isDjangoAtLeast } from '../../src/deployment/django/django-version.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { someFile, settingPlace, surelyLists, settingValue } from './_setting-entries.ts'

const project = (settings: string, requirements = 'Django==5.2.1'): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      DEBUG = False
      ${settings}
    `,
  }),
  'web/requirements.txt': `${requirements}\n`,
})
const HOSTS = 'ALLOWED_HOSTS = ["example.org", "web"]'

export default defineRule({
  summary: 'Django does not read a setting',
  severity: 'warning',
  otherSeverities: {
    error:
      'for `MIDDLEWARE_CLASSES` alone, without which no middleware runs, and names of hosts, without which Django answers 400',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'A name that Django does not know is no error: the settings are a module, and Django takes from it what it looks for. A name with a letter too many or too few does nothing, and neither does one that a newer Django no longer reads: `STATICFILES_STORAGE` and `DEFAULT_FILE_STORAGE` since 5.1, `MIDDLEWARE_CLASSES` since 2.0, `TEMPLATE_DIRS` since 1.10. What was meant stays at its default.',
  remedy: 'Write the name that Django reads',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/',
    'https://docs.djangoproject.com/en/stable/releases/5.1/#features-removed-in-5-1',
  ],
  bad: [
    { title: 'a letter too few', files: project('«ALLOWED_HOST» = ["example.org", "web"]') },
    {
      title: 'small letters',
      files: project(
        conf`
          ${HOSTS}
          «installed_APPS» = ["django.contrib.auth"]
        `,
      ),
    },
    {
      title: 'a letter too many',
      files: project(
        conf`
          ${HOSTS}
          «SECURE_PROXY_SSL_HEADERS» = ("HTTP_X_FORWARDED_PROTO", "https")
        `,
      ),
    },
    {
      title: 'two letters swapped',
      files: project(
        conf`
          ${HOSTS}
          «CSRF_TRUSTED_ORIGNIS» = ["https://example.org"]
        `,
      ),
    },
    {
      title: 'a storage of static files, for Django 5.1',
      files: project(
        conf`
          ${HOSTS}
          «STATICFILES_STORAGE» = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        `,
      ),
    },
    {
      title: 'a storage of uploads, for Django 5.1 or later',
      files: project(
        conf`
          ${HOSTS}
          «DEFAULT_FILE_STORAGE» = "storages.backends.s3.S3Storage"
        `,
        'django>=5.1,<6',
      ),
    },
    {
      title: 'middleware of Django 1',
      files: project(
        conf`
          ${HOSTS}
          «MIDDLEWARE_CLASSES» = ["django.middleware.csrf.CsrfViewMiddleware"]
        `,
        'Django==3.2.25',
      ),
    },
  ],
  good: [
    { title: 'the name', files: project(HOSTS) },
    {
      title: 'a name of one’s own beside it',
      files: project(
        conf`
          ALLOWED_HOST = "example.org"
          ALLOWED_HOSTS = [ALLOWED_HOST, "web"]
        `,
      ),
    },
    {
      title: 'a name that the file uses',
      files: project(
        conf`
          ${HOSTS}
          DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/shop.db"}
          SHOP_LEDGER = DATABASE
        `,
      ),
    },
    {
      title: 'a value on its way',
      files: project(conf`
        import os
        allowed_hosts = os.environ.get("HOSTS", "")
        ALLOWED_HOSTS = allowed_hosts.split(",")
      `),
    },
    {
      title: 'both ways, for older releases too',
      files: project(
        conf`
          ${HOSTS}
          STATICFILES_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"
          STORAGES = {
              "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
              "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
          }
        `,
      ),
    },
    {
      title: 'an older Django',
      files: project(
        conf`
          ${HOSTS}
          STATICFILES_STORAGE = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        `,
        'Django==4.2.11',
      ),
    },
    {
      title: 'what holds anyway',
      files: project(
        conf`
          ${HOSTS}
          STATICFILES_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
        `,
      ),
    },
    {
      title: 'a setting of Django that is nearly another one',
      files: project(
        conf`
          ${HOSTS}
          EMAIL_USE_SSL = True
          EMAIL_PORT = 465
        `,
      ),
    },
    {
      title: 'settings that another file may hold',
      files: project(
        conf`
          from shop.base import *
          ALLOWED_HOST = ["example.org"]
        `,
      ),
    },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) {
      yield* removed(settings, files)
      yield* misspelt(settings, files)
    }
  },
})

interface Removed {
  readonly since: `${number}.${number}`
  /** The setting that stands for it now. */
  readonly now: string
  /** What holds without it too. */
  readonly byItself: readonly string[]
  readonly effect: string
  readonly isFatal?: boolean
}

const REMOVED: ReadonlyMap<string, Removed> = new Map([
  [
    'STATICFILES_STORAGE',
    {
      since: '5.1',
      now: 'STORAGES',
      byItself: ['django.contrib.staticfiles.storage.StaticFilesStorage'],
      effect: 'static files are stored as by default',
    },
  ],
  [
    'DEFAULT_FILE_STORAGE',
    {
      since: '5.1',
      now: 'STORAGES',
      byItself: ['django.core.files.storage.FileSystemStorage'],
      effect: 'uploads go to `MEDIA_ROOT`',
    },
  ],
  [
    'MIDDLEWARE_CLASSES',
    { since: '2.0', now: 'MIDDLEWARE', byItself: [], effect: 'no middleware runs at all', isFatal: true },
  ],
  [
    'TEMPLATE_DIRS',
    { since: '1.10', now: 'TEMPLATES', byItself: [], effect: 'no template is looked for there' },
  ],
])

function* removed(settings: DjangoSettings, files: FileSystem) {
  for (const [name, { since, now, byItself, effect, isFatal }] of REMOVED) {
    if (!settings.names.has(name) || settings.get(now) !== null) continue
    const value = settingValue(settings, name)
    if (typeof value === 'string' && byItself.includes(value)) continue
    const at = isDjangoAtLeast(since, settings, files) === true ? settingPlace(settings, name) : null
    if (at === null) continue
    yield {
      at,
      ...(isFatal === true && { severity: 'error' as const }),
      message: `Django ${since} and later do not read \`${name}\`, so ${effect}`,
      label: 'not read',
      help: `Write it as \`${now}\``,
    }
  }
}

/** What a deployment hangs on, and nothing but the default says where it is not set. */
const MEANT = [
  'ALLOWED_HOSTS',
  'CSRF_TRUSTED_ORIGINS',
  'CSRF_COOKIE_SECURE',
  'CSRF_COOKIE_DOMAIN',
  'SECURE_PROXY_SSL_HEADER',
  'SECURE_SSL_REDIRECT',
  'SECURE_HSTS_SECONDS',
  'SECURE_HSTS_INCLUDE_SUBDOMAINS',
  'SESSION_COOKIE_SECURE',
  'SESSION_COOKIE_DOMAIN',
  'SESSION_COOKIE_SAMESITE',
  'SESSION_ENGINE',
  'USE_X_FORWARDED_HOST',
  'FORCE_SCRIPT_NAME',
  'STATICFILES_DIRS',
  'INSTALLED_APPS',
  'DATABASES',
  'TEMPLATES',
  'EMAIL_BACKEND',
  'EMAIL_HOST_USER',
  'EMAIL_HOST_PASSWORD',
  'EMAIL_USE_TLS',
  'EMAIL_USE_SSL',
  'DEFAULT_FROM_EMAIL',
  'DATA_UPLOAD_MAX_MEMORY_SIZE',
  'DATA_UPLOAD_MAX_NUMBER_FIELDS',
  'FILE_UPLOAD_PERMISSIONS',
  'AUTHENTICATION_BACKENDS',
] as const
const OF_CORS = ['CORS_ALLOWED_ORIGINS', 'CORS_ALLOW_ALL_ORIGINS', 'CORS_ALLOW_CREDENTIALS'] as const

function* misspelt(settings: DjangoSettings, files: FileSystem) {
  const hasCors = surelyLists(settings, 'INSTALLED_APPS', 'corsheaders')
  const meant = [...MEANT, ...(hasCors ? OF_CORS : [])]
  for (const name of settings.names) {
    yield* inSmallLetters(name, settings, files)
    if (!/^[A-Z][A-Z_]{7,}$/.test(name) || meant.some(each => each === name)) continue
    const right = meant.find(each => isNearly(name, each))
    // Where a star import is not read, the right one may come from there.
    if (right === undefined || settings.get(right) !== null) continue
    const at = isUsed(name, settings, files) ? null : settingPlace(settings, name)
    if (at === null) continue
    const isRefused = right === 'ALLOWED_HOSTS' && settingValue(settings, 'DEBUG') === false
    yield {
      at,
      ...(isRefused && { severity: 'error' as const }),
      message: `Django reads \`${right}\`, which nothing sets, and never \`${name}\`${isRefused ? ': it answers 400 to every request' : ''}`,
      label: 'no setting of Django',
      help: `Write \`${right}\``,
    }
  }
}

/** What a project cannot do without, or notices at once. */
const IN_CAPITALS = [
  ...MEANT,
  'MIDDLEWARE',
  'ROOT_URLCONF',
  'SECRET_KEY',
  'DEBUG',
  'STATIC_ROOT',
  'STATIC_URL',
]

/** Django takes from the module what is written in capitals alone. */
function* inSmallLetters(name: string, settings: DjangoSettings, files: FileSystem) {
  const right = name.toUpperCase()
  if (name === right || !IN_CAPITALS.some(each => each === right) || settings.get(right) !== null) return
  const at = isUsed(name, settings, files) ? null : settingPlace(settings, name)
  if (at !== null)
    yield {
      at,
      message: `Django takes settings in capitals alone, so it never reads \`${name}\`, and nothing sets \`${right}\``,
      label: 'not in capitals',
      help: `Write \`${right}\``,
    }
}

/** True where the files of the settings name it anywhere else than where it is set. */
function isUsed(name: string, settings: DjangoSettings, files: FileSystem): boolean {
  const pattern = new RegExp(`\\b${name}\\b(?!\\s*=[^=])`)
  return someFile(settings, files, text => pattern.test(text))
}

/** One letter too many, too few, another one, or two swapped. */
function isNearly(name: string, right: string): boolean {
  if (Math.abs(name.length - right.length) > 1) return false
  let same = 0
  while (same < right.length && name[same] === right[same]) same++
  const [rest, wanted] = [name.slice(same), right.slice(same)]
  return (
    rest.slice(1) === wanted ||
    rest === wanted.slice(1) ||
    rest.slice(1) === wanted.slice(1) ||
    (rest.slice(2) === wanted.slice(2) && rest[0] === wanted[1] && rest[1] === wanted[0])
  )
}
