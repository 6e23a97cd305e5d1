import { closingBracket } from '../../parsers/python/closing-bracket.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { celeryService, celeryTree } from './_celery-examples.ts'
import { pythonCode } from './_celery-queues.ts'
import { isEager, type Worker, workerSources, workersSeen } from './_celery-workers.ts'

const WORKER = celeryService('worker')
const calling = (lines: string, settings = ''): Record<string, string> => ({
  ...celeryTree(WORKER, settings),
  'shop/views.py': conf`
    from datetime import timedelta
    from django.utils import timezone
    from shop.tasks import remind

    ${lines}
  `,
})
const HOURLY = 'remind.apply_async([pk], countdown=1800)'

export default defineRule({
  summary: 'Redis delivers a task again and again while it waits for its time',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A task with `eta` or `countdown` waits in a worker, and is not acknowledged before it runs. What is not acknowledged within the visibility timeout of the Redis transport, one hour where nothing is set, is delivered again, each hour anew, and all copies run when the time has come: the same reminder is sent ten times.',
  remedy:
    'Set `broker_transport_options = {"visibility_timeout": …}` to more than the longest wait, or keep the time in the database and ask for what is due with `celery beat`',
  references: [
    'https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html#visibility-timeout',
    'https://docs.celeryq.dev/en/stable/userguide/calling.html#eta-and-countdown',
  ],
  unproven: 'The machines of the live tests have no Celery',
  bad: [
    { title: 'a countdown', files: calling('remind.apply_async([pk], countdown=«24 * 60 * 60»)') },
    {
      title: 'a time from now',
      files: calling('remind.apply_async(args=(pk,), eta=«timezone.now() + timedelta(days=2)»)'),
    },
    {
      title: 'the day before a date',
      files: calling(conf`
        def plan(visit):
            when = visit.starts - timedelta(days=1)
            remind.apply_async([visit.pk], eta=«when»)
      `),
    },
    {
      title: 'a constant, and a timeout that is shorter',
      files: calling(
        conf`
          DELAY = 7 * 24 * 3600
          remind.apply_async(
              [pk],
              countdown=«DELAY»,
          )
        `,
        'CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 12 * 3600}',
      ),
    },
    {
      title: 'Redis by a variable',
      files: Object.fromEntries(
        Object.entries(calling('remind.apply_async([pk], countdown=«86400»)')).map(([path, text]) => [
          path,
          text
            .replace('"redis://cache:6379/0"', 'os.environ["BROKER"]')
            .replace(
              'celery -A shop worker',
              'celery -A shop worker\n    environment: { BROKER: "redis://cache" }',
            ),
        ]),
      ),
    },
    {
      title: 'a retry',
      files: {
        ...celeryTree(WORKER, ''),
        'shop/tasks.py': conf`
          from celery import shared_task

          @shared_task(bind=True)
          def send(self):
              raise self.retry(countdown=«6 * 3600»)
        `,
      },
    },
  ],
  good: [
    { title: 'within the hour', files: calling(HOURLY) },
    {
      title: 'a longer timeout',
      files: calling(
        'remind.apply_async([pk], countdown=24 * 60 * 60)',
        'CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 48 * 3600}',
      ),
    },
    {
      title: 'a timeout that a variable gives',
      files: calling(
        'remind.apply_async([pk], countdown=24 * 60 * 60)',
        'CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": LONGEST}',
      ),
    },
    {
      title: 'RabbitMQ',
      files: Object.fromEntries(
        Object.entries(calling('remind.apply_async([pk], countdown=86400)')).map(([path, text]) => [
          path,
          text.replace('redis://cache:6379/0', 'amqp://broker//'),
        ]),
      ),
    },
    {
      title: 'a broker that a variable names',
      files: Object.fromEntries(
        Object.entries(calling('remind.apply_async([pk], countdown=86400)')).map(([path, text]) => [
          path,
          text.replace('"redis://cache:6379/0"', 'os.environ["BROKER"]'),
        ]),
      ),
    },
    {
      title: 'another broker by a variable',
      files: Object.fromEntries(
        Object.entries(calling('remind.apply_async([pk], countdown=86400)')).map(([path, text]) => [
          path,
          text
            .replace('"redis://cache:6379/0"', 'os.environ.get("BROKER", "redis://cache:6379/0")')
            .replace(
              'celery -A shop worker',
              'celery -A shop worker\n    environment: { BROKER: "amqp://queue//" }',
            ),
        ]),
      ),
    },
    { title: 'a wait that nobody knows', files: calling('remind.apply_async([pk], eta=visit.starts)') },
    {
      title: 'a few minutes before a date',
      files: calling('remind.apply_async([pk], eta=visit.starts - timedelta(minutes=10))'),
    },
    {
      title: 'a time that has been',
      files: calling('remind.apply_async([pk], eta=timezone.now() - timedelta(days=1))'),
    },
    {
      title: 'tasks that run where they are called',
      files: calling('remind.apply_async([pk], countdown=86400)', 'CELERY_TASK_ALWAYS_EAGER = True'),
    },
    {
      title: 'a call in a test',
      files: {
        ...calling(HOURLY),
        'shop/tests/test_mail.py': 'remind.apply_async([pk], countdown=86400)\n',
      },
    },
  ],
  *check(deployment) {
    const workers = workersSeen(deployment)
    if (workers === null) return
    const sources = workerSources(deployment, workers)
    const waits = sources.flatMap(waitsIn)
    if (waits.length === 0 || sources.some(isEager)) return
    const broker = redisBroker(workers, sources)
    const limit = visibilityTimeout(sources)
    if (broker === null || limit === null) return
    for (const { seconds, at, isFromDate } of waits) {
      if (seconds <= limit) continue
      yield {
        at,
        message: `the task waits ${isFromDate ? 'for a date' : hours(seconds)}, and Redis delivers it again after ${hours(limit)} (\`visibility_timeout\`): it runs several times`,
        label: 'longer than the visibility timeout',
        related: [
          { at: broker, message: 'the broker' },
          ...workers.slice(0, 1).map(({ celery }) => ({ at: placeOf(celery.program), message: 'a worker' })),
        ],
      }
    }
  },
})

function hours(seconds: number): string {
  const rounded = Math.round(seconds / 360) / 10
  return rounded === 1 ? 'one hour' : `${rounded} hours`
}

const BROKER = /(?:^|[\s(,.{])["']?(?:CELERY_)?broker(?:_url)?["']?\s*[=:]\s*((?:[^\n#(,]|\([^()\n]*\))*)/gim
const REDIS = /["']rediss?:\/\//
const OTHERS = /["'](?:amqps?|pyamqp|sqs|sentinel|memory|filesystem|confluentkafka|gcpubsub):\/\//

/** Where Redis is named as the broker; null where it may be another one. */
function redisBroker(workers: readonly Worker[], sources: readonly Source[]): Place | null {
  const places: (Place | null)[] = sources.flatMap(source => {
    const code = pythonCode(source)
    if (OTHERS.test(code)) return [null]
    if (!/celery/i.test(code)) return []
    return [...code.matchAll(BROKER)].map(({ 0: whole, 1: value = '', index }) => {
      const end = index + whole.trimEnd().length
      return isRedis(value, workers) ? { source, start: end - value.trimEnd().length, end } : null
    })
  })
  return places.includes(null) ? null : (places[0] ?? null)
}

/** True for the address of a Redis, and for variables that name one to every worker. */
function isRedis(value: string, workers: readonly Worker[]): boolean {
  const names = [...value.matchAll(/["']([A-Z][A-Z\d_]*)["']/g)].map(([, name = '']) => name)
  const told = names.flatMap(name => workers.map(({ environment }) => environment(name)))
  if (told.some(fact => fact !== null && !(fact.known && /^rediss?:\/\//.test(fact.value)))) return false
  return REDIS.test(value) || (told.length > 0 && !told.includes(null))
}

const HOUR = 3600
const TIMEOUT = /\bvisibility_timeout\b["']?\s*[\]]?\s*[:=]?\s*([^,}\n#)]*)/g

/** The longest that is set, an hour where none is; null where nobody knows. */
function visibilityTimeout(sources: readonly Source[]): number | null {
  const set = sources.flatMap(source => [...pythonCode(source).matchAll(TIMEOUT)])
  const seconds = set.map(([, text = '']) => numberOf(text))
  return seconds.includes(null) ? null : seconds.length === 0 ? HOUR : Math.max(...seconds.map(Number))
}

interface Wait {
  readonly seconds: number
  readonly at: Place
  /** True where it is that long before a date, which is farther away than this. */
  readonly isFromDate: boolean
}

const CALLS = /(?:\.apply_async|\bsend_task|\.retry)\s*(?=\()/g
const KEYWORD = /(?<=[(,]\s*)(countdown|eta)\s*=\s*(?=[^\s=])/g

function waitsIn(source: Source): readonly Wait[] {
  if (!/\b(?:eta|countdown)\s*=/.test(source.code)) return []
  const code = pythonCode(source)
  return [...code.matchAll(CALLS)].flatMap(({ 0: word, index }) => {
    const start = index + word.length
    const end = closingBracket(code, start)
    if (end === null) return []
    return [...code.slice(start, end).matchAll(KEYWORD)].flatMap(match => {
      const from = start + match.index + match[0].length
      const text = argumentAt(code, from, end)
      const given = /^\w+$/.test(text) && !/^\d/.test(text) ? assignedAbove(code, text, index) : text
      const wait = given === null ? null : match[1] === 'eta' ? timeOf(given) : secondsOf(given)
      return wait === null ? [] : [{ ...wait, at: { source, start: from, end: from + text.length } }]
    })
  })
}

/** An argument as far as its comma. */
function argumentAt(code: string, start: number, end: number): string {
  for (let index = start; index < end; index++) {
    if (code[index] === ',') return code.slice(start, index).trimEnd()
    const closed = '([{'.includes(code[index]!) ? closingBracket(code, index) : null
    if (closed !== null) index = closed
  }
  return code.slice(start, end).trimEnd()
}

/** What the nearest line above gives a name; null where no line does, or where others may. */
function assignedAbove(code: string, name: string, before: number): string | null {
  const lines = [
    ...code.slice(0, before).matchAll(new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*(\\S.*)$`, 'gm')),
  ]
  return lines.length === 1 ? (lines[0]?.[1]?.trim() ?? null) : null
}

type Length = Pick<Wait, 'seconds' | 'isFromDate'>

function secondsOf(text: string): Length | null {
  const seconds = numberOf(text) ?? deltaOf(/^(.*)\.total_seconds\(\)$/.exec(text)?.[1] ?? '')
  return seconds === null ? null : { seconds, isFromDate: false }
}

const NOW = /\b(?:utc)?now\((?:[^()]|\([^()]*\))*\)$/

/** `now() + timedelta(…)`, or `date - timedelta(…)`. */
function timeOf(text: string): Length | null {
  const [, base = '', sign, delta = ''] =
    /^(.+?)\s*([+-])\s*((?:\w+\.)?timedelta\([^()]*\))$/s.exec(text) ?? []
  const seconds = deltaOf(delta)
  if (seconds === null) return null
  const isNow = NOW.test(base)
  if (isNow !== (sign === '+')) return null
  // Nobody plans a day before a date that is not days away.
  if (!isNow && (!/^[\w.]+$/.test(base) || /now|today/i.test(base) || seconds < 24 * HOUR)) return null
  return { seconds, isFromDate: !isNow }
}

const UNITS: Readonly<Record<string, number>> = {
  weeks: 7 * 24 * HOUR,
  days: 24 * HOUR,
  hours: HOUR,
  minutes: 60,
  seconds: 1,
}

/** The seconds of `timedelta(days=1, hours=2)`; null for everything else. */
function deltaOf(text: string): number | null {
  const [, inside] = /^(?:\w+\.)?timedelta\(([^()]*)\)$/.exec(text.trim()) ?? []
  if (inside === undefined) return null
  const parts = inside.split(',').filter(part => part.trim() !== '')
  const seconds = parts.map((part, index) => {
    const [unit = '', value] = part.includes('=')
      ? part.split('=').map(each => each.trim())
      : ['', part.trim()]
    const factor = unit === '' ? (index === 0 ? 24 * HOUR : undefined) : UNITS[unit]
    const number = numberOf(value ?? '')
    return factor === undefined || number === null ? null : factor * number
  })
  return seconds.length === 0 || seconds.includes(null)
    ? null
    : seconds.reduce<number>((sum, each) => sum + Number(each), 0)
}

/** The value of `24 * 60 * 60`; null for what is no product of numbers. */
function numberOf(text: string): number | null {
  const factors = text
    .replace(/^\((.*)\)$/s, '$1')
    .split('*')
    .map(each => each.trim().replaceAll('_', ''))
  return factors.every(each => /^\d+(?:\.\d+)?$/.test(each))
    ? factors.reduce((product, each) => product * Number(each), 1)
    : null
}
