import { withoutComments } from '../../parsers/python/without-comments.ts'
import { isUnknownWord, type Place, type Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { scheduleFiles } from '../../src/deployment/django/scheduled-tasks.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { djangoProjects } from '../django/_projects.ts'
import { serviceUnit } from './_examples.ts'
import { celeryCommand, celeryOption } from './_celery.ts'

const tree = (workers: string, settings: string): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        build: .
        command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
        ports: ["8000:8000"]
      ${workers}
  `,
  Dockerfile: conf`
    FROM python:3.13
    WORKDIR /app
    COPY . .
  `,
  'manage.py': '',
  'shop/__init__.py': '',
  'shop/tasks.py': 'def send(): pass\n',
  'shop/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    application = get_wsgi_application()
  `,
  'shop/settings.py': conf`
    ALLOWED_HOSTS = ["example.org"]
    CELERY_BROKER_URL = "redis://cache:6379/0"
    ${settings}
  `,
})
const worker = (words = '', name = 'worker'): string => conf`
  ${name}:
    build: .
    command: celery -A shop worker ${words}
`
const ROUTED = 'CELERY_TASK_ROUTES = {"shop.tasks.send": {"queue": "mail"}}'

export default defineRule({
  summary: 'Tasks of Celery go to a queue from which no worker takes them',
  severity: 'warning',
  otherSeverities: { info: 'where units start the workers: another machine may have more of them' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'A worker without `-Q` takes tasks from the default queue alone, which is called `celery`. What `task_routes` sends to another one stays in the broker, and nothing says so: the mail is never sent, and the queue grows.',
  remedy: 'Start a worker with `-Q`, and name the default queue there too: `-Q celery,mail`',
  references: [
    'https://docs.celeryq.dev/en/stable/userguide/routing.html#automatic-routing',
    'https://docs.celeryq.dev/en/stable/userguide/workers.html#queues',
  ],
  unproven: 'The machines of the live tests have no Celery',
  bad: [
    {
      title: 'a worker of the default queue',
      files: tree(worker(), 'CELERY_TASK_ROUTES = {"shop.tasks.send": {"queue": «"mail"»}}'),
    },
    {
      title: 'a worker of other queues, and a pattern',
      files: tree(worker('-Q celery,orders'), "CELERY_TASK_ROUTES = {'shop.tasks.*': {'queue': «'mail'»}}"),
    },
    {
      title: 'a worker that a unit starts',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer('', '127.0.0.1:8000')),
        'etc/systemd/system/shop.service': serviceUnit('/usr/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi'),
        'etc/systemd/system/worker.service': serviceUnit('/usr/bin/celery -A shop worker'),
        'etc/shop/manage.py': '',
        ...Object.fromEntries(
          Object.entries(tree('', 'CELERY_TASK_ROUTES = {"shop.tasks.send": {"queue": «"mail"»}}'))
            .filter(([path]) => path.startsWith('shop/'))
            .map(([path, text]) => [`etc/shop/${path}`, text]),
        ),
      },
    },
  ],
  good: [
    { title: 'a worker that takes from it', files: tree(worker('-Q celery,mail'), ROUTED) },
    {
      title: 'a worker of its own',
      files: tree(`${worker()}${worker('--queues=mail', 'mailer')}`, ROUTED),
    },
    { title: 'the default queue', files: tree(worker(), ROUTED.replace('"mail"', '"celery"')) },
    {
      title: 'the default queue by another name',
      files: tree(worker(), `CELERY_TASK_DEFAULT_QUEUE = "mail"\n${ROUTED}`),
    },
    {
      title: 'queues that the settings list for every worker',
      files: tree(worker(), `CELERY_TASK_QUEUES = [Queue("celery"), Queue("mail")]\n${ROUTED}`),
    },
    { title: 'no worker is seen', files: tree('', ROUTED) },
    {
      title: 'a worker that a script starts',
      files: tree(
        `${worker()}${conf`
          mailer:
            build: .
            command: /start-celery-worker.sh
        `}`,
        ROUTED,
      ),
    },
    {
      title: 'a worker of another compose file',
      files: {
        ...tree(worker(), ROUTED),
        'compose.mail.yaml': `services:\n  ${worker('-Q mail', 'mailer').replaceAll('\n', '\n  ')}`,
      },
    },
  ],
  *check(deployment) {
    const taken = queuesTaken(deployment)
    if (taken === null) return
    for (const { settings, files } of djangoProjects(deployment)) {
      const sources = scheduleFiles(files, settings).flatMap(path => sourceAt(files, path) ?? [])
      const codes = sources.map(({ code }) => withoutComments(code))
      // What every worker takes from, and what it is called, stands there.
      if (taken.hasDefault && codes.some(code => DEFAULTS.test(code))) continue
      for (const { name, at } of sources.flatMap(routedQueues)) {
        if (taken.names.has(name) || taken.elsewhere(name)) continue
        yield {
          at,
          ...(!taken.isWhole && { severity: 'info' as const }),
          message: `no worker that is seen takes tasks from the queue \`${name}\`, so they stay in the broker`,
          label: 'a queue without a worker',
          related: taken.workers.map(each => ({ at: each, message: 'a worker' })),
        }
      }
    }
  },
})

const DEFAULTS = /\b(?:CELERY_(?:TASK_)?(?:DEFAULT_QUEUE|QUEUES)|task_(?:default_queue|queues))\b/

interface Taken {
  readonly names: ReadonlySet<string>
  /** True where a worker is told of no queue. */
  readonly hasDefault: boolean
  /** True where a compose file starts all workers that are seen. */
  readonly isWhole: boolean
  readonly workers: readonly Place[]
  /** Whether another file names the queue for a worker. */
  readonly elsewhere: (name: string) => boolean
}

/** From which queues the workers take tasks; null where none is seen, or one may take from others. */
function queuesTaken({ commands, machines }: Deployment): Taken | null {
  const names = new Set<string>()
  const workers: Place[] = []
  let hasDefault = false
  let isWhole = true
  for (const command of commands) {
    const text = command.words.map(word => word.text).join(' ')
    const celery = celeryCommand(command)
    const kind = celery?.words[celery.command ?? -1]?.text
    if (celery === null || kind === undefined || kind === 'multi') {
      if (/celery|worker|\.sh\b|honcho|supervisord/i.test(text)) return null
      continue
    }
    if (kind !== 'worker') continue
    if (celery.words.some(word => isUnknownWord(word.text))) return null
    workers.push(placeOf(celery.program))
    isWhole &&= command.by === 'container'
    const glued = celery.words.find(word => /^-Q./.test(word.text))?.text.slice(2)
    const queues = celeryOption(celery, '-Q', '--queues')?.value ?? glued
    if (queues === undefined) hasDefault = true
    for (const name of (queues ?? 'celery').split(',')) names.add(name.trim())
  }
  if (workers.length === 0) return null
  const sources = new Set(
    machines.flatMap(({ container }) => (container?.projects ?? []).flatMap(project => project.sources)),
  )
  return {
    names,
    hasDefault,
    isWhole,
    workers,
    elsewhere: name =>
      [...sources].some(({ text }) =>
        new RegExp(`(?:-Q|--queues)[\\s=,"']*[^\\s"']*\\b${name}\\b`).test(text),
      ),
  }
}

interface RoutedQueue {
  readonly name: string
  readonly at: Place
}

/** A dictionary whose values are dictionaries, up to its end. */
const ROUTES = /\b(?:CELERY_(?:TASK_)?ROUTES|task_routes)\s*=\s*\{(?:[^{}]|\{[^{}]*\})*\}/g
const QUEUE = /(["'])queue\1\s*:\s*((["'])([\w.-]+)\3)/g

function routedQueues(source: Source): readonly RoutedQueue[] {
  const code = withoutComments(source.code)
  return [...code.matchAll(ROUTES)].flatMap(routes =>
    [...routes[0].matchAll(QUEUE)].map(match => {
      const end = routes.index + match.index + match[0].length
      return { name: match[4]!, at: { source, start: end - match[2]!.length, end } }
    }),
  )
}
