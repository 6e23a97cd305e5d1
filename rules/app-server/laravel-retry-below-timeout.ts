import { posix } from 'node:path'
import { phpCode } from '../../parsers/php/script.ts'
import type { Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { proxiedServer } from '../_examples.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { type Seconds, type Variables, variablesOf, workerOf } from './_laravel-worker.ts'

const queues = (retry: string): string => conf`
  <?php
  return [
      'default' => 'redis',
      'connections' => [
          'sync' => ['driver' => 'sync'],
          'redis' => [
              'driver' => 'redis',
              'connection' => 'default',
              'queue' => 'default',
              'retry_after' => ${retry},
          ],
      ],
  ];
`
const tree = (words: string, retry: string, more: Record<string, string> = {}): Record<string, string> => ({
  ...behindNginx(serviceUnit(`/usr/bin/php /etc/shop/artisan queue:work ${words}`)),
  'etc/shop/artisan': '#!/usr/bin/env php\n',
  'etc/shop/config/queue.php': queues(retry),
  ...more,
})

export default defineRule({
  summary: 'Laravel gives a job to a second worker before the first may have ended it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A job that a worker took and has not ended after `retry_after` seconds counts as lost, and the next worker gets it. Where `--timeout` lets a worker go on for longer, both do the same job: mails are sent twice, and money is taken twice; after the last of its `--tries` it is `MaxAttemptsExceededException`, although the first worker is still at it.',
  remedy: 'Let `retry_after` be some seconds longer than the longest `--timeout`',
  references: ['https://laravel.com/docs/queues#job-expirations-and-timeouts'],
  unproven: 'The live tests have no Laravel',
  bad: [
    { title: 'an hour for a job', files: tree('redis «--timeout=3600»', '90') },
    { title: 'as long as that', files: tree('«--timeout=90»', '90') },
    {
      title: 'a variable that the environment does not have',
      files: tree('«--timeout=600»', "(int) env('REDIS_QUEUE_RETRY_AFTER', 90)", {
        'etc/shop/.env': 'APP_ENV=production\n',
      }),
    },
    {
      title: 'a repository, with a program of supervisord that names the directory of the server',
      files: {
        'deploy/supervisor/worker.conf': conf`
          [program:worker]
          directory=/srv/shop
          command=php artisan queue:work redis --tries=3 «--timeout=300»
        `,
        'deploy/nginx/site.conf': proxiedServer(),
        artisan: '#!/usr/bin/env php\n',
        'composer.json': '{ "require": { "laravel/framework": "^11.0" } }\n',
        'public/index.php': '<?php\n',
        'config/queue.php': queues('90'),
      },
    },
    {
      title: 'a program of supervisord by its section, whose file is called after it, and no server',
      files: {
        'docker/laravel-worker.conf': conf`
          [program:laravel-worker]
          directory=/srv/shop
          command=php artisan queue:work redis «--timeout=300»
        `,
        artisan: '#!/usr/bin/env php\n',
        'composer.json': '{ "require": { "laravel/framework": "^11.0" } }\n',
        'public/index.php': '<?php\n',
        'config/queue.php': queues('90'),
      },
    },
    {
      title: 'a service of the image that another one builds, whose files come from an earlier stage',
      files: {
        'docker-compose.yml': conf`
          services:
            app:
              build: .
              image: example/shop
            queue:
              image: example/shop
              command: php artisan queue:work redis «--timeout=120»
        `,
        Dockerfile: conf`
          FROM composer:2 AS vendor
          WORKDIR /app
          COPY . .
          RUN composer install --no-dev

          FROM php:8.3-fpm
          WORKDIR /var/www/html
          COPY --from=vendor /app /var/www/html
        `,
        artisan: '#!/usr/bin/env php\n',
        'config/queue.php': queues('90'),
      },
    },
  ],
  good: [
    { title: 'a longer time', files: tree('redis --timeout=600', '660') },
    { title: 'the timeout of Laravel', files: tree('redis --tries=3', '90') },
    {
      title: 'a variable of the environment',
      files: tree('--timeout=600', "(int) env('REDIS_QUEUE_RETRY_AFTER', 90)", {
        'etc/shop/.env': 'REDIS_QUEUE_RETRY_AFTER=700\n',
      }),
    },
    { title: 'another connection', files: tree('sqs --timeout=600', '90') },
    {
      title: 'a variable that a file may set',
      files: tree('--timeout=600', "env('REDIS_QUEUE_RETRY_AFTER', 90)"),
    },
  ],
  *check({ commands }) {
    for (const started of commands) {
      const worker = workerOf(started)
      if (worker === null || worker.timeout === null) continue
      const files = started.machine.container?.files ?? started.machine.files
      const source = sourceAt(files, posix.join(worker.home, 'config/queue.php'))
      if (source === null) continue
      const known = variablesOf(started, files, worker.home)
      const retry = retryOf(source, worker.connection?.text ?? null, known)
      if (retry === null || retry.seconds > worker.timeout.seconds) continue
      yield {
        at: worker.timeout.at,
        message: `a job may take ${worker.timeout.seconds} seconds, and after ${retry.seconds} Laravel gives it to another worker, too`,
        label: `longer than ${retry.seconds} seconds`,
        related: [{ at: retry.at, message: '`retry_after`' }],
        help: `Write a \`retry_after\` above ${worker.timeout.seconds}`,
      }
    }
  },
})

const VALUE = `(?:\\(int\\)\\s*)?(?:env\\(\\s*['"](\\w+)['"]\\s*,\\s*)?['"]?([\\w-]+)['"]?`

/** The shortest of the connections that it may be; null where one of them has none. */
function retryOf(source: Source, named: string | null, variables: Variables): Seconds | null {
  const code = phpCode(source)
  const read = (match: RegExpExecArray | null): string | null => {
    const [, variable, value = ''] = match ?? []
    if (match === null) return null
    const set = variable === undefined ? undefined : variables(variable)
    return set === undefined ? value : set
  }
  const chosen = named ?? read(new RegExp(`['"]default['"]\\s*=>\\s*${VALUE}`).exec(code))
  for (const block of code.matchAll(/['"]([\w-]+)['"]\s*=>\s*\[([^[\]]*)\]/g)) {
    const [whole, name, inner = ''] = block
    if (name !== chosen) continue
    const match = new RegExp(`['"]retry_after['"]\\s*=>\\s*${VALUE}`).exec(inner)
    const value = read(match)
    if (match === null || value === null || !/^\d+$/.test(value)) return null
    const start = block.index + whole.length - 1 - inner.length + match.index
    return { seconds: Number(value), at: { source, start, end: start + match[0].length } }
  }
  return null
}
