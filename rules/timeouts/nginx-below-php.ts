import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { apacheMain, nginxMain, proxiedServer } from '../_examples.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FpmPool } from '../../parsers/php/fpm.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { phpPool, phpSite } from '../php/_examples.ts'
import { phpBehind } from '../php/_php-behind.ts'
import { scriptTime } from '../php/_script-time.ts'

const tree = (site: string, pool = '', ini = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': site,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(pool),
  ...(ini === '' ? {} : { 'etc/php/8.2/fpm/php.ini': ini }),
})
const INI = conf`
  [PHP]
  max_execution_time = 300
`

const APACHE_FPM = conf`
  <VirtualHost 127.0.0.1:9000>
      ServerName example.org
      DocumentRoot /srv/www
      ProxyTimeout 300
      <FilesMatch "\.php$">
          SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
      </FilesMatch>
  </VirtualHost>
`

export default defineRule({
  summary: 'nginx gives up before PHP does',
  severity: 'warning',
  otherSeverities: {
    info: 'where nginx was given more than its minute, and PHP counts what a script computes',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'PHP was given more time for its scripts than the minute that nginx waits for it by itself. nginx answers 504 Gateway Time-out, and the script goes on for nobody.',
  remedy: 'Set `fastcgi_read_timeout`, or in front of Apache `proxy_read_timeout`, to the time that PHP has',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_read_timeout',
    'https://www.php.net/manual/en/info.configuration.php#ini.max-execution-time',
  ],
  bad: [
    {
      title: 'raised in php.ini',
      files: tree(phpSite('').replace('fastcgi_pass', '«fastcgi_pass»'), '', INI),
    },
    {
      title: 'raised for the module of Apache',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer()).replace('proxy_pass', '«proxy_pass»'),
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 127.0.0.1:9000
            <VirtualHost 127.0.0.1:9000>
                ServerName example.org
                DocumentRoot /srv/www
                php_value max_execution_time 300
            </VirtualHost>
          `,
          ['mpm_prefork', 'php'],
        ),
      },
    },
    {
      title: 'raised for a pool that Apache gives its scripts to',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer()).replace('proxy_pass', '«proxy_pass»'),
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 127.0.0.1:9000
            ${APACHE_FPM}
          `,
          ['mpm_event', 'proxy', 'proxy_fcgi'],
        ),
        'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
        'etc/php/8.2/fpm/php.ini': INI,
      },
    },
    {
      title: 'raised further in the pool',
      files: tree(phpSite('fastcgi_read_timeout «120s»;'), 'request_terminate_timeout = 10m'),
    },
  ],
  good: [
    { title: 'raised in both', files: tree(phpSite('fastcgi_read_timeout 300;'), '', INI) },
    { title: 'raised in neither', files: tree(phpSite(''), 'request_terminate_timeout = 60') },
    {
      title: 'a location for the status of FPM alone',
      files: tree(
        phpSite(
          'fastcgi_read_timeout 300;',
          conf`
          location ~ ^/(?:status|ping)$ {
              fastcgi_param SCRIPT_FILENAME $fastcgi_script_name;
              fastcgi_pass unix:/run/php/php8.2-fpm.sock;
          }
        `,
        ),
        conf`
          pm.status_path = /status
          ping.path = /ping
        `,
        INI,
      ),
    },
    {
      title: 'FPM ends the request before',
      files: tree(phpSite(''), 'request_terminate_timeout = 30', INI),
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.nginx) {
      for (const php of phpBehind(deployment, connection)) {
        if (php.pool !== null && isAnsweredByFpm(connection.block, php.pool)) continue
        const inner = scriptTime(php)
        const limit = valueOrNull(connection.readTimeout)
        // A minute is what nginx waits by itself; more was asked for.
        if (inner?.known !== true || limit === null || inner.value <= Math.max(60, limit.value)) continue
        const { directive } = limit
        const name = connection.pass.name === 'fastcgi_pass' ? 'fastcgi_read_timeout' : 'proxy_read_timeout'
        // PHP counts what a script computes, and not what it waits for: who raised both may have had that in mind.
        const isRaised = directive !== null && limit.value > 60
        const computed = php.setting('max_execution_time')?.at ?? null
        const isComputed =
          computed !== null && computed.source === inner.at?.source && computed.start === inner.at.start
        yield {
          ...(isRaised && isComputed && { severity: 'info' as const }),
          at: directive === null ? namePlace(connection.pass) : argumentPlace(directive, 0),
          message: `nginx answers 504 after ${limit.value} seconds, and PHP may take ${inner.value}`,
          label: directive === null ? `no ${name}` : 'less than PHP has',
          related: inner.at === null ? [] : [{ at: inner.at, message: 'the time of PHP' }],
          help: `Write \`${name} ${inner.value}s\``,
        }
      }
    }
  },
})

/** True for a location that asks FPM itself, by the paths of its status and its ping: no script runs there. */
function isAnsweredByFpm(block: NginxDirective, { statusPath, pingPath }: FpmPool): boolean {
  const own = [statusPath, pingPath].flatMap(fact => (fact?.known === true ? [fact.value] : []))
  return own.length > 0 && pathsInto(block).some(path => own.includes(path))
}
