import { posix } from 'node:path'
import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { commandText, withoutModes } from '../../parsers/dockerfile/command-text.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { type ContainerVariable, variablesAt } from './_container-variables.ts'
import { neededByCode, neededByWordPress } from './_extensions-of-code.ts'
import { buildSteps } from './_started-words.ts'

const tree = (
  variables: string,
  dockerfile = 'FROM php:8.3-fpm',
  files: Record<string, string> = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        build: .
        environment:
          ${variables}
      web:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          - ./public:/var/www/html/public:ro
  `,
  'site.conf': conf`
    server {
        listen 80;
        root /var/www/html/public;
        location ~ \.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass app:9000;
        }
    }
  `,
  Dockerfile: conf`
    ${dockerfile}
    WORKDIR /var/www/html
    COPY . .
  `,
  artisan: '',
  'composer.json': '{"require":{"laravel/framework":"^11.0"}}',
  'public/index.php': '<?php\n',
  ...files,
})

const code = (files: Record<string, string>, dockerfile = 'FROM php:8.3-fpm'): Record<string, string> =>
  tree('APP_ENV: production', dockerfile, { artisan: '', 'composer.json': '{}', ...files })
const CONFIGURED = { 'index.php': "<?php\nrequire 'config.php';\n$db = new PDO(DSN, 'shop', 'secret');\n" }

export default defineRule({
  summary: 'PHP in its image lacks the extension for the database that the application connects to',
  severity: 'error',
  otherSeverities: { warning: 'where the file says it that is kept to be copied: `.env.example`' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The images of PHP bring SQLite’s driver alone. Without `pdo_mysql` or `pdo_pgsql` every page that asks the database ends with `could not find driver`, without `redis` every page of a Laravel that keeps sessions or its cache there with `Class "Redis" not found`, and WordPress without `mysqli` with `Your PHP installation appears to be missing the MySQL extension`.',
  remedy: 'Install it in the Dockerfile: `RUN docker-php-ext-install pdo_mysql`',
  references: [
    'https://github.com/docker-library/docs/blob/master/php/README.md#how-to-install-more-php-extensions',
    'https://laravel.com/docs/database#configuration',
  ],
  unproven: 'The live tests start no containers: which extensions an image has, no loopback shows',
  bad: [
    { title: 'MySQL', files: tree('DB_CONNECTION: «mysql»') },
    {
      title: 'PostgreSQL, and the driver of MySQL',
      files: tree(
        'DB_CONNECTION: «pgsql»',
        'FROM php:8.3-fpm-alpine\nRUN docker-php-ext-install pdo_mysql gd',
      ),
    },
    {
      title: 'in the file of the application',
      files: tree('APP_ENV: production', undefined, { '.env': 'APP_KEY=base64:x\nDB_CONNECTION=«mysql»\n' }),
    },
    {
      title: 'in the file that is to be copied',
      files: tree('APP_ENV: production', undefined, { '.env.example': 'DB_CONNECTION=«mysql»\n' }),
    },
    { title: 'Redis', files: tree('SESSION_DRIVER: «redis»') },
    {
      title: 'a URL of Symfony',
      files: tree('DATABASE_URL: «mysql://shop:x@db:3306/shop»', undefined, {
        'composer.json': '{"require":{"symfony/framework-bundle":"^7.0"}}',
      }),
    },
    {
      title: 'the image as it comes',
      files: {
        ...tree(''),
        'docker-compose.yml': tree('DB_CONNECTION: «mysql»')['docker-compose.yml']!.replace(
          'build: .',
          'image: php:8.3-fpm\n    volumes: ["./:/var/www/html"]',
        ),
      },
    },
    {
      title: 'a script that opens a database of MySQL',
      files: code({
        'public/index.php': "<?php\n$db = new PDO('«mysql:»host=db;dbname=shop', 'shop', 'secret');\n",
      }),
    },
    {
      title: 'a DSN in another file, and an old image',
      files: code(
        { ...CONFIGURED, 'config.php': '<?php\nconst DSN = "«mysql:»host=db;dbname=shop";\n' },
        'FROM php:5.6-fpm\nRUN apt-get update && apt-get install -y mysql-client && docker-php-ext-install gd mbstring',
      ),
    },
    {
      title: 'PostgreSQL by PDO',
      files: code(
        { ...CONFIGURED, 'config.php': '<?php\nconst DSN = "«pgsql:»host=db;dbname=shop";\n' },
        'FROM php:8.3-apache\nRUN docker-php-ext-install pdo_mysql',
      ),
    },
    {
      title: 'the class of MySQLi',
      files: code({ 'public/index.php': "<?php\n$db = new «mysqli»('db', 'shop', 'secret', 'shop');\n" }),
    },
    {
      title: 'its function, and the driver of PDO',
      files: code(
        { 'public/index.php': "<?php\n$db = «mysqli_connect»('db', 'shop', 'secret', 'shop');\n" },
        'FROM php:8.3-fpm\nRUN docker-php-ext-install pdo_mysql',
      ),
    },
    {
      title: 'the function of PostgreSQL',
      files: code({ 'public/index.php': "<?php\n$db = @«pg_connect»('host=db dbname=shop');\n" }),
    },
    {
      title: 'functions that PHP has no more',
      files: code({ 'public/index.php': "<?php\n«mysql_connect»('db', 'shop', 'secret');\n" }),
    },
    {
      title: 'WordPress',
      files: code({ 'wp-config.php': "<?php\ndefine('«DB_NAME»', 'shop');\n" }),
    },
    {
      title: 'a DSN of PDO in a variable',
      files: {
        'docker-compose.yml': conf`
          services:
            php:
              build: .
              environment:
                DB_DSN: «mysql:host=db;port=3306;dbname=shop;charset=utf8mb4»
        `,
        Dockerfile: conf`
          FROM php:8.2-fpm
          RUN docker-php-ext-install -j"$(nproc)" pdo mysqli
          COPY . /var/www/html
        `,
        'index.php': "<?php $db = new PDO(getenv('DB_DSN'), 'shop', getenv('DB_PASSWORD'));\n",
      },
    },
  ],
  good: [
    {
      title: 'a DSN of PDO in a variable, and its driver',
      files: {
        'docker-compose.yml': conf`
          services:
            php:
              build: .
              environment:
                DB_DSN: mysql:host=db;port=3306;dbname=shop
        `,
        Dockerfile: conf`
          FROM php:8.2-fpm
          RUN docker-php-ext-install pdo pdo_mysql
        `,
      },
    },
    ...[
      ['a comment', "<?php\n// new PDO('mysql:host=db')\n"],
      ['SQLite by PDO', "<?php\nnew PDO('sqlite:/data/shop.db');\n"],
      ['a driver that a variable names', '<?php\nnew PDO("$driver:host=db");\n'],
      [
        'a choice between two',
        "<?php\n$dsn = $test ? 'sqlite::memory:' : 'mysql:host=db';\nnew PDO($dsn);\n",
      ],
      ['a text', "<?php\n$example = 'mysql:host=db';\n"],
      [
        'a script that asks for it first',
        "<?php\nif (extension_loaded('mysqli')) $db = mysqli_connect('db');\n",
      ],
      ['a function of its own', '<?php\nfunction mysql_connect($host) {}\nmysql_connect("db");\n'],
      ['a method', '<?php\n$this->mysqli_connect("db");\n'],
    ].map(([title = '', script = '']) => ({ title, files: code({ 'public/index.php': script }) })),
    {
      title: 'an image for tools',
      files: code({ 'public/index.php': "<?php\nnew mysqli('db');\n" }, 'FROM php:8.3-cli'),
    },
    {
      title: 'MySQLi, installed',
      files: code(
        { 'public/index.php': "<?php\n$db = new mysqli('db');\n" },
        'FROM php:8.3-fpm\nRUN docker-php-ext-install mysqli',
      ),
    },
    {
      title: 'the old functions, installed',
      files: code(
        { 'public/index.php': "<?php\nmysql_connect('db');\n" },
        'FROM php:5.6-fpm\nRUN docker-php-ext-install gd mysql',
      ),
    },
    {
      title: 'a library',
      files: code({ 'vendor/db/db.php': "<?php\n$db = new mysqli('db');\n" }),
    },
    {
      title: 'WordPress with another database',
      files: code({ 'wp-config.php': "<?php\ndefine('DB_NAME', 'shop');\n", 'wp-content/db.php': '<?php\n' }),
    },
    {
      title: 'Redis, and its extension',
      files: tree(
        'SESSION_DRIVER: redis',
        'FROM php:8.3-fpm\nRUN pecl install redis && docker-php-ext-enable redis',
      ),
    },
    {
      title: 'Redis by a library',
      files: tree('SESSION_DRIVER: redis', undefined, {
        'composer.json': '{"require":{"laravel/framework":"^11.0","predis/predis":"^2.0"}}',
      }),
    },
    {
      title: 'Redis by a library that a variable names',
      files: tree('SESSION_DRIVER: redis\n      REDIS_CLIENT: predis'),
    },
    {
      title: 'installed',
      files: tree('DB_CONNECTION: mysql', 'FROM php:8.3-fpm\nRUN docker-php-ext-install -j4 pdo pdo_mysql'),
    },
    {
      title: 'installed by a script of somebody else',
      files: tree('DB_CONNECTION: pgsql', 'FROM php:8.3-fpm\nRUN install-php-extensions pdo_pgsql redis'),
    },
    { title: 'SQLite', files: tree('DB_CONNECTION: sqlite') },
    { title: 'another image', files: tree('DB_CONNECTION: mysql', 'FROM bitnami/php-fpm:8.3') },
    {
      title: 'a list that a variable has',
      files: tree('DB_CONNECTION: mysql', 'FROM php:8.3-fpm\nARG EXT\nRUN docker-php-ext-install $EXT'),
    },
    {
      title: 'a file for the next machine, and no application of PHP',
      files: tree('DB_CONNECTION: mysql', undefined, { 'composer.json': '{}' }),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      if (container === null || !isPlainPhp(container)) continue
      const steps = withoutModes(buildSteps(container).join('\n')).replace(JOBS, ' ')
      const isUnknown =
        /\$\w*(?:EXT|PHP)|docker-php-ext-install[^;&|]*\$|\.sh\b|\bxargs\b/i.test(steps) ||
        (container.image?.steps ?? []).some(
          step =>
            'sources' in step &&
            step.from !== null &&
            (!step.target.known ||
              /^\/usr\/local\/(?:lib|etc)|^\/usr\/local\/?$|^\/$/.test(step.target.value)),
        )
      if (isUnknown) continue
      for (const { extension, at, says, isExample } of allNeeded(container)) {
        if (isInstalled(extension, steps)) continue
        yield {
          at,
          ...(isExample && ({ severity: 'warning', confidence: 'medium' } as const)),
          message: `\`${container.reference}\` has no \`${extension}\`, and nothing in its Dockerfile installs it: ${says}`,
          label: 'no driver in the image',
          related: [{ at: container.image?.stage.at ?? container.service.at, message: 'the image' }],
          help: howToInstall(extension, container.reference ?? ''),
        }
      }
    }
  },
})

/** How many are built at a time: `-j$(nproc)`. */
const JOBS = /\s-j[ \t]*["']?(?:\d+|\$\([^()\n]*\)|\$\{?\w+\}?|`[^`\n]*`)["']?(?=\s)/g

function isInstalled(extension: string, steps: string): boolean {
  // Its client is called so too.
  if (extension === 'mysql') return /docker-php-ext-(?:install|enable)\b[^;&|]*\smysql(?![\w-])/.test(steps)
  return new RegExp(`\\b${extension}\\b`).test(steps)
}

function howToInstall(extension: string, reference: string): string {
  if (extension === 'redis') return 'Write `RUN pecl install redis && docker-php-ext-enable redis`'
  if (extension === 'mysql' && !/^php:5/.test(reference))
    return 'PHP 7 removed these functions: use `mysqli` or PDO, and install it with `docker-php-ext-install`'
  return `Write \`RUN docker-php-ext-install ${extension}\``
}

/** A container of PHP's command line may be there for its tools alone. */
function servesPages({ reference, service, image }: Container): boolean {
  if (/fpm|apache/.test(reference ?? '')) return true
  const own = image?.command ?? null
  const command =
    service.command?.words.map(({ text }) => text).join(' ') ?? (own === null ? '' : commandText(own))
  return /\bphp\b.*\s(?:-S|\w*serve)\b/.test(command)
}

/** `DB_DSN: mysql:host=db;dbname=shop`, which only PDO takes. */
const DSN = /^(?:(mysql)|(pgsql)):(?:(?:host|port|dbname|unix_socket|charset|user)=[^;]*;?)+$/

/** The driver of a DSN of PDO that a variable of the container has. */
function* neededByDsn(container: Container): Iterable<Needed> {
  for (const { value, isExample } of variablesOf(container)) {
    const found = value?.known === true ? DSN.exec(value.value) : null
    if (found === null || value?.at == null) continue
    yield {
      extension: found[1] === undefined ? 'pdo_pgsql' : 'pdo_mysql',
      at: value.at,
      says: 'could not find driver',
      isExample: isExample === true,
    }
  }
}

function allNeeded(container: Container): readonly Needed[] {
  const [dsn] = neededByDsn(container)
  const told = isApplication(container) ? [...neededBy(container)] : dsn === undefined ? [] : [dsn]
  if (!servesPages(container)) return told
  const wordPress = neededByWordPress(container)
  const written = wordPress === null ? neededByCode(container) : [wordPress]
  // What the variables say, the code may follow.
  return told.length > 0 ? told : written.map(each => ({ ...each, isExample: false }))
}

interface Needed {
  readonly extension: string
  readonly at: Place
  /** What PHP says without it. */
  readonly says: string
  readonly isExample: boolean
}

function* neededBy(container: Container): Iterable<Needed> {
  const variables = variablesOf(container)
  const database = variables.find(({ name }) => DATABASE.has(name))
  if (database?.value?.known === true && database.value.at !== null) {
    const scheme = /^(?:(mysql|mariadb)|(pgsql|postgres(?:ql)?))(?=$|:\/\/)/.exec(database.value.value)
    if (scheme !== null)
      yield {
        extension: scheme[1] === undefined ? 'pdo_pgsql' : 'pdo_mysql',
        at: database.value.at,
        says: 'could not find driver',
        isExample: database.isExample === true,
      }
  }
  const store = variables.find(
    ({ name, value }) => STORES.has(name) && value?.known === true && value.value === 'redis',
  )
  if (store?.value?.at == null || !usesPhpRedis(container, variables)) return
  yield {
    extension: 'redis',
    at: store.value.at,
    says: 'Class "Redis" not found',
    isExample: store.isExample === true,
  }
}

/** Laravel asks Redis by the extension, unless it is told of the library in PHP. */
function usesPhpRedis(container: Container, variables: readonly ContainerVariable[]): boolean {
  const client = variables.find(({ name }) => name === 'REDIS_CLIENT')?.value
  if (client != null && !(client.known && client.value === 'phpredis')) return false
  return homesOf(container).every(home => {
    const composer = sourceAt(container.hostFiles, posix.join(home, 'composer.json'))?.text ?? ''
    return (
      !composer.includes('"predis/predis"') &&
      (!composer.includes('"') || /"laravel\/framework"/.test(composer))
    )
  })
}

function isPlainPhp({ reference, service, image, mounts }: Container): boolean {
  return (
    /^php(?::[\w.-]*)?$/.test(reference ?? '') &&
    service.complete &&
    (service.build === null || image !== null) &&
    !mounts.some(
      ({ target }) => /^\/usr\/local\/(?:etc\/php(?:\/|$)|lib)/.test(target) && !target.endsWith('.ini'),
    )
  )
}

/** Frameworks that ask databases by PDO. */
function isApplication({ service, hostFiles, mounts }: Container): boolean {
  return homesOf({ service, hostFiles, mounts }).some(home =>
    /"(?:laravel\/framework|symfony\/framework-bundle|doctrine\/orm|doctrine\/dbal|illuminate\/database|yiisoft\/yii2|cakephp\/cakephp)"/.test(
      sourceAt(hostFiles, posix.join(home, 'composer.json'))?.text ?? '',
    ),
  )
}

function homesOf({
  service,
  mounts,
}: Pick<Container, 'service' | 'hostFiles' | 'mounts'>): readonly string[] {
  const context = service.build?.context
  return [
    ...(context?.known === true && context.value.startsWith('/') ? [context.value] : []),
    ...mounts.flatMap(({ path, target }) =>
      path !== null && /^\/(?:var\/www|app|srv)/.test(target) ? [path] : [],
    ),
  ]
}

/** The variables of the container, and those of the file that the application reads by itself. */
function variablesOf(container: Container): readonly ContainerVariable[] {
  const own = givenVariables(container.service).map(({ name, value }) => ({ name, value }))
  const read = homesOf(container).flatMap(home => variablesAt(posix.join(home, '.env'), container.hostFiles))
  return [...own, ...read]
}

const DATABASE: ReadonlySet<string> = new Set(['DB_CONNECTION', 'DATABASE_URL', 'DB_URL'])
/** Where Laravel keeps what it is to find again. */
const STORES: ReadonlySet<string> = new Set([
  'CACHE_STORE',
  'CACHE_DRIVER',
  'SESSION_DRIVER',
  'QUEUE_CONNECTION',
  'QUEUE_DRIVER',
])
