import { withoutComments } from '../../parsers/python/without-comments.ts'
import { celeryConfiguration } from '../../src/deployment/django/celery-configuration.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { djangoProjects } from '../django/_projects.ts'
import { someFile, settingPlace } from '../django/_setting-entries.ts'

const project = (settings: string, namespace = ', namespace="CELERY"'): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      ${settings}
    `,
  }),
  'web/shop/celery.py': conf`
    import os
    from celery import Celery
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    app = Celery("shop")
    app.config_from_object("django.conf:settings"${namespace})
    app.autodiscover_tasks()
  `,
})

export default defineRule({
  summary: 'Celery does not read a setting by the name that it has',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `namespace="CELERY"` Celery reads the names that begin with `CELERY_`, and behind it the names that Celery 4 has: `CELERY_BROKER_URL`, `CELERY_TASK_TIME_LIMIT`, `CELERY_BEAT_SCHEDULE`. The older ones, `BROKER_URL`, `CELERYD_TASK_TIME_LIMIT`, `CELERYBEAT_SCHEDULE`, it passes over without a word, and without a namespace it passes over `CELERY_BROKER_URL`. Workers then look for RabbitMQ at `localhost` (`Cannot connect to amqp://guest:**@127.0.0.1:5672//`), tasks are never stopped, and beat has no schedule.',
  remedy: 'Write the name that Celery reads with this namespace',
  references: [
    'https://docs.celeryq.dev/en/stable/userguide/configuration.html#new-lowercase-settings',
    'https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html',
  ],
  unproven: 'Celery is none of the servers that are tried',
  bad: [
    { title: 'the broker by its older name', files: project('«BROKER_URL» = "redis://cache:6379/0"') },
    {
      title: 'a time limit by its older name',
      files: project(conf`
        CELERY_BROKER_URL = "redis://cache:6379/0"
        «CELERYD_TASK_TIME_LIMIT» = 300
      `),
    },
    {
      title: 'the schedule of beat',
      files: project(conf`
        CELERY_BROKER_URL = "redis://cache:6379/0"
        «CELERYBEAT_SCHEDULE» = {"orders": {"task": "shop.tasks.orders", "schedule": 60}}
      `),
    },
    {
      title: 'a name with the namespace, and no namespace',
      files: project('«CELERY_BROKER_URL» = "redis://cache:6379/0"', ''),
    },
    { title: 'a part of the name', files: project('«CELERY_BROKER» = "redis://cache:6379/0"') },
  ],
  good: [
    {
      title: 'the names of the namespace',
      files: project(conf`
        CELERY_BROKER_URL = "redis://cache:6379/0"
        CELERY_TASK_TIME_LIMIT = 300
        CELERY_RESULT_BACKEND = "redis://cache:6379/1"
      `),
    },
    { title: 'the older names without one', files: project('BROKER_URL = "redis://cache:6379/0"', '') },
    {
      title: 'both names',
      files: project(conf`
        BROKER_URL = "redis://cache:6379/0"
        CELERY_BROKER_URL = BROKER_URL
      `),
    },
    {
      title: 'a variable that Celery reads by itself',
      files: project(conf`
        import os
        BROKER_URL = os.environ["CELERY_BROKER_URL"]
      `),
    },
    {
      title: 'a switch that is off by itself',
      files: project(conf`
        CELERY_BROKER_URL = "redis://cache:6379/0"
        CELERY_ALWAYS_EAGER = False
      `),
    },
    {
      title: 'a value for the project',
      files: project(conf`
        CELERY_BROKER = "cache"
        CELERY_BROKER_URL = f"redis://{CELERY_BROKER}:6379/0"
      `),
    },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) {
      const celery = celeryConfiguration(files, settings)
      if (celery === null || (celery.namespace !== null && celery.namespace !== 'CELERY')) continue
      const names = celery.namespace === null ? WITHOUT : WITH
      for (const [name, now] of names) {
        if (!settings.names.has(name) || settings.get(now) !== null) continue
        if (/BROKER/.test(now) && !celery.isBrokerOfSettings) continue
        const written = settings.get(name)
        // Each switch of them but one is off by itself.
        if (written?.known === true && written.value === false && name !== 'CELERYD_HIJACK_ROOT_LOGGER')
          continue
        const at = isUsed(name, settings, files) ? null : settingPlace(settings, name)
        if (at === null) continue
        yield {
          at,
          message: `Celery reads \`${now}\` here, which nothing sets, and never \`${name}\``,
          label: 'not read by Celery',
          help: `Write it as \`${now}\``,
          related: [
            {
              at: celery.at,
              message:
                celery.namespace === null
                  ? 'without a namespace'
                  : `with the namespace \`${celery.namespace}\``,
            },
          ],
        }
      }
    }
  },
})

const ALIKE = ['URL', 'TRANSPORT_OPTIONS', 'POOL_LIMIT', 'HEARTBEAT', 'CONNECTION_TIMEOUT', 'USE_SSL']

/** The names that Celery has had, and those that it reads with the namespace `CELERY`. */
const WITH: readonly (readonly [string, string])[] = [
  ...ALIKE.map(each => [`BROKER_${each}`, `CELERY_BROKER_${each}`] as const),
  ['CELERY_BROKER', 'CELERY_BROKER_URL'],
  ['CELERY_BACKEND', 'CELERY_RESULT_BACKEND'],
  ['CELERYD_TASK_TIME_LIMIT', 'CELERY_TASK_TIME_LIMIT'],
  ['CELERYD_TASK_SOFT_TIME_LIMIT', 'CELERY_TASK_SOFT_TIME_LIMIT'],
  ['CELERYD_CONCURRENCY', 'CELERY_WORKER_CONCURRENCY'],
  ['CELERYD_PREFETCH_MULTIPLIER', 'CELERY_WORKER_PREFETCH_MULTIPLIER'],
  ['CELERYD_MAX_TASKS_PER_CHILD', 'CELERY_WORKER_MAX_TASKS_PER_CHILD'],
  ['CELERYD_HIJACK_ROOT_LOGGER', 'CELERY_WORKER_HIJACK_ROOT_LOGGER'],
  ['CELERYBEAT_SCHEDULE', 'CELERY_BEAT_SCHEDULE'],
  ['CELERYBEAT_SCHEDULER', 'CELERY_BEAT_SCHEDULER'],
  ['CELERY_TASK_RESULT_EXPIRES', 'CELERY_RESULT_EXPIRES'],
  ['CELERY_DEFAULT_QUEUE', 'CELERY_TASK_DEFAULT_QUEUE'],
  ['CELERY_QUEUES', 'CELERY_TASK_QUEUES'],
  ['CELERY_ROUTES', 'CELERY_TASK_ROUTES'],
  ['CELERY_ACKS_LATE', 'CELERY_TASK_ACKS_LATE'],
  ['CELERY_IGNORE_RESULT', 'CELERY_TASK_IGNORE_RESULT'],
  ['CELERY_TRACK_STARTED', 'CELERY_TASK_TRACK_STARTED'],
  ['CELERY_SEND_EVENTS', 'CELERY_WORKER_SEND_TASK_EVENTS'],
  ['CELERY_ALWAYS_EAGER', 'CELERY_TASK_ALWAYS_EAGER'],
]

/** The names with a namespace, and those that Celery reads without one. */
const WITHOUT: readonly (readonly [string, string])[] = [
  ...ALIKE.map(each => [`CELERY_BROKER_${each}`, `BROKER_${each}`] as const),
  ['CELERY_TASK_TIME_LIMIT', 'CELERYD_TASK_TIME_LIMIT'],
  ['CELERY_TASK_SOFT_TIME_LIMIT', 'CELERYD_TASK_SOFT_TIME_LIMIT'],
  ['CELERY_WORKER_CONCURRENCY', 'CELERYD_CONCURRENCY'],
  ['CELERY_BEAT_SCHEDULE', 'CELERYBEAT_SCHEDULE'],
  ['CELERY_BEAT_SCHEDULER', 'CELERYBEAT_SCHEDULER'],
]

/** True where the files of the settings read it, or give it a variable that Celery looks at by itself. */
function isUsed(name: string, settings: DjangoSettings, files: FileSystem): boolean {
  const read = new RegExp(`\\b${name}\\b(?!\\s*=[^=])`)
  return someFile(settings, files, text => {
    const code = withoutComments(text)
    return (
      read.test(code) || (/BROKER_URL$/.test(name) && /environ|env|config\(/.test(brokerVariable(code, name)))
    )
  })
}

/** The line that assigns it. */
function brokerVariable(code: string, name: string): string {
  const line = new RegExp(`^[ \\t]*${name}\\s*=([^\\n]*(?:\\n[ \\t]+[^\\n]*)*)`, 'm').exec(code)?.[1] ?? ''
  return /CELERY_BROKER_URL/.test(line) ? line : ''
}
