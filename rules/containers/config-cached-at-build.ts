import { posix } from 'node:path'
import { phpCode } from '../../parsers/php/script.ts'
import { matchedPlace, type Place } from '../../parsers/text/source.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { placeOf, sliceWritten } from '../../parsers/text/written-text.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import { leftOutOf } from '../../src/deployment/containers/read-containers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { isLaravel } from '../_php-projects.ts'
import { shellTexts } from './_shell-texts.ts'

const tree = (
  steps: string,
  { service = 'env_file: .env', more = {} }: { service?: string; more?: Record<string, string> } = {},
): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      app:
        build: .
        ${service}
      web:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
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
    FROM php:8.3-fpm
    WORKDIR /var/www/html
    COPY . .
    ${steps}
  `,
  '.dockerignore': '.env\nvendor\n',
  artisan: '#!/usr/bin/env php\n',
  'config/app.php': "<?php return ['key' => env('APP_KEY')];\n",
  'config/database.php': "<?php return ['host' => env('DB_HOST', '127.0.0.1')];\n",
  ...more,
})

const withoutArtisan = ({ artisan: _, ...files }: Record<string, string>) => files

export default defineRule({
  summary: 'A build caches the configuration of Laravel, without the variables of the container',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`config:cache` writes what `env()` of the configuration gives at that moment into `bootstrap/cache/config.php`, and nothing reads `.env` or the environment again. While the image is built there is neither: the cache has no `APP_KEY` and the defaults of everything else, and what Compose gives the container is not looked at: MissingAppKeyException, `SQLSTATE[HY000] [2002] Connection refused`.',
  remedy: 'Run `php artisan config:cache` when the container starts, in its entry point or command',
  references: [
    'https://laravel.com/docs/configuration#configuration-caching',
    'https://docs.docker.com/compose/how-tos/environment-variables/set-environment-variables/',
  ],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'a project of which a part is seen',
      files: {
        ...withoutArtisan(
          tree('RUN «php artisan config:cache»', { service: 'environment: { DB_HOST: db }' }),
        ),
        'public/index.php': "<?php\ndefine('LARAVEL_START', microtime(true));\n",
      },
    },
    {
      title: 'a file of variables',
      files: tree('RUN php artisan route:cache && «php artisan config:cache»'),
    },
    {
      title: 'all caches at once, and variables of the compose file',
      files: tree('RUN composer install --no-dev && «php artisan optimize»', {
        service: 'environment:\n  APP_KEY: ${APP_KEY}\n  DB_HOST: db',
      }),
    },
  ],
  good: [
    { title: 'another cache', files: tree('RUN php artisan view:cache') },
    {
      title: 'the container caches it again when it starts',
      files: tree(
        conf`
          RUN php artisan config:cache
          CMD ["sh", "-c", "php artisan config:cache && exec php-fpm"]
        `,
      ),
    },
    {
      title: 'an entry point that clears it',
      files: tree(
        conf`
          RUN php artisan optimize
          ENTRYPOINT ["/var/www/html/start.sh"]
        `,
        { more: { 'start.sh': '#!/bin/sh\nphp artisan optimize:clear\nexec php-fpm\n' } },
      ),
    },
    {
      title: 'a script that is not here starts the container',
      files: tree(
        conf`
          RUN php artisan config:cache
          ENTRYPOINT ["/usr/local/bin/start.sh"]
        `,
      ),
    },
    {
      title: 'a later step clears it',
      files: tree(
        conf`
          RUN php artisan config:cache
          RUN php artisan config:clear
        `,
      ),
    },
    {
      title: 'a file of variables that the build has',
      files: tree('RUN php artisan config:cache', {
        more: { '.dockerignore': 'vendor\n', '.env': 'APP_KEY=base64:x\nDB_HOST=db\n' },
      }),
    },
    {
      title: 'one that is not in the repository, and that a build on the server has',
      files: tree('RUN php artisan config:cache', { more: { '.dockerignore': 'vendor\n' } }),
    },
    {
      title: 'variables that the build is given',
      files: tree(conf`
        ARG APP_KEY
        ARG DB_HOST
        RUN php artisan config:cache
      `),
    },
    {
      title: 'a file that a step of the build makes',
      files: tree('RUN cp .env.production .env && php artisan config:cache'),
    },
    {
      title: 'a volume over the application',
      files: tree('RUN php artisan config:cache', {
        service: 'env_file: .env\nvolumes: [".:/var/www/html"]',
      }),
    },
    {
      title: 'a container that is given no variable of it',
      files: tree('RUN php artisan config:cache', { service: 'environment:\n  TZ: UTC' }),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      const cached = container === null ? null : cachedInBuild(container)
      if (container === null || cached === null) continue
      const given = givenToContainer(container)
      if (given === null) continue
      yield {
        at: cached.at,
        message: `the configuration is cached while the image is built, without \`${given.name}\`: what the container is given is not looked at`,
        label: 'before its variables are there',
        related: [
          { at: given.at, message: 'given to the container alone' },
          { at: given.readAt, message: 'read here, and kept' },
        ],
      }
    }
  },
})

const CACHES =
  /\bphp\d*(?:\.\d+)?\s+(?:-\S+\s+)*(?:\.\/|\/\S*\/)?artisan\s+(?:config:cache|optimize)(?![:\w-])/
/** What caches anew, or leaves nothing of a cache; and scripts of images that do so by themselves. */
const ANEW =
  /\bartisan\s+(?:config:|optimize)|bootstrap\/cache|AUTORUN|\.sh\b|entrypoint|supervisord|composer\b|\bmake\b/

function cachedInBuild({ image, service, mounts, ...rest }: Container): { readonly at: Place } | null {
  if (image === null || rest.isAlone || !service.complete) return null
  const runs = image.steps.flatMap((step, index) => ('sources' in step ? [] : [{ step, index }]))
  const found = runs.find(({ step }) => CACHES.test(commandText(step.command)))
  if (found === undefined || found.step.command.form === 'exec' || found.step.documents.length > 0)
    return null
  // Whatever writes a file of variables, or is lent one, or takes the cache away again.
  const { text } = image.stage.at.source
  if (/--mount=type=(?:secret|bind)|\.env\b|config:clear|optimize:clear|bootstrap\/cache/.test(text))
    return null
  if (
    image.stages.some(({ args, environment }) =>
      [...args, ...environment].some(({ name }) => OF_LARAVEL.test(name)),
    )
  )
    return null
  const home = image.workingDirectory
  if (home?.known !== true || mounts.some(mount => mayReplaceCache(mount, home.value))) return null
  // The image of PHP starts nothing else by itself.
  if (!/^php:/.test(rest.reference ?? '') || startsAnew({ image, service, mounts, ...rest })) return null
  const { script } = found.step.command
  const [match] = [CACHES.exec(script.text)].filter(each => each !== null)
  if (match === undefined || /\bAPP_KEY=|\bDB_HOST=/.test(script.text)) return null
  return { at: placeOf(sliceWritten(script, match.index, match.index + match[0].length)) }
}

/** A directory of the host, or a volume, in place of the application or of its cache. */
function mayReplaceCache({ from, target }: ContainerMount, home: string): boolean {
  return from === 'volumes' && [home, `${home}/bootstrap/cache`].some(path => isBelow(path, target))
}

/** True where what the container starts writes the cache again, or may. */
function startsAnew(container: Container): boolean {
  const { image } = container
  const build = new Set(
    (image?.steps ?? []).flatMap(step =>
      'sources' in step || step.command.form === 'exec' ? [] : [step.command.script],
    ),
  )
  for (const text of shellTexts(container)) if (!build.has(text) && ANEW.test(text.text)) return true
  return false
}

/** Variables by which an application of Laravel works or does not. */
const OF_LARAVEL = /^(?:APP|DB|REDIS|MAIL|CACHE|SESSION|QUEUE)_\w+$/

interface Given {
  readonly name: string
  readonly at: Place
  readonly readAt: Place
}

/** A variable of the container that the configuration reads; of a file that is not here, the key of the application. */
function givenToContainer({ service, hostFiles, image }: Container): Given | null {
  const context = service.build?.context
  if (image === null || context?.known !== true || !context.value.startsWith('/')) return null
  const home = context.value
  if (!isLaravel(hostFiles, home)) return null
  const own = posix.join(home, '.env')
  // Else it goes into the image with all the rest, where somebody has one.
  if (leftOutOf(hostFiles, home, image.stage.at.source.path)?.(own) !== true) return null
  for (const { name } of hostFiles.list(posix.join(home, 'config')) ?? []) {
    const source = sourceAt(hostFiles, posix.join(home, 'config', name))
    if (source === null || !name.endsWith('.php')) continue
    for (const match of phpCode(source).matchAll(/(?<![\w>:$])env\(\s*(['"])(\w+)\1/g)) {
      const variable = match[2] ?? ''
      const set = service.environment.find(each => each.name === variable && OF_LARAVEL.test(variable))
      const at = set?.at ?? (variable === 'APP_KEY' ? service.envFiles[0]?.path.at : null)
      const readAt = matchedPlace(source, match)
      if (at != null) return { name: variable, at, readAt }
    }
  }
  return null
}
