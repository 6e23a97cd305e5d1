import type { FpmPool } from '../../parsers/php/fpm.ts'
import { fpmRefuses } from '../../parsers/php/fpm-settings.ts'
import { type PhpIniLine, readPhpIniLines } from '../../parsers/php/ini-settings.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { fpmSources } from '../../src/deployment/build/programs/php-fpm.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from '../containers/_examples.ts'
import { phpPool, phpSite } from './_examples.ts'
import { type Fault, faultOfProcesses } from './_pool-faults.ts'
import { asRoot, preloadedByRoot } from './_root-pools.ts'

const tree = (lines: string, more: Record<string, string> = {}): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite(''),
  'etc/php/8.2/fpm/pool.d/www.conf': conf`
    [www]
    user = www-data
    group = www-data
    listen = /run/php/php8.2-fpm.sock
    listen.owner = www-data
    listen.group = www-data
    ${lines}
  `,
  ...more,
})
const dynamic = (children: string, start: string, least: string, most: string): string => conf`
  pm = dynamic
  pm.max_children = ${children}
  pm.start_servers = ${start}
  pm.min_spare_servers = ${least}
  pm.max_spare_servers = ${most}
`

const runAs = (user: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(tree(dynamic('10', '4', '2', '8'))).map(([path, text]) => [
      path,
      text.replace('user = www-data', `user = ${user}`),
    ]),
  )

export default defineRule({
  summary: 'PHP-FPM does not start with what its pool says',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP-FPM checks how the processes of a pool fit together when it starts: `pm.start_servers` has to lie between the spare servers, and these below `pm.max_children`. It also stops at every key that it does not know, such as `memory_limit` without its `php_admin_value[…]`, at a value of another kind, and at `#`, which begins no comment. Started by root, it ends where `opcache.preload` is set and `opcache.preload_user` is not. Where one pool does not fit, FPM starts none at all: `FPM initialization failed`, and nginx answers 502 to every script.',
  remedy:
    'Keep `min_spare_servers` ≤ `start_servers` ≤ `max_spare_servers` ≤ `max_children`, and ask `php-fpm -t` before a restart',
  references: ['https://www.php.net/manual/en/install.fpm.configuration.php#pm'],
  bad: [
    { title: 'more at the start than may be spare', files: tree(dynamic('10', '«20»', '2', '8')) },
    { title: 'more spare than there are', files: tree(dynamic('5', '3', '2', '«8»')) },
    {
      title: 'a dynamic pool without numbers',
      files: tree(conf`
        pm = «dynamic»
        pm.max_children = 10
      `),
    },
    {
      title: 'one socket of two pools',
      files: tree(dynamic('5', '2', '1', '3'), {
        'etc/php/8.2/fpm/pool.d/zshop.conf': conf`
          [zshop]
          user = www-data
          listen = «/run/php/php8.2-fpm.sock»
          pm = static
          pm.max_children = 2
        `,
      }),
    },
    {
      title: 'processes of root',
      files: runAs('«root»'),
    },
    {
      title: 'a setting of PHP',
      files: tree(conf`
        ${dynamic('5', '2', '1', '3')}
        «memory_limit» = 256M
      `),
    },
    {
      title: 'a key with a slip',
      files: tree(conf`
        pm = static
        pm.max_children = 5
        «pm.max_request» = 500
      `),
    },
    {
      title: 'a comment as shells write it',
      files: tree(conf`
        pm = static
        pm.max_children = 5
        «# for large uploads»
      `),
    },
    {
      title: 'a unit that FPM does not know',
      files: tree(conf`
        pm = static
        pm.max_children = 5
        request_terminate_timeout = «5min»
      `),
    },
    {
      title: 'a word for a number',
      files: tree(conf`
        pm = static
        pm.max_children = «auto»
      `),
    },
    {
      title: 'a size for a flag',
      files: tree(conf`
        pm = static
        pm.max_children = 5
        php_admin_flag[memory_limit] = «256M»
      `),
    },
    {
      title: 'a slow log without a file',
      files: tree(conf`
        pm = static
        pm.max_children = 5
        request_slowlog_timeout = «5s»
      `),
    },
    {
      title: 'a directory that has nothing but pools',
      files: {
        'pool.d/shop.conf': conf`
          [shop]
          user = shop
          listen = /run/php/shop.sock
          pm = static
          pm.max_children = 5
          «upload_max_filesize» = 64M
        `,
      },
    },
    {
      title: 'in a container',
      files: {
        'docker-compose.yml': composeWith({
          more: conf`
              php:
                image: php:8.3-fpm
                volumes: ["./pool.conf:/usr/local/etc/php-fpm.d/zz-shop.conf"]
            volumes:
              data:
          `,
        }),
        'nginx/site.conf': siteTo('web:8000'),
        'pool.conf': conf`
          [www]
          «post_max_size» = 64M
        `,
      },
    },
    {
      title: 'in the template of a role',
      files: {
        'roles/nginx/files/site.conf': siteTo('127.0.0.1:8000'),
        'roles/php/templates/pool.conf.j2': conf`
          [{{ pool_name }}]
          user = {{ pool_user }}
          listen = /run/php/{{ pool_name }}.sock
          pm = static
          pm.max_children = {{ children | default(5) }}
          {% if memcached %}
          «session.save_handler» = memcached
          {% endif %}
        `,
      },
    },
    {
      title: 'a script that is loaded by root',
      files: tree(dynamic('5', '2', '1', '3'), {
        'etc/php/8.2/fpm/conf.d/10-opcache.ini': conf`
          zend_extension=opcache.so
          «opcache.preload=/etc/php/preload.php»
        `,
        'etc/php/preload.php': '<?php\n',
      }),
    },
    {
      title: 'a status page without its slash',
      files: tree(conf`
        pm = static
        pm.max_children = 5
        pm.status_path = «status»
      `),
    },
  ],
  good: [
    { title: 'numbers that fit', files: tree(dynamic('10', '4', '2', '8')) },
    {
      title: 'processes of root, which the unit lets run',
      files: {
        ...runAs('root'),
        'etc/systemd/system/php-fpm.service': conf`
          [Service]
          ExecStart=/usr/sbin/php-fpm8.2 --nodaemonize -R
        `,
      },
    },
    {
      title: 'processes of root, which a unit of another name lets run',
      files: {
        ...runAs('root'),
        'etc/systemd/system/panel.service': conf`
          [Service]
          ExecStart=/opt/panel/sbin/panel-php -y /etc/php/8.2/fpm/php-fpm.conf --nodaemonize -R
        `,
      },
    },
    {
      title: 'processes of root, which the script of s6 lets run',
      files: {
        ...runAs('root'),
        'etc/services.d/php-fpm/run': '#!/bin/sh\nexec php-fpm83 -R --nodaemonize\n',
      },
    },
    {
      title: 'the number at the start left to FPM',
      files: tree(conf`
        pm = dynamic
        pm.max_children = 10
        pm.min_spare_servers = 2
        pm.max_spare_servers = 6
      `),
    },
    {
      title: 'numbers of a pool that is static, which nothing reads',
      files: tree(conf`
        pm = static
        pm.max_children = 2
        pm.start_servers = 20
      `),
    },
    {
      title: 'settings of PHP, units, and a comment',
      files: tree(conf`
        pm = ondemand
        pm.max_children = 5
        pm.process_idle_timeout = 10s ; then it ends
        PM.max_requests = 500
        ; memory_limit = 1M
        php_admin_value[memory_limit] = 256M
        php_flag[display_errors] = off
        env[PATH] = /usr/bin
        request_slowlog_timeout = 1m
        slowlog = /var/log/php-slow.log
        clear_env = no
      `),
    },
    {
      title: 'the template of a role',
      files: {
        'roles/nginx/files/site.conf': siteTo('127.0.0.1:8000'),
        'roles/php/templates/pool.conf.j2': conf`
          [{{ pool_name }}]
          {{ pool_lines }}
          listen = /run/php/{{ pool_name }}.sock
          pm = {{ pm }}
          pm.max_children = {{ children }}
          {% for name, value in settings.items() %}
          php_admin_value[{{ name }}] = {{ value }}
          {{ name }} = {{ value }}
          {% endfor %}
        `,
        'roles/nginx/templates/php-fpm.conf': conf`
          upstream php {
              server unix:/run/php/www.sock;
          }
        `,
      },
    },
    {
      title: 'a script that is loaded by a user',
      files: tree(dynamic('5', '2', '1', '3'), {
        'etc/php/8.2/fpm/conf.d/10-opcache.ini': conf`
          zend_extension=opcache.so
          opcache.preload=/etc/php/preload.php
          opcache.preload_user=www-data
        `,
        'etc/php/preload.php': '<?php\n',
      }),
    },
    {
      title: 'a key that a newer FPM may have',
      files: {
        ...tree(dynamic('5', '2', '1', '3')),
        'etc/php/8.2/fpm/pool.d/www.conf': phpPool('pm.largest_children = 3'),
      },
    },
  ],
  *check(deployment) {
    const sockets = new Map<string, FpmPool>()
    for (const { files } of deployment.machines)
      for (const source of fpmSources(files)) yield* refusedLines(source)
    for (const machine of deployment.machines) yield* preloadedByRoot(machine)
    for (const { pool, machine } of programsOfKind(deployment, 'php-fpm')) {
      const fault = faultOf(pool) ?? asRoot(machine, pool)
      if (fault !== null) yield { ...fault, message: `${fault.message}, so FPM starts no pool` }
      const address = pool.listen?.address
      if (pool.listen == null || address?.known !== true || address.value.kind !== 'unix') continue
      const other = sockets.get(address.value.path)
      // FPM of two versions may share a socket by mistake as well, but each starts.
      if (other === undefined) sockets.set(address.value.path, pool)
      else if (isOfOneFpm(pool, other))
        yield {
          at: pool.listen.at,
          message: `the pool \`${other.name}\` has this socket, so FPM starts no pool: unable to set listen address as it's already used in another pool`,
          label: 'one socket of two pools',
          related: other.listen === null ? [] : [{ at: other.listen.at, message: 'here, too' }],
        }
    }
  },
})

function isOfOneFpm(one: FpmPool, other: FpmPool): boolean {
  const directory = (pool: FpmPool): string => pool.headers[0]?.source.path.replace(/\/[^/]*$/, '') ?? ''
  return one.name !== other.name && directory(one) === directory(other)
}

function* refusedLines(source: Source): Iterable<Fault> {
  let section: string | null = null
  for (const line of readPhpIniLines(source)) {
    if (line.kind === 'section') section = line.name
    if (section === null || line.kind === 'section') continue
    const said = fpmRefuses(line, section)
    if (said !== null)
      yield {
        at: refusedPlace(line, said),
        message: `${said}, so FPM starts no pool`,
        label: 'FPM stops here',
      }
  }
}

function refusedPlace(line: PhpIniLine, said: string): Place {
  if (line.kind !== 'setting') return line.at
  if (!said.startsWith('unknown entry')) return placeOf(line.value)
  return { ...line.at, end: line.at.start + line.name.length }
}

/** The first of the checks of FPM that fails; null where none does, or a value is not known. */
function faultOf(pool: FpmPool): Fault | null {
  return faultOfProcesses(pool) ?? faultOfPaths(pool)
}

function faultOfPaths({ settings, statusPath, pingPath }: FpmPool): Fault | null {
  const slow = settings.get('request_slowlog_timeout')
  if (slow !== undefined && /[1-9]/.test(slow.text) && (settings.get('slowlog')?.text ?? '') === '')
    return {
      at: placeOf(slow),
      message: `'slowlog' must be specified for use with 'request_slowlog_timeout'`,
      label: 'no slowlog',
    }
  for (const [kind, path] of [
    ['status', statusPath],
    ['ping', pingPath],
  ] as const)
    if (path?.known === true && path.at !== null && !path.value.startsWith('/'))
      return {
        at: path.at,
        message: `the ${kind} path '${path.value}' must start with a '/'`,
        label: 'no slash',
      }
  return null
}

/** In the order in which FPM checks. */
