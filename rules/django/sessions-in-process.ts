import { programName } from '../../src/deployment/destination-words.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { proxiedServer } from '../_examples.ts'
import { WSGI } from '../app-server/_examples.ts'
import { isEager, workersSeen, workerSources } from '../app-server/_celery-workers.ts'
import { hasSeveralWorkers } from '../app-server/_several-workers.ts'
import { assignedValue } from './_behind-nginx.ts'
import { djangoBehindNginx } from './_examples.ts'
import { firstInProject } from './_project-sources.ts'

const project = (settings: string, workers = '--workers 3'): Record<string, string> =>
  djangoBehindNginx({
    command: `gunicorn ${workers} --bind 0.0.0.0:8000 shop.wsgi`,
    settings: conf`
      ALLOWED_HOSTS = ["example.org"]
      MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
      ${settings}
    `,
  })
const ENGINE = 'SESSION_ENGINE = "django.contrib.sessions.backends.cache"'
const caches = (backend: string): string => conf`
  CACHES = {
      "default": {
          "BACKEND": "django.core.cache.backends.${backend}",
          "LOCATION": "redis://cache:6379",
      }
  }
`

const withWorker = (layers: string, task: string): Record<string, string> => {
  const tree = project(layers, '--workers 1')
  return {
    ...tree,
    'docker-compose.yml': `${tree['docker-compose.yml'] ?? ''}  worker:\n    build: ./web\n    command: celery -A shop worker\n`,
    'web/shop/celery.py': 'from celery import Celery\napp = Celery("shop")\n',
    'web/shop/tasks.py': task,
  }
}
const LAYER_IN_MEMORY = 'CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}'
const SENDING_TASK = conf`
  from asgiref.sync import async_to_sync
  from celery import shared_task
  from channels.layers import get_channel_layer

  @shared_task
  def announce(order):
      async_to_sync(get_channel_layer().group_send)("orders", {"type": "ready"})
`

export default defineRule({
  summary: 'Sessions or channels lie in the memory of one process, and several answer',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `CACHES`, and with `LocMemCache`, the cache is the memory of the process itself. A session that one worker writes is not there for the next one: clients are logged out at random, and forms fail with 403. So it is with the messages of `InMemoryChannelLayer`, which a worker of Celery keeps for itself, too.',
  remedy:
    'Keep sessions in Redis, Memcached or the database: `SESSION_ENGINE = "django.contrib.sessions.backends.db"`',
  references: [
    'https://docs.djangoproject.com/en/stable/topics/http/sessions/#using-cached-sessions',
    'https://docs.djangoproject.com/en/stable/topics/cache/#local-memory-caching',
  ],
  bad: [
    {
      title: 'supervisord in a repository, with workers in the configuration of gunicorn',
      files: {
        'deploy/nginx.conf': proxiedServer('', '127.0.0.1:8001'),
        'deploy/supervisor.conf': conf`
          [program:shop]
          command=/srv/shop/venv/bin/gunicorn -c deploy/gunicorn.conf.py shop.wsgi
          directory=/srv/shop/app
        `,
        'deploy/gunicorn.conf.py': "bind = '127.0.0.1:8001'\nworkers = 4\n",
        'shop/__init__.py': '',
        'shop/wsgi.py': WSGI,
        'shop/settings.py': 'SESSION_ENGINE = «"django.contrib.sessions.backends.cache"»\n',
      },
    },
    { title: 'the cache that Django has by itself', files: project(ENGINE.replace(/"(.*)"/, '«"$1"»')) },
    {
      title: 'a cache in memory',
      files: project(`${ENGINE.replace(/"(.*)"/, '«"$1"»')}\n${caches('locmem.LocMemCache')}`),
    },
    {
      title: 'a channel layer in memory',
      files: project(conf`
        «CHANNEL_LAYERS» = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
      `),
    },
    {
      title: 'a task of Celery that sends to the consumers of the server',
      files: withWorker(LAYER_IN_MEMORY.replace('CHANNEL_LAYERS', '«CHANNEL_LAYERS»'), SENDING_TASK),
    },
    {
      title: 'a cache that keeps nothing',
      files: project(`${ENGINE.replace(/"(.*)"/, '«"$1"»')}\n${caches('dummy.DummyCache')}`, '--workers 1'),
    },
  ],
  good: [
    {
      title: 'a channel layer in the memory of one worker',
      files: {
        ...project(LAYER_IN_MEMORY, '--workers 1'),
      },
    },
    {
      title: 'tasks that send nothing',
      files: withWorker(LAYER_IN_MEMORY, SENDING_TASK.replace('group_send', 'group_add')),
    },
    { title: 'one worker', files: project(ENGINE, '--workers 1') },
    { title: 'Redis', files: project(`${ENGINE}\n${caches('redis.RedisCache')}`) },
    { title: 'the database', files: project('SESSION_ENGINE = "django.contrib.sessions.backends.db"') },
    {
      title: 'the database behind the cache',
      files: project('SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"'),
    },
    {
      title: 'another cache for sessions',
      files: project(conf`
        ${ENGINE}
        SESSION_CACHE_ALIAS = "sessions"
        CACHES = {
            "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
            "sessions": {"BACKEND": "django.core.cache.backends.redis.RedisCache"},
        }
      `),
    },
  ],
  *check(deployment) {
    yield* channelLayers(deployment)
    for (const program of programsOfKind(deployment, 'app-server')) {
      if (!program.isSeen || program.server.development) continue
      const found = cacheOfSessions(deployment.moduleOf(program)?.settings ?? null)
      if (found === null || (found.kind === 'memory' && !hasSeveralWorkers(program))) continue
      yield* finding(found, programName(program), program.server.workers?.at ?? program.server.at)
    }
    for (const application of deployment.applications) {
      const { daemon } = application
      const found = cacheOfSessions(deployment.pythonOf(application)?.settings ?? null)
      if (found === null) continue
      if (found.kind === 'memory' && !(daemon?.processes.known === true && daemon.processes.value > 1))
        continue
      yield* finding(found, 'mod_wsgi', application.alias.pathAt)
    }
  },
})

/** What channels keeps in memory reaches the consumers of one process alone. */
function* channelLayers(deployment: Deployment): Iterable<RuleFinding> {
  for (const program of programsOfKind(deployment, 'app-server')) {
    if (!program.isSeen || program.server.development) continue
    const settings = deployment.moduleOf(program)?.settings ?? null
    const at = settings === null ? null : layerInMemory(settings)
    if (settings === null || at === null) continue
    const found = {
      at,
      label: 'in the memory of one process',
      help: 'Use `channels_redis.core.RedisChannelLayer`',
    }
    if (hasSeveralWorkers(program)) {
      yield {
        ...found,
        message: `each process of ${programName(program)} has a channel layer of its own in its memory, so a message reaches no consumer of the next one`,
        related: [
          { at: program.server.workers?.at ?? program.server.at, message: 'the processes are started here' },
        ],
      }
      continue
    }
    const task = sendingTask(deployment, program, settings)
    if (task !== null)
      yield {
        ...found,
        message: `a worker of Celery has a channel layer of its own in its memory, so what it sends reaches no consumer in ${programName(program)}`,
        related: [
          { at: task, message: 'sent by a task' },
          { at: program.server.at, message: 'the consumers are here' },
        ],
      }
  }
}

/** The name of `CHANNEL_LAYERS` where the default one lies in memory. */
function layerInMemory(settings: DjangoSettings): Place | null {
  const layers = settings.get('CHANNEL_LAYERS')
  if (layers?.known !== true || layers.at === null || !(layers.value instanceof Map)) return null
  const own: unknown = layers.value.get('default')
  const backend: unknown = own instanceof Map ? own.get('BACKEND') : null
  return backend === 'channels.layers.InMemoryChannelLayer'
    ? { ...layers.at, end: layers.at.start + 'CHANNEL_LAYERS'.length }
    : null
}

/** Where a task of Celery sends to a group, and a worker runs it. */
function sendingTask(
  deployment: Deployment,
  { machine }: AppServerProgram,
  settings: DjangoSettings,
): Place | null {
  const workers = workersSeen(deployment)
  if (workers === null || workerSources(deployment, workers).some(isEager)) return null
  return firstInProject(machine.container?.files ?? machine.files, settings, /\bgroup_send\b/, ({ text }) =>
    /^@(?:shared_task|(?:\w+\.)+task)\b/m.test(text),
  )
}

interface SessionCache {
  readonly at: Place
  readonly kind: 'memory' | 'nothing'
  readonly cacheAt: Place | null
}

function* finding({ at, kind, cacheAt }: SessionCache, server: string, started: Place) {
  yield {
    at,
    message:
      kind === 'memory'
        ? `each process of ${server} has a cache of its own in its memory, so the next one does not know the session`
        : 'the cache keeps nothing, so every request begins a new session',
    label: kind === 'memory' ? 'in the memory of one process' : 'kept nowhere',
    related: [
      ...(cacheAt === null ? [] : [{ at: cacheAt, message: 'the cache' }]),
      { at: started, message: 'the processes are started here' },
    ],
  }
}

/** Where sessions are kept in a cache that no other process sees; null where they are not, or nobody knows. */
function cacheOfSessions(settings: DjangoSettings | null): SessionCache | null {
  const engine = settings?.get('SESSION_ENGINE')
  if (settings === null || engine?.known !== true || engine.at === null) return null
  if (engine.value !== 'django.contrib.sessions.backends.cache') return null
  const at = assignedValue(engine.at)
  const alias = settings.get('SESSION_CACHE_ALIAS')
  if (alias !== null && !alias.known) return null
  const caches = settings.get('CACHES')
  if (caches === null) return { at, kind: 'memory', cacheAt: null }
  if (!caches.known || !(caches.value instanceof Map) || caches.at === null) return null
  const own: unknown = caches.value.get(alias === null ? 'default' : (alias.value as string))
  const backend: unknown = own instanceof Map ? own.get('BACKEND') : null
  const cacheAt = { ...caches.at, end: caches.at.start + 'CACHES'.length }
  if (backend === 'django.core.cache.backends.locmem.LocMemCache') return { at, kind: 'memory', cacheAt }
  return backend === 'django.core.cache.backends.dummy.DummyCache' ? { at, kind: 'nothing', cacheAt } : null
}
