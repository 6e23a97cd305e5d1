import type { PythonExpression } from '../../parsers/python/python-module.ts'
import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import { type Fact, known, unknown } from '../../parsers/text/fact.ts'
import { type Place, placeText, type Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { type ContainerVariable, containerVariables } from './_container-variables.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const DATABASES = conf`
  db:
    image: postgres:16
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: one-password
    ports: ["127.0.0.1:5433:5432"]
  cache:
    image: redis:7
    command: redis-server --requirepass another
`
const MYSQL = conf`
  db:
    image: mysql:8.4
    environment:
      MYSQL_DATABASE: wp
      MYSQL_USER: wp
      MYSQL_PASSWORD: one-password
      MYSQL_ROOT_PASSWORD: another
`
const tree = (lines: string, more = DATABASES, networks = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: registry.example.org/shop:1.4
        environment:
          ${lines}
      ${more}
    ${networks}
  `,
})

export default defineRule({
  summary: 'A container connects to its database by an address or a password that the database does not have',
  severity: 'error',
  otherSeverities: {
    warning: 'where a user or password differs, which a database keeps from its first start',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Between containers the port of the image counts, not the one that `ports` publishes on the host: `Connection refused`. The name is that of the service: `could not translate host name`. And the password is the one that the database was started with: `password authentication failed for user "shop"`, `NOAUTH Authentication required`.',
  remedy: 'Write the service, the port of its image, and the same user and password on both sides',
  references: [
    'https://docs.docker.com/compose/how-tos/networking/',
    'https://hub.docker.com/_/postgres',
    'https://redis.io/docs/latest/operate/oss_and_stack/management/security/',
  ],
  unproven: 'The live tests start no databases in containers',
  bad: [
    {
      title: 'the published port',
      files: tree('DATABASE_URL: «postgres://shop:one-password@db:5433/shop»'),
    },
    {
      title: 'the published port in a variable of its own',
      files: tree(conf`
        DB_HOST: db
        DB_PORT: "«5433»"
      `),
    },
    {
      title: 'the published port behind a password that a variable gives',
      files: tree('DATABASE_URL: "«postgres://shop:${DB_PASSWORD}@db:5433/shop»"'),
    },
    {
      title: 'another password',
      files: tree('DATABASE_URL: «postgres://shop:old-password@db:5432/shop»'),
    },
    {
      title: 'another user',
      files: tree(conf`
        POSTGRES_HOST: db
        POSTGRES_USER: «app»
        POSTGRES_PASSWORD: one-password
      `),
    },
    {
      title: 'a name that no service has, in a variable of its own',
      files: tree('WORDPRESS_DB_HOST: «mysql:3306»', MYSQL),
    },
    {
      title: 'another database than the one that MySQL makes',
      files: tree(
        conf`
          WORDPRESS_DB_HOST: db
          WORDPRESS_DB_USER: wp
          WORDPRESS_DB_NAME: «wordpress»
        `,
        MYSQL,
      ),
    },
    {
      title: 'the published port in the `.env` of Laravel',
      files: {
        'docker-compose.yml': conf`
          services:
            app:
              image: php:8.3-fpm
              volumes: [".:/var/www/html"]
            mysql:
              image: mysql:8.4
              ports: ["3307:3306"]
        `,
        '.env': conf`
          DB_CONNECTION=mysql
          DB_HOST=mysql
          DB_PORT=«3307»
        `,
        artisan: '<?php',
      },
    },
    { title: 'Redis without its password', files: tree('REDIS_URL: «redis://cache:6379/0»') },
    { title: 'a name that no service has', files: tree('CELERY_BROKER_URL: «redis://redis:6379/0»') },
    {
      title: 'Redis without its password, which a variable holds',
      files: tree(
        'REDIS_URL: «redis://cache:6379/0»',
        conf`
          cache:
            image: redis:7
            command: redis-server --requirepass \${CACHE_PASSWORD}
        `,
      ),
    },
    {
      title: 'TLS, which Redis does not speak',
      files: tree(
        'REDIS_URL: «rediss://cache:6379/0»',
        conf`
          cache:
            image: redis:7
        `,
      ),
    },
    {
      title: 'the user that RabbitMQ has by itself, where it was given another',
      files: tree(
        'CELERY_BROKER_URL: «amqp://guest:guest@rabbit:5672//»',
        conf`
          rabbit:
            image: rabbitmq:3-management
            environment:
              RABBITMQ_DEFAULT_USER: shop
              RABBITMQ_DEFAULT_PASS: one-password
        `,
      ),
    },
    {
      title: 'a cache of the settings of Django',
      files: {
        'web/Dockerfile': conf`
          FROM python:3.12
          WORKDIR /app
          COPY . .
        `,
        'web/shop/__init__.py': '',
        'web/shop/wsgi.py': conf`
          import os
          from django.core.wsgi import get_wsgi_application
          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
          application = get_wsgi_application()
        `,
        'web/shop/settings.py': conf`
          CACHES = {
              "default": {
                  "BACKEND": "django_redis.cache.RedisCache",
                  "LOCATION": «"redis://cache:6379/1"»,
              }
          }
        `,
        'docker-compose.yml': conf`
          services:
            web:
              build: ./web
              command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
            ${DATABASES}
        `,
      },
    },
  ],
  good: [
    {
      title: 'the user of RabbitMQ',
      files: tree(
        'CELERY_BROKER_URL: amqp://shop:one-password@rabbit:5672//',
        conf`
          rabbit:
            image: rabbitmq:3
            environment:
              RABBITMQ_DEFAULT_USER: shop
              RABBITMQ_DEFAULT_PASS: one-password
        `,
      ),
    },
    {
      title: 'Redis with TLS',
      files: tree(
        'REDIS_URL: rediss://cache:6379/0',
        conf`
          cache:
            image: redis:7
            command: redis-server --tls-port 6379 --port 0 --tls-cert-file /tls/a.pem --tls-key-file /tls/a.key
        `,
      ),
    },
    { title: 'a password in the query', files: tree('CACHE_URL: redis://cache:6379/0?PASSWORD=another') },
    {
      title: 'a password that is to be filled in',
      files: tree(
        conf`
          WORDPRESS_DB_HOST: db:3306
          WORDPRESS_DB_USER: wp
          WORDPRESS_DB_NAME: wp
          WORDPRESS_DB_PASSWORD: '<a password>'
        `,
        MYSQL,
      ),
    },
    {
      title: 'a variable of the database itself',
      files: tree(
        'WORDPRESS_DB_HOST: db',
        MYSQL.replace('MYSQL_DATABASE: wp', () => 'MARIADB_HOST: shop\n    MYSQL_DATABASE: wp'),
      ),
    },
    {
      title: 'the database that MySQL makes',
      files: tree(
        conf`
          WORDPRESS_DB_HOST: db:3306
          WORDPRESS_DB_USER: wp
          WORDPRESS_DB_NAME: wp
        `,
        MYSQL,
      ),
    },
    {
      title: 'another database for the superuser, which may make it',
      files: tree(
        conf`
          MYSQL_HOST: db
          MYSQL_USER: root
          MYSQL_DATABASE: shop
        `,
        MYSQL,
      ),
    },
    {
      title: 'a host of a name that is no container’s',
      files: tree('DB_HOST: db.example.net', MYSQL),
    },
    {
      title: 'the port of the image, and its password',
      files: tree(conf`
        DATABASE_URL: postgres://shop:one-password@db:5432/shop
        REDIS_URL: redis://:another@cache:6379/0
      `),
    },
    {
      title: 'in variables of their own',
      files: tree(conf`
        DB_HOST: db
        DB_PORT: "5432"
        DB_USER: shop
        DB_PASSWORD: one-password
      `),
    },
    {
      title: 'a database that is told of another port',
      files: tree(
        'DATABASE_URL: postgres://postgres@db:5433/shop',
        conf`
          db:
            image: postgres:16
            command: postgres -p 5433
        `,
      ),
    },
    {
      title: 'a password that a variable gives',
      files: tree('DATABASE_URL: postgres://shop:${DB_PASSWORD}@db:5432/shop'),
    },
    {
      title: 'users that a script of the database makes',
      files: tree(
        'DATABASE_URL: postgres://app:another@db:5432/shop',
        DATABASES.replace('  ports:', '  volumes: ["./init:/docker-entrypoint-initdb.d"]\n  ports:'),
      ),
    },
    {
      title: 'a database outside',
      files: tree('DATABASE_URL: postgres://shop:x@shop.abc.eu-west-1.rds.amazonaws.com:5433/shop'),
    },
    {
      title: 'a network on which others are',
      files: tree(
        'REDIS_URL: redis://redis:6379/0',
        DATABASES,
        conf`
          networks:
            default:
              external: true
              name: shared
        `,
      ),
    },
  ],
  *check(deployment) {
    const settings = settingsOf(deployment)
    for (const { container } of deployment.machines) {
      if (container === null || !container.service.complete) continue
      const databases = databasesOf(container.project)
      if (databases.size === 0) continue
      // What a database is told of a host is no place that it connects to.
      if ([...databases.values()].some(({ service }) => service === container.service)) continue
      const variables = containerVariables(container)
      const written = urlsIn(settings.get(container) ?? [])
      for (const wish of [...urlsOf([...variables, ...written]), ...wishesOf(variables, databases)]) {
        const database = databases.get(wish.host)
        if (
          database !== undefined &&
          database.service !== container.service &&
          sharesNetwork(container, database.service)
        )
          yield* faultsOf(wish, database)
        else if (database === undefined) yield* unknownHost(wish, container, databases)
      }
    }
  },
})

/** The settings of the projects that containers run. */
function settingsOf(deployment: Deployment): ReadonlyMap<Container, readonly DjangoSettings[]> {
  const found = new Map<Container, readonly DjangoSettings[]>()
  for (const program of programsOfKind(deployment, 'app-server')) {
    const { container } = program.machine
    const settings = container === null ? null : (deployment.moduleOf(program)?.settings ?? null)
    if (container !== null && settings !== null)
      found.set(container, [...(found.get(container) ?? []), settings])
  }
  return found
}

const BROKERS = ['CELERY_BROKER_URL', 'CELERY_RESULT_BACKEND', 'BROKER_URL', 'REDIS_URL']

/** The addresses of caches and brokers that are written out in settings of Django. */
function* urlsIn(all: readonly DjangoSettings[]): Iterable<ContainerVariable> {
  for (const settings of all) {
    for (const name of BROKERS) {
      const assigned = settings.expressionOf(name)
      if (assigned !== null) yield* literal(name, assigned.expression, assigned.source)
    }
    const caches = settings.expressionOf('CACHES')
    if (caches?.expression.kind !== 'dict') continue
    for (const { value } of caches.expression.entries) {
      const location = value.kind === 'dict' ? value.entries.find(isLocation)?.value : undefined
      if (location !== undefined) yield* literal('LOCATION', location, caches.source)
    }
  }
}

function isLocation({ key }: { readonly key: PythonExpression }): boolean {
  return key.kind === 'string' && key.value === 'LOCATION'
}

function* literal(name: string, expression: PythonExpression, source: Source): Iterable<ContainerVariable> {
  if (expression.kind !== 'string') return
  const { value, start, end } = expression
  yield { name, value: known(value, { source, start, end }) }
}

type Kind = 'PostgreSQL' | 'MySQL' | 'Redis' | 'MongoDB' | 'RabbitMQ'

interface Database {
  readonly service: ComposeService
  readonly kind: Kind
  /** Where it listens; null where its command or configuration says. */
  readonly port: number | null
  /** True where it surely speaks no TLS. */
  readonly plain: boolean
  readonly user: Fact<string> | null
  readonly password: Fact<string> | null
  /** The one that its image makes at its first start. */
  readonly database: Fact<string> | null
}

/** What a container is told to connect to. */
interface Wish {
  readonly kind: Kind | null
  readonly host: string
  readonly port: Fact<string> | null
  readonly user: Fact<string> | null
  readonly password: Fact<string> | null
  readonly database: Fact<string> | null
  /** True where it names no other host but by a name: an unknown one is a fault. */
  readonly whole: boolean
  /** True where it asks for TLS. */
  readonly tls: boolean
  /** True for a URL, whose missing password is none. */
  readonly isUrl: boolean
  readonly at: Place
}

const IMAGES: readonly (readonly [Kind, RegExp, number])[] = [
  ['PostgreSQL', /(?:^|\/)(?:postgres|postgis|timescaledb|pgvector)(?:[:@]|$)/, 5432],
  ['MySQL', /(?:^|\/)(?:mysql|mariadb)(?:[:@]|$)/, 3306],
  ['Redis', /(?:^|\/)(?:redis|valkey)(?:[:@]|$)/, 6379],
  ['MongoDB', /(?:^|\/)mongo(?:[:@]|$)/, 27017],
  ['RabbitMQ', /(?:^|\/)rabbitmq(?:[:@]|$)/, 5672],
]
const SCHEMES: Readonly<Record<string, Kind>> = {
  postgres: 'PostgreSQL',
  postgresql: 'PostgreSQL',
  postgis: 'PostgreSQL',
  mysql: 'MySQL',
  mysql2: 'MySQL',
  mariadb: 'MySQL',
  redis: 'Redis',
  mongodb: 'MongoDB',
  amqp: 'RabbitMQ',
  rediss: 'Redis',
}
const REFUSALS: Readonly<Record<Kind, string>> = {
  PostgreSQL: 'password authentication failed',
  MySQL: 'Access denied for user',
  Redis: 'WRONGPASS invalid username-password pair',
  MongoDB: 'Authentication failed',
  RabbitMQ: 'ACCESS_REFUSED',
}

function databasesOf({ services }: ComposeProject): ReadonlyMap<string, Database> {
  const found = new Map<string, Database>()
  for (const service of services.values()) {
    const image = service.image?.known === true && service.build === null ? service.image.value : ''
    const [kind, , standard] = IMAGES.find(([, pattern]) => pattern.test(image)) ?? []
    if (kind === undefined || standard === undefined || !service.complete || service.networkMode !== null)
      continue
    const set = (name: string): Fact<string> | null =>
      service.environment.findLast(each => each.name === name)?.value ?? null
    const words = [...(service.command?.words ?? []), ...(service.entrypoint?.words ?? [])].map(
      ({ text }) => text,
    )
    const isPlain = service.entrypoint === null && service.configs.length === 0 && !hasConfiguration(service)
    const moves =
      words.some(text => /^-p\d*$|port|\.(?:conf|cnf)|[$\0\uFFFD]/.test(text)) || set('PGPORT') !== null
    const database: Database = {
      service,
      kind,
      port: isPlain && !moves ? standard : null,
      plain: kind === 'Redis' && isPlain && words.every(text => !/tls|\.conf|[$\0\uFFFD]/.test(text)),
      ...(isPlain && service.envFiles.length === 0 && OF_SQL.has(kind)
        ? kind === 'PostgreSQL'
          ? {
              user: set('POSTGRES_USER'),
              password: set('POSTGRES_PASSWORD'),
              database: set('POSTGRES_DB') ?? set('POSTGRES_USER'),
            }
          : {
              user: set('MYSQL_USER') ?? set('MARIADB_USER'),
              password: set('MYSQL_PASSWORD') ?? set('MARIADB_PASSWORD'),
              database: set('MYSQL_DATABASE') ?? set('MARIADB_DATABASE'),
            }
        : kind === 'RabbitMQ' && isPlain && service.envFiles.length === 0
          ? { user: set('RABBITMQ_DEFAULT_USER'), password: set('RABBITMQ_DEFAULT_PASS'), database: null }
          : {
              user: null,
              password: kind === 'Redis' && isPlain ? requiredPassword(service) : null,
              database: null,
            }),
    }
    for (const name of [
      service.name,
      service.containerName?.known === true ? service.containerName.value : service.name,
    ])
      found.set(name.toLowerCase(), database)
  }
  return found
}

/** Files that may say another port, user or password. */
function hasConfiguration({ volumes }: ComposeService): boolean {
  return volumes.some(
    ({ target }) =>
      !target.known || /\.(?:conf|cnf)$|^\/etc(?:\/|$)|initdb|^\/usr\/local\/etc/.test(target.value),
  )
}

/** `--requirepass` of the command. */
function requiredPassword({ command }: ComposeService): Fact<string> | null {
  const words = command?.words ?? []
  const index = words.findIndex(({ text }) => text === '--requirepass')
  const word = index === -1 ? undefined : words[index + 1]
  if (word === undefined || command === null || word.text === '') return null
  if (/[$\0\uFFFD]/.test(word.text)) return unknown('a variable of Compose', command.at)
  return known(word.text, command.at)
}

/** What stands in a URL for a variable. */
const HIDDEN = '\uFFFD'

const URL_FORM =
  /^(postgres(?:ql)?|postgis|mysql2?|mariadb|rediss?|mongodb|amqp)(?:\+\w+)?:\/\/(?:([^:@/\s]*)(?::([^@/\s]*))?@)?([a-zA-Z0-9][\w.-]*)(?::(\d{1,5}))?(?=[/?]|$)/

function* urlsOf(variables: readonly ContainerVariable[]): Iterable<Wish> {
  for (const { value } of variables) {
    if (value === null || value.at === null) continue
    // A variable of Compose hides a password, and the rest of the URL stands there all the same.
    const text = value.known ? value.value : placeText(value.at).replace(/\$(?:\{[^{}]*\}|\w+)/g, HIDDEN)
    const found = text.includes('://') ? URL_FORM.exec(text) : null
    if (found === null) continue
    const [, scheme = '', user, password, host = '', port] = found
    const { at } = value
    const query = text.slice(found[0].length)
    const fact = (text: string | undefined): Fact<string> | null =>
      text === undefined || text === ''
        ? null
        : text.includes(HIDDEN)
          ? unknown('a variable of Compose', at)
          : known(decoded(text), at)
    yield {
      kind: SCHEMES[scheme] ?? null,
      host: host.toLowerCase(),
      port: fact(port),
      user: fact(user) ?? (/[?&](?:user(?:name)?)=/i.test(query) ? unknown('the query says it', at) : null),
      password:
        fact(password) ??
        (/[?&](?:pass(?:word|wd)?|pwd|auth)=/i.test(query) ? unknown('the query says it', at) : null),
      database: null,
      whole: true,
      tls: scheme === 'rediss',
      isUrl: true,
      at,
    }
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const HOST =
  /^((?:[A-Z0-9]+_)*?(?:DB|DATABASE|POSTGRES|POSTGRESQL|PG|MYSQL|MARIADB|REDIS|SQL|MONGO|RABBITMQ|PMA))_?(?:HOST|HOSTNAME|SERVER|ADDRESS)$/

/** Kinds that a name says by itself. */
const NAMED: readonly (readonly [RegExp, Kind])[] = [
  [/MYSQL|MARIADB|PMA$|^WORDPRESS_DB$/, 'MySQL'],
  [/POSTGRES|PG$/, 'PostgreSQL'],
  [/REDIS$/, 'Redis'],
  [/MONGO$/, 'MongoDB'],
  [/RABBITMQ$/, 'RabbitMQ'],
]
const OF_SQL: ReadonlySet<Kind> = new Set(['MySQL', 'PostgreSQL'])

/** `DB_HOST` and its siblings. */
function* wishesOf(
  variables: readonly ContainerVariable[],
  databases: ReadonlyMap<string, Database>,
): Iterable<Wish> {
  for (const { name, value } of variables) {
    const prefix = HOST.exec(name)?.[1]
    if (prefix === undefined || value?.known !== true || value.at === null) continue
    const [, host = '', written] = /^([a-z0-9][\w-]*)(?::(\d{1,5}))?$/.exec(value.value.toLowerCase()) ?? []
    if (host === '') continue
    const set = (...suffixes: readonly string[]): Fact<string> | null => {
      const wanted = suffixes.flatMap(suffix => [`${prefix}_${suffix}`, `${prefix}${suffix}`])
      return variables.findLast(each => wanted.includes(each.name))?.value ?? null
    }
    const own = new Set([...databases.values()].map(({ kind }) => kind).filter(kind => OF_SQL.has(kind)))
    const [only] = own
    const kind =
      NAMED.find(([pattern]) => pattern.test(prefix))?.[1] ?? (own.size === 1 ? (only ?? null) : null)
    yield {
      kind: databases.has(host) ? null : kind,
      host,
      port: written === undefined ? set('PORT') : known(written, value.at),
      database: set('NAME', 'DATABASE', 'DB'),
      user: set('USER', 'USERNAME'),
      password: set('PASSWORD', 'PASS', 'PASSWD'),
      whole: kind !== null,
      tls: false,
      isUrl: false,
      at: value.at,
    }
  }
}

function* faultsOf(wish: Wish, { service, kind, port, plain, user, password, database }: Database) {
  if (wish.kind !== null && wish.kind !== kind) return
  const placed = (fact: Fact<string>): Place => fact.at ?? wish.at
  if (
    port !== null &&
    wish.port?.known === true &&
    /^\d+$/.test(wish.port.value) &&
    Number(wish.port.value) !== port
  ) {
    const published = service.ports.find(
      each =>
        each.published?.known === true &&
        each.published.value.first === Number((wish.port as { value: string }).value),
    )
    yield {
      at: placed(wish.port),
      message: `${kind} of the service \`${service.name}\` listens on port ${port}${published === undefined ? '' : `, and ${wish.port.value} is a port of the host`}: Connection refused`,
      label: 'no port of the container',
      related: [
        {
          at: published?.at ?? service.at,
          message: published === undefined ? 'the database' : 'published here for the host',
        },
      ],
      help: `Connect to port ${port}`,
    }
    return
  }
  const related = (fact: Fact<string> | null) => [
    { at: fact?.at ?? service.at, message: 'the database has this one' },
  ]
  if (wish.tls && plain) {
    yield {
      at: wish.at,
      message: `Redis of the service \`${service.name}\` speaks no TLS, which \`rediss://\` asks for: [SSL: WRONG_VERSION_NUMBER]`,
      label: 'TLS',
      related: [{ at: service.at, message: 'the database' }],
      help: 'Write `redis://`',
    }
    return
  }
  if (kind === 'RabbitMQ' && wish.isUrl && user?.known === true) {
    const login = wish.user ?? known('guest', wish.at)
    if (login.known && login.value !== user.value && !TO_REPLACE.test(user.value)) {
      yield {
        at: placed(login),
        message: `RabbitMQ of the service \`${service.name}\` has the user \`${user.value}\`, and no other one, and this logs in as \`${login.value}\`: ACCESS_REFUSED`,
        label: 'no such user',
        related: related(user),
      }
      return
    }
  }
  if (password !== null && wish.isUrl && wish.password === null && kind === 'Redis') {
    yield {
      at: wish.at,
      message: `Redis of the service \`${service.name}\` asks for a password, and this has none: NOAUTH Authentication required`,
      label: 'no password',
      related: related(password),
      help: `Write the password in front of the host: \`redis://:PASSWORD@${service.name}:6379\``,
    }
    return
  }
  const wanted = user ?? (kind === 'PostgreSQL' && password !== null ? known('postgres', null) : null)
  // Its superuser may do all, with a password of its own.
  if (kind === 'MySQL' && (wish.user?.known !== true || wish.user.value === 'root')) return
  if (
    OF_SQL.has(kind) &&
    wanted?.known === true &&
    wish.user?.known === true &&
    wish.user.value !== wanted.value
  ) {
    yield {
      at: placed(wish.user),
      severity: 'warning' as const,
      message: `the service \`${service.name}\` makes the user \`${wanted.value}\`, and this logs in as \`${wish.user.value}\`: ${REFUSALS[kind]}`,
      label: 'no such user',
      related: related(user),
    }
    return
  }
  // Its user may use the one database alone; the one of PostgreSQL may make others.
  if (
    kind === 'MySQL' &&
    database?.known === true &&
    wish.database?.known === true &&
    wish.database.value !== database.value &&
    wish.database.value !== ''
  ) {
    yield {
      at: placed(wish.database),
      severity: 'warning' as const,
      message: `the service \`${service.name}\` makes the database \`${database.value}\`, and this asks for \`${wish.database.value}\`: Unknown database`,
      label: 'no such database',
      related: related(database),
    }
    return
  }
  if (password?.known !== true || wish.password?.known !== true || wish.password.value === password.value)
    return
  // What everybody is to replace says nothing of what they write.
  if (TO_REPLACE.test(password.value) || TO_REPLACE.test(wish.password.value)) return
  yield {
    at: placed(wish.password),
    severity: 'warning' as const,
    message: `the service \`${service.name}\` was given another password: ${REFUSALS[kind]}`,
    label: 'not the same',
    related: related(password),
  }
}

const TO_REPLACE = /^<.*>$|^\[.*\]$|\b(?:your|change.?me|replace.?me)\b/i

/** A name of one word, which only a container can have, where all of them are known. */
function* unknownHost(wish: Wish, container: Container, databases: ReadonlyMap<string, Database>) {
  const { project, service, allNames } = container
  if (!wish.whole || wish.host.includes('.') || wish.host === 'localhost' || allNames.has(wish.host)) return
  const alike = [...databases].find(([, { kind }]) => kind === wish.kind)
  if (alike === undefined || !project.complete || project.legacy || !knowsNames(container)) return
  if (
    service.links.length > 0 ||
    service.extraHosts.some(({ name }) => !name.known || name.value === wish.host)
  )
    return
  yield {
    at: wish.at,
    message: `no service is called \`${wish.host}\`, and ${wish.kind} is the service \`${alike[1].service.name}\`: Name or service not known`,
    label: 'no container of this name',
    related: [{ at: alike[1].service.at, message: 'the database' }],
    help: `Connect to \`${alike[1].service.name}\``,
  }
}

/** False where containers of other projects may be on a network, or one has a name that is not known. */
function knowsNames({ project, service }: Container): boolean {
  if (service.networkMode !== null || service.externalLinks.length > 0) return false
  const named = [...project.services.values()].every(
    ({ containerName, hostname, networks }) =>
      containerName?.known !== false &&
      hostname === null &&
      (networks ?? []).every(({ network, aliases }) => network.known && aliases.every(each => each.known)),
  )
  return named && [...project.networks.values()].every(({ external, name }) => !external && name === null)
}

function sharesNetwork({ networks }: Container, other: ComposeService): boolean {
  const own =
    other.networks === null
      ? ['default']
      : other.networks.map(({ network }) => (network.known ? network.value : null))
  return own.some(name => name !== null && networks.includes(name))
}
