import { posix } from 'node:path'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow, overlap } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import { directoryOfUrl, keepsUploadsInFiles } from '../../src/deployment/django/static-settings.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { clusterBeside, clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { settingsOfContainers } from './_database-clients.ts'
import { writtenByPhp } from './_php-writes.ts'
import { copiedAsRoot } from './_root-owned.ts'
import { looseIn, type Started, startedIn, textsRun } from './_started-words.ts'
import { workerOf } from './_worker-of-image.ts'

const LARAVEL = {
  artisan: '',
  'composer.json': '{ "require": { "laravel/framework": "^11.0" } }\n',
  'bootstrap/cache/.gitignore': '*\n',
  'storage/logs/.gitignore': '*\n',
  'public/index.php': '<?php\n',
}
const php = (
  dockerfile: string,
  {
    service = '',
    files = LARAVEL,
  }: { readonly service?: string; readonly files?: Record<string, string> } = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        build: .
        ports: ["80:80"]
        ${service}
  `,
  Dockerfile: dockerfile,
  ...files,
})
const copied = (lines = '', base = 'FROM php:8.3-apache'): string => conf`
  ${base}
  RUN docker-php-ext-install pdo_mysql
  WORKDIR /var/www/html
  COPY . .
  ${lines}
`
const marked = (lines = '', base?: string): string => copied(lines, base).replace('COPY', '«COPY»')
const INSTALLED = conf`
  FROM composer:2 AS vendor
  WORKDIR /app
  COPY . .
  RUN composer install --no-dev
  FROM php:8.3-fpm
  COPY --from=vendor /app /srv/app
`
const django = (
  lines: string,
  settings: string,
  command = 'sh -c "python manage.py migrate && exec gunicorn --bind 0.0.0.0:8000 shop.wsgi"',
): Record<string, string> => ({
  ...djangoBehindNginx({ settings, command }),
  'web/Dockerfile': conf`
    FROM python:3.12-slim
    RUN useradd --create-home shop
    WORKDIR /app
    ${lines}
  `,
})
const SQLITE = 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/app/db.sqlite3"}}'
const UPLOADS = conf`
  MEDIA_URL = "/media/"
  MEDIA_ROOT = "/app/media"
`

export default defineRule({
  summary: 'An application in a container may not write into directories that its image has for root',
  severity: 'error',
  otherSeverities: { warning: 'for uploads' },
  confidence: 'high',
  since: '0.1.0',
  why: 'What `COPY` brings into an image belongs to root, whatever `USER` says, and PHP-FPM and Apache run their workers as `www-data`. Laravel then may not write its log, its views and sessions below `storage`, and answers 500: `The stream or file "…/storage/logs/laravel.log" could not be opened in append mode: Permission denied`. SQLite needs a directory that it may write: `attempt to write a readonly database`.',
  remedy:
    'Give the directory to the account: `COPY --chown=www-data:www-data . .`, or behind it `RUN chown -R www-data:www-data storage bootstrap/cache`',
  references: [
    'https://docs.docker.com/reference/dockerfile/#copy---chown---chmod',
    'https://laravel.com/docs/deployment#directory-permissions',
    'https://symfony.com/doc/current/setup/file_permissions.html',
  ],
  unproven: 'The live tests build no images',
  bad: [
    { title: 'Laravel in Apache', files: php(marked()) },
    {
      title: 'Laravel in PHP-FPM, and an owner that is given before the files are there',
      files: php(
        marked('', 'FROM php:8.3-fpm-alpine\nRUN chown -R www-data:www-data /var/www/html').concat(
          'RUN chmod +x docker/start.sh && php artisan storage:link\nCMD ["docker/start.sh"]\n',
        ),
        {
          files: { ...LARAVEL, 'docker/start.sh': '#!/bin/sh\nphp artisan migrate --force\nexec php-fpm\n' },
        },
      ),
    },
    {
      title: 'views that are written when the image is built, and a log in a file',
      files: php(marked('RUN php artisan view:cache'), { service: 'environment: { LOG_CHANNEL: single }' }),
    },
    {
      title: 'an image that no compose file builds',
      files: {
        ...LARAVEL,
        Dockerfile: marked(),
        'site.conf': conf`
          server {
              listen 80;
              root /var/www/html/public;
          }
        `,
      },
    },
    {
      title: 'the files of an earlier stage',
      files: php(INSTALLED.replace('COPY --', '«COPY» --')),
    },
    {
      title: 'views, where the log is no file',
      files: php(marked(), {
        service: 'environment: { LOG_CHANNEL: stderr }',
        files: { ...LARAVEL, 'resources/views/start.blade.php': '<p>Here</p>\n' },
      }),
    },
    {
      title: 'Debian’s packages',
      files: php(
        conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y apache2 libapache2-mod-php
          «COPY» . /var/www/html/
          CMD ["apachectl", "-D", "FOREGROUND"]
        `,
      ),
    },
    {
      title: 'CodeIgniter, with a user for all',
      files: php(marked('USER www-data\nCMD ["php", "spark", "serve"]', 'FROM php:8.3-cli'), {
        files: {
          spark: '',
          'composer.json': '{ "require": { "codeigniter4/framework": "^4.0" } }\n',
          'writable/cache/index.html': '',
        },
      }),
    },
    {
      title: 'Symfony',
      files: php(marked(), {
        files: {
          'bin/console': '',
          'composer.json': '{ "require": { "symfony/framework-bundle": "^7.0" } }\n',
          'var/.gitkeep': '',
        },
      }),
    },
    { title: 'SQLite', files: django('«COPY» . .\nUSER shop', SQLITE) },
    {
      title: 'uploads',
      files: django('«COPY» . .\nUSER shop', UPLOADS, 'gunicorn --bind 0.0.0.0:8000 shop.wsgi'),
    },
  ],
  good: [
    {
      title: 'lists of packages that the build has made',
      files: php(INSTALLED.concat('RUN chown -R www-data:www-data /srv/app/storage\n')),
    },
    {
      title: 'a log that is no file, of an application without views',
      files: php(INSTALLED, { service: 'environment: { LOG_CHANNEL: stderr }' }),
    },
    { title: 'an owner', files: php(copied('RUN chown -R www-data:www-data storage bootstrap/cache')) },
    { title: 'an owner of all', files: php(copied('RUN chown -R www-data /var/www')) },
    { title: 'a mode', files: php(copied('RUN chmod -R 777 storage bootstrap/cache')) },
    { title: 'a copy with an owner', files: php(copied().replace('COPY', 'COPY --chown=www-data:www-data')) },
    {
      title: 'another copy of the directories',
      files: php(copied('COPY --chown=www-data storage storage\nCOPY --chown=www-data bootstrap bootstrap')),
    },
    { title: 'a step that nobody reads', files: php(copied('RUN ./docker/build.sh')) },
    { title: 'the files of the host', files: php(copied(), { service: 'volumes: [".:/var/www/html"]' }) },
    {
      title: 'a script that gives it away when the container starts',
      files: php(copied('ENTRYPOINT ["/var/www/html/docker/start.sh"]'), {
        files: {
          ...LARAVEL,
          'docker/start.sh':
            '#!/bin/sh\nchown -R www-data storage bootstrap/cache\nexec apache2-foreground\n',
        },
      }),
    },
    {
      title: 'a script that is not in the repository',
      files: php(copied('ENTRYPOINT ["/usr/local/bin/start.sh"]')),
    },
    { title: 'root itself', files: php(copied('CMD ["php", "artisan", "serve", "--host=0.0.0.0"]')) },
    { title: 'workers that are root', files: php(copied('ENV APACHE_RUN_USER=root')) },
    { title: 'an image of somebody else', files: php(copied('', 'FROM example/php:8.3-apache')) },
    {
      title: 'views that are written when the image is built',
      files: php(copied('RUN php artisan view:cache')),
    },
    {
      title: 'the same with a log that Docker keeps',
      files: php(copied('RUN php artisan view:cache'), { service: 'environment: { LOG_CHANNEL: stderr }' }),
    },
    {
      title: 'settings that are read when the image is built',
      files: php(copied('RUN php artisan config:cache && php artisan view:cache'), {
        service: 'environment: { LOG_CHANNEL: single }',
      }),
    },
    {
      title: 'scripts of Composer that open them',
      files: php(copied('RUN composer install'), {
        files: {
          ...LARAVEL,
          'composer.json':
            '{ "require": { "laravel/framework": "^11.0" }, "scripts": { "post-install-cmd": "chmod -R 777 storage" } }\n',
        },
      }),
    },
    {
      title: 'directories in memory',
      files: php(copied(), {
        service: 'tmpfs: [/var/www/html/storage, /var/www/html/bootstrap/cache]',
      }),
    },
    { title: 'SQLite of root', files: django('COPY . .', SQLITE) },
    { title: 'SQLite of the user', files: django('COPY . .\nRUN chown shop /app\nUSER shop', SQLITE) },
    {
      title: 'SQLite in a directory that was the user’s before',
      files: django('RUN chown shop /app\nCOPY . .\nUSER shop', SQLITE),
    },
    { title: 'SQLite elsewhere', files: django('COPY . .\nUSER shop', SQLITE.replace('/app/', '/tmp/')) },
    {
      title: 'SQLite that is only read',
      files: django('COPY . .\nUSER shop', SQLITE, 'gunicorn --bind 0.0.0.0:8000 shop.wsgi'),
    },
    {
      title: 'uploads into a directory of the user',
      files: django(
        'COPY . .\nRUN mkdir media && chown shop media\nUSER shop',
        UPLOADS,
        'gunicorn --bind 0.0.0.0:8000 shop.wsgi',
      ),
    },
  ],
  *check(deployment) {
    for (const started of [...startedIn(deployment), ...looseIn(deployment)])
      yield* ofPhp(deployment, started)
    for (const [container, all] of settingsOfContainers(deployment))
      for (const settings of all) yield* ofDjango(container, settings)
  },
})

function* ofPhp(deployment: Deployment, started: Started): Iterable<RuleFinding> {
  if (started.image === null) return
  const [first] = writtenByPhp(started)
  const account = first === undefined ? null : workerOf(started)
  if (account === null) return
  // Whoever runs an image of which no compose file speaks may lay volumes over all of it.
  const isLoose = started.service === null || !started.service.complete
  for (const { directory, name, said } of writtenByPhp(started)) {
    const copy = copiedAsRoot(started, directory)
    if (copy === null || (isLoose && isMountedInPod(deployment, directory))) continue
    yield {
      at: copy.at,
      ...(isLoose && { confidence: 'medium' as const }),
      message: `\`${name}\` belongs to root in the image, and PHP runs as \`${account}\`: ${said}`,
      label: 'copies as root',
      related: [],
      help: `Write \`RUN chown -R ${account} ${directory}\` below it, or \`--chown=${account}\``,
    }
    return
  }
}

/** True where a manifest of the repository may lay a volume over it. */
function isMountedInPod(deployment: Deployment, directory: string): boolean {
  const cluster = clusterFiles(deployment) ?? clusterBeside(deployment)
  return (
    cluster !== null &&
    (!cluster.isComplete ||
      cluster.files.some(({ workloads }) =>
        workloads.some(({ containers }) =>
          containers.some(({ mounts }) => mounts.some(({ path }) => overlap(cleanPath(path), directory))),
        ),
      ))
  )
}

function* ofDjango(container: Started, settings: DjangoSettings): Iterable<RuleFinding> {
  const user = container.service?.user ?? container.image?.user ?? null
  if (user?.known !== true || user.at === null) return
  const account = workerOf(container)
  if (account === null || account === 'www-data') return
  for (const { path, message, at, severity } of writtenByDjango(container, settings)) {
    const directory = nearestCopied(container, path)
    const copy = directory === null ? null : copiedAsRoot(container, directory)
    if (copy === null || textsRun(container).some(text => isNamed(text, path))) continue
    yield {
      at: copy.at,
      severity,
      message: `\`${directory}\` belongs to root in the image, and Django runs as \`${account}\`: ${message}`,
      label: 'copies as root',
      related: [
        { at: user.at, message: 'another user than root' },
        ...(at === null ? [] : [{ at, message: 'written here' }]),
      ],
      help: `Write \`COPY --chown=${account}\`, or give \`${path}\` to it with \`RUN mkdir\` and \`chown\``,
    }
    return
  }
}

/** True where some step or script speaks of a directory below the copied one. */
function isNamed(text: string, path: string): boolean {
  return text.split(/[\s/"'{},;]+/).includes(posix.basename(path)) && /\b(?:mkdir|chown|chmod)\b/.test(text)
}

/** The directory itself, or the nearest above it that a copy has brought. */
function nearestCopied({ mounts, files }: Started, path: string): string | null {
  for (let directory = path; directory !== '/'; directory = posix.dirname(directory))
    if (files.kind(directory) === 'directory')
      return mounts.some(({ target, from }) => from === 'COPY' && isBelow(directory, cleanPath(target)))
        ? directory
        : null
  return null
}

interface Written {
  /** A directory. */
  readonly path: string
  readonly message: string
  readonly at: Place | null
  readonly severity: 'error' | 'warning'
}

function* writtenByDjango(container: Started, settings: DjangoSettings): Iterable<Written> {
  const databases = settings.get('DATABASES')
  const entry: unknown =
    databases?.known === true && databases.value instanceof Map ? databases.value.get('default') : null
  const words = container.service?.command?.words.map(({ text }) => text) ?? []
  if (
    entry instanceof Map &&
    String(entry.get('ENGINE')).endsWith('.sqlite3') &&
    [...textsRun(container), ...words].some(text => /\bmanage\.py\W+migrate\b/.test(text))
  ) {
    const name: unknown = entry.get('NAME')
    if (typeof name === 'string' && /^\/[^\0\uFFFD]+$/.test(name))
      yield {
        path: posix.dirname(cleanPath(name)),
        message: '`migrate` ends with attempt to write a readonly database, or unable to open database file',
        at: databases?.at ?? null,
        severity: 'error',
      }
  }
  const media = directoryOfUrl(settings, 'MEDIA')
  if (media !== null && keepsUploadsInFiles(settings))
    yield {
      path: media.directory,
      message: 'each upload ends with PermissionError: [Errno 13] Permission denied',
      at: media.directoryAt,
      severity: 'warning',
    }
}
