import { withoutComments } from '../../parsers/shell/without-comments.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { StartedCommand } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { schedulesIn, startsBeat } from './_celery-schedules.ts'
import {
  areAllWorkers,
  isEager,
  startTexts,
  type Worker,
  workerSources,
  workersSeen,
} from './_celery-workers.ts'
import { celeryService, celeryTree, celeryWithoutDjango } from './_celery-examples.ts'
import { serviceUnit } from './_examples.ts'

const worker = (words = 'worker', name = 'worker'): string => celeryService(words, name)
const SCHEDULE = conf`
  «CELERY_BEAT_SCHEDULE» = {
      "remind": {"task": "shop.tasks.remind", "schedule": 3600.0},
  }
`

export default defineRule({
  summary: 'Nothing starts celery beat, so no task of its schedule is ever sent',
  severity: 'warning',
  otherSeverities: {
    info: 'where units start the workers, and another machine reaches the broker: it may run beat',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'A worker takes tasks and sends none by itself: `beat_schedule`, `add_periodic_task` and the tables of django-celery-beat are read by `celery beat` alone, or by a worker with `-B`. Without it no log has a word of it, and the task runs whenever somebody starts it by hand.',
  remedy: 'Start `celery -A shop beat` once, as a service of its own, beside the workers',
  references: [
    'https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html#starting-the-scheduler',
    'https://django-celery-beat.readthedocs.io/en/latest/#example-running-periodic-tasks',
  ],
  unproven: 'The machines of the live tests have no Celery',
  bad: [
    { title: 'a worker alone', files: celeryTree(worker('worker -l info'), SCHEDULE) },
    {
      title: 'the schedule of an application without Django',
      files: celeryWithoutDjango(conf`
          app.conf.«beat_schedule» = {
              "remind": {"task": "api.worker.remind", "schedule": 60},
          }
      `),
    },
    {
      title: 'tasks that are added when the application is ready',
      files: {
        ...celeryTree(worker(), ''),
        'shop/celery.py': conf`
          from celery import Celery
          app = Celery("shop")

          @app.on_after_finalize.connect
          def setup_periodic_tasks(sender, **kwargs):
              sender.«add_periodic_task»(3600.0, remind.s(), name="remind")
        `,
      },
    },
    {
      title: 'a worker that a unit starts',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer('', '127.0.0.1:8000')),
        'etc/systemd/system/shop.service': serviceUnit('/usr/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi'),
        'etc/systemd/system/worker.service': serviceUnit('/usr/bin/celery -A shop worker'),
        'etc/shop/manage.py': '',
        ...Object.fromEntries(
          Object.entries(celeryTree('', SCHEDULE))
            .filter(([path]) => path.startsWith('shop/'))
            .map(([path, text]) => [`etc/shop/${path}`, text]),
        ),
      },
    },
  ],
  good: [
    { title: 'beat beside it', files: celeryTree(`${worker()}${worker('beat', 'beat')}`, SCHEDULE) },
    { title: 'a worker with beat in it', files: celeryTree(worker('worker -B'), SCHEDULE) },
    { title: 'letters of options in one', files: celeryTree(worker('worker -EB'), SCHEDULE) },
    { title: 'no schedule', files: celeryTree(worker(), 'CELERY_BEAT_SCHEDULE = {}') },
    {
      title: 'a schedule of some installations',
      files: celeryTree(
        worker(),
        `import os\nif os.environ.get("BIG"):\n    CELERY_BEAT_SCHEDULE = {"a": {"task": "shop.tasks.remind"}}`,
      ),
    },
    { title: 'no worker is seen', files: celeryTree('', SCHEDULE) },
    {
      title: 'a Procfile starts it',
      files: { ...celeryTree(worker(), SCHEDULE), Procfile: 'beat: celery -A shop beat\n' },
    },
    {
      title: 'a script that nobody here calls starts it',
      files: { ...celeryTree(worker(), SCHEDULE), 'start-beat.sh': 'exec celery -A shop beat\n' },
    },
    {
      title: 'a service of an image that somebody else builds',
      files: celeryTree(
        `${worker()}${conf`
          scheduler:
            image: registry.example.org/shop-celery-beat
        `}`,
        SCHEDULE,
      ),
    },
    {
      title: 'a command of the project starts it',
      files: {
        ...celeryTree(worker(), SCHEDULE),
        'shop/management/commands/schedule.py': 'subprocess.run(["celery", "-A", "shop", "beat"])\n',
      },
    },
  ],
  *check(deployment) {
    const workers = workersSeen(deployment)
    if (workers === null || deployment.commands.some(isBeat)) return
    const sources = workerSources(deployment, workers)
    const schedules = sources.flatMap(schedulesIn)
    if (schedules.length === 0 || sources.some(each => isEager(each) || startsBeat(each))) return
    if (isStartedElsewhere(workers)) return
    const isWhole = areAllWorkers(workers, sources)
    for (const at of schedules)
      yield {
        at,
        ...(!isWhole && { severity: 'info' as const }),
        message:
          'workers run, and nothing that is seen starts `celery beat`, so none of these tasks is ever sent',
        label: 'read by beat alone',
        related: workers.map(each => ({
          at: placeOf(each.celery.program),
          message: 'a worker, without `-B`',
        })),
      }
  },
})

function isBeat(command: StartedCommand): boolean {
  return command.words.some(({ text }) => /[Bb]eat|BEAT|^-[A-Za-z]*B$/.test(text))
}

/** What else may start it, in a file of which nobody here knows who runs it; a comment starts nothing. */
function isStartedElsewhere(workers: readonly Worker[]): boolean {
  for (const { source } of startTexts(workers))
    if (/(?<![Hh]eart[-_]?)(?:[Bb]eat|BEAT)|\s-[A-Za-z]*B\b/.test(withoutComments(source.text))) return true
  return false
}
