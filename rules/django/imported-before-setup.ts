import { importedFile, importedNames, moduleOfProject } from '../../src/deployment/django/imported-names.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from './_examples.ts'
import { modelsBehind } from './_models-behind.ts'

const project = (script: string, files: Record<string, string> = {}): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
    `,
  }),
  'web/shop/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

    ${script}
  `,
  'web/shop/ledger.py': conf`
    from django.contrib.auth.models import User


    def owner(name):
        return User.objects.filter(username=name)
  `,
  'web/shop/plain.py': conf`
    def owner(name):
        from django.contrib.auth.models import User

        return User.objects.filter(username=name)
  `,
  ...files,
})

export default defineRule({
  summary: 'The script imports models before Django has loaded the applications',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`get_asgi_application()` and `get_wsgi_application()` load the settings and the applications. What the script imports above that line is loaded before them: consumers and routing of Channels, middleware, signals. Where these import a model, the server does not boot: `AppRegistryNotReady: Apps aren’t loaded yet`, or `ImproperlyConfigured: Requested setting INSTALLED_APPS, but settings are not configured`.',
  remedy:
    'Call `get_asgi_application()` first, keep what it returns in a name, and import consumers and routing below it',
  references: [
    'https://channels.readthedocs.io/en/stable/deploying.html#configuring-the-asgi-application',
    'https://docs.djangoproject.com/en/stable/ref/applications/#troubleshooting',
  ],
  bad: [
    {
      title: 'a module that needs users',
      files: project(conf`
        from shop.ledger import «owner»

        application = get_wsgi_application()
      `),
    },
    {
      title: 'consumers, by way of their routing',
      files: {
        ...project(''),
        ...djangoBehindNginx({
          settings: 'INSTALLED_APPS = ["channels", "chat"]\n',
          command: 'uvicorn --host 0.0.0.0 --port 8000 shop.asgi:application',
        }),
        'web/shop/asgi.py': conf`
          import os
          from channels.routing import ProtocolTypeRouter, URLRouter
          from django.core.asgi import get_asgi_application

          import «chat.routing»

          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
          application = ProtocolTypeRouter(
              {
                  "http": get_asgi_application(),
                  "websocket": URLRouter(chat.routing.websocket_urlpatterns),
              }
          )
        `,
        'web/chat/__init__.py': '',
        'web/chat/routing.py': conf`
          from . import consumers

          websocket_urlpatterns = []
        `,
        'web/chat/consumers.py': conf`
          from .models import Message
        `,
        'web/chat/models.py': conf`
          from django.db import models


          class Message(models.Model):
              text = models.TextField()
        `,
      },
    },
  ],
  good: [
    {
      title: 'below the line that loads them',
      files: project(conf`
        application = get_wsgi_application()

        from shop.ledger import owner
      `),
    },
    {
      title: 'a module that needs users when it is called',
      files: project(conf`
        from shop.plain import owner

        application = get_wsgi_application()
      `),
    },
    {
      title: 'a script that loads them by itself',
      files: project(conf`
        import django

        django.setup()
        from shop.ledger import owner

        application = get_wsgi_application()
      `),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      if (program.server.program === 'runserver') continue
      const loaded = deployment.moduleOf(program)
      const { container, files } = program.machine
      if (loaded?.settings != null)
        yield* modelsBefore(loaded.settings, loaded.module, container?.files ?? files)
    }
  },
})

/** What is imported before the applications are loaded, and leads to models. */
function* modelsBefore(settings: DjangoSettings, module: string, files: FileSystem) {
  const script = moduleOfProject(files, settings, module)
  if (script === null) return
  const loads = script.source.code.search(/^[^#\n]*\b(?:get_[aw]sgi_application|setup)\(/m)
  if (loads === -1) return
  for (const imported of importedNames(files, script.path)) {
    if (imported.at.start > loads) return
    const path = importedFile(files, settings, script.path, imported)
    const models = path === null ? null : modelsBehind(files, settings, path, new Set([script.path]))
    if (models !== null)
      yield {
        at: imported.at,
        message: `this leads to \`${models}\` before the applications are loaded, so the server cannot boot: AppRegistryNotReady: Apps aren't loaded yet`,
        label: 'imported too early',
        help: 'Import it below the line that calls `get_asgi_application()`, and keep what that returns in a name',
      }
  }
}
