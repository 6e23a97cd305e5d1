import { posix } from 'node:path'
import {
  missingTask,
  routedTasks,
  scheduledTasks,
  scheduleFiles,
} from '../../src/deployment/django/scheduled-tasks.ts'
import { projectDirectory } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { djangoProjects } from '../django/_projects.ts'

const project = (task: string, files: Record<string, string> = {}): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      CELERY_BROKER_URL = "redis://cache:6379/0"
      CELERY_BEAT_SCHEDULE = {
          "expire": {"task": ${task}, "schedule": 60},
      }
    `,
  }),
  'web/manage.py': 'import django\n',
  'web/orders/__init__.py': '',
  'web/orders/tasks.py': conf`
    from celery import shared_task

    @shared_task
    def expire_orders():
        pass
  `,
  ...files,
})

export default defineRule({
  summary: 'The schedule of Celery, or a route, names a task that the project does not have',
  severity: 'error',
  otherSeverities: { warning: 'for a route, without which the task goes to the default queue' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A task has the name of its module and its function, `orders.tasks.expire`. beat sends whatever the schedule says, and the worker drops what it does not know: `Received unregistered task of type …. The message has been ignored and discarded`. Nothing else tells that the job never runs.',
  remedy: 'Write the name of the module and of the function, as they are',
  references: [
    'https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html#entries',
    'https://docs.celeryq.dev/en/stable/userguide/tasks.html#names',
  ],
  unproven: 'The machines of the live tests have no Celery',
  bad: [
    { title: 'another function', files: project('«"orders.tasks.expire"»') },
    {
      title: 'a route',
      files: project('"orders.tasks.expire_orders"', {
        'web/shop/celery.py': conf`
          from celery import Celery
          app = Celery("shop")
          app.conf.task_routes = {
              «"orders.tasks.expire_order"»: {"queue": "slow"},
              "orders.tasks.*": {"queue": "fast"},
          }
        `,
      }),
    },
    { title: 'a module that is not there', files: project('«"orders.jobs.expire_orders"»') },
    {
      title: 'in the module of Celery',
      files: project('"orders.tasks.expire_orders"', {
        'web/shop/celery.py': conf`
          from celery import Celery
          app = Celery("shop")
          app.conf.beat_schedule = {
              "clean": {"task": «"orders.tasks.clean"», "schedule": 3600},
          }
        `,
      }),
    },
  ],
  good: [
    { title: 'the name as it is', files: project('"orders.tasks.expire_orders"') },
    {
      title: 'a name that the task is given',
      files: project('"orders.expire"', {
        'web/orders/jobs.py': conf`
          from celery import shared_task

          @shared_task(name="orders.expire")
          def expire_orders():
              pass
        `,
      }),
    },
    {
      title: 'a route of a task that is there',
      files: project('"orders.tasks.expire_orders"', {
        'web/shop/celery.py': conf`
          from celery import Celery
          app = Celery("shop")
          app.conf.task_routes = {"orders.tasks.expire_orders": {"queue": "slow"}}
        `,
      }),
    },
    { title: 'a task of another package', files: project('"celery.backend_cleanup"') },
    {
      title: 'a module that takes all of another one',
      files: project('"orders.jobs.expire_orders"', { 'web/orders/jobs.py': 'from orders.tasks import *\n' }),
    },
    {
      title: 'a part of a project, without its `manage.py`',
      files: Object.fromEntries(
        Object.entries(project('"orders.tasks.expire"')).filter(([path]) => path !== 'web/manage.py'),
      ),
    },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) {
      const directory = projectDirectory(settings)
      // Where it lies the project is whole, and not some files of it.
      if (directory === null || files.kind(posix.join(directory, 'manage.py')) !== 'file') continue
      for (const path of scheduleFiles(files, settings)) {
        for (const task of scheduledTasks(files, path)) {
          const missing = missingTask(files, settings, task)
          if (missing === null) continue
          const [, module = '', name = ''] = /^(.*)\.(\w+)$/.exec(task.name) ?? []
          const what =
            missing === 'module' ? `there is no module \`${module}\`` : `\`${module}\` has no \`${name}\``
          yield {
            at: task.at,
            message: `${what}, so the worker drops the task: Received unregistered task of type '${task.name}'`,
            label: missing === 'module' ? 'no such module' : 'no such task',
          }
        }
        for (const task of routedTasks(files, path)) {
          const missing = missingTask(files, settings, task)
          if (missing === null) continue
          const [, module = '', name = ''] = /^(.*)\.(\w+)$/.exec(task.name) ?? []
          yield {
            at: task.at,
            severity: 'warning' as const,
            message: `${missing === 'module' ? `there is no module \`${module}\`` : `\`${module}\` has no \`${name}\``}, so this route is of no task, and the one that is meant goes to the default queue`,
            label: missing === 'module' ? 'no such module' : 'no such task',
          }
        }
      }
    }
  },
})
