import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { AppServerProgram, Machine, PhpFpmProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { assignedValue } from '../django/_behind-nginx.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { literalPlace } from '../django/_literal-place.ts'
import { type ContainerVariable, containerVariables } from './_container-variables.ts'
import { type DatabaseKind, kindOfImage, kindOfScheme, OF_SQL } from './_databases.ts'
import { deploymentOf, serviceFor } from './_pod-examples.ts'
import { buildSteps, startedWords } from './_started-words.ts'

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
/** Laravel in a container of PHP-FPM, with its database in another one. */
const laravel = (dotenv: string, environment = 'APP_ENV: production'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        image: php:8.3-fpm
        environment:
          ${environment}
        volumes:
          - ./:/var/www/html
      mysql:
        image: mysql:8.4
      redis:
        image: redis:7
  `,
  '.env': dotenv,
  artisan: '<?php\n',
})
const copied = (variables: string): Record<string, string> => {
  const { '.env': _, ...files } = laravel('')
  return { ...files, '.env.example': variables }
}
const symfony = (local: Record<string, string> = {}): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        image: php:8.3-fpm
        volumes:
          - ./:/var/www/html
      mysql:
        image: mysql:8.4
  `,
  '.env': 'APP_ENV=dev\nDATABASE_URL=mysql://app:secret@127.0.0.1:3306/app\n',
  'bin/console': '#!/usr/bin/env php\n<?php\n',
  ...local,
})
const phpMyAdmin = (host: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      mariadb:
        image: mariadb:11
      phpmyadmin:
        image: phpmyadmin:5
        environment:
          PMA_HOST: ${host}
  `,
})
const sessions = (address: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      php:
        image: php:8.3-fpm
        volumes:
          - ./session.ini:/usr/local/etc/php/conf.d/session.ini
      redis:
        image: redis:7
  `,
  'session.ini': conf`
    session.save_handler = redis
    session.save_path = "${address}"
  `,
})
const database = (host: string): string => `ALLOWED_HOSTS = ["*"]\nDATABASES = ${host}\n`
const postgres = (host: string): string =>
  `{"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "HOST": "${host}"}}`

const wordPress = (host: string): string => conf`
  - name: wordpress
    image: wordpress:6-apache
    env:
      - name: WORDPRESS_DB_HOST
        value: ${host}
`
const MYSQL = conf`
  - name: mysql
    image: mysql:8.4
`

export default defineRule({
  summary: 'An application in a container looks for its database on its own loopback',
  severity: 'error',
  otherSeverities: {
    warning: 'where the file says it that is kept to be copied, and that Compose reads: `.env.example`',
    info: 'where the application alone reads the copy',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'In a container `localhost` is the container itself, where only the application runs. The database is another service: `connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused`.',
  remedy: 'Write the name of the service: `db`, `redis`',
  references: ['https://docs.docker.com/compose/how-tos/networking/'],
  unproven: 'The live tests start no database',
  bad: [
    {
      title: 'a worker of its own, which is no server',
      files: {
        'docker-compose.yml': conf`
          services:
            worker:
              build: .
              command: rq worker default
              environment:
                REDIS_URL: «redis://localhost:6379/0»
            redis:
              image: redis:7
        `,
        Dockerfile: 'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install rq\n',
      },
    },
    {
      title: 'a file of variables that is to be copied',
      files: copied('DB_HOST=«127.0.0.1»\nDB_PORT=3306\n'),
    },
    {
      title: 'a file of variables that Compose is told of and that is to be copied',
      files: {
        ...tree(database(postgres('db')), ['DB_HOST: db']),
        'docker-compose.yml': conf`
          services:
            web:
              image: example/shop
              env_file: .env
            db:
              image: postgres:16
        `,
        '.env.example': 'DB_HOST=«localhost»\n',
      },
    },
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
    {
      title: 'the `.env` of Laravel',
      files: laravel('DB_CONNECTION=mysql\nDB_HOST=«127.0.0.1»\nDB_PORT=3306\nREDIS_HOST=redis\n'),
    },
    {
      title: 'the Redis of Laravel, where one of its drivers is that',
      files: laravel('SESSION_DRIVER=file\nQUEUE_CONNECTION=redis\nREDIS_HOST=«127.0.0.1»\n'),
    },
    {
      title: 'the `.env.local` of Symfony',
      files: symfony({ '.env.local': 'DATABASE_URL=«mysql://app:secret@127.0.0.1:3306/app»\n' }),
    },
    { title: 'phpMyAdmin', files: phpMyAdmin('«localhost»') },
    {
      title: 'the address of JDBC',
      files: {
        'docker-compose.yml': conf`
          services:
            db:
              image: postgres:16
            api:
              image: example/api
              environment:
                SPRING_DATASOURCE_URL: «jdbc:postgresql://localhost:5432/shop»
        `,
      },
    },
    { title: 'the sessions of PHP', files: sessions('«tcp://127.0.0.1:6379»') },
    {
      title: 'a pod, and the database in another one',
      files: {
        'k8s/shop.yaml': conf`
          ${deploymentOf('web', wordPress('«localhost»'))}
          ${deploymentOf('db', MYSQL)}
          ${serviceFor('db', 'port: 3306')}
        `,
      },
    },
  ],
  good: [
    {
      title: 'the database in the same pod',
      files: {
        'k8s/shop.yaml': deploymentOf('web', `${wordPress('127.0.0.1')}${MYSQL}`),
      },
    },
    {
      title:
        'a file that is to be copied for the application on the host, and that tools in containers share',
      files: {
        'docker-compose.yml': conf`
          services:
            db:
              image: postgres:17
              env_file: .env
            pgadmin:
              image: dpage/pgadmin4:8.9
              env_file: .env
            datadog:
              image: gcr.io/datadoghq/agent:7
              env_file: .env
        `,
        '.env.example': 'POSTGRES_HOST=localhost\nPOSTGRES_PASSWORD=secret\n',
      },
    },
    {
      title: 'containers that Uffizzi runs in one network',
      files: {
        'docker-compose.uffizzi.yml': conf`
          x-uffizzi:
            ingress:
              service: web
              port: 8000
          services:
            web:
              image: example/shop
              command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
              environment:
                DATABASE_URL: postgres://shop@localhost:5432/shop
            db:
              image: postgres:17
        `,
      },
    },
    {
      title: 'a supervisor, which may start Redis beside the worker',
      files: {
        'docker-compose.yml': conf`
          services:
            worker:
              build: .
              command: supervisord -n
              environment:
                REDIS_URL: redis://localhost:6379/0
            redis:
              image: redis:7
        `,
        Dockerfile: 'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install rq\n',
      },
    },
    {
      title: 'a file that is to be copied, beside another one for containers',
      files: { ...copied('DB_HOST=127.0.0.1\nDB_PORT=3306\n'), '.env.docker': 'DB_HOST=mysql\n' },
    },
    {
      title: 'an example for the host, beside the one for containers',
      files: { ...copied('DB_HOST=127.0.0.1\nDB_PORT=3306\n'), '.env.example_docker': 'DB_HOST=mysql\n' },
    },
    {
      title: 'a file that is to be copied, beside the one that was made of it',
      files: { ...copied('DB_HOST=127.0.0.1\nDB_PORT=3306\n'), '.env': 'DB_HOST=mysql\n' },
    },
    {
      title: 'a file that is to be copied, and a container that builds its style sheets',
      files: {
        ...copied('DB_HOST=127.0.0.1\nDB_PORT=3306\n'),
        'docker-compose.yml': (laravel('')['docker-compose.yml'] ?? '').replace('php:8.3-fpm', 'node:22'),
      },
    },
    {
      title: 'a file that is to be copied, of which Compose replaces the address',
      files: {
        ...copied('DB_HOST=127.0.0.1\nDB_PORT=3306\n'),
        'docker-compose.yml': laravel('', 'DB_HOST: mysql')['docker-compose.yml'] ?? '',
      },
    },
    {
      title: 'addresses of stores that Laravel is told not to use',
      files: laravel(
        'DB_CONNECTION=sqlite\nDB_HOST=127.0.0.1\nDB_PORT=3306\nSESSION_DRIVER=file\nCACHE_STORE=file\nREDIS_HOST=127.0.0.1\n',
      ),
    },
    {
      title: 'the service in the `.env` of Laravel',
      files: laravel('DB_CONNECTION=mysql\nDB_HOST=mysql\nREDIS_HOST=redis\n'),
    },
    {
      title: 'a `.env` for the host, which Compose replaces',
      files: laravel('DB_CONNECTION=mysql\nDB_HOST=127.0.0.1\n', 'DB_HOST: mysql'),
    },
    { title: 'the `.env` of Symfony, which a file that is not here replaces', files: symfony() },
    {
      title: 'the `.env` of Symfony, which `.env.local` replaces',
      files: symfony({ '.env.local': 'DATABASE_URL=mysql://app:secret@mysql:3306/app\n' }),
    },
    { title: 'phpMyAdmin that is told the service', files: phpMyAdmin('mariadb') },
    { title: 'sessions in the other container', files: sessions('tcp://redis:6379') },
    {
      title: 'an image that brings the database',
      files: {
        'docker-compose.yml': conf`
          services:
            db:
              image: mysql:8.4
            all:
              build: .
              environment:
                MYSQL_HOST: localhost
        `,
        Dockerfile: conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y mariadb-server php-fpm supervisor
        `,
      },
    },
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
      const settings = deployment.moduleOf(program)?.settings ?? null
      if (settings === null) continue
      // Settings that take a variable have what it says.
      const given = new Set([...written(container)].map(({ kind }) => kind))
      for (const { kind, host, at } of addressesIn(settings))
        if (!given.has(kind)) yield* finding(program, kind, host, at)
    }
    for (const machine of deployment.machines) {
      const { container } = machine
      if (container === null || container.service.networkMode !== null || bringsDatabase(container)) continue
      if (container.base !== null && STANDS_BESIDE.test(container.base)) continue
      const isServer = startsOne(machine) || container.image === null
      if (!isServer && !isWorker(container)) continue
      for (const { kind, host, at, isExample } of written(container)) {
        // An example may be for a machine without containers.
        if (!isServer && isExample === true) continue
        for (const fault of faultsOf(container, kind, host, at))
          yield isExample === true
            ? {
                ...fault,
                // One that Compose does not read is as often for the application on the machine itself.
                severity: container.service.envFiles.length > 0 ? 'warning' : 'info',
                confidence: 'medium',
              }
            : fault
      }
    }
    for (const program of programsOfKind(deployment, 'php-fpm')) yield* sessionsOf(program)
  },
})

/** Tools beside an application, which read variables of their own alone: the file that they share is for another. */
const STANDS_BESIDE = /(?:^|\/)(?:pgadmin4|adminer|agent|grafana|prometheus|traefik|portainer\S*)$/

/** What installs a database beside the application. */
const INSTALLED =
  /\b(?:apt|apt-get|apk|dnf|microdnf|yum)\b[^;&|]*\s(?:mariadb|mysql|mariadb-server|mysql-server|postgresql(?:-?\d+)?|redis-server|redis|mongodb\S*)(?=[\s;&=]|$)/

function bringsDatabase(container: Container): boolean {
  if (kindOfImage(container.base ?? '') !== null) return true
  if (container.image === null && container.service.build !== null) return true
  return buildSteps(container).some(step => INSTALLED.test(step))
}

const HOST =
  /^(?:[A-Z0-9]+_)*?(DB|DATABASE|SQL|POSTGRES|POSTGRESQL|PG|MYSQL|MARIADB|PMA|REDIS|MONGO|MONGODB|RABBITMQ|MEMCACHED)_?(?:HOST|HOSTNAME|SERVER)$/
const BY_NAME: Readonly<Record<string, DatabaseKind>> = {
  POSTGRES: 'PostgreSQL',
  POSTGRESQL: 'PostgreSQL',
  PG: 'PostgreSQL',
  MYSQL: 'MySQL',
  MARIADB: 'MySQL',
  PMA: 'MySQL',
  REDIS: 'Redis',
  MONGO: 'MongoDB',
  MONGODB: 'MongoDB',
  RABBITMQ: 'RabbitMQ',
  MEMCACHED: 'Memcached',
}
const BY_PORT: Readonly<Record<string, DatabaseKind>> = {
  3306: 'MySQL',
  5432: 'PostgreSQL',
  27017: 'MongoDB',
}

/** The addresses on loopback that the variables of a container name. */
function* written(container: Container): Iterable<OwnAddress> {
  const variables = containerVariables(container)
  for (const { name, value, isExample } of variables) {
    if (value?.known !== true || value.at === null) continue
    const { value: text, at } = value
    const [, scheme = '', host = ''] = URL.exec(text) ?? []
    const spoken = kindOfScheme(scheme)
    if (spoken !== null) yield { kind: spoken, host, at, isExample }
    const prefix = HOST.exec(name)?.[1]
    const [, bare = '', port] = /^([\w.]+|::1)(?::(\d+))?$/.exec(text) ?? []
    if (prefix === undefined || !LOOPBACK.test(bare)) continue
    const beside = variables.find(each => each.name === name.replace(/_?(?:HOST|HOSTNAME|SERVER)$/, '_PORT'))
    const told = port ?? (beside?.value?.known === true ? beside.value.value : '')
    const kind = BY_NAME[prefix] ?? BY_PORT[told] ?? onlyDatabase(container)
    // Another port is that of a tunnel, or of a program beside it.
    if (kind === null || isUnused(kind, variables)) continue
    if (told === '' || BY_PORT[told] === undefined || BY_PORT[told] === kind)
      yield { kind, host: bare, at, isExample }
  }
}

/** Where Laravel is told which store to use; it has the address of each, used or not. */
const DRIVER = /^(?:(?:QUEUE|BROADCAST)_(?:CONNECTION|DRIVER)|CACHE_(?:DRIVER|STORE)|SESSION_DRIVER)$/

function isUnused(kind: DatabaseKind, variables: readonly ContainerVariable[]): boolean {
  const told = (name: RegExp): readonly string[] =>
    variables.flatMap(each => (name.test(each.name) && each.value?.known === true ? [each.value.value] : []))
  if (OF_SQL.has(kind)) return told(/^DB_CONNECTION$/).includes('sqlite')
  const drivers = told(DRIVER)
  return drivers.length > 0 && !drivers.includes(kind.toLowerCase())
}

/** The kind of the one database of SQL that a project has; null where it has none, or several. */
function onlyDatabase({ project }: Container): DatabaseKind | null {
  const kinds = [...project.services.values()].flatMap(({ image }) =>
    image?.known === true ? [kindOfImage(image.value)] : [],
  )
  const [only = null, ...others] = kinds.filter(kind => kind !== null && OF_SQL.has(kind))
  return others.length === 0 ? only : null
}

/** Where PHP keeps sessions: `tcp://127.0.0.1:6379` of Redis, `127.0.0.1:11211` of memcached. */
function* sessionsOf(program: PhpFpmProgram) {
  const { container } = program.machine
  if (container === null || container.service.networkMode !== null || bringsDatabase(container)) return
  const path = program.phpSetting('session.save_path')
  if (path?.known !== true || path.at === null) return
  const [, host = '', port = ''] =
    /^(?:tcp:\/\/)?(localhost|127\.0\.0\.1):(\d+)(?=[?/]|$)/.exec(path.value) ?? []
  const kind = port === '11211' ? 'Memcached' : port === '6379' ? 'Redis' : null
  if (kind !== null) yield* faultsOf(container, kind, host, path.at)
}

/** An address on loopback that the settings name. */
interface OwnAddress {
  readonly kind: DatabaseKind
  readonly host: string
  readonly at: Place
  readonly isExample?: boolean | undefined
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
    const kind = kindOfScheme(
      typeof engine === 'string' ? (/\.(postgresql|mysql)\b/.exec(engine)?.[1] ?? '') : '',
    )
    if (kind !== null && typeof host === 'string' && LOOPBACK.test(host))
      yield {
        kind,
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
): Iterable<{ readonly kind: DatabaseKind; readonly host: string; readonly text: string }> {
  if (typeof value === 'string') {
    const [, scheme = '', host = ''] = URL.exec(value) ?? []
    const spoken = kindOfScheme(scheme)
    if (spoken !== null) yield { kind: spoken, host, text: value }
    const [, memcached] = /^(localhost|127\.0\.0\.1):11211$/.exec(value) ?? []
    if (memcached !== undefined) yield { kind: 'Memcached', host: memcached, text: value }
  } else if (value instanceof Map) {
    for (const each of value.values()) yield* storesIn(each)
  } else if (Array.isArray(value)) {
    const [host, port, ...others] = value as readonly unknown[]
    if (typeof host === 'string' && port === 6379 && others.length === 0 && LOOPBACK.test(host))
      yield { kind: 'Redis', host, text: host }
    else for (const each of value as readonly unknown[]) yield* storesIn(each)
  }
}

const URL =
  /^(?:jdbc:)?(rediss?|postgres(?:ql)?|postgis|mysql2?|mariadb|mongodb|amqp)(?:\+\w+)?:\/\/(?:[^@/\s]*@)?(localhost|127\.0\.0\.1)(?=[:/]|$)/
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/

/** A supervisor in the container may start the database, too. */
function startsOne({ programs }: Machine): boolean {
  return programs.length === 1
}

/** What takes tasks, or is started by hand, and opens nothing. */
const WORKERS =
  /^(?:celery|rq|rqworker|dramatiq|arq|huey_consumer(?:\.py)?|python3?|php|node|npm|yarn|bundle|rails)$/

function isWorker(container: Container): boolean {
  return WORKERS.test(posix.basename(startedWords(container)[0]?.text ?? ''))
}

function* finding({ machine }: AppServerProgram, kind: DatabaseKind, host: string, at: Place) {
  if (machine.container !== null) yield* faultsOf(machine.container, kind, host, at)
}

function* faultsOf({ project, service: own }: Container, kind: DatabaseKind, host: string, at: Place) {
  for (const service of project.services.values()) {
    const image = service.image?.known === true ? service.image.value : null
    if (image === null || kindOfImage(image) !== kind || service === own) continue
    yield {
      at,
      message: `\`${host}\` is the container of the application itself, and the database is the service \`${service.name}\``,
      label: 'nothing listens there',
      related: [{ at: service.at, message: 'the database' }],
      ...(service.reachedAs?.length === 0
        ? {}
        : { help: `Connect to \`${service.reachedAs?.[0]?.name ?? service.name}\`` }),
    }
    return
  }
}
