import { escapePattern } from '../../parsers/text/escape-pattern.ts'
import type { Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { celeryService, celeryTree, celeryWithoutDjango } from './_celery-examples.ts'
import { serviceUnit } from './_examples.ts'
import { celeryOption } from './_celery.ts'
import { queuesByDefault, queuesNamed } from './_celery-queues.ts'
import {
  areAllWorkers,
  isEager,
  startTexts,
  type Worker,
  workerSources,
  workersSeen,
} from './_celery-workers.ts'

const worker = (words = '', name = 'worker'): string => celeryService(`worker ${words}`, name)
const ROUTED = 'CELERY_TASK_ROUTES = {"shop.tasks.send": {"queue": "mail"}}'

export default defineRule({
  summary: 'Tasks of Celery go to a queue from which no worker takes them',
  severity: 'warning',
  otherSeverities: {
    info: 'where units start the workers, and another machine reaches the broker: it may have more of them',
  },
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
      files: celeryTree(worker(), 'CELERY_TASK_ROUTES = {"shop.tasks.send": {"queue": «"mail"»}}'),
    },
    {
      title: 'a worker of other queues, and a pattern',
      files: celeryTree(
        worker('-Q celery,orders'),
        "CELERY_TASK_ROUTES = {'shop.tasks.*': {'queue': «'mail'»}}",
      ),
    },
    {
      title: 'a worker that a unit starts',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer('', '127.0.0.1:8000')),
        'etc/systemd/system/shop.service': serviceUnit('/usr/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi'),
        'etc/systemd/system/worker.service': serviceUnit('/usr/bin/celery -A shop worker'),
        'etc/shop/manage.py': '',
        ...Object.fromEntries(
          Object.entries(celeryTree('', 'CELERY_TASK_ROUTES = {"shop.tasks.send": {"queue": «"mail"»}}'))
            .filter(([path]) => path.startsWith('shop/'))
            .map(([path, text]) => [`etc/shop/${path}`, text]),
        ),
      },
    },
    {
      title: 'a queue that a task names, beside a server with workers',
      files: {
        ...celeryTree(worker(), ''),
        'compose.yaml': celeryTree(worker(), '')['compose.yaml']!.replace('gunicorn', 'gunicorn --workers 3'),
        'shop/tasks.py': conf`
          from celery import shared_task

          @shared_task(bind=True, queue=«"mail"»)
          def send(self): pass
        `,
      },
    },
    {
      title: 'a call, and a default queue of another name',
      files: {
        ...celeryTree(worker(), 'CELERY_TASK_DEFAULT_QUEUE = "default"'),
        'shop/views.py': conf`
          from shop.celery import app

          def pay(order):
              send.apply_async(args=(order.pk, key(order)), queue=«"mail"»)
        `,
      },
    },
    {
      title: 'queues that the settings list, without it',
      files: celeryTree(
        worker(),
        'CELERY_TASK_QUEUES = [Queue("celery"), Queue("slow")]\nCELERY_TASK_ROUTES = {"shop.tasks.send": «"mail"»}',
      ),
    },
    {
      title: 'an application without Django',
      files: celeryWithoutDjango(conf`
          app.conf.update(
              task_routes=([("api.worker.*", {"queue": «"mail"»})],),
          )
      `),
    },
  ],
  good: [
    {
      title: 'a worker that a Procfile starts',
      files: { ...celeryTree(worker(), ROUTED), Procfile: 'mail: celery -A shop worker -Q mail\n' },
    },
    {
      title: 'a call in a test',
      files: {
        ...celeryTree(worker(), ''),
        'shop/tests/test_mail.py': 'from shop.celery import app\nsend.apply_async(queue="mail")\n',
      },
    },
    {
      title: 'routes of another machine',
      files: celeryTree(worker(), `import os\nif os.environ.get("BIG"):\n    ${ROUTED}`),
    },
    {
      title: 'a task of another program',
      files: {
        ...celeryTree(worker(), ''),
        'shop/jobs.py': 'from procrastinate import App\n\n@app.task(queue="mail")\ndef send(): pass\n',
      },
    },
    { title: 'a worker that takes from it', files: celeryTree(worker('-Q celery,mail'), ROUTED) },
    {
      title: 'a worker of its own',
      files: celeryTree(`${worker()}${worker('--queues=mail', 'mailer')}`, ROUTED),
    },
    { title: 'the default queue', files: celeryTree(worker(), ROUTED.replace('"mail"', '"celery"')) },
    {
      title: 'the default queue by another name',
      files: celeryTree(worker(), `CELERY_TASK_DEFAULT_QUEUE = "mail"\n${ROUTED}`),
    },
    {
      title: 'queues that the settings list for every worker',
      files: celeryTree(worker(), `CELERY_TASK_QUEUES = [Queue("celery"), Queue("mail")]\n${ROUTED}`),
    },
    { title: 'no worker is seen', files: celeryTree('', ROUTED) },
    {
      title: 'a worker that a script starts',
      files: celeryTree(
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
        ...celeryTree(worker(), ROUTED),
        'compose.mail.yaml': `services:\n  ${worker('-Q mail', 'mailer').replaceAll('\n', '\n  ')}`,
      },
    },
  ],
  *check(deployment) {
    const workers = workersSeen(deployment)
    if (workers === null) return
    const sources = workerSources(deployment, workers)
    const named = sources.flatMap(queuesNamed)
    if (named.length === 0 || sources.some(isEager)) return
    const taken = queuesTaken(workers, sources)
    if (taken === null) return
    const isWhole = areAllWorkers(workers, sources)
    const elsewhere = memoByName(name => isTakenElsewhere(name, workers))
    for (const { name, at } of named) {
      if (taken.has(name) || elsewhere(name)) continue
      yield {
        at,
        ...(!isWhole && { severity: 'info' as const }),
        message: `no worker that is seen takes tasks from the queue \`${name}\`, so they stay in the broker`,
        label: 'a queue without a worker',
        related: workers.map(each => ({ at: placeOf(each.celery.program), message: 'a worker' })),
      }
    }
  },
})

/** From which queues they take tasks; null where nobody knows. */
function queuesTaken(workers: readonly Worker[], sources: readonly Source[]): ReadonlySet<string> | null {
  const names = new Set<string>()
  for (const { celery } of workers) {
    const glued = celery.words.find(word => /^-Q./.test(word.text))?.text.slice(2)
    const written = celeryOption(celery, '-Q', '--queues')?.value ?? glued
    const queues = written === undefined ? queuesByDefault(sources) : written.split(',')
    if (queues === null) return null
    for (const name of queues) names.add(name.trim())
  }
  return names
}

/** True where another file may name the queue for a worker that is not among those seen. */
function isTakenElsewhere(name: string, workers: readonly Worker[]): boolean {
  const word = `(?<![\\w-])${escapePattern(name)}(?![\\w-])`
  const option = new RegExp(`(?:-Q|--queues)[\\s=,"'-]*[^\\s"']*${word}`)
  const mention = new RegExp(`^.*(?:celery|queue|worker).*${word}|${word}.*(?:celery|queue|worker)`, 'im')
  for (const { source, isRead } of startTexts(workers))
    if ((isRead ? option : mention).test(source.text)) return true
  return false
}

function memoByName(ask: (name: string) => boolean): (name: string) => boolean {
  const kept = new Map<string, boolean>()
  return name => {
    const known = kept.get(name) ?? ask(name)
    kept.set(name, known)
    return known
  }
}
