import { posix } from 'node:path'
import { parseDotenv } from '../../parsers/dotenv/parse-dotenv.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
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

export default defineRule({
  summary: 'PHP in its image lacks the driver of the database that the application is told to use',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The images of PHP bring SQLite’s driver alone. Without `pdo_mysql` or `pdo_pgsql` every page that asks the database ends with `could not find driver`, and WordPress without `mysqli` with `Your PHP installation appears to be missing the MySQL extension`.',
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
  ],
  good: [
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
      const steps = buildSteps(container).join('\n')
      const isUnknown =
        /\$\w*(?:EXT|PHP)|docker-php-ext-install[^;&|]*\$|\.sh\b|\bxargs\b/i.test(steps) ||
        (container.image?.steps ?? []).some(
          step =>
            'sources' in step &&
            step.from !== null &&
            (!step.target.known ||
              /^\/usr\/local\/(?:lib|etc)|^\/usr\/local\/?$|^\/$/.test(step.target.value)),
        )
      if (isUnknown || !isApplication(container)) continue
      const found = databaseOf(container)
      if (found === null || !found.known || found.at === null) continue
      const scheme = /^(?:(mysql|mariadb)|(pgsql|postgres(?:ql)?))(?=$|:\/\/)/.exec(found.value)
      if (scheme === null) continue
      const extension = scheme[1] === undefined ? 'pdo_pgsql' : 'pdo_mysql'
      if (new RegExp(`\\b${extension}\\b`).test(steps)) continue
      yield {
        at: found.at,
        message: `\`${container.reference}\` has no \`${extension}\`, and nothing in its Dockerfile installs it: could not find driver`,
        label: 'no driver in the image',
        related: [{ at: container.image?.stage.at ?? container.service.at, message: 'the image' }],
        help: `Write \`RUN docker-php-ext-install ${extension}\``,
      }
    }
  },
})

function isPlainPhp({ reference, service, image, mounts }: Container): boolean {
  return (
    /^php(?::[\w.-]*)?$/.test(reference ?? '') &&
    service.complete &&
    (service.build === null || image !== null) &&
    !mounts.some(({ target }) => /^\/usr\/local\/(?:etc\/php|lib)/.test(target) && !target.endsWith('.ini'))
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

function databaseOf(container: Container): Fact<string> | null {
  const own = container.service.environment.find(({ name }) => NAMES.has(name))
  if (own !== undefined) return own.value
  for (const home of homesOf(container)) {
    const source = sourceAt(container.hostFiles, posix.join(home, '.env'))
    const line = source === null ? undefined : parseDotenv(source).find(({ name }) => NAMES.has(name))
    if (line !== undefined) return line.value
  }
  return null
}

const NAMES: ReadonlySet<string> = new Set(['DB_CONNECTION', 'DATABASE_URL', 'DB_URL'])
