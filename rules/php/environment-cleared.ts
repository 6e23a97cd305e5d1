import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { serviceEnvironment } from '../../parsers/systemd/service-environment.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type {
  Deployment,
  NginxConnection,
  NginxProgram,
  PhpFpmProgram,
  Program,
} from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { serviceOf } from '../../src/deployment/service-of.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { containerVariables } from '../containers/_container-variables.ts'
import { phpPool, phpSite } from './_examples.ts'
import { documentRoot } from './_script-directory.ts'
import { variablesRead } from './_variables-read.ts'

/** A service of Debian, whose drop-in names a file of variables. */
const service = (pool: string, more: Record<string, string> = {}): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite(),
  'etc/php/8.2/fpm/pool.d/www.conf': pool,
  'etc/systemd/system/php8.2-fpm.service.d/shop.conf': conf`
    [Service]
    EnvironmentFile=/etc/shop.env
  `,
  'etc/shop.env': 'DB_DSN=mysql:host=127.0.0.1\nDB_USER=shop\n',
  'srv/www/index.php': "<?php new PDO(getenv('DB_DSN'), getenv('DB_USER'));\n",
  ...more,
})

/** A container with the FPM of Debian's package. */
const packaged = (pool: string, step = ''): Record<string, string> => ({
  ...tree(pool, { volumes: '- ./php/src:/var/www/html' }),
  'php/Dockerfile': conf`
    FROM debian:12-slim
    RUN apt-get update && apt-get install -y php8.2-fpm
    ${step}
    COPY pool.conf /etc/php/8.2/fpm/pool.d/www.conf
    CMD ["php-fpm8.2", "--nodaemonize"]
  `,
  'php/pool.conf': pool,
  'pool.conf': '',
})

const symfony = (own: string, pool = '«[www]»'): Record<string, string> => ({
  ...service(phpPool().replace('[www]', pool), {
    'srv/www/index.php': "<?php require 'vendor/autoload_runtime.php';\n",
    'srv/www/composer.json': '{"require": {"symfony/framework-bundle": "^7.1"}}\n',
    'srv/www/config/packages/doctrine.yaml': conf`
      doctrine:
        dbal:
          url: '%env(resolve:DB_DSN)%'
    `,
    'srv/www/.env': own,
  }),
})

const tree = (
  pool: string,
  {
    environment = 'DB_HOST: db',
    volumes = '- ./pool.conf:/usr/local/etc/php-fpm.d/zz-pool.conf:ro',
    files = {},
  }: { environment?: string; volumes?: string; files?: Record<string, string> } = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
      php:
        build: ./php
        environment:
          ${environment}
        volumes:
          ${volumes}
      db:
        image: mysql:8.4
  `,
  'php/Dockerfile': conf`
    FROM php:8.3-fpm
    COPY src /var/www/html
  `,
  'php/src/public/index.php': '<?php echo getenv("DB_HOST");\n',
  'pool.conf': pool,
  'site.conf': conf`
    server {
        listen 80;
        root /var/www/html/public;
        location ~ \.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass php:9000;
        }
    }
  `,
  ...files,
})

const OF_PACKAGE = conf`
  «[www]»
  user = www-data
  listen = 9000
  pm = static
  pm.max_children = 10
`

export default defineRule({
  summary: 'PHP-FPM starts PHP without the variables that it is given',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'By itself PHP-FPM starts its workers with an empty environment. What `Environment=` and `EnvironmentFile=` of its unit set reaches FPM and no script: `getenv("DB_HOST")` is false, and the application takes its default, such as 127.0.0.1. The image of PHP says `clear_env = no` for its pool `www`; a later `clear_env = yes` undoes it, and a pool of another name does not have it. On the command line all is there.',
  remedy: 'Write `clear_env = no` into the pool, or `env[NAME] = $NAME` for each variable',
  references: ['https://www.php.net/manual/en/install.fpm.configuration.php#clear-env'],
  unproven:
    'The live tests start PHP-FPM without its unit and no containers, and so without variables of one',
  bad: [
    { title: 'the pool of a package in a container', files: packaged(OF_PACKAGE) },
    {
      title: 'a pool that says so',
      files: tree(conf`
        [www]
        clear_env = «yes»
      `),
    },
    {
      title: 'the number of it',
      files: tree(
        conf`
          [www]
          pm.max_children = 10
          clear_env = «1»
        `,
        { environment: 'DATABASE_URL: mysql://shop@db/shop' },
      ),
    },
    {
      title: 'variables of a unit',
      files: service(phpPool().replace('[www]', '«[www]»')),
    },
    {
      title: 'variables of a unit that the configuration of Symfony names, and its .env does not have',
      files: symfony('APP_ENV=prod\n'),
    },
    {
      title: 'one of them that the pool does not set',
      files: service(phpPool('env[DB_USER] = $DB_USER').replace('[www]', '«[www]»')),
    },
    {
      title: 'a line of the unit, and scripts that are not here',
      files: {
        'etc/nginx/nginx.conf': phpSite(),
        'etc/php/8.2/fpm/pool.d/www.conf': phpPool('clear_env = «yes»'),
        'etc/systemd/system/php8.2-fpm.service.d/shop.conf': conf`
          [Service]
          Environment=DB_HOST=db.example.org
        `,
      },
    },
  ],
  good: [
    { title: 'the pool of a package that keeps them', files: packaged(`${OF_PACKAGE}clear_env = no\n`) },
    {
      title: 'a step of the build that keeps them',
      files: packaged(OF_PACKAGE, 'RUN echo "clear_env = no" >> /etc/php/8.2/fpm/pool.d/www.conf'),
    },
    { title: 'a pool of a service that keeps them', files: service(phpPool('clear_env = no')) },
    {
      title: 'a pool that sets each of them',
      files: service(phpPool('env[DB_DSN] = $DB_DSN\nenv[DB_USER] = $DB_USER')),
    },
    {
      title: 'nginx sends them',
      files: service(phpPool(), {
        'etc/nginx/nginx.conf': phpSite('fastcgi_param DB_DSN mysql:host=::1;\nfastcgi_param DB_USER shop;'),
      }),
    },
    {
      title: 'scripts that read a file of their own',
      files: service(phpPool(), {
        'srv/www/.env': 'DB_DSN=mysql:host=127.0.0.1\nDB_USER=shop\n',
        'srv/www/index.php':
          "<?php Dotenv\\Dotenv::createImmutable(__DIR__)->load(); new PDO($_ENV['DB_DSN'], $_ENV['DB_USER']);\n",
      }),
    },
    {
      title: 'scripts that read no variable',
      files: service(phpPool(), { 'srv/www/index.php': "<?php echo getenv('APP_COLOUR'), PHP_VERSION;\n" }),
    },
    {
      title: 'a pool that keeps them',
      files: tree(conf`
        [www]
        clear_env = no
      `),
    },
    {
      title: 'the pool of the image, which keeps them',
      files: tree(conf`
        [www]
        pm.max_children = 10
      `),
    },
    {
      title: 'variables that the pool sets',
      files: tree(conf`
        [www]
        clear_env = yes
        env[DB_HOST] = $DB_HOST
      `),
    },
    {
      title: 'a container that is told of nothing that an application reads',
      files: tree(
        conf`
          [www]
          clear_env = yes
        `,
        { environment: 'TZ: UTC' },
      ),
    },
    {
      title: 'Symfony, whose own file has it',
      files: symfony('APP_ENV=prod\nDB_DSN=mysql://shop@127.0.0.1/shop\n', '[www]'),
    },
    {
      title: 'an application that reads a file of its own',
      files: tree(
        conf`
          [www]
          clear_env = yes
        `,
        {
          volumes: '- ./pool.conf:/usr/local/etc/php-fpm.d/zz-pool.conf:ro\n- ./shop:/var/www/html',
          files: { 'shop/artisan': '', 'shop/.env': 'DB_HOST=db\n' },
        },
      ),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'php-fpm')) {
      const { machine, pool } = program
      const at = clearedAt(program, deployment)
      const given = at === null ? null : variablesGiven(program, deployment)
      if (at === null || given === null) continue
      const variable = variableLost(deployment, program, given)
      if (variable === null) continue
      const whose = machine.container === null ? 'service' : 'container'
      yield {
        at,
        message: `the pool \`${pool.name}\` starts PHP without the variables of its ${whose}: \`${variable.name}\` is not set there`,
        label: pool.clearEnvironment === null ? 'without `clear_env = no`' : 'an empty environment',
        related: [
          ...(variable.at === null ? [] : [{ at: variable.at, message: 'set here' }]),
          ...(variable.readAt === null ? [] : [{ at: variable.readAt, message: 'read here' }]),
        ],
      }
    }
  },
})

/** Where a pool says that it starts with an empty environment, or begins, where FPM takes that by itself. */
function clearedAt({ machine, pool, at }: PhpFpmProgram, deployment: Deployment): Place | null {
  const cleared = pool.clearEnvironment
  if (cleared !== null) return cleared.known && cleared.value ? cleared.at : null
  // The image of PHP keeps it for its own pool alone.
  return machine.container === null || pool.name !== 'www' || isOfPackage(machine.container, deployment)
    ? at
    : null
}

/** True for a container whose FPM is the package of its distribution, and that no step or script tells otherwise. */
function isOfPackage({ base, fault }: Container, deployment: Deployment): boolean {
  return (
    fault === null &&
    DISTRIBUTION.test(base ?? '') &&
    !(deployment.setups() ?? []).some(({ text }) => /clear_env/.test(text))
  )
}

const DISTRIBUTION =
  /^(?:debian|ubuntu|alpine|rockylinux(?:\/rockylinux)?|almalinux|centos|fedora|amazonlinux|oraclelinux)$/

/** Where a variable of the process is set; null where it is written nowhere, undefined where there is none. */
interface Given {
  readonly names: Iterable<string>
  readonly at: (name: string) => Place | null | undefined
}

function variablesGiven(program: PhpFpmProgram, { commands }: Deployment): Given | null {
  const { machine } = program
  const { container, files } = machine
  if (container !== null) {
    const variables = new Map(
      containerVariables(container).map(({ name, value }) => [name, value?.at ?? null]),
    )
    return { names: variables.keys(), at: name => variables.get(name) }
  }
  const service = serviceOf(program)
  if (service !== null) {
    const { variables } = serviceEnvironment(service, path => sourceAt(files, path))
    return { names: variables.keys(), at: name => variables.get(name)?.at }
  }
  const started = commands.find(
    each => each.machine === machine && /^php-fpm[\d.]*$/.test(posix.basename(each.words[0]?.text ?? '')),
  )
  if (started === undefined) return null
  return {
    names: [],
    at: name => {
      const value = started.environment(name)
      return value === null ? undefined : value.at
    },
  }
}

interface Lost {
  readonly name: string
  readonly at: Place | null
  readonly readAt: Place | null
}

/** A variable that the scripts behind a pool read, and the process of FPM has. */
function variableLost(deployment: Deployment, program: PhpFpmProgram, given: Given): Lost | null {
  const { machine, pool } = program
  const connections = connectionsTo(deployment).get(program) ?? []
  const files = machine.container?.files ?? machine.files
  const isSent = (name: string): boolean =>
    pool.environment.has(name) || connections.some(({ from }) => sendsParameter(from, name))
  for (const connection of connections) {
    const root = documentRoot(connection)
    const read = root === null ? new Map<string, Place>() : variablesRead(files, root)
    if (read === null) return null
    for (const [name, readAt] of read) {
      const at = given.at(name)
      if (at !== undefined && !isSent(name)) return { name, at, readAt }
    }
  }
  const isOnly =
    pool.name === 'www' &&
    programsOfKind(deployment, 'php-fpm').filter(each => each.machine === machine).length === 1
  if (!isOnly || pool.environment.size > 0) return null
  if (machine.container === null ? isSeen(files, connections) : readsFile(machine.container)) return null
  const name = [...given.names].find(each => TOLD.test(each) && !isSent(each))
  return name === undefined ? null : { name, at: given.at(name) ?? null, readAt: null }
}

/** True where the scripts are there, so that it is seen what they read. */
function isSeen(files: FileSystem, connections: readonly NginxConnection[]): boolean {
  return connections.some(connection => {
    const root = documentRoot(connection)
    return root !== null && files.kind(posix.join(root, 'index.php')) === 'file'
  })
}

const connectionsTo = memo((deployment: Deployment) => {
  const found = new Map<Program, NginxConnection[]>()
  for (const connection of deployment.connections.nginx)
    for (const { to } of connection.targets) {
      if (to.kind !== 'listener') continue
      const all = found.get(to.listener.program) ?? []
      all.push(connection)
      found.set(to.listener.program, all)
    }
  return found
})

const parametersSent = memo(
  ({ configuration }: NginxProgram): ReadonlySet<string> =>
    new Set(
      (configuration.occurrences.get('fastcgi_param') ?? []).flatMap(({ args: [name] }) => name?.value ?? []),
    ),
)

function sendsParameter(from: NginxProgram, name: string): boolean {
  return parametersSent(from).has(name)
}

/** What applications are told of by the environment. */
const TOLD =
  /^(?:DB|DATABASE|MYSQL|POSTGRES|REDIS|WORDPRESS_DB|MAIL|APP)_(?:HOST|URL|NAME|DATABASE|PASSWORD|USER|USERNAME|KEY|SECRET)$/

/** True where the directory of the application comes from outside, with a file of variables as like as not. */
function readsFile({ service, mounts, files }: Container): boolean {
  return (
    mounts.some(
      ({ from, target }) => from === 'volumes' && /^\/(?:var\/www|app|srv)(?:\/html)?$/.test(target),
    ) ||
    files.kind('/var/www/html/.env') !== null ||
    !service.complete
  )
}
