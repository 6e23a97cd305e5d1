import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'
import { phpPool } from '../php/_examples.ts'
import { phpOfPool } from '../php/_php-behind.ts'
import { scriptTime } from '../php/_script-time.ts'
import { waitingTime } from './_waiting-time.ts'

const site = (lines: string, handler = 'SetHandler'): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
          <Directory /srv/www>
              Require all granted
          </Directory>
          <FilesMatch "\.php$">
              ${handler} "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
          </FilesMatch>
      </VirtualHost>
    `,
    ['proxy', 'proxy_fcgi'],
  )
const tree = (apache: string, pool: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apache,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(pool),
})
const redHat = (lines: string): Record<string, string> => ({
  'etc/httpd/conf/httpd.conf': conf`
    ServerRoot /etc/httpd
    Listen 80
    Include conf.modules.d/*.conf
    Timeout ${lines === '' ? '«120»' : '120'}
    IncludeOptional conf.d/*.conf
  `,
  'etc/httpd/conf.modules.d/00-mpm.conf': 'LoadModule mpm_event_module modules/mod_mpm_event.so\n',
  'etc/httpd/conf.modules.d/00-base.conf': conf`
    LoadModule authz_core_module modules/mod_authz_core.so
    LoadModule proxy_module modules/mod_proxy.so
    LoadModule proxy_fcgi_module modules/mod_proxy_fcgi.so
  `,
  'etc/httpd/conf.d/php.conf': conf`
    <IfModule !mod_php.c>
        <FilesMatch \.(php|phar)$>
            SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
        </FilesMatch>
    </IfModule>
  `,
  'etc/httpd/conf.d/reports.conf': conf`
    <VirtualHost *:80>
        ServerName reports.example.org
        DocumentRoot /srv/www
        ${lines}
    </VirtualHost>
  `,
  'etc/php-fpm.d/www.conf': phpPool(LONG),
})
const LONG = conf`
  php_admin_value[max_execution_time] = 600
  request_terminate_timeout = 600
`

export default defineRule({
  summary: 'Apache gives up before PHP does',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'PHP was given more time for its scripts than Apache waits for it: `timeout=` of the backend, `ProxyTimeout`, or `Timeout` where there is neither, a minute by default. Apache answers 504 Gateway Timeout (`AH01075: Error dispatching request to`, `The timeout specified has expired`), and the script goes on for nobody.',
  remedy: 'Set `ProxyTimeout` to the time that PHP has',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxytimeout',
    'https://www.php.net/manual/en/install.fpm.configuration.php#request-terminate-timeout',
  ],
  bad: [
    {
      title: 'PHP for every site, as Red Hat has it, and a site without a time of its own',
      files: redHat(''),
    },
    {
      title: 'less for this backend',
      files: tree(
        site(conf`
          <Proxy "unix:/run/php/php8.2-fpm.sock|fcgi://localhost">
              ProxySet «timeout=90»
          </Proxy>
        `),
        LONG,
      ),
    },
    { title: 'less than the pool has', files: tree(site('ProxyTimeout «120»'), LONG) },
    { title: 'the minute of httpd', files: tree(site('', '«SetHandler»'), LONG) },
  ],
  good: [
    { title: 'PHP for every site, and more time in one of them', files: redHat('ProxyTimeout 900') },
    { title: 'raised in both', files: tree(site('ProxyTimeout 600'), LONG) },
    { title: 'all of Apache waits as long', files: tree(site('Timeout 600'), LONG) },
    {
      title: 'the time of one backend',
      files: tree(
        site(conf`
          <Proxy "unix:/run/php/php8.2-fpm.sock|fcgi://localhost">
              ProxySet timeout=600
          </Proxy>
        `),
        LONG,
      ),
    },
    { title: 'FPM ends the request before', files: tree(site(''), 'request_terminate_timeout = 30') },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.apache) {
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm') continue
        const inner = scriptTime(phpOfPool(to.listener.program))
        if (inner?.known !== true || inner.value <= 60) continue
        const limit = waitingTime(deployment, connection)
        if (!limit.known || inner.value <= limit.value) continue
        yield {
          at: limit.at ?? namePlace(connection.pass),
          message: `Apache answers 504 after ${limit.value} seconds, and PHP may take ${inner.value}`,
          label: limit.at === null ? 'no ProxyTimeout' : 'less than PHP has',
          related: inner.at === null ? [] : [{ at: inner.at, message: 'the time of PHP' }],
          help: `Write \`ProxyTimeout ${inner.value}\``,
        }
      }
    }
  },
})
