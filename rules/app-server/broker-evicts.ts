import type { Place, Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { containerVariables } from '../containers/_container-variables.ts'
import { djangoProjects } from '../django/_projects.ts'
import { settingPlace, settingValue } from '../django/_setting-entries.ts'

const tree = (redis: string, worker: string, more: Record<string, string> = {}): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
      redis:
        image: redis:7
        ${redis}
      worker:
        image: example/shop
        ${worker}
  `,
  'site.conf': conf`
    server {
        listen 80;
        return 204;
    }
  `,
  ...more,
})
const CELERY = conf`
  command: celery -A shop worker
  environment:
    CELERY_BROKER_URL: redis://redis:6379/0
`

export default defineRule({
  summary: 'The Redis that holds the tasks of an application may throw them away',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With a policy `allkeys-…` Redis makes room for new keys by throwing any other one away. A queue of Celery, Sidekiq or Laravel is a key with all of its tasks in it: when the memory is full, they are gone, and no log says so. Such a policy is for a cache.',
  remedy: '`--maxmemory-policy noeviction`, and a second Redis for the cache',
  references: [
    'https://redis.io/docs/latest/develop/reference/eviction/',
    'https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html#key-eviction',
    'https://github.com/sidekiq/sidekiq/wiki/Using-Redis#memory',
  ],
  unproven: 'The live tests have no Redis',
  bad: [
    {
      title: 'the broker of Celery',
      files: tree('command: redis-server --maxmemory 128mb --maxmemory-policy «allkeys-lru»', CELERY),
    },
    {
      title: 'the queues of Laravel, with a file of Redis',
      files: tree(
        conf`
          command: redis-server /etc/redis.conf
          volumes: ["./redis.conf:/etc/redis.conf"]
        `,
        conf`
          command: php artisan queue:work
          environment:
            QUEUE_CONNECTION: redis
            REDIS_HOST: redis
        `,
        { 'redis.conf': 'maxmemory 256mb\nmaxmemory-policy «allkeys-lfu»\n' },
      ),
    },
    {
      title: 'the queues of Sidekiq',
      files: tree(
        'command: redis-server --maxmemory 128mb --maxmemory-policy «allkeys-lru»',
        conf`
          command: bundle exec sidekiq
          environment:
            REDIS_URL: redis://redis:6379/1
        `,
      ),
    },
  ],
  good: [
    {
      title: 'nothing is thrown away',
      files: tree('command: redis-server --maxmemory 128mb --maxmemory-policy noeviction', CELERY),
    },
    {
      title: 'keys that have an end',
      files: tree('command: redis-server --maxmemory 128mb --maxmemory-policy volatile-lru', CELERY),
    },
    {
      title: 'a limit that is none',
      files: tree('command: redis-server --maxmemory 0 --maxmemory-policy allkeys-lru', CELERY),
    },
    {
      title: 'memory without a limit',
      files: tree('command: redis-server --maxmemory-policy allkeys-lru', CELERY),
    },
    {
      title: 'another broker',
      files: tree(
        'command: redis-server --maxmemory 128mb --maxmemory-policy allkeys-lru',
        CELERY.replace('redis://redis', 'amqp://rabbit'),
      ),
    },
    {
      title: 'a cache',
      files: tree(
        'command: redis-server --maxmemory 128mb --maxmemory-policy allkeys-lru',
        CELERY.replace('CELERY_BROKER_URL', 'CACHE_URL'),
      ),
    },
  ],
  *check(deployment) {
    const containers = deployment.machines.flatMap(({ container }) => container ?? [])
    for (const container of containers) {
      const policy = /^(?:redis|valkey\/valkey|bitnami\/redis)$/.test(container.base ?? '')
        ? evictionOf(container)
        : null
      if (policy === null) continue
      const user = userOf(container, containers, deployment)
      if (user === null) continue
      yield {
        at: policy,
        message: `when its memory is full, this Redis throws any key away, and the tasks of ${user.name} are keys`,
        label: 'any key',
        related: [{ at: user.at, message: 'its tasks' }],
        help: 'Write `noeviction`',
      }
    }
  },
})

/** Where a policy says that any key may go, of a Redis whose memory has a limit. */
function evictionOf({ service, files }: Container): Place | null {
  const words = [...(service.entrypoint?.words ?? []), ...(service.command?.words ?? [])]
  const behind = (name: string) => {
    const at = words.findLastIndex(({ text }) => text === name)
    return at === -1 ? undefined : words[at + 1]
  }
  const policy = behind('--maxmemory-policy')
  const file = words.find(({ text }) => text.endsWith('.conf'))
  const source = file === undefined ? null : sourceAt(files, file.text)
  const limit = behind('--maxmemory')?.text ?? settingOf(source, 'maxmemory')?.text
  // 0 is no limit.
  if (limit === undefined || /^0+[kmg]?b?$/i.test(limit)) return null
  if (policy !== undefined) return policy.text.startsWith('allkeys-') ? placeOf(policy) : null
  const written = settingOf(source, 'maxmemory-policy')
  return written?.text.startsWith('allkeys-') === true ? written.at : null
}

function settingOf(
  source: Source | null,
  name: string,
): { readonly text: string; readonly at: Place } | null {
  const found = [...(source?.code.matchAll(new RegExp(`^[ \\t]*${name}[ \\t]+(\\S+)`, 'gim')) ?? [])].at(-1)
  if (source === null || found === undefined) return null
  const [whole, text = ''] = found
  const start = found.index + whole.length - text.length
  return { text, at: { source, start, end: start + text.length } }
}

interface QueueUser {
  readonly name: string
  readonly at: Place
}

/** Who keeps tasks in a Redis of Compose. */
function userOf(
  redis: Container,
  containers: readonly Container[],
  deployment: Deployment,
): QueueUser | null {
  const isIt = (text: string): boolean => {
    const host = /^rediss?:\/\/(?:[^@/]*@)?([\w.-]+)/.exec(text)?.[1] ?? ''
    return redis.names.includes(host.toLowerCase())
  }
  for (const container of containers) {
    if (container.project !== redis.project) continue
    const variables = containerVariables(container)
    const known = (name: RegExp) =>
      variables.find(each => name.test(each.name) && each.value?.known === true && each.value.at !== null)
    const text = (name: RegExp): string => {
      const value = known(name)?.value
      return value?.known === true ? value.value : ''
    }
    const at = (name: RegExp): Place | null => known(name)?.value?.at ?? null
    const command = container.service.command?.words.map(each => each.text).join(' ') ?? ''
    const broker = /(?:^|_)BROKER(?:_URL|_URI)?$/
    if (isIt(text(broker)) && at(broker) !== null) return { name: 'Celery', at: at(broker)! }
    const url = /^REDIS_URL$/
    if (/\bsidekiq\b/.test(command) && isIt(text(url)) && at(url) !== null)
      return { name: 'Sidekiq', at: at(url)! }
    const queue = /^QUEUE_(?:CONNECTION|DRIVER)$/
    const isLaravel = text(queue) === 'redis' && redis.names.includes(text(/^REDIS_HOST$/).toLowerCase())
    if (isLaravel && at(queue) !== null) return { name: 'Laravel', at: at(queue)! }
  }
  for (const { settings } of djangoProjects(deployment)) {
    for (const name of ['CELERY_BROKER_URL', 'BROKER_URL']) {
      const value = settingValue(settings, name)
      const at = typeof value === 'string' && isIt(value) ? settingPlace(settings, name) : null
      if (at !== null) return { name: 'Celery', at }
    }
  }
  return null
}
