import { valueOrNull } from '../../src/servers/fact.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { phpPool, phpSite } from '../php/_examples.ts'

const tree = (lines: string, ini = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('fastcgi_read_timeout 600;'),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(lines),
  ...(ini !== '' && { 'etc/php/8.2/fpm/php.ini': ini }),
})

/** A pool that a repository keeps, and the files beside it. */
const loose = (inis: Record<string, string>, lines = ''): Record<string, string> => ({
  'conf/nginx.conf': phpSite('fastcgi_read_timeout 600;'),
  'conf/fpm82-pool-www.conf': phpPool(conf`
    ${lines}
    request_terminate_timeout = «180s»
  `),
  ...inis,
})

export default defineRule({
  summary: 'FPM ends a script before the time that PHP gives it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The master of FPM counts the seconds of a request, whatever PHP was told: with `request_terminate_timeout` below `max_execution_time` it ends the process in the middle of its script. nginx logs `recv() failed (104: Connection reset by peer)`, and answers 502 Bad Gateway; FPM logs `execution timed out, terminating`. The time that was raised for PHP is never reached.',
  remedy: 'Set `request_terminate_timeout` to the time of PHP or more, or to 0',
  references: [
    'https://www.php.net/manual/en/install.fpm.configuration.php#request-terminate-timeout',
    'https://www.php.net/manual/en/info.configuration.php#ini.max-execution-time',
  ],
  bad: [
    {
      title: 'both in the pool',
      files: tree(conf`
        request_terminate_timeout = «30s»
        php_admin_value[max_execution_time] = 300
      `),
    },
    {
      title: 'raised in php.ini',
      files: tree('request_terminate_timeout = «60»', 'max_execution_time = 600\n'),
    },
    {
      title: 'raised in the php.ini of this release, of a repository',
      files: loose({
        'conf/php56.ini': 'max_execution_time = 120\n',
        'conf/php82.ini': 'max_execution_time = 600\n',
      }),
    },
  ],
  good: [
    {
      title: 'more than PHP has',
      files: tree(conf`
        request_terminate_timeout = 310s
        php_admin_value[max_execution_time] = 300
      `),
    },
    { title: 'no end by FPM', files: tree('request_terminate_timeout = 0', 'max_execution_time = 600\n') },
    { title: 'the time of PHP left alone', files: tree('request_terminate_timeout = 20s') },
    {
      title: 'the php.ini of the command line',
      files: loose({ 'conf/php82-cli.ini': 'max_execution_time = 3600\n' }),
    },
    {
      title: 'the php.ini of another release',
      files: loose({
        'conf/php56.ini': 'max_execution_time = 3600\n',
        'conf/php82.ini': 'max_execution_time = 180\n',
      }),
    },
    {
      title: 'an include of the pool, which may have the time of PHP',
      files: loose({ 'conf/php.ini': 'max_execution_time = 3600\n' }, 'include = /opt/etc/fpm/common.conf'),
    },
    {
      title: 'a PHP without a limit, which FPM has for it',
      files: tree('request_terminate_timeout = 120s', 'max_execution_time = 0\n'),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'php-fpm')) {
      const end = program.pool.requestTerminateTimeout
      const given = program.phpSetting('max_execution_time')
      if (end?.known !== true || end.at === null || end.value === 0) continue
      const written = given === null ? null : valueOrNull(given)
      if (given?.at == null || written === null || !/^\s*\d{1,9}\s*$/.test(written)) continue
      // What nobody raised is PHP's own default, of processor time, which few scripts reach.
      if (Number(written) <= Math.max(30, end.value)) continue
      yield {
        at: end.at,
        message: `FPM ends a script after ${end.value} seconds, and PHP may take ${written.trim()}: nginx answers 502`,
        label: 'less than PHP has',
        related: [{ at: given.at, message: 'the time of PHP' }],
        help: `Write \`request_terminate_timeout = ${Number(written)}s\``,
      }
    }
  },
})
