import type { AppServerProgram, Machine } from '../../src/deployment/model.ts'
import type { Place } from '../../parsers/text/source.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { assignedValue } from '../django/_behind-nginx.ts'
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
    { title: 'in the settings', files: tree(database(`«${postgres('localhost')}»`)) },
    {
      title: 'in a variable of the service',
      files: tree('ALLOWED_HOSTS = ["*"]\n', ['environment:', '  BROKER_URL: «redis://localhost:6379/0»']),
    },
  ],
  good: [
    { title: 'the service', files: tree(database(postgres('db'))) },
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
      const settings = deployment.moduleOf(program)?.settings
      const databases = settings?.get('DATABASES')
      const own =
        databases?.known === true && databases.value instanceof Map ? databases.value.get('default') : null
      if (own instanceof Map && databases?.at != null) {
        const engine: unknown = own.get('ENGINE')
        const host: unknown = own.get('HOST')
        const kind = typeof engine === 'string' ? /\.(postgresql|mysql)\b/.exec(engine)?.[1] : undefined
        if (kind !== undefined && typeof host === 'string' && LOOPBACK.test(host))
          yield* finding(program, kind === 'mysql' ? 'mysql' : 'postgres', host, assignedValue(databases.at))
      }
      for (const { value } of container.service.environment) {
        if (value?.known !== true || value.at === null) continue
        const [, scheme = '', host = ''] =
          /^(rediss?|postgres(?:ql)?|postgis|mysql2?|mongodb|amqp)(?:\+\w+)?:\/\/(?:[^@/\s]*@)?(localhost|127\.0\.0\.1)(?=[:/]|$)/.exec(
            value.value,
          ) ?? []
        if (host !== '') yield* finding(program, KINDS[scheme] ?? scheme, host, value.at)
      }
    }
  },
})

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
