import { memo } from '../../parsers/collections/memo.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import { withoutComments as withoutShellComments } from '../../parsers/shell/without-comments.ts'
import { matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { firstInProject } from './_project-sources.ts'
import { djangoProjects } from './_projects.ts'
import { entryPlace, settingValue } from './_setting-entries.ts'

const tree = (
  {
    cache,
    broker = 'redis://redis:6379/0',
    backend = 'django.core.cache.backends.redis.RedisCache',
  }: {
    readonly cache: string
    readonly broker?: string
    readonly backend?: string
  },
  files: Record<string, string> = CLEARS,
): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org"]
      CACHES = {
          "default": {
              "BACKEND": "${backend}",
              "LOCATION": ${cache},
          }
      }
      CELERY_BROKER_URL = "${broker}"
    `,
  }),
  ...files,
})
const CLEARS = {
  'web/shop/views.py': conf`
    from django.core.cache import cache

    def publish(request):
        cache.clear()
  `,
}

export default defineRule({
  summary: 'Emptying the cache empties the queue of Celery, too',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`cache.clear()` of a cache in Redis is `FLUSHDB`: everything of that database goes, whatever `KEY_PREFIX` says. Where Celery has its broker in the same database, the tasks that wait there are gone, without a word in any log.',
  remedy: 'Give the cache a database of its own: `redis://redis:6379/1`',
  references: [
    'https://docs.djangoproject.com/en/stable/topics/cache/#redis',
    'https://redis.io/docs/latest/commands/flushdb/',
    'https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html',
  ],
  unproven: 'The live tests start no Redis',
  bad: [
    { title: 'a view that empties it', files: tree({ cache: '«"redis://redis:6379/0"»' }) },
    {
      title: 'no database, which is the first, and a script that empties it',
      files: tree(
        { cache: '[«"redis://redis:6379"»]', backend: 'django_redis.cache.RedisCache' },
        {
          'deploy.sh': conf`
            #!/bin/sh
            docker compose up -d
            docker compose exec web python manage.py shell -c "from django.core.cache import cache; cache.clear()"
          `,
        },
      ),
    },
  ],
  good: [
    { title: 'another database', files: tree({ cache: '"redis://redis:6379/1"' }) },
    { title: 'another server', files: tree({ cache: '"redis://cache:6379/0"' }) },
    {
      title: 'another database, by an option',
      files: tree({ cache: '"redis://redis:6379", "OPTIONS": {"db": "1"}' }),
    },
    { title: 'nothing empties it', files: tree({ cache: '"redis://redis:6379/0"' }, {}) },
    {
      title: 'a comment, and a dictionary of that name',
      files: tree(
        { cache: '"redis://redis:6379/0"' },
        {
          'web/shop/views.py': conf`
            cache = {}
            cache.clear()
            # from django.core.cache import cache
          `,
        },
      ),
    },
    {
      title: 'a broker of another kind',
      files: tree({ cache: '"redis://redis:6379/0"', broker: 'amqp://redis:6379/0' }),
    },
    {
      title: 'a cache in Memcached',
      files: tree({
        cache: '"redis:6379"',
        backend: 'django.core.cache.backends.memcached.PyMemcacheCache',
      }),
    },
  ],
  *check(deployment) {
    const seen = new Set<string>()
    for (const { settings, files } of djangoProjects(deployment)) {
      const broker = databaseOf(brokerOf(settings))
      const cache = broker === null ? null : cacheLocation(settings)
      if (cache === null || databaseOf(cache.text) !== broker || seen.has(settings.module)) continue
      seen.add(settings.module)
      const cleared =
        firstInProject(files, settings, CLEAR, ({ text }) => IMPORTS.test(withoutComments(text))) ??
        clearedBy(deployment.setups() ?? [])
      if (cleared === null) continue
      yield {
        at: cache.at,
        message: `\`cache.clear()\` is FLUSHDB, and the broker of Celery is the same database of Redis, so the tasks that wait are gone`,
        label: 'the database of the broker',
        related: [
          { at: cleared, message: 'empties it' },
          ...[entryPlace(settings, 'CELERY_BROKER_URL', [], 'value')].flatMap(at =>
            at === null ? [] : [{ at, message: 'the broker' }],
          ),
        ],
        help: 'Name another database, as in `redis://redis:6379/1`',
      }
    }
  },
})

const CLEAR = /\bcache\.clear\(\)/
const IMPORTS = /^[ \t]*from[ \t]+django\.core\.cache[ \t]+import\b[^\n]*\bcache\b/m

const clearedBy = memo((texts: readonly Source[]): Place | null => {
  for (const source of texts) {
    const match = /\bcache\.clear\(\)|\bmanage\.py[ \t]+(?:clear_cache|clearcache|invalidate_cache)\b/.exec(
      withoutShellComments(source.text),
    )
    if (match !== null) return matchedPlace(source, match)
  }
  return null
})

const BACKENDS: ReadonlySet<unknown> = new Set([
  'django.core.cache.backends.redis.RedisCache',
  'django_redis.cache.RedisCache',
])

interface Location {
  readonly text: string
  readonly at: Place
}

/** Where the default cache lies; null where that is not Redis, or nobody knows. */
function cacheLocation(settings: DjangoSettings): Location | null {
  const caches = settingValue(settings, 'CACHES')
  const own: unknown = caches instanceof Map ? caches.get('default') : null
  if (!(own instanceof Map) || !BACKENDS.has(own.get('BACKEND'))) return null
  // `"OPTIONS": {"db": "1"}` says which where the URL does not, and names a class of its own as well.
  if (own.has('OPTIONS') && !isPlain(own.get('OPTIONS'))) return null
  const location: unknown = own.get('LOCATION')
  const list: readonly unknown[] | null = Array.isArray(location) ? (location as readonly unknown[]) : null
  const text = list === null ? location : list.length === 1 ? list[0] : null
  const path = ['default', 'LOCATION', ...(list === null ? [] : [0])]
  const at = typeof text === 'string' ? entryPlace(settings, 'CACHES', path, 'value') : null
  return typeof text === 'string' && at !== null ? { text, at } : null
}

/** True of options that name neither a database nor a class that may empty the cache in another way. */
function isPlain(options: unknown): boolean {
  if (!(options instanceof Map)) return false
  const client: unknown = options.get('CLIENT_CLASS') ?? DEFAULT_CLIENT
  return client === DEFAULT_CLIENT && !options.has('db') && !options.has('DB')
}

const DEFAULT_CLIENT = 'django_redis.client.DefaultClient'

function brokerOf(settings: DjangoSettings): string {
  const broker = ['CELERY_BROKER_URL', 'BROKER_URL'].map(name => settingValue(settings, name))
  return broker.find(each => typeof each === 'string') ?? ''
}

/** `host:port/number` of a URL of Redis; null for any other. */
function databaseOf(url: string): string | null {
  const [, host, port = '6379', database = '0'] =
    /^rediss?:\/\/(?:[^@/\s]*@)?([\w.-]+)(?::(\d+))?(?:\/(\d*))?$/.exec(url) ?? []
  return host === undefined ? null : `${host}:${port}/${database === '' ? '0' : database}`
}
