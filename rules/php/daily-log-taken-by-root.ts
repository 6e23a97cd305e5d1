import type { Place } from '../../parsers/text/source.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { dailyLogOf } from './_daily-logs.ts'
import { phpPool, phpSite } from './_examples.ts'
import { rootCommands } from './_root-commands.ts'
import { documentRoot } from './_script-directory.ts'

const LOGGING = conf`
  <?php
  return [
      'default' => env('LOG_CHANNEL', 'stack'),
      'channels' => [
          'stack' => ['driver' => 'stack', 'channels' => explode(',', env('LOG_STACK', 'single'))],
          'single' => ['driver' => 'single', 'path' => storage_path('logs/laravel.log')],
          'daily' => ['driver' => 'daily', 'path' => storage_path('logs/laravel.log'), 'days' => 14],
      ],
  ];
`
const SUPERVISED = (lines: string): Record<string, string> => ({
  'etc/supervisor/conf.d/worker.conf': conf`
    [program:worker]
    command=php /srv/shop/artisan queue:work --tries=3
    ${lines}
  `,
})
const MARKED = {
  'etc/supervisor/conf.d/worker.conf': '«[program:worker]»\ncommand=php /srv/shop/artisan queue:work\n',
}
const service = (lines: string, command: string): Record<string, string> => ({
  'etc/systemd/system/worker.service': conf`
    [Service]
    ${lines}
    WorkingDirectory=/srv/shop
    ExecStart=${command}
  `,
})
const shop = (
  starters: Record<string, string>,
  { env = 'LOG_CHANNEL=daily\n', logging = LOGGING, pool = phpPool() } = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite().replace('/srv/www', '/srv/shop/public'),
  'etc/php/8.2/fpm/pool.d/www.conf': pool,
  'srv/shop/.env': env,
  'srv/shop/artisan': '<?php',
  'srv/shop/public/index.php': '<?php',
  'srv/shop/config/logging.php': logging,
  ...starters,
})
const symfony = (starters: Record<string, string>, monolog: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite().replace('/srv/www', '/srv/shop/public'),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  'srv/shop/bin/console': '<?php',
  'srv/shop/public/index.php': '<?php',
  'srv/shop/config/packages/monolog.yaml': monolog,
  ...starters,
})
const ROTATING = conf`
  when@prod:
      monolog:
          handlers:
              main:
                  type: rotating_file
                  path: "%kernel.logs_dir%/%kernel.environment%.log"
`
const CONSUMER = '/usr/bin/php bin/console messenger:consume async'

export default defineRule({
  summary: 'A worker as root makes the log of the day, which PHP-FPM may not write',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A log with a file for each day is made by whoever writes the first line after midnight. A worker of Laravel or Symfony that supervisord, systemd or cron starts without a user is root, and its file has mode 644: PHP-FPM, which runs as another user, ends with 500, `The stream or file "…/laravel-2024-03-12.log" could not be opened in append mode: Failed to open stream: Permission denied`. `chown` helps until the next night.',
  remedy:
    'Start the worker as the user of the pool: `user=www-data` in supervisord, `User=www-data` in a unit, and the table of that user in cron',
  references: [
    'https://laravel.com/docs/queues#supervisor-configuration',
    'https://supervisord.org/configuration.html#program-x-section-values',
    'https://symfony.com/doc/current/messenger.html#supervisor-configuration',
  ],
  unproven: 'The live tests have no libraries of PHP, and wait for no midnight',
  bad: [
    { title: 'a program of supervisord without a user', files: shop(MARKED) },
    {
      title: 'a stack with a file for each day',
      files: shop(MARKED, { env: 'LOG_CHANNEL=stack\nLOG_STACK=daily\n' }),
    },
    {
      title: 'a unit of systemd without a user',
      files: shop(service('Restart=always', '«/usr/bin/php» artisan queue:work')),
    },
    {
      title: 'a unit of root',
      files: shop(service('User=«root»', '/usr/bin/php artisan horizon')),
    },
    {
      title: 'cron',
      files: shop({
        'etc/cron.d/shop': '* * * * * «root» cd /srv/shop && php artisan schedule:run >> /dev/null 2>&1\n',
      }),
    },
    {
      title: 'Symfony',
      files: symfony(service('Restart=always', CONSUMER.replace('/usr/bin/php', '«/usr/bin/php»')), ROTATING),
    },
  ],
  good: [
    { title: 'the user of the pool', files: shop(SUPERVISED('user=www-data')) },
    {
      title: 'a supervisord that becomes the user of the pool itself',
      files: shop({
        ...SUPERVISED(''),
        'etc/supervisor/supervisord.conf': conf`
          [supervisord]
          user=www-data
          [include]
          files = /etc/supervisor/conf.d/*.conf
        `,
      }),
    },
    { title: 'a mask that lets all write', files: shop(SUPERVISED('umask=000')) },
    {
      title: 'one file for all days, which is there',
      files: shop(SUPERVISED(''), { env: 'LOG_CHANNEL=single\n' }),
    },
    {
      title: 'a stack that passes over what its channels throw',
      files: shop(SUPERVISED(''), {
        env: 'LOG_CHANNEL=stack\nLOG_STACK=daily\n',
        logging: LOGGING.replace(
          "['driver' => 'stack',",
          "['driver' => 'stack', 'ignore_exceptions' => true,",
        ),
      }),
    },
    { title: 'a channel that nobody says', files: shop(SUPERVISED(''), { env: 'LOG_CHANNEL=${CHANNEL}\n' }) },
    {
      title: 'a mode that lets all write',
      files: shop(SUPERVISED(''), { logging: LOGGING.replace("'days' => 14", "'permission' => 0666") }),
    },
    {
      title: 'a pool of root',
      files: shop(SUPERVISED(''), { pool: phpPool().replace('user = www-data', 'user = root') }),
    },
    {
      title: 'another application',
      files: shop({
        'etc/supervisor/conf.d/worker.conf': '[program:worker]\ncommand=php /srv/blog/artisan queue:work\n',
      }),
    },
    {
      title: 'cron, as the user of the pool',
      files: shop({
        'etc/cron.d/shop': conf`
          * * * * * www-data cd /srv/shop && php artisan schedule:run
          * * * * * root cd /srv/shop && sudo -u www-data php artisan schedule:run
        `,
      }),
    },
    {
      title: 'a command that ends at once',
      files: shop(service('Type=oneshot', '/usr/bin/php artisan config:cache')),
    },
    {
      title: 'Symfony with another mode, and with one file for all days',
      files: symfony(
        service('Restart=always', CONSUMER),
        ROTATING.replace('path:', 'file_permission: 0666\n                path:'),
      ),
    },
    {
      title: 'Symfony with a file for each day where it is developed',
      files: symfony(service('Restart=always', CONSUMER), ROTATING.replace('@prod', '@dev')),
    },
  ],
  *check(deployment) {
    const commands = deployment.connections.nginx.some(({ pass }) => pass.name === 'fastcgi_pass')
      ? rootCommands(deployment)
      : []
    if (commands.length === 0) return
    const pools = poolsOf(deployment)
    for (const command of commands) {
      const { machine, home, framework, at, by } = command
      const ofMachine = pools.get(machine)
      const pool = ['/public', '/web', ''].map(name => ofMachine?.get(home + name)).find(isFound)
      const log = pool === undefined ? null : dailyLogOf(command, machine.files)
      if (pool === undefined || log === null) continue
      yield {
        at,
        message: `${by} runs \`${command.command}\` of ${framework} as root, so the first log of a day may be root’s, and PHP-FPM as \`${pool.user}\` may not append to it`,
        label: 'no other user',
        related: [
          { at: pool.at, message: 'the user of PHP-FPM' },
          { at: log, message: 'a new file every day' },
        ],
        help: `Run it as \`${pool.user}\``,
      }
    }
  },
})

interface Pool {
  readonly user: string
  readonly at: Place
}

const isFound = (pool: Pool | undefined): pool is Pool => pool !== undefined

/** The pools of PHP-FPM of other users than root, by the machine that they run on and the directory that is served. */
function poolsOf({ connections }: Deployment): ReadonlyMap<Machine, ReadonlyMap<string, Pool>> {
  const found = new Map<Machine, Map<string, Pool>>()
  for (const connection of connections.nginx) {
    if (connection.pass.name !== 'fastcgi_pass') continue
    for (const { to } of connection.targets) {
      if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm') continue
      const { machine, pool } = to.listener.program
      const { user } = pool
      const root = documentRoot(connection)
      if (root === null || user?.known !== true || user.at === null || /^(?:root|0)$/.test(user.value))
        continue
      const others = found.get(machine) ?? new Map<string, Pool>()
      found.set(machine, others.set(root, { user: user.value, at: user.at }))
    }
  }
  return found
}
