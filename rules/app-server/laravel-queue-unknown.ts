import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { phpCode } from '../../parsers/php/script.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { StartedCommand } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../src/files/file-system.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { artisanOf, factsOf, variablesOf, workerOf } from './_laravel-worker.ts'

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
  why: 'The first word behind `queue:work` names one of the `connections` of `config/queue.php`, and not a queue of it. Laravel 11 adds those of its own file, `redis` and `database` among them. Of one that is not there the worker says `The [mail] queue connection has not been configured` and ends, and no job is done. Jobs go to the connection that `QUEUE_CONNECTION` names, and a worker of another one waits for ever. Of `sync`, as `.env.example` has it, `dispatch()` runs them inside the request, and nothing is queued at all: a long one ends in 504.',
  remedy:
    'Set `QUEUE_CONNECTION` to the connection of the workers, and name a connection, and queues of it behind `--queue`: `queue:work redis --queue=mail`',
  references: ['https://laravel.com/docs/queues#specifying-the-connection-queue'],
  unproven: 'The live tests have no Laravel',
  bad: [
    { title: 'the name of a queue', files: tree('«mail» --tries=3') },
    { title: 'a connection that was never made', files: tree('«rabbitmq»') },
    {
      title: 'one that Laravel 10 does not bring',
      files: {
        ...tree('«sqs»'),
        'etc/shop/composer.json': '{ "require": { "laravel/framework": "^10.10" } }\n',
      },
    },
    {
      title: 'another connection than that of the application',
      files: { ...tree('«redis»'), 'etc/shop/.env': 'QUEUE_CONNECTION=database\n' },
    },
    {
      title: 'jobs that the request does itself, beside a worker',
      files: { ...tree('redis'), 'etc/shop/.env': 'QUEUE_CONNECTION=«sync»\n' },
    },
    {
      title: 'a worker of no connection',
      files: { ...tree('--tries=3'), 'etc/shop/.env': 'APP_ENV=production\nQUEUE_CONNECTION=«sync»\n' },
    },
    {
      title: 'Horizon',
      files: {
        ...behindNginx(serviceUnit('/usr/bin/php artisan horizon')),
        'etc/shop/.env': 'QUEUE_CONNECTION=«sync»\n',
      },
    },
    {
      title: 'the name of the variable before Laravel 5.7',
      files: {
        ...tree('redis'),
        'etc/shop/config/queue.php': conf`
          <?php
          return ['default' => env('QUEUE_DRIVER', 'sync')];
        `,
        'etc/shop/.env': 'QUEUE_DRIVER=«sync»\n',
      },
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
      title: 'jobs that name their connection',
      files: {
        ...tree('redis'),
        'etc/shop/.env': 'QUEUE_CONNECTION=sync\n',
        'etc/shop/app/Http/Controllers/ReportController.php':
          "<?php\nBuildReport::dispatch()->onConnection('redis');\n",
      },
    },
    {
      title: 'the machine of a developer',
      files: { ...tree('redis'), 'etc/shop/.env': 'APP_ENV=local\nQUEUE_CONNECTION=sync\n' },
    },
    {
      title: 'a default that is written down',
      files: {
        ...tree('redis'),
        'etc/shop/config/queue.php': "<?php\nreturn ['default' => 'redis'];\n",
        'etc/shop/.env': 'QUEUE_CONNECTION=sync\n',
      },
    },
    {
      title: 'a variable that the unit sets',
      files: {
        ...behindNginx(
          serviceUnit('/usr/bin/php artisan queue:work').replace(
            'ExecStart',
            'Environment=QUEUE_CONNECTION=redis\nExecStart',
          ),
        ),
        'etc/shop/.env': 'QUEUE_CONNECTION=sync\n',
      },
    },
    { title: 'a connection', files: tree('redis --queue=mail') },
    { title: 'none', files: tree('--queue=mail') },
    { title: 'one that is made below', files: tree('mail', "'mail' => ['driver' => 'redis'],") },
    {
      title: 'a connection that Laravel 11 brings itself',
      files: {
        ...tree('sqs'),
        'etc/shop/composer.json': '{ "require": { "laravel/framework": "^12.0" } }\n',
      },
    },
    { title: 'a connection that the release of Laravel may bring', files: tree('beanstalkd') },
    { title: 'connections of another list', files: tree('mail', "...require 'more-queues.php',") },
  ],
  *check({ commands }) {
    for (const started of commands) {
      yield* withinRequest(started)
      const worker = workerOf(started)
      if (worker === null || worker.connection === null) continue
      const { text } = worker.connection
      const files = started.machine.container?.files ?? started.machine.files
      const source = sourceAt(files, posix.join(worker.home, 'config/queue.php'))
      if (!/^[\w-]+$/.test(text)) continue
      const names = source === null ? null : connectionsIn(phpCode(source))
      if (names === null || names.includes(text) || isBrought(files, worker.home, text)) {
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

/** A worker of an application that queues nothing. */
function* withinRequest(started: StartedCommand): Iterable<RuleFinding> {
  const artisan = artisanOf(started)
  if (artisan === null || !/^(?:queue:(?:work|listen)|horizon)$/.test(artisan.command.text)) return
  const { home, command } = artisan
  const files = started.machine.container?.files ?? started.machine.files
  const facts = factsOf(started, files, home)
  const name = defaultVariable(files, home)
  const used = name === null ? null : facts(name)
  if (name === null || used?.known !== true || used.at === null || used.value !== 'sync') return
  const environment = facts('APP_ENV')
  if (environment?.known === true && /^(?:local|dev|test)/.test(environment.value)) return
  if (namesConnection(files, home)) return
  yield {
    at: used.at,
    severity: 'warning',
    message: `\`dispatch()\` runs jobs inside the request, and \`${command.text}\` never gets one`,
    label: 'queues nothing',
    related: [{ at: placeOf(command), message: 'a worker that waits for jobs' }],
    help: `Set \`${name}\` to the connection of the worker, such as \`redis\` or \`database\``,
  }
}

/** The variable that `config/queue.php` takes the default connection from; null where it is no variable. */
function defaultVariable(files: FileSystem, home: string): string | null {
  const source = sourceAt(files, posix.join(home, 'config/queue.php'))
  if (source === null) return 'QUEUE_CONNECTION'
  return /['"]default['"]\s*=>\s*env\(\s*['"](\w+)['"]/.exec(phpCode(source))?.[1] ?? null
}

const MOST = 2000
const NAMES_CONNECTION =
  /\bonConnection\b|\bQueue::connection\b|\bpublic\s+(?:\??string\s+)?\$connection\b|viaConnections/

/** True where the code sends jobs to a connection by its name, or there is too much of it. */
const namesConnection = memoByKey((files: FileSystem, home: string): boolean => {
  const paths = ['app', 'routes', 'src', 'modules', 'Modules', 'packages'].flatMap(directory => [
    ...filesBelow(files, posix.join(home, directory), { levels: 8, skipped: /^(?:vendor|node_modules)$/ }),
  ])
  const scripts = paths.filter(path => path.endsWith('.php'))
  return (
    scripts.length > MOST || scripts.some(path => NAMES_CONNECTION.test(sourceAt(files, path)?.text ?? ''))
  )
})

/** True for a worker of a connection, of the default one, and for what starts workers by itself. */
function mayWork(started: StartedCommand, connection: string): boolean {
  const text = started.words.map(word => word.text).join(' ')
  if (/\bhorizon\b|queue:listen|\.sh\b|supervisord/.test(text)) return true
  const worker = workerOf(started)
  return worker === null
    ? text.includes('queue:work')
    : worker.connection === null || worker.connection.text === connection
}

/** What `config/queue.php` of the framework has, into which Laravel 11 and later merge the one of the application. */
const OF_THE_FRAMEWORK = /^(?:sync|database|beanstalkd|sqs|redis|deferred|background|failover)$/

/** True for a connection of the framework, where no older one is required. */
function isBrought(files: FileSystem, home: string, connection: string): boolean {
  const text = sourceAt(files, posix.join(home, 'composer.json'))?.text ?? ''
  const isOlder = /"laravel\/framework"\s*:\s*"[\^~]?v?(?:\d|10)(?:\.[\d.*]+)?"/.test(text)
  return OF_THE_FRAMEWORK.test(connection) && !isOlder
}

/** The names of all that stands in brackets in the file, of which the connections are some; null where nobody knows. */
function connectionsIn(code: string): readonly string[] | null {
  const start = code.search(/['"]connections['"]\s*=>\s*(?:\[|array\s*\()/)
  if (start === -1 || /\.\.\.|array_merge|\brequire\b|\binclude\b|\]\s*\+/.test(code)) return null
  const [, ...names] = [...code.slice(start).matchAll(/['"]([\w-]+)['"]\s*=>\s*(?:\[|array\s*\()/g)].map(
    ([, name = '']) => name,
  )
  return names.length === 0 ? null : names.filter(name => !/^(?:batching|failed|options)$/.test(name))
}
