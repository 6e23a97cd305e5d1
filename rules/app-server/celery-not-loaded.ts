import { posix } from 'node:path'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import { matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import { celeryConfiguration, celeryModules } from '../../src/deployment/django/celery-configuration.ts'
import { pythonFiles } from '../../src/deployment/django/scheduled-tasks.ts'
import { projectDirectory } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { type DjangoProject, djangoProjects } from '../django/_projects.ts'
import { settingPlace, settingValue } from '../django/_setting-entries.ts'

const project = (
  files: Readonly<Record<string, string>>,
  broker = '"redis://cache:6379/0"',
  configure = 'app.config_from_object("django.conf:settings", namespace="CELERY")',
): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      import os
      ALLOWED_HOSTS = ["example.org", "web"]
      CELERY_BROKER_URL = ${broker}
    `,
  }),
  'web/shop/celery.py': conf`
    import os
    from celery import Celery
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    app = Celery("shop")
    ${configure}
    app.autodiscover_tasks()
  `,
  'web/shop/tasks.py': conf`
    from celery import shared_task
    @shared_task
    def thank(address):
        pass
  `,
  'web/shop/views.py': conf`
    from .tasks import thank
    def order(request):
        thank.delay(request.user.email)
  `,
  ...files,
})

const FAULTY = 'app.«config_from_object("django.conf:settings", namespace="CELERY")»'

export default defineRule({
  summary: 'The application of Celery is not loaded where its tasks are sent',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`@shared_task` belongs to the application that is loaded when the task is sent. Where nothing that Django loads imports the module of Celery, that is Celery’s own default, which knows no settings and looks for RabbitMQ at `localhost`: `OperationalError: [Errno 111] Connection refused`. A worker loads the module by `-A` and seems well.',
  remedy:
    'Write `from .celery import app as celery_app` into the `__init__.py` beside it, as the documentation of Celery has it',
  references: ['https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html'],
  unproven: 'Celery is none of the servers that are tried',
  bad: [
    {
      title: 'an empty package',
      files: project({ 'web/shop/__init__.py': '' }, undefined, FAULTY),
    },
    {
      title: 'the import in a comment',
      files: project(
        { 'web/shop/__init__.py': '# from .celery import app as celery_app\n' },
        undefined,
        FAULTY,
      ),
    },
  ],
  good: [
    {
      title: 'imported with the package',
      files: project({ 'web/shop/__init__.py': 'from .celery import app as celery_app\n' }),
    },
    {
      title: 'imported by the module of the tasks',
      files: project({
        'web/shop/__init__.py': '',
        'web/shop/tasks.py': conf`
          from celery import shared_task
          from shop.celery import app
          @shared_task
          def thank(address):
              pass
        `,
      }),
    },
    {
      title: 'imported when the applications are ready',
      files: project({
        'web/shop/__init__.py': '',
        'web/shop/apps.py': conf`
          from django.apps import AppConfig
          class ShopConfig(AppConfig):
              name = "shop"
              def ready(self):
                  from . import celery
        `,
      }),
    },
    {
      title: 'a broker that Celery also finds in the environment',
      files: project({ 'web/shop/__init__.py': '' }, 'os.environ["CELERY_BROKER_URL"]'),
    },
    {
      title: 'no task is sent',
      files: project({ 'web/shop/__init__.py': '', 'web/shop/views.py': '' }),
    },
  ],
  *check(deployment) {
    for (const each of djangoProjects(deployment)) {
      const celery = celeryConfiguration(each.files, each.settings)
      if (celery === null || !hasBrokerOfItsOwn(each)) continue
      const sent = sentWithout(each)
      if (sent === null) continue
      yield {
        at: celery.at,
        message:
          'nothing that Django loads imports this module, so tasks are sent to RabbitMQ at `localhost`: Connection refused',
        label: 'the worker alone has it',
        related: [
          { at: sent.sent, message: 'sent here' },
          ...(sent.package === null ? [] : [{ at: sent.package, message: 'the import belongs here' }]),
        ],
      }
    }
  },
})

/** True for a broker that is written out, and is not the one that Celery takes by itself. */
function hasBrokerOfItsOwn({ settings }: DjangoProject): boolean {
  const broker = settingValue(settings, 'CELERY_BROKER_URL')
  if (typeof broker !== 'string' || /@(?:localhost|127\.0\.0\.1)\b|^amqp:\/\/(?:localhost|127)/.test(broker))
    return false
  const at = settingPlace(settings, 'CELERY_BROKER_URL')
  if (at === null) return false
  const line = /^[^\n]*/.exec(at.source.text.slice(at.start))?.[0] ?? ''
  return !/env|config\(/i.test(line)
}

/** Where a task is sent, and the package of the module of Celery, where nothing imports that; null where something may. */
function sentWithout({
  settings,
  files,
}: DjangoProject): { readonly sent: Place; readonly package: Place | null } | null {
  const module = celeryModules(files, settings).find(path => sourceAt(files, path) !== null)
  const directory = projectDirectory(settings)
  if (module === undefined || directory === null) return null
  const name = posix.basename(module, '.py')
  const home = posix.dirname(module)
  const loads = new RegExp(
    `\\bfrom\\s+\\.+${name}\\s+import\\b|\\bfrom\\s+(?:\\.+|[\\w.]*\\b${posix.basename(home)})\\s+import\\b[^\\n]*(?:\\b${name}\\b|[*(])|\\b${posix.basename(home)}\\.${name}\\b|import_module`,
  )
  const beside = sourceAt(files, posix.join(home, '__init__.py'))
  const all = pythonFiles(files, directory)
  if (beside === null || all === null) return null
  let shared = false
  let sent: Place | null = null
  for (const path of all) {
    const source = sourceAt(files, path)
    if (source === null) return null
    if (path === module) continue
    const code = withoutComments(source.code)
    if (loads.test(code)) return null
    shared ||= /^@shared_task\b/m.test(code)
    if (!/(?:^|\/)tests?(?:\/|_|\.py$)/.test(path)) sent ??= sendingIn(source, code)
  }
  if (!shared || sent === null) return null
  const end = /^[^\n]*/.exec(beside.text)?.[0].length ?? 0
  return { sent, package: end === 0 ? null : { source: beside, start: 0, end } }
}

function sendingIn(source: Source, code: string): Place | null {
  const match = /\b\w+\.(?:delay|apply_async)(?=\()/.exec(code)
  return match === null ? null : matchedPlace(source, match)
}
