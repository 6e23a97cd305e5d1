import type { ComposeService } from '../../parsers/compose/compose.ts'
import { type Fact, known } from '../../parsers/text/fact.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { type DatabaseClient, databaseClients, settingsOfContainers } from './_database-clients.ts'
import { type Database, type DatabaseKind, databasesOf, OF_SQL } from './_databases.ts'

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

const django = (settings: string, environment = ''): Record<string, string> => {
  const files = djangoBehindNginx({ settings, environment })
  return {
    ...files,
    'docker-compose.yml': conf`
      ${files['docker-compose.yml'] ?? ''}
        ${DATABASES}
    `,
  }
}
const databases = (entries: string): string =>
  conf`
    import os
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", ${entries}}}
  `

const MONGO = conf`
  mongo:
    image: mongo:7
    environment:
      MONGO_INITDB_ROOT_USERNAME: root
      MONGO_INITDB_ROOT_PASSWORD: one-password
`

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
      title: 'a database on another network',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: registry.example.org/shop:1.4
              environment:
                DATABASE_URL: «postgres://shop:one-password@db:5432/shop»
              networks: [front]
            db:
              image: postgres:16
              environment:
                POSTGRES_USER: shop
                POSTGRES_PASSWORD: one-password
              networks: [back]
          networks:
            front:
            back:
        `,
      },
    },
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
      files: django(conf`
        CACHES = {
            "default": {
                "BACKEND": "django_redis.cache.RedisCache",
                "LOCATION": «"redis://cache:6379/1"»,
            }
        }
      `),
    },
    {
      title: 'the database of the settings of Django, by a name that no service has',
      files: django(databases('"NAME": "shop", "HOST": «"postgres"», "PORT": 5432')),
    },
    {
      title: 'the database of the settings of Django, by the published port',
      files: django(databases('"NAME": "shop", "HOST": "db", "PORT": «"5433"»')),
    },
    {
      title: 'the database of the settings of Django, with another password',
      files: django(databases('"HOST": "db", "USER": "shop", "PASSWORD": «"old-password"»')),
    },
    {
      title: 'MongoDB without the login that it asks for',
      files: tree('MONGO_URL: «mongodb://mongo:27017/shop»', MONGO),
    },
    {
      title: 'the root of MongoDB, looked for in another database',
      files: tree('MONGO_URL: «mongodb://root:one-password@mongo:27017/shop»', MONGO),
    },
  ],
  good: [
    {
      title: 'a file of variables that the one that builds an image is given, too',
      files: {
        'docker-compose.yml': conf`
          services:
            base:
              image: registry.example.org/shop-base:1.4
              build: .
              env_file: [app.env]
            web:
              image: registry.example.org/shop:1.4
              env_file: [app.env]
              networks: [inner]
            db:
              image: postgres:16
              environment:
                POSTGRES_USER: shop
                POSTGRES_PASSWORD: one-password
              networks: [inner]
          networks:
            inner:
        `,
        'app.env':
          'DATABASE_ADAPTER=postgresql\nDATABASE_HOST=db\nDATABASE_NAME=shop\nDATABASE_USER=shop\nDATABASE_PASSWORD=one-password\n',
      },
    },
    {
      title: 'the root of MongoDB in its database, and a user that is made later',
      files: tree(
        conf`
          MONGO_URL: mongodb://root:one-password@mongo:27017/shop?authSource=admin
          OTHER_URL: mongodb://shop:another@mongo:27017/shop
        `,
        MONGO,
      ),
    },
    {
      title: 'a login of MongoDB in variables of its own',
      files: tree(
        conf`
          MONGO_URL: mongodb://mongo:27017/shop
          MONGO_USERNAME: root
          MONGO_PASSWORD: one-password
        `,
        MONGO,
      ),
    },
    {
      title: 'the name that Compose gives a container',
      files: tree('DATABASE_URL: postgres://a:one-password@shop_db_1:5432/shop'),
    },
    {
      title: 'a network that another project brings both to',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: registry.example.org/shop:1.4
              environment:
                DATABASE_URL: postgres://shop:one-password@db:5432/shop
              networks: [shared]
            db:
              image: postgres:16
              environment:
                POSTGRES_USER: shop
                POSTGRES_PASSWORD: one-password
              networks: [back]
          networks:
            shared:
              external: true
            back:
        `,
      },
    },
    {
      title: 'the database of the settings of Django',
      files: django(
        databases('"NAME": "shop", "HOST": "db", "USER": "shop", "PASSWORD": "one-password", "PORT": 5432'),
      ),
    },
    {
      title: 'a name that stands for development, where a variable says another one',
      files: django(
        databases('"NAME": "shop", "HOST": os.environ.get("DB_HOST", "postgres")'),
        'environment: { DB_HOST: db }',
      ),
    },
    {
      title: 'the database of a machine',
      files: django(databases('"NAME": "shop", "HOST": "db1.example.org", "PORT": 5433')),
    },
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
      title: 'a user that the superuser, who logs in too, may make',
      files: tree(conf`
        DATABASE_URL: postgres://shop:one-password@db:5432/shop
        STORAGE_URL: postgres://storage:another@db:5432/shop
      `),
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
    const settings = settingsOfContainers(deployment)
    for (const { container } of deployment.machines) {
      if (container === null || !container.service.complete) continue
      const databases = databasesOf(container.project)
      if (databases.size === 0) continue
      // What a database is told of a host is no place that it connects to.
      if ([...databases.values()].some(({ service }) => service === container.service)) continue
      const clients = [...databaseClients(container, settings.get(container) ?? [], databases)]
      for (const client of clients) {
        const database = databases.get(client.host)
        if (
          database !== undefined &&
          database.service !== container.service &&
          sharesNetwork(container, database.service)
        )
          yield* faultsOf(
            client,
            database,
            clients.some(other => databases.get(other.host) === database && isMaker(other, database)),
          )
        else if (database !== undefined && database.service !== container.service)
          yield* apart(client, container, database)
        else if (database === undefined) yield* unknownHost(client, container, databases)
      }
    }
  },
})

/** True for one that logs in as the superuser that the image makes, and that may make other users. */
function isMaker({ user: own }: DatabaseClient, { kind, user }: Database): boolean {
  return kind === 'PostgreSQL' && user?.known === true && own?.known === true && own.value === user.value
}

const REFUSALS: Readonly<Partial<Record<DatabaseKind, string>>> = {
  PostgreSQL: 'password authentication failed',
  MySQL: 'Access denied for user',
  Redis: 'WRONGPASS invalid username-password pair',
  MongoDB: 'Authentication failed',
  RabbitMQ: 'ACCESS_REFUSED',
}

function* faultsOf(
  client: DatabaseClient,
  { service, kind, port, plain, user, password, database }: Database,
  hasMaker: boolean,
) {
  if (client.kind !== null && client.kind !== kind) return
  const placed = (fact: Fact<string>): Place => fact.at ?? client.at
  if (
    port !== null &&
    client.port?.known === true &&
    /^\d+$/.test(client.port.value) &&
    Number(client.port.value) !== port
  ) {
    const published = service.ports.find(
      each =>
        each.published?.known === true &&
        each.published.value.first === Number((client.port as { value: string }).value),
    )
    yield {
      at: placed(client.port),
      message: `${kind} of the service \`${service.name}\` listens on port ${port}${published === undefined ? '' : `, and ${client.port.value} is a port of the host`}: Connection refused`,
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
  if (client.tls && plain) {
    yield {
      at: client.at,
      message: `Redis of the service \`${service.name}\` speaks no TLS, which \`rediss://\` asks for: [SSL: WRONG_VERSION_NUMBER]`,
      label: 'TLS',
      related: [{ at: service.at, message: 'the database' }],
      help: 'Write `redis://`',
    }
    return
  }
  if (kind === 'RabbitMQ' && client.isUrl && user?.known === true) {
    const login = client.user ?? known('guest', client.at)
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
  if (password !== null && client.isUrl && client.password === null && kind === 'Redis') {
    yield {
      at: client.at,
      message: `Redis of the service \`${service.name}\` asks for a password, and this has none: NOAUTH Authentication required`,
      label: 'no password',
      related: related(password),
      help: `Write the password in front of the host: \`redis://:PASSWORD@${service.name}:6379\``,
    }
    return
  }
  if (kind === 'MongoDB') {
    if (client.isUrl && user !== null && password !== null) yield* refusedByMongo(client, service, user)
    if (client.user?.known !== true || user?.known !== true || client.user.value !== user.value) return
  }
  const wanted = user ?? (kind === 'PostgreSQL' && password !== null ? known('postgres', null) : null)
  // Its superuser may do all, with a password of its own.
  if (kind === 'MySQL' && (client.user?.known !== true || client.user.value === 'root')) return
  if (
    OF_SQL.has(kind) &&
    wanted?.known === true &&
    client.user?.known === true &&
    client.user.value !== wanted.value
  ) {
    if (hasMaker) return
    yield {
      at: placed(client.user),
      severity: 'warning' as const,
      message: `the service \`${service.name}\` makes the user \`${wanted.value}\`, and this logs in as \`${client.user.value}\`: ${REFUSALS[kind]}`,
      label: 'no such user',
      related: related(user),
    }
    return
  }
  // Its user may use the one database alone; the one of PostgreSQL may make others.
  if (
    kind === 'MySQL' &&
    database?.known === true &&
    client.database?.known === true &&
    client.database.value !== database.value &&
    client.database.value !== ''
  ) {
    yield {
      at: placed(client.database),
      severity: 'warning' as const,
      message: `the service \`${service.name}\` makes the database \`${database.value}\`, and this asks for \`${client.database.value}\`: Unknown database`,
      label: 'no such database',
      related: related(database),
    }
    return
  }
  if (password?.known !== true || client.password?.known !== true || client.password.value === password.value)
    return
  // What everybody is to replace says nothing of what they write.
  if (TO_REPLACE.test(password.value) || TO_REPLACE.test(client.password.value)) return
  yield {
    at: placed(client.password),
    severity: 'warning' as const,
    message: `the service \`${service.name}\` was given another password: ${REFUSALS[kind]}`,
    label: 'not the same',
    related: related(password),
  }
}

/** The one user that its image makes is of the database `admin`, which a client looks for in the one that it names. */
function* refusedByMongo(client: DatabaseClient, service: ComposeService, user: Fact<string>) {
  const related = [{ at: user.at ?? service.at, message: 'the database has this user' }]
  const url = placeText(client.at)
  const database = /^\W*[\w+]+:\/\/[^/]*\/([\w-]*)/.exec(url)?.[1] ?? ''
  if (client.user === null && client.password === null && !url.includes('@') && client.whole)
    yield {
      at: client.at,
      message: `MongoDB of the service \`${service.name}\` asks for a login, and this has none: Command requires authentication`,
      label: 'no login',
      related,
    }
  else if (
    client.user?.known === true &&
    user.known &&
    client.user.value === user.value &&
    database !== '' &&
    database !== 'admin' &&
    !/authSource|authMechanism|[$\0\uFFFD]/i.test(url)
  )
    yield {
      at: client.at,
      message: `the user \`${user.value}\` of the service \`${service.name}\` is one of the database \`admin\`, and is looked for in \`${database}\`: Authentication failed`,
      label: 'another `authSource`',
      related,
      help: 'Add `?authSource=admin` to the URL',
    }
}

const TO_REPLACE = /^<.*>$|^\[.*\]$|\b(?:your|change.?me|replace.?me)\b/i

/** A database on other networks, whose name nobody is told. */
function* apart(client: DatabaseClient, container: Container, { service, kind }: Database) {
  const { project } = container
  if (!client.whole || !project.complete || project.legacy || !knowsNames(container)) return
  if (!service.complete || service.networkMode !== null || container.service.links.length > 0) return
  if (container.service.extraHosts.length > 0) return
  // Of a file that others are given, too, those who reach the database are the ones that read it.
  const readers = [...project.services.values()].filter(({ envFiles }) =>
    envFiles.some(({ path }) => path.known && path.value === client.at.source.path),
  )
  if (
    readers.some(
      reader => reader !== service && networkKeys(reader).some(key => networkKeys(service).includes(key)),
    )
  )
    return
  yield {
    at: client.at,
    message: `\`${client.host}\` is on none of the networks of \`${container.service.name}\`, which is told no address of it: Name or service not known`,
    label: 'on another network',
    related: [{ at: service.at, message: `the ${kind} of this name` }],
    help: `Write a network of \`${service.name}\` below \`networks:\` of \`${container.service.name}\``,
  }
}

/** A name of one word, which only a container can have, where all of them are known. */
function* unknownHost(
  client: DatabaseClient,
  container: Container,
  databases: ReadonlyMap<string, Database>,
) {
  const { project, service, allNames } = container
  if (!client.whole || client.host.includes('.') || client.host === 'localhost' || allNames.has(client.host))
    return
  // Containers have names of their own, too: `shop-db-1`, `shop_db_1`.
  const [, named = ''] = /^(.+)[_-]\d+$/.exec(client.host) ?? []
  if ([...project.services.keys()].some(each => named.endsWith(`_${each}`) || named.endsWith(`-${each}`)))
    return
  const alike = [...databases].find(([, { kind }]) => kind === client.kind)
  if (alike === undefined || !project.complete || project.legacy || !knowsNames(container)) return
  if (
    service.links.length > 0 ||
    service.extraHosts.some(({ name }) => !name.known || name.value === client.host)
  )
    return
  yield {
    at: client.at,
    message: `no service is called \`${client.host}\`, and ${client.kind} is the service \`${alike[1].service.name}\`: Name or service not known`,
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
  return networkKeys(other).some(key => networks.includes(key))
}

function networkKeys({ networks }: ComposeService): readonly string[] {
  return networks === null
    ? ['default']
    : networks.flatMap(({ network }) => (network.known ? [network.value] : []))
}
