import { posix } from 'node:path'
import { placeOf } from '../../parsers/text/written-text.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import type { StartedCommand } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { phpCode } from '../../parsers/php/script.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { variablesOf, workerOf } from './_laravel-worker.ts'

const tree = (worker: string, more = ''): Record<string, string> => ({
  ...behindNginx(serviceUnit(`/usr/bin/php artisan queue:work ${worker}`)),
  'etc/shop/artisan': '#!/usr/bin/env php\n',
  'etc/shop/config/queue.php': conf`
    <?php
    return [
        'default' => env('QUEUE_CONNECTION', 'database'),
        'connections' => [
            'sync' => ['driver' => 'sync'],
            'redis' => [
                'driver' => 'redis',
                'connection' => 'default',
                'queue' => 'default',
            ],
            ${more}
        ],
        'failed' => ['driver' => 'database-uuids', 'table' => 'failed_jobs'],
    ];
  `,
})

export default defineRule({
  summary:
    'A worker of Laravel is told of a queue connection that the application does not have, or does not use',
  severity: 'error',
  otherSeverities: {
    warning: 'where the connection is there, and the application sends its jobs to another one',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The first word behind `queue:work` names one of the `connections` of `config/queue.php`, and not a queue of it. Of one that is not there the worker says `The [mail] queue connection has not been configured` and ends, and no job is done. Jobs go to the connection that `QUEUE_CONNECTION` names, and a worker of another one waits for ever.',
  remedy: 'Name a connection, and queues of it behind `--queue`: `queue:work redis --queue=mail`',
  references: ['https://laravel.com/docs/queues#specifying-the-connection-queue'],
  unproven: 'The live tests have no Laravel',
  bad: [
    { title: 'the name of a queue', files: tree('«mail» --tries=3') },
    { title: 'a connection that was never made', files: tree('«rabbitmq»') },
    {
      title: 'another connection than that of the application',
      files: { ...tree('«redis»'), 'etc/shop/.env': 'QUEUE_CONNECTION=database\n' },
    },
  ],
  good: [
    {
      title: 'the connection of the application',
      files: { ...tree('redis'), 'etc/shop/.env': 'QUEUE_CONNECTION=redis\n' },
    },
    {
      title: 'a worker of each connection',
      files: {
        ...tree('redis'),
        'etc/shop/.env': 'QUEUE_CONNECTION=database\n',
        'etc/systemd/system/other.service': serviceUnit('/usr/bin/php artisan queue:work'),
      },
    },
    {
      title: 'no worker is needed for what the request does itself',
      files: { ...tree('redis'), 'etc/shop/.env': 'QUEUE_CONNECTION=sync\n' },
    },
    { title: 'a connection', files: tree('redis --queue=mail') },
    { title: 'none', files: tree('--queue=mail') },
    { title: 'one that is made below', files: tree('mail', "'mail' => ['driver' => 'redis'],") },
    { title: 'connections of another list', files: tree('mail', "...require 'more-queues.php',") },
  ],
  *check({ commands }) {
    for (const started of commands) {
      const worker = workerOf(started)
      if (worker === null || worker.connection === null) continue
      const { text } = worker.connection
      const files = started.machine.container?.files ?? started.machine.files
      const source = sourceAt(files, posix.join(worker.home, 'config/queue.php'))
      if (!/^[\w-]+$/.test(text)) continue
      const names = source === null ? null : connectionsIn(phpCode(source))
      if (names === null || names.includes(text)) {
        const used = variablesOf(started, files, worker.home)('QUEUE_CONNECTION')
        if (used == null || used === text || OF_THE_REQUEST.test(used)) continue
        if (commands.some(each => mayWork(each, used))) continue
        yield {
          at: placeOf(worker.connection),
          severity: 'warning',
          confidence: 'medium',
          message: `the application sends its jobs to the connection \`${used}\`, and no worker that is seen takes them from there`,
          label: 'not `QUEUE_CONNECTION`',
          help: `Write \`queue:work ${used}\``,
        }
        continue
      }
      yield {
        at: placeOf(worker.connection),
        message: `\`config/queue.php\` has no connection \`${text}\`, so the worker ends: The [${text}] queue connection has not been configured`,
        label: 'no such connection',
        help: `Write one of ${names.map(name => `\`${name}\``).join(', ')}, and the name of a queue behind \`--queue=\``,
      }
    }
  },
})

/** What runs a job at once, or drops it. */
const OF_THE_REQUEST = /^(?:sync|null|deferred|background)$/

/** True for a worker of a connection, of the default one, and for what starts workers by itself. */
function mayWork(started: StartedCommand, connection: string): boolean {
  const text = started.words.map(word => word.text).join(' ')
  if (/\bhorizon\b|queue:listen|\.sh\b|supervisord/.test(text)) return true
  const worker = workerOf(started)
  return worker === null
    ? text.includes('queue:work')
    : worker.connection === null || worker.connection.text === connection
}

/** The names of all that stands in brackets in the file, of which the connections are some; null where nobody knows. */
function connectionsIn(code: string): readonly string[] | null {
  const start = code.search(/['"]connections['"]\s*=>\s*\[/)
  if (start === -1 || /\.\.\.|array_merge|\brequire\b|\binclude\b|\]\s*\+/.test(code)) return null
  const [, ...names] = [...code.slice(start).matchAll(/['"]([\w-]+)['"]\s*=>\s*(?:\[|array\()/g)].map(
    ([, name = '']) => name,
  )
  return names.length === 0 ? null : names.filter(name => !/^(?:batching|failed|options)$/.test(name))
}
