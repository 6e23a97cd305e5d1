import type { Container } from '../../src/deployment/containers/container.ts'
import { importedNames } from '../../src/deployment/django/imported-names.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { textsRun } from '../containers/_started-words.ts'
import { djangoBehindNginx } from './_examples.ts'
import { entryPlace, settingPlace, settingTexts, settingValue } from './_setting-entries.ts'

const MANAGE = conf`
  import os, sys
  from django.core.management import execute_from_command_line
  os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
  execute_from_command_line(sys.argv)
`
const project = (
  settings: string,
  command = 'sh -c "python3 manage.py collectstatic --noinput && gunicorn --bind 0.0.0.0:8000 shop.wsgi"',
): Record<string, string> => ({
  ...djangoBehindNginx({
    command,
    settings: conf`
      ALLOWED_HOSTS = ["example.org"]
      ROOT_URLCONF = "shop.urls"
      INSTALLED_APPS = [
          "django.contrib.auth",
          "django.contrib.contenttypes",
          "django.contrib.admin",
          "django.contrib.staticfiles",
      ]
      ${settings}
    `,
  }),
  'web/manage.py': MANAGE,
  'web/shop/urls.py': conf`urlpatterns = []`,
})
const PLAIN = 'gunicorn --bind 0.0.0.0:8000 shop.wsgi'

export default defineRule({
  summary: '`collectstatic` is run without a `STATIC_ROOT`',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`collectstatic` copies what the applications bring into `STATIC_ROOT`, and Django sets none by itself: the command ends with ImproperlyConfigured, and with it the build of the image, or the start of the container, whose proxy answers 502.',
  remedy: "Set it: `STATIC_ROOT = BASE_DIR / 'staticfiles'`",
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#static-root'],
  bad: [
    { title: 'where the container starts', files: project('«STATIC_URL» = "/static/"') },
    {
      title: 'where the image is built',
      files: {
        ...project('«STATIC_URL» = "/static/"', PLAIN),
        'web/Dockerfile': conf`
          FROM python:3.12
          WORKDIR /app
          COPY . .
          RUN pip install -r requirements.txt && python manage.py collectstatic --noinput
        `,
      },
    },
    {
      title: 'a script that starts the container, and storages of WhiteNoise',
      files: {
        ...project(
          conf`
            «STATIC_URL» = "/static/"
            STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
          `,
          './start.sh',
        ),
        'web/start.sh': conf`
          #!/bin/sh
          set -e
          python manage.py collectstatic --noinput
          exec gunicorn --bind 0.0.0.0:8000 shop.wsgi
        `,
      },
    },
  ],
  good: [
    {
      title: 'with it',
      files: project(conf`
        STATIC_URL = "/static/"
        STATIC_ROOT = "/app/staticfiles"
      `),
    },
    {
      title: 'applications without static files',
      files: {
        ...project(''),
        'web/shop/settings.py': conf`
          ALLOWED_HOSTS = ["example.org"]
          ROOT_URLCONF = "shop.urls"
          INSTALLED_APPS = ["django.contrib.staticfiles"]
          STATIC_URL = "/static/"
        `,
      },
    },
    { title: 'nothing is collected', files: project('STATIC_URL = "/static/"', PLAIN) },
    {
      title: 'files that go to another service',
      files: project(conf`
        STATIC_URL = "/static/"
        STORAGES = {"staticfiles": {"BACKEND": "storages.backends.s3.S3Storage"}}
      `),
    },
    {
      title: 'a module that sets it',
      files: project(conf`
        import django_heroku
        STATIC_URL = "/static/"
        django_heroku.settings(locals())
      `),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      const settings = container === null ? null : (deployment.moduleOf(program)?.settings ?? null)
      if (container === null || settings === null || settings.get('STATIC_ROOT') !== null) continue
      if (!bringsFiles(settings)) continue
      if (!keepsFiles(settings) || setsByCall(settings, container) || !collects(container)) continue
      const at = settingPlace(settings, 'STATIC_URL') ?? entryPlace(settings, 'INSTALLED_APPS', [], 'value')
      if (at === null) continue
      yield {
        at,
        message:
          "no `STATIC_ROOT` is set, so `collectstatic` fails: You're using the staticfiles app without having set the STATIC_ROOT setting to a filesystem path",
        label: 'without `STATIC_ROOT`',
        related: [{ at: program.server.at, message: 'the container that collects the files' }],
      }
    }
  },
})

/** Applications that bring static files; without any, nothing is copied and nothing fails. */
const BRING_FILES: readonly (string | null)[] = ['django.contrib.admin', 'rest_framework', 'debug_toolbar']

function bringsFiles(settings: DjangoSettings): boolean {
  const apps = settingTexts(settings, 'INSTALLED_APPS') ?? []
  return apps.includes('django.contrib.staticfiles') && apps.some(name => BRING_FILES.includes(name))
}

const OF_FILES = /^(?:django\.contrib\.staticfiles|whitenoise|django\.core\.files)\./

/** True where static files are kept in a directory, as they are by themselves. */
function keepsFiles(settings: DjangoSettings): boolean {
  const older = settings.get('STATICFILES_STORAGE')
  const storages = settings.get('STORAGES')
  if (older !== null && !(older.known && typeof older.value === 'string' && OF_FILES.test(older.value)))
    return false
  if (storages === null) return true
  const value = settingValue(settings, 'STORAGES')
  const entry: unknown = value instanceof Map ? value.get('staticfiles') : undefined
  const backend: unknown = entry instanceof Map ? entry.get('BACKEND') : undefined
  return typeof backend === 'string' && OF_FILES.test(backend)
}

/** True where a package that changes settings by a call is imported. */
function setsByCall(settings: DjangoSettings, { files }: Container): boolean {
  return settings.files.some(path =>
    importedNames(files, path).some(({ module }) => /heroku|^configurations/.test(module)),
  )
}

function collects(container: Container): boolean {
  return textsRun(container).some(text => /^(?!\s*#).*\bmanage\.py\s+collectstatic\b/m.test(text))
}
