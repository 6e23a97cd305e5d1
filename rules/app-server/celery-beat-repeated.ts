import type { Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Deployment, StartedCommand } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type CeleryCommand, celeryCommand } from './_celery.ts'
import { pythonCode } from './_celery-queues.ts'
import { workerSources } from './_celery-workers.ts'

const compose = (services: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        build: .
        command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
      nginx:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
      ${services}
  `,
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
  `,
  'site.conf': conf`
    server {
        listen 80;
        location / {
            proxy_pass http://web:8000;
            proxy_set_header Host $host;
        }
    }
  `,
})

export default defineRule({
  summary: 'More than one beat sends the tasks of the same schedule',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Beat does not know of another one, unless its scheduler keeps a lock as that of RedBeat does: each that runs sends every task when its time has come. `-B` starts one inside of a worker, so several containers of it, or a beat of its own beside them, run each task as many times: mails go out twice, invoices are written twice.',
  remedy: 'Start `celery beat` once, in a service of its own with one container, and leave `-B` out',
  references: [
    'https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html#starting-the-scheduler',
    'https://docs.celeryq.dev/en/stable/reference/cli.html#cmdoption-celery-worker-B',
  ],
  unproven: 'The machines of the live tests have no Celery',
  bad: [
    {
      title: 'several containers',
      files: compose(conf`
        worker:
          build: .
          command: celery -A shop worker «-B» -l info
          deploy:
            replicas: 3
      `),
    },
    {
      title: 'beat in several containers',
      files: compose(conf`
        beat:
          build: .
          command: celery -A shop «beat»
          scale: 2
      `),
    },
    {
      title: 'a worker with beat, and beat beside it',
      files: compose(conf`
        worker:
          build: .
          command: celery -A shop worker «--beat»
        beat:
          build: .
          command: celery -A shop beat
      `),
    },
  ],
  good: [
    {
      title: 'one beat, several workers',
      files: compose(conf`
        worker:
          build: .
          command: celery -A shop worker
          deploy:
            replicas: 3
        beat:
          build: .
          command: celery -A shop beat
      `),
    },
    {
      title: 'one worker with beat',
      files: compose(conf`
        worker:
          build: .
          command: celery -A shop worker -B
      `),
    },
    {
      title: 'beats of two applications',
      files: compose(conf`
        worker:
          build: .
          command: celery -A shop worker -B
        beat:
          build: .
          command: celery -A ledger beat
      `),
    },
    {
      title: 'schedules that know of each other, as the settings say',
      files: {
        ...compose(conf`
          worker:
            build: .
            command: celery -A shop worker -B
            deploy:
              replicas: 3
        `),
        'shop/celery.py': conf`
          from celery import Celery

          app = Celery("shop")
          app.conf.beat_scheduler = "redbeat.RedBeatScheduler"
        `,
      },
    },
    {
      title: 'schedules that know of each other',
      files: compose(conf`
        beat:
          build: .
          command: celery -A shop beat -S redbeat.RedBeatScheduler
          scale: 2
      `),
    },
  ],
  *check(deployment) {
    const byHome = new Map<object, Map<string, Beat[]>>()
    for (const command of deployment.commands) {
      const beat = beatOf(command)
      if (beat === null) continue
      const { container } = command.machine
      const replicas = container?.service.replicas
      const count = replicas?.known === true ? Number(replicas.value) : 1
      if (count > 1) {
        if (hasOtherScheduler(deployment, [beat])) continue
        yield {
          at: beat.at,
          message: `each of ${count} containers runs beat, so every task of the schedule is sent ${count} times`,
          label: `${count} times`,
          help: 'Start `celery beat` in a service of its own, once',
        }
        continue
      }
      // Services that are started on demand, or instead of others, are no second one.
      if (container !== null && container.service.profiles.length > 0) continue
      const home = container?.project ?? command.machine
      const byApplication = byHome.get(home) ?? new Map<string, Beat[]>()
      byHome.set(home, byApplication)
      byApplication.set(beat.application, [...(byApplication.get(beat.application) ?? []), beat])
    }
    for (const beats of [...byHome.values()].flatMap(each => [...each.values()])) {
      const inside = beats.find(({ isInside }) => isInside)
      const other = beats.find(each => each !== inside)
      if (inside === undefined || other === undefined || hasOtherScheduler(deployment, [inside, other]))
        continue
      yield {
        at: inside.at,
        message: `beat of \`${inside.application}\` runs here and once more, so every task of the schedule is sent twice`,
        label: 'a beat inside of the worker',
        related: [{ at: other.at, message: 'another beat' }],
        help: 'Leave it out here',
      }
    }
  },
})

/** True where the settings name a scheduler that may keep a lock, so that one beat alone sends. */
function hasOtherScheduler(deployment: Deployment, beats: readonly Beat[]): boolean {
  const workers = beats.map(({ started, celery }) => ({ ...started, celery }))
  return workerSources(deployment, workers).some(source => OTHER_SCHEDULER.test(pythonCode(source)))
}

const OTHER_SCHEDULER =
  /beat_scheduler\b["']?\]?\s*[=:]\s*(?!["'](?:celery\.beat|django_celery_beat|django)\b)|\bredbeat_/i

interface Beat {
  readonly at: Place
  readonly started: StartedCommand
  readonly celery: CeleryCommand
  readonly application: string
  /** True for one inside of a worker. */
  readonly isInside: boolean
}

function beatOf(started: StartedCommand): Beat | null {
  const celery = celeryCommand(started)
  if (celery === null || celery.command === null) return null
  const { words, command } = celery
  if (words.some(({ text }) => /RedBeat|Lock/i.test(text))) return null
  const name = words[command]?.text
  const inside = words.find(({ text }, index) => index > command && /^(?:--beat|-[a-zA-Z]*B)$/.test(text))
  const at = name === 'beat' ? words[command] : name === 'worker' ? inside : undefined
  const option = words.findIndex(({ text }) => /^(?:-A|--app)$/.test(text))
  const application =
    words[option + 1]?.text ?? words.find(({ text }) => text.startsWith('--app='))?.text.slice(6)
  if (at === undefined || application === undefined) return null
  return {
    at: placeOf(at),
    started,
    celery,
    application: application.split('.')[0] ?? '',
    isInside: name === 'worker',
  }
}
