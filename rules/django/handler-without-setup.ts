import { posix } from 'node:path'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { isDjangoAtLeast, releaseIn } from '../../src/deployment/django/django-version.ts'
import type { DjangoSettings, WsgiScript } from '../../src/deployment/django/settings.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { djangoProject, modWsgiMain, virtualHost, wsgiApplication } from '../_examples.ts'
import { djangoBehindNginx } from './_examples.ts'

const SCRIPT = conf`
  import os
  os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
  from django.core.handlers.wsgi import WSGIHandler
`
const project = (lines: string, requirements = 'Django>=4.2'): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
    `,
  }),
  'web/shop/wsgi.py': conf`
    ${SCRIPT}
    ${lines}
  `,
  'web/requirements.txt': `${requirements}\n`,
})

export default defineRule({
  summary: 'The WSGI script makes the handler of Django without its applications, or its settings',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: "Until Django 1.6 a script called `django.core.handlers.wsgi.WSGIHandler()`. Since 1.7 the applications have to be loaded before it: the first model that is imported ends in `AppRegistryNotReady: Apps aren't loaded yet`, and every request with 500.",
  remedy:
    'Write `from django.core.wsgi import get_wsgi_application` and `application = get_wsgi_application()`',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/applications/#troubleshooting',
    'https://docs.djangoproject.com/en/stable/howto/deployment/wsgi/',
  ],
  bad: [
    {
      title: 'the settings, named too late',
      files: {
        ...project(''),
        'web/shop/wsgi.py': conf`
          import os
          from django.core.wsgi import get_wsgi_application
          «application = get_wsgi_application()»
          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
        `,
      },
    },
    { title: 'the handler, imported', files: project('application = «WSGIHandler()»') },
    {
      title: 'a script of mod_wsgi as it was written for Django 1.4',
      files: {
        'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
        ...djangoProject(),
        'opt/shop/shop/wsgi.py': conf`
          import os
          import django.core.handlers.wsgi
          os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
          application = «django.core.handlers.wsgi.WSGIHandler()»
        `,
      },
    },
  ],
  good: [
    {
      title: 'the function for it',
      files: project(conf`
        from django.core.wsgi import get_wsgi_application
        application = get_wsgi_application()
      `),
    },
    {
      title: 'applications that are loaded before',
      files: project(conf`
        import django
        django.setup()
        application = WSGIHandler()
      `),
    },
    {
      title: 'Django 1, by its settings',
      files: {
        'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
        ...djangoProject('MIDDLEWARE_CLASSES = ("django.middleware.common.CommonMiddleware",)'),
        'opt/shop/shop/wsgi.py': conf`
          import os
          import django.core.handlers.wsgi
          os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
          application = django.core.handlers.wsgi.WSGIHandler()
        `,
      },
    },
    { title: 'Django 1', files: project('application = WSGIHandler()', 'Django==1.6.11') },
    {
      title: 'Django 1, in a file of the directory of requirements',
      files: {
        ...project('application = WSGIHandler()', 'gunicorn==19.1'),
        'web/requirements/pure.txt': 'Django==1.6.11\n',
      },
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const loaded = deployment.moduleOf(program)
      const { container, files } = program.machine
      if (loaded?.script != null) yield* beforeSettings(program, loaded.script, loaded.attribute)
      if (loaded?.script != null)
        yield* handlerOf(loaded.script, loaded.attribute, loaded.settings, container?.files ?? files)
    }
    for (const application of deployment.applications) {
      const python = deployment.pythonOf(application)
      if (python !== null)
        yield* handlerOf(
          python.script,
          'application',
          python.settings,
          deployment.filesOf(application.configuration),
        )
    }
  },
})

function* handlerOf(
  { made, bound, open }: WsgiScript,
  attribute: string | null,
  settings: DjangoSettings | null,
  files: FileSystem,
) {
  const name = attribute ?? 'application'
  const statement = bound.get(name)
  if (open || statement === undefined || !/(?:^|\.)WSGIHandler$/.test(made.get(name) ?? '')) return
  const isCurrent =
    settings === null
      ? releaseIn('django', 2, posix.dirname(statement.source.path), files)
      : isDjangoAtLeast(2, settings, files)
  if (isCurrent === false) return
  if (callsSetup(statement)) return
  const text = placeText(statement)
  const start = statement.start + (/^\w+\s*=\s*/.exec(text)?.[0].length ?? 0)
  yield {
    at: { ...statement, start },
    message: `the applications are not loaded, so every request that needs a model is answered with 500: AppRegistryNotReady`,
    label: 'without `django.setup()`',
    help: 'Write `get_wsgi_application()`, of `django.core.wsgi`',
  }
}

/** The line that names the settings below the one that needs them, where nothing else names any. */
function* beforeSettings(
  { server, environment }: AppServerProgram,
  { bound, made, settingsModule, open }: WsgiScript,
  attribute: string | null,
) {
  const name = attribute ?? 'application'
  const statement = bound.get(name)
  if (open || statement === undefined || settingsModule === null) return
  if (!/(?:^|\.)get_[aw]sgi_application$/.test(made.get(name) ?? '')) return
  const variable = 'DJANGO_SETTINGS_MODULE'
  if (server.environment.some(each => each.name === variable) || environment(variable) !== null) return
  if (settingsModule.at.source !== statement.source || settingsModule.at.start < statement.start) return
  yield {
    at: statement,
    message:
      'the settings are named below this line, so the server cannot boot: ImproperlyConfigured: Requested setting INSTALLED_APPS, but settings are not configured',
    label: 'needs the settings',
    related: [{ at: settingsModule.at, message: 'named only here' }],
    help: 'Put the line with `DJANGO_SETTINGS_MODULE` above it',
  }
}

/** True where the script loads the applications by itself. */
function callsSetup({ source }: Place): boolean {
  return /\bsetup\s*\(/.test(source.code)
}
