import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { classOfModule, meantOfDjango } from './_names-of-django.ts'
import { djangoProjects } from './_projects.ts'
import { entryPlace, settingValue } from './_setting-entries.ts'

const project = (settings: string): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      ${settings}
    `,
  })
const database = (engine: string): Record<string, string> =>
  project(conf`
    DATABASES = {
        "default": {
            "ENGINE": ${engine},
            "NAME": "shop",
        }
    }
  `)
const middleware = (name: string): Record<string, string> =>
  project(conf`
    MIDDLEWARE = [
        "django.middleware.security.SecurityMiddleware",
        ${name},
    ]
  `)

export default defineRule({
  summary: 'A setting names a part of Django by another name than it has',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Django imports engines, middleware, backends and validators by the dotted names in the settings. One letter too many in a name, or `backend` for `backends`, is found out when the part is needed: `Module "…" does not define a "…" attribute/class`, `No module named …`, or `isn’t an available database backend`.',
  remedy: 'Write the name as Django’s documentation has it',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/',
    'https://docs.djangoproject.com/en/stable/ref/middleware/',
  ],
  bad: [
    {
      title: 'middleware',
      files: middleware('«"django.middleware.common.CommonsMiddleware"»'),
    },
    {
      title: 'the engine of a database',
      files: database('«"django.db.backends.postgres"»'),
    },
    {
      title: 'a backend of users, below `backend`',
      files: project('AUTHENTICATION_BACKENDS = [«"django.contrib.auth.backend.ModelBackend"»]'),
    },
    {
      title: 'a validator of passwords',
      files: project(conf`
        AUTH_PASSWORD_VALIDATORS = [
            {"NAME": «"django.contrib.auth.password_validators.MinimumLengthValidator"»},
        ]
      `),
    },
    {
      title: 'a storage',
      files: project(conf`
        STORAGES = {
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": «"django.contrib.staticfiles.storage.ManifestStaticFileStorage"»},
        }
      `),
    },
    {
      title: 'the module in place of its class',
      files: project(
        'CACHES = {"default": {"BACKEND": «"django.core.cache.backends.redis"», "LOCATION": "redis://cache:6379"}}',
      ),
    },
    {
      title: 'WhiteNoise with a small letter',
      files: middleware('«"whitenoise.middleware.WhitenoiseMiddleware"»'),
    },
    {
      title: 'sessions',
      files: project('SESSION_ENGINE = «"django.contrib.sessions.backend.cached_db"»'),
    },
  ],
  good: [
    {
      title: 'as Django has them',
      files: project(conf`
        MIDDLEWARE = [
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
        ]
        SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
        AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "shop.backends.ModelBackend"]
        DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
      `),
    },
    { title: 'WhiteNoise', files: middleware('"whitenoise.middleware.WhiteNoiseMiddleware"') },
    { title: 'an engine of old', files: database('"django.db.backends.postgresql_psycopg2"') },
    {
      title: 'an engine that is another package’s',
      files: database('"django_prometheus.db.backends.postgresql"'),
    },
    {
      title: 'what a release to come may have',
      files: middleware('"django.middleware.compression.ZstdMiddleware"'),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      for (const [name, outcome] of OUTCOMES) {
        for (const { text, path } of texts(settingValue(settings, name), [])) {
          const meant = meantOfDjango(text) ?? (name === 'INSTALLED_APPS' ? null : classOfModule(text))
          const at = meant === null ? null : entryPlace(settings, name, path, 'value')
          if (meant === null || at === null) continue
          yield {
            at,
            message: meant.startsWith(`${text}.`)
              ? `\`${text}\` is a module, and no class of it, so ${outcome}`
              : `there is no \`${text}\`, so ${outcome}`,
            label: meant.startsWith(`${text}.`) ? 'a module' : 'no such name',
            help: `Write \`${meant}\``,
          }
        }
      }
    }
  },
})

/** The settings that name parts, and what comes of a name that nothing has. */
const OUTCOMES: ReadonlyMap<string, string> = new Map([
  ['INSTALLED_APPS', 'Django does not start'],
  ['MIDDLEWARE', 'Django does not start'],
  ['MIDDLEWARE_CLASSES', 'Django does not start'],
  ['SESSION_ENGINE', 'Django does not start'],
  ['SESSION_SERIALIZER', 'every request with a session is answered with 500'],
  ['DATABASES', 'Django connects to no database'],
  ['CACHES', 'every use of the cache fails'],
  ['TEMPLATES', 'every page of a template is answered with 500'],
  ['STORAGES', 'every use of the storage fails'],
  ['DEFAULT_FILE_STORAGE', 'every use of an upload fails'],
  ['STATICFILES_STORAGE', '`{% static %}` and `collectstatic` fail'],
  ['STATICFILES_FINDERS', '`collectstatic` stops'],
  ['FILE_UPLOAD_HANDLERS', 'every upload fails'],
  ['AUTHENTICATION_BACKENDS', 'every login fails'],
  ['AUTH_PASSWORD_VALIDATORS', 'no password can be set'],
  ['PASSWORD_HASHERS', 'no password can be checked'],
  ['EMAIL_BACKEND', 'no mail is sent'],
  ['MESSAGE_STORAGE', 'every request is answered with 500'],
  ['DEFAULT_AUTO_FIELD', 'no model without a primary key of its own can be made'],
])

/** The texts of a value, with the way to each. */
function* texts(
  value: unknown,
  path: readonly (string | number)[],
): Generator<{ readonly text: string; readonly path: readonly (string | number)[] }> {
  if (typeof value === 'string') yield { text: value, path }
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* texts(item, [...path, index])
  else if (value instanceof Map)
    for (const [key, item] of value as ReadonlyMap<string, unknown>) yield* texts(item, [...path, key])
}
