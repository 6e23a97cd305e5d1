import type { Container } from '../../src/deployment/containers/container.ts'
import type { AppServerProgram, Machine } from '../../src/deployment/model.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { assignedValue } from '../django/_behind-nginx.ts'
import { literalPlace } from '../django/_literal-place.ts'
import { djangoBehindNginx } from '../django/_examples.ts'

const tree = (settings: string, environment: readonly string[] = []): Record<string, string> => {
  const files = djangoBehindNginx({ settings, environment: [...environment].join('\n') })
  return {
    ...files,
    'docker-compose.yml': conf`
      ${files['docker-compose.yml'] ?? ''}
        db:
          image: postgres:16
        cache:
          image: redis:7
    `,
  }
}
const database = (host: string): string => `ALLOWED_HOSTS = ["*"]\nDATABASES = ${host}\n`
const postgres = (host: string): string =>
  `{"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "HOST": "${host}"}}`

export default defineRule({
  summary: 'An application in a container looks for its database on its own loopback',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a container `localhost` is the container itself, where only the application runs. The database is another service: `connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused`.',
  remedy: 'Write the name of the service: `db`, `redis`',
  references: ['https://docs.docker.com/compose/how-tos/networking/'],
  unproven: 'The live tests start no database',
  bad: [
    {
      title: 'in the settings',
      files: tree(database(postgres('localhost').replace('"localhost"', '«"localhost"»'))),
    },
    {
      title: 'in the URL that django-environ reads',
      files: tree(
        conf`
          import environ
          env = environ.Env()
          ALLOWED_HOSTS = ["*"]
          DATABASES = {"default": env.db("DATABASE_URL")}
        `,
        ['environment:', '  DATABASE_URL: «postgres://shop:secret@localhost:5432/shop»'],
      ),
    },
    {
      title: 'the layer of channels, as host and port',
      files: tree(conf`
        ALLOWED_HOSTS = ["*"]
        CHANNEL_LAYERS = {
            "default": {
                "BACKEND": "channels_redis.core.RedisChannelLayer",
                "CONFIG": {"hosts": [(«"127.0.0.1"», 6379)]},
            },
        }
      `),
    },
    {
      title: 'the broker of Celery, as the default of a variable that nobody sets',
      files: tree(conf`
        import os
        ALLOWED_HOSTS = ["*"]
        CELERY_BROKER_URL = «os.environ.get("BROKER", "redis://localhost:6379/0")»
      `),
    },
    {
      title: 'in a variable of the service',
      files: tree('ALLOWED_HOSTS = ["*"]\n', ['environment:', '  BROKER_URL: «redis://localhost:6379/0»']),
    },
  ],
  good: [
    { title: 'the service', files: tree(database(postgres('db'))) },
    {
      title: 'a default that the service replaces',
      files: tree(
        conf`
          import os
          ALLOWED_HOSTS = ["*"]
          CACHES = {"default": {"LOCATION": os.environ.get("CACHE", "redis://127.0.0.1:6379/1")}}
        `,
        ['environment:', '  CACHE: redis://cache:6379/1'],
      ),
    },
    {
      title: 'memcached, which no service is',
      files: tree('ALLOWED_HOSTS = ["*"]\nCACHES = {"default": {"LOCATION": "127.0.0.1:11211"}}\n'),
    },
    {
      title: 'the service in a variable',
      files: tree('ALLOWED_HOSTS = ["*"]\n', ['environment:', '  BROKER_URL: redis://cache:6379/0']),
    },
    {
      title: 'the network of the host',
      files: tree(database(postgres('localhost')), ['network_mode: host']),
    },
    {
      title: 'no such service',
      files: djangoBehindNginx({ settings: database(postgres('localhost')) }),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      if (container === null || container.service.networkMode !== null || !startsOne(program.machine))
        continue
      const given = [...addressesGiven(container)]
      const settings = deployment.moduleOf(program)?.settings ?? null
      // Settings that take a variable have what it says.
      const own = settings === null ? [] : [...addressesIn(settings)]
      const all = [...own.filter(({ kind }) => given.every(each => each.kind !== kind)), ...given]
      for (const { kind, host, at } of all) yield* finding(program, kind, host, at)
    }
  },
})

/** An address on loopback that the settings name. */
interface OwnAddress {
  readonly kind: string
  readonly host: string
  readonly at: Place
}

/** Addresses in variables of the service. */
function* addressesGiven({ service }: Container): Iterable<OwnAddress> {
  for (const { value } of service.environment) {
    if (value?.known !== true || value.at === null) continue
    const [, scheme = '', host = ''] = URL.exec(value.value) ?? []
    if (host !== '') yield { kind: KINDS[scheme] ?? scheme, host, at: value.at }
  }
}

/** Settings that name Redis, a broker or memcached. */
const STORES = ['CACHES', 'CHANNEL_LAYERS', 'CELERY_BROKER_URL', 'CELERY_RESULT_BACKEND', 'BROKER_URL']

function* addressesIn(settings: DjangoSettings): Iterable<OwnAddress> {
  const databases = settings.get('DATABASES')
  const own =
    databases?.known === true && databases.value instanceof Map ? databases.value.get('default') : null
  if (own instanceof Map && databases?.at != null) {
    const engine: unknown = own.get('ENGINE')
    const host: unknown = own.get('HOST')
    const kind = typeof engine === 'string' ? /\.(postgresql|mysql)\b/.exec(engine)?.[1] : undefined
    if (kind !== undefined && typeof host === 'string' && LOOPBACK.test(host))
      yield {
        kind: kind === 'mysql' ? 'mysql' : 'postgres',
        host,
        at: literalPlace(settings, 'DATABASES', host) ?? assignedValue(databases.at),
      }
  }
  for (const name of STORES) {
    const fact = settings.get(name)
    if (fact?.known !== true || fact.at === null) continue
    for (const { text, ...address } of storesIn(fact.value))
      yield { ...address, at: literalPlace(settings, name, text) ?? assignedValue(fact.at) }
  }
}

/** The addresses on loopback in a value: URLs, memcached's own, and what channels writes as host and port. */
function* storesIn(
  value: unknown,
): Iterable<{ readonly kind: string; readonly host: string; readonly text: string }> {
  if (typeof value === 'string') {
    const [, scheme = '', host = ''] = URL.exec(value) ?? []
    if (host !== '') yield { kind: KINDS[scheme] ?? scheme, host, text: value }
    const [, memcached] = /^(localhost|127\.0\.0\.1):11211$/.exec(value) ?? []
    if (memcached !== undefined) yield { kind: 'memcached', host: memcached, text: value }
  } else if (value instanceof Map) {
    for (const each of value.values()) yield* storesIn(each)
  } else if (Array.isArray(value)) {
    const [host, port, ...others] = value as readonly unknown[]
    if (typeof host === 'string' && port === 6379 && others.length === 0 && LOOPBACK.test(host))
      yield { kind: 'redis', host, text: host }
    else for (const each of value as readonly unknown[]) yield* storesIn(each)
  }
}

const URL =
  /^(rediss?|postgres(?:ql)?|postgis|mysql2?|mongodb|amqp)(?:\+\w+)?:\/\/(?:[^@/\s]*@)?(localhost|127\.0\.0\.1)(?=[:/]|$)/
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/
const KINDS: Readonly<Record<string, string>> = {
  rediss: 'redis',
  postgresql: 'postgres',
  postgis: 'postgres',
  mysql2: 'mysql',
  mongodb: 'mongo',
  amqp: 'rabbitmq',
}
const IMAGES: Readonly<Record<string, RegExp>> = {
  redis: /(?:^|\/)(?:redis|valkey)\b/,
  postgres: /(?:^|\/)(?:postgres|postgis|timescaledb)\b/,
  mysql: /(?:^|\/)(?:mysql|mariadb)\b/,
  mongo: /(?:^|\/)mongo\b/,
  rabbitmq: /(?:^|\/)rabbitmq\b/,
  memcached: /(?:^|\/)memcached\b/,
}

/** A supervisor in the container may start the database, too. */
function startsOne({ programs }: Machine): boolean {
  return programs.length === 1
}

function* finding({ machine }: AppServerProgram, kind: string, host: string, at: Place) {
  const services = machine.container?.project.services ?? new Map()
  for (const service of services.values()) {
    const image: unknown = service.image?.known === true ? service.image.value : null
    if (
      typeof image !== 'string' ||
      IMAGES[kind]?.test(image) !== true ||
      service === machine.container?.service
    )
      continue
    yield {
      at,
      message: `\`${host}\` is the container of the application itself, and the database is the service \`${service.name}\``,
      label: 'nothing listens there',
      related: [{ at: service.at, message: 'the database' }],
      help: `Connect to \`${service.name}\``,
    }
    return
  }
}
