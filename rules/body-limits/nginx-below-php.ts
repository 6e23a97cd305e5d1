import { apacheBackend, apacheMain, nginxMain, proxiedServer } from '../_examples.ts'
import { phpBehind } from '../php/_php-behind.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { conf } from '../../src/engine/conf.ts'
import { phpPool, phpSite } from '../php/_examples.ts'
import { size, uploadLimit } from './_upload-limit.ts'

const INI = conf`
  [PHP]
  upload_max_filesize = 100M
  post_max_size = 100M
`
const tree = (site: string, pool = '', ini = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': site,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(pool),
  ...(ini === '' ? {} : { 'etc/php/8.2/fpm/php.ini': ini }),
})

const behindNginx = (lines: string, modules = ['mpm_prefork', 'php']): string => apacheBackend(lines, modules)

export default defineRule({
  summary: 'nginx refuses uploads that PHP was told to take',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Somebody raised `upload_max_filesize` and `post_max_size` so that larger files can be sent, but nginx answers 413 Request Entity Too Large before PHP sees the request. Without `client_max_body_size` the limit of nginx is 1m.',
  remedy: 'Set `client_max_body_size` to `post_max_size`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size',
    'https://www.php.net/manual/en/ini.core.php#ini.post-max-size',
  ],
  bad: [
    {
      title: 'less in nginx than in php.ini',
      files: tree(phpSite('', 'client_max_body_size «50m»;'), '', INI),
    },
    {
      title: 'less in nginx than in the pool',
      files: tree(
        phpSite('client_max_body_size «50m»;'),
        conf`
          php_admin_value[upload_max_filesize] = 512M
          php_admin_value[post_max_size] = 512M
        `,
      ),
    },
    {
      title: 'PHP is a module of Apache behind it',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer('client_max_body_size «16m»;')),
        'etc/apache2/apache2.conf': behindNginx(''),
        'etc/php/8.2/apache2/php.ini': INI,
      },
    },
    {
      title: 'Apache behind it gives its scripts to a pool',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer()).replace('server {', '«server» {'),
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 127.0.0.1:9000
            <FilesMatch "\.php$">
                SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
            </FilesMatch>
            <VirtualHost 127.0.0.1:9000>
                ServerName example.org
                DocumentRoot /srv/www
            </VirtualHost>
          `,
          ['mpm_event', 'proxy', 'proxy_fcgi'],
        ),
        'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
        'etc/php/8.2/fpm/php.ini': INI,
      },
    },
    {
      title: 'as RHEL has it',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer('client_max_body_size «16m»;')),
        'etc/httpd/conf/httpd.conf': behindNginx(''),
        'etc/php.ini': INI,
      },
    },
    {
      title: 'a virtual host of Apache raised it',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer()).replace('server {', '«server» {'),
        'etc/apache2/apache2.conf': behindNginx(conf`
          php_value upload_max_filesize 64M
          php_value post_max_size 64M
        `),
      },
    },
    {
      title: 'the .htaccess of the site raised it',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer()).replace('server {', '«server» {'),
        'etc/apache2/apache2.conf': behindNginx(conf`
          <Directory /srv/www>
              AllowOverride All
          </Directory>
        `),
        'srv/www/.htaccess': conf`
          php_value upload_max_filesize 64M
          php_value post_max_size 64M
        `,
      },
    },
    { title: 'nothing in nginx', files: tree(phpSite('').replace('server {', '«server» {'), '', INI) },
  ],
  good: [
    { title: 'the same in both', files: tree(phpSite('', 'client_max_body_size 100m;'), '', INI) },
    {
      title: 'Apache without the module, of which a php.ini is left',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer()),
        'etc/apache2/apache2.conf': behindNginx('', []),
        'etc/php/8.2/apache2/php.ini': INI,
      },
    },
    {
      title: 'a .htaccess that a line of the server overrules',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer()),
        'etc/apache2/apache2.conf': behindNginx(conf`
          <Directory /srv/www>
              AllowOverride All
          </Directory>
          php_admin_value upload_max_filesize 1M
        `),
        'srv/www/.htaccess': conf`
          php_value upload_max_filesize 64M
          php_value post_max_size 64M
        `,
      },
    },
    { title: 'no limit in nginx', files: tree(phpSite('', 'client_max_body_size 0;'), '', INI) },
    {
      title: 'the values that PHP has by itself',
      files: tree(
        phpSite(''),
        '',
        conf`
          upload_max_filesize = 2M
          post_max_size = 8M
        `,
      ),
    },
    {
      title: 'a limit of PHP that is lower',
      files: tree(
        phpSite('', 'client_max_body_size 50m;'),
        '',
        INI.replace('post_max_size = 100M', 'post_max_size = 20M'),
      ),
    },
    {
      title: 'large files for the command line alone',
      files: { ...tree(phpSite('')), 'etc/php/8.2/cli/php.ini': INI },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.nginx) {
      for (const php of phpBehind(deployment, connection)) {
        const inner = uploadLimit(php.setting)
        const limit = valueOrNull(connection.bodyLimit)
        if (inner === null || limit === null || limit.value === 0 || limit.value >= inner.bytes) continue
        const { directive } = limit
        yield {
          at: directive === null ? namePlace(connection.server.directive) : argumentPlace(directive, 0),
          message: `nginx answers 413 to request bodies above ${size(limit.value)}${directive === null ? ', its default' : ''}, and PHP takes uploads of ${size(inner.bytes)}`,
          label: directive === null ? 'no client_max_body_size' : 'less than PHP takes',
          related: inner.facts.flatMap(({ at }) => (at === null ? [] : [{ at, message: 'what PHP takes' }])),
          help: `Write \`client_max_body_size ${size(inner.bytes)}\``,
        }
      }
    }
  },
})
