import { posix } from 'node:path'
import { givenVariables } from '../../parsers/compose/given-variables.ts'
import type { Place } from '../../parsers/text/source.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type {
  ApacheHost,
  Deployment,
  Machine,
  NginxConnection,
  NginxServer,
} from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { sslEngine } from '../../src/servers/apache/queries/server-settings.ts'
import { isLoopback } from '../../src/servers/address.ts'
import { networkOf, networksMeet, parseNetwork } from '../../src/servers/addresses/ip.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import type { Related } from '../../src/servers/problem.ts'
import { apacheBackend, nginxMain, tlsServer } from '../_examples.ts'
import { type TlsInFront, tlsInFront, tlsOfFront } from '../forwarded-headers/_tls-in-front.ts'
import { type Asked, asksForTls } from './_asks-for-tls.ts'
import { phpPool, phpSite } from './_examples.ts'
import { documentRoot } from './_script-directory.ts'
import { rootOfArtisan } from './_served-by-artisan.ts'

const ASKS = conf`
  <?php
  if (empty($_SERVER['HTTPS']) || $_SERVER['HTTPS'] === 'off') {
      header('Location: https://' . $_SERVER['HTTP_HOST'] . $_SERVER['REQUEST_URI'], true, 302);
      exit;
  }
  echo 'the shop';
`
const MAP = conf`
  map $http_x_forwarded_proto $outer_https {
      default $https;
      https on;
  }
`
const fpm = (script: Record<string, string>, lines = '', http = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite(lines).replace('http {\n', () => `http {\n${http}`),
  'etc/nginx/fastcgi_params': conf`
    fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param REQUEST_URI $request_uri;
    fastcgi_param SERVER_NAME $server_name;
    fastcgi_param HTTPS $https if_not_empty;
    fastcgi_param REDIRECT_STATUS 200;
  `,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  ...script,
})
const withoutParameters = ({ 'etc/nginx/fastcgi_params': _, ...files }: Record<string, string>) => files
const WORDPRESS = (lines: string, file = 'srv/www/wp-config.php'): Record<string, string> => ({
  [file]: `<?php\n${lines}\nrequire_once ABSPATH . 'wp-settings.php';\n`,
})
const MOODLE = (lines: string): Record<string, string> => ({
  'srv/www/config.php': `<?php\n$CFG = new stdClass();\n$CFG->wwwroot = 'https://example.org';\n$CFG->dataroot = '/srv/data';\n${lines}\nrequire_once(__DIR__ . '/lib/setup.php');\n`,
})
const NEXTCLOUD = (lines: string): Record<string, string> => ({
  'srv/www/index.php': "<?php require_once __DIR__ . '/lib/base.php';\n",
  'srv/www/config/config.php': `<?php\n$CONFIG = array(\n  'trusted_domains' => array('example.org'),\n  'overwrite.cli.url' => 'https://example.org',\n  ${lines}\n);\n`,
})
const LARAVEL = (middleware: string, provider = ''): Record<string, string> => ({
  'srv/shop/artisan': '#!/usr/bin/env php\n<?php\n',
  'srv/shop/public/index.php': "<?php require __DIR__ . '/../bootstrap/app.php';\n",
  'srv/shop/bootstrap/app.php': conf`
    <?php
    return Application::configure(basePath: dirname(__DIR__))
        ->withMiddleware(function (Middleware $middleware) {
            ${middleware}
        })->create();
  `,
  'srv/shop/app/Providers/AppServiceProvider.php': conf`
    <?php
    class AppServiceProvider extends ServiceProvider
    {
        public function boot(): void
        {
            ${provider}
        }
    }
  `,
})
/** Laravel 10, of which a part is seen. */
const LARAVEL_10 = (proxies: string): Record<string, string> => ({
  'srv/shop/composer.json': '{ "require": { "laravel/framework": "^10.10" } }\n',
  'srv/shop/public/index.php': "<?php require __DIR__ . '/../bootstrap/app.php';\n",
  'srv/shop/bootstrap/app.php': '<?php $app = new Illuminate\\Foundation\\Application(dirname(__DIR__));\n',
  'srv/shop/app/Providers/AppServiceProvider.php':
    '<?php class AppServiceProvider extends ServiceProvider {}\n',
  'srv/shop/app/Http/Kernel.php': '<?php class Kernel extends HttpKernel {}\n',
  'srv/shop/app/Http/Middleware/TrustProxies.php': conf`
    <?php
    class TrustProxies extends Middleware
    {
        ${proxies}
        protected $headers = Request::HEADER_X_FORWARDED_FOR | Request::HEADER_X_FORWARDED_PROTO;
    }
  `,
})
const SYMFONY = (framework: string, rule = 'requires_channel: https'): Record<string, string> => ({
  'srv/shop/bin/console': '#!/usr/bin/env php\n<?php\n',
  'srv/shop/public/index.php':
    "<?php\nuse App\\Kernel;\nrequire_once dirname(__DIR__) . '/vendor/autoload_runtime.php';\nreturn fn (array $context) => new Kernel($context['APP_ENV'], (bool) $context['APP_DEBUG']);\n",
  'srv/shop/config/packages/framework.yaml': conf`
    framework:
        secret: '%env(APP_SECRET)%'
        ${framework}
  `,
  'srv/shop/config/packages/security.yaml': conf`
    security:
        access_control:
            - { path: ^/login, roles: PUBLIC_ACCESS, ${rule} }
            - { path: ^/, roles: ROLE_USER, ${rule} }
  `,
})
/** A server of loopback behind one with TLS of the same nginx. */
const inner = (script: Record<string, string>): Record<string, string> => {
  const { 'etc/nginx/nginx.conf': main = '', ...files } = fpm(script)
  const front = tlsServer(conf`
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
  `)
  return {
    ...files,
    'etc/nginx/nginx.conf': main
      .replace('listen 80;', 'listen 127.0.0.1:8080;')
      .replace('http {\n', () => `http {\n${front}`),
  }
}
/** nginx with TLS in front of Apache with the shop. */
const apache = (
  lines: string | readonly string[],
  script = ASKS,
  scheme = 'proxy_set_header X-Forwarded-Proto $scheme;',
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    tlsServer(conf`
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          ${scheme}
      }
    `),
  ),
  'etc/apache2/apache2.conf': apacheBackend(lines, ['setenvif', 'dir']),
  'srv/www/index.php': script,
})
const inShop = (files: Record<string, string>, project: Record<string, string>): Record<string, string> => ({
  ...Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, text.replace('/srv/www', '/srv/shop/public')]),
  ),
  ...project,
})
/** nginx of the host in front of a port that the Apache of a container publishes. */
const inContainer = (project: Record<string, string>): Record<string, string> => ({
  'deploy/shop.conf': tlsServer(conf`
    location / {
        proxy_pass http://127.0.0.1:8081;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
  `),
  'docker-compose.yml': conf`
    services:
      app:
        build: .
        ports: ["127.0.0.1:8081:80"]
  `,
  Dockerfile: conf`
    FROM php:8.2-apache
    COPY docker/vhost.conf /etc/apache2/sites-available/000-default.conf
    COPY . /var/www/html
  `,
  'docker/vhost.conf': conf`
    <VirtualHost *:80>
        DocumentRoot /var/www/html/public
    </VirtualHost>
  `,
  ...Object.fromEntries(Object.entries(project).map(([path, text]) => [path.replace('srv/shop/', ''), text])),
})
const behindCaddyOf = (site: string, project: Record<string, string>): Record<string, string> => ({
  ...inContainer(project),
  'deploy/shop.conf': '',
  'docker-compose.yml': conf`
    services:
      caddy:
        image: caddy:2-alpine
        ports: ["80:80", "443:443"]
        volumes:
          - ./Caddyfile:/etc/caddy/Caddyfile:ro
          - caddy:/data
      app:
        build: .
    volumes:
      caddy:
  `,
  Caddyfile: site,
})
/** An image that brings Nextcloud and its Apache; nginx of the host, or Traefik, in front. */
const nextcloudImage = (
  lines: string,
  { more = 'ports: ["127.0.0.1:8081:80"]', tag = '30-apache' } = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(inContainer({})['deploy/shop.conf']!),
  'srv/cloud/docker-compose.yml': conf`
    services:
      app:
        image: nextcloud:${tag}
        volumes: ["./config.php:/var/www/html/config/config.php"]
        ${more}
  `,
  'srv/cloud/config.php': NEXTCLOUD(lines)['srv/www/config/config.php']!,
})
/** Laravel that no other server serves, behind nginx of the host. */
const ofArtisan = (line: string, project: Record<string, string>, service = ''): Record<string, string> => ({
  ...inContainer(project),
  'docker-compose.yml': conf`
    services:
      app:
        build: .
        ports: ["127.0.0.1:8081:8000"]
        ${service}
  `,
  Dockerfile: conf`
    FROM php:8.3-cli
    WORKDIR /var/www/html
    COPY . .
    EXPOSE 8000
    ${line}
  `,
  'docker/vhost.conf': '',
})
const TRAEFIK = conf`
  labels:
    - traefik.http.routers.app.rule=Host(\`example.org\`)
    - traefik.http.routers.app.tls=true
`
/** nginx of a container with PHP-FPM in another one. */
const fpmContainers = (web: string, wordpress: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro", "./html:/var/www/html"]
        ${web}
      php:
        image: php:8.3-fpm
        volumes: ["./html:/var/www/html"]
  `,
  'site.conf': conf`
    server {
        listen 80;
        root /var/www/html;
        location ~ \.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass php:9000;
        }
    }
  `,
  ...WORDPRESS(wordpress, 'html/wp-config.php'),
})
const CADDY = conf`
  app.example.org {
      encode zstd gzip
      reverse_proxy app:80
  }
`
const bad = (files: Record<string, string>, marked: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, text.replace(marked, () => `«${marked}»`)]),
  )

export default defineRule({
  summary: 'PHP is reached over TLS and is never told of it',
  severity: 'error',
  otherSeverities: {
    warning:
      'where nothing of the audit speaks TLS, so that whatever stands in front, if anything, does; and of an Apache whose main file is not in the audit',
  },
  confidence: 'high',
  since: '0.1.0',
  why: "PHP scripts, WordPress, Moodle and Symfony ask `$_SERVER['HTTPS']` whether the client came by TLS, and redirect to `https://` where it is empty; Nextcloud makes its addresses of it. PHP has the variable from the server that calls it: behind another one that terminates TLS it stays empty, and every page redirects to itself, ERR_TOO_MANY_REDIRECTS.",
  remedy:
    'Make `HTTPS` of the header of the proxy: in nginx by `fastcgi_param` with a `map`, in Apache by `SetEnvIf X-Forwarded-Proto https HTTPS=on`; or tell the application, Moodle by `$CFG->sslproxy = true;`, Nextcloud by `trusted_proxies` and `overwriteprotocol`, Symfony by `trusted_proxies` below `framework`',
  references: [
    'https://www.php.net/manual/reserved.variables.server.php',
    'https://developer.wordpress.org/advanced-administration/security/https/#using-a-reverse-proxy',
  ],
  bad: [
    {
      title: 'a script behind an nginx that speaks no TLS',
      files: bad(fpm({ 'srv/www/index.php': ASKS }), 'fastcgi_pass'),
    },
    {
      title: 'WordPress at an https address',
      files: bad(fpm(WORDPRESS("define( 'WP_HOME', 'https://example.org' );")), 'fastcgi_pass'),
    },
    {
      title: 'WordPress whose configuration lies above its files',
      files: bad(fpm(WORDPRESS("define('FORCE_SSL_ADMIN', true);", 'srv/wp-config.php')), 'fastcgi_pass'),
    },
    {
      title: 'WordPress behind a server of the same nginx, on loopback',
      files: bad(inner(WORDPRESS("define('FORCE_SSL_ADMIN', true);")), 'fastcgi_pass'),
    },
    { title: 'Moodle at an https address', files: bad(fpm(MOODLE('')), 'fastcgi_pass') },
    {
      title: 'Nextcloud at an https address, in Apache behind the TLS of nginx',
      files: bad({ ...apache(''), ...NEXTCLOUD('') }, 'DocumentRoot'),
    },
    {
      title: 'WordPress in an Apache whose main file is not here',
      files: bad(
        {
          'etc/nginx/sites-enabled/shop': tlsServer(conf`
            location / {
                proxy_pass http://127.0.0.1:8080;
                proxy_set_header Host $host;
                proxy_set_header X-Forwarded-Proto $scheme;
            }
          `),
          'etc/apache2/ports.conf': 'Listen 127.0.0.1:8080\n',
          'etc/apache2/sites-enabled/shop.conf': conf`
            <VirtualHost 127.0.0.1:8080>
                ServerName example.org
                DocumentRoot /srv/www
            </VirtualHost>
          `,
          ...WORDPRESS("define('FORCE_SSL_ADMIN', true);"),
        },
        'DocumentRoot',
      ),
    },
    { title: 'Apache behind the TLS of nginx', files: bad(apache(''), 'DocumentRoot') },
    {
      title: 'WordPress that is told when it has read the login',
      files: bad(
        {
          ...apache('', "<?php require __DIR__ . '/wp-blog-header.php';\n"),
          'srv/www/wp-config.php': conf`
            <?php
            define('WP_HOME', 'https://example.org');
            require_once ABSPATH . 'wp-settings.php';
            if (($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https') {
                $_SERVER['HTTPS'] = 'on';
            }
          `,
        },
        "$_SERVER['HTTPS']",
      ),
    },
    {
      title: 'Nextcloud that trusts the address of another machine',
      files: bad(
        { ...apache(''), ...NEXTCLOUD("'trusted_proxies' => array(0 => '192.168.1.20'),") },
        'DocumentRoot',
      ),
    },
    {
      title: 'Nextcloud that trusts a proxy, which sends no scheme',
      files: bad(
        { ...apache('', ASKS, ''), ...NEXTCLOUD("'trusted_proxies' => ['127.0.0.1'],") },
        'DocumentRoot',
      ),
    },
    {
      title: 'Laravel that trusts no proxy',
      files: bad(inShop(apache(''), LARAVEL('//')), 'DocumentRoot'),
    },
    {
      title: 'Laravel 10, whose middleware trusts no proxy',
      files: bad(inShop(apache(''), LARAVEL_10('protected $proxies;')), 'DocumentRoot'),
    },
    {
      title: 'Symfony that requires TLS and trusts no proxy',
      files: bad(inShop(apache(''), SYMFONY('')), 'DocumentRoot'),
    },
    {
      title: 'Symfony in FPM, behind a server of the same nginx',
      files: bad(inShop(inner({}), SYMFONY('')), 'fastcgi_pass'),
    },
    {
      title: 'Laravel in the Apache of a container, to whose published port nginx of the host proxies',
      files: bad(inContainer(LARAVEL_10('protected $proxies;')), 'DocumentRoot'),
    },
    {
      title: 'Laravel in the Apache of a container, behind that of Caddy',
      files: bad(behindCaddyOf(CADDY, LARAVEL('//')), 'Application::configure'),
    },
    {
      title: 'Laravel in the image of PHP, whose Apache is left as it is but for the root',
      files: bad(
        {
          ...inContainer(LARAVEL('//')),
          Dockerfile: conf`
            FROM php:8.3-apache
            ENV APACHE_DOCUMENT_ROOT=/var/www/html/public
            RUN sed -ri 's!/var/www/html!\${APACHE_DOCUMENT_ROOT}!g' /etc/apache2/sites-available/*.conf
            COPY . /var/www/html
          `,
        },
        'Application::configure',
      ),
    },
    {
      title: 'the image of Nextcloud behind nginx of the host',
      files: bad(nextcloudImage(''), "'overwrite.cli.url' => 'https://"),
    },
    {
      title: 'the image of Nextcloud behind Traefik',
      files: bad(nextcloudImage('', { more: TRAEFIK, tag: 'stable' }), "'overwrite.cli.url' => 'https://"),
    },
    {
      title: 'Laravel 10 of which the middleware alone is seen, in the web server of PHP',
      files: bad(
        ofArtisan('CMD ["php", "artisan", "serve", "--host=0.0.0.0"]', {
          'srv/shop/composer.json': '{ "require": { "laravel/framework": "^10.10" } }\n',
          'srv/shop/artisan': '#!/usr/bin/env php\n<?php\n',
          'srv/shop/app/Http/Middleware/TrustProxies.php':
            LARAVEL_10('protected $proxies;')['srv/shop/app/Http/Middleware/TrustProxies.php']!,
        }),
        'protected $proxies',
      ),
    },
    {
      title: 'Laravel 11 in Octane, started by a compose file',
      files: bad(
        ofArtisan('', LARAVEL('//'), 'command: php artisan octane:start --host=0.0.0.0 --port=8000'),
        'Application::configure',
      ),
    },
    {
      title: 'WordPress behind Traefik and an nginx of plain HTTP',
      files: bad(fpmContainers(TRAEFIK, "define('FORCE_SSL_ADMIN', true);"), 'fastcgi_pass'),
    },
  ],
  good: [
    {
      title: 'a map of the header of the proxy',
      files: fpm({ 'srv/www/index.php': ASKS }, 'fastcgi_param HTTPS $outer_https if_not_empty;', MAP),
    },
    {
      title: 'a script that asks for the header, too',
      files: fpm({
        'srv/www/index.php': ASKS.replace(
          'if (',
          "if (($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') !== 'https' && ",
        ),
      }),
    },
    {
      title: 'WordPress that is told',
      files: fpm(
        WORDPRESS(conf`
          define('FORCE_SSL_ADMIN', true);
          if (($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https') {
              $_SERVER['HTTPS'] = 'on';
          }
        `),
      ),
    },
    {
      title: 'WordPress without TLS',
      files: fpm(WORDPRESS("define('WP_HOME', 'http://example.org');")),
    },
    {
      title: 'a line that is commented out',
      files: fpm(WORDPRESS("// define('FORCE_SSL_ADMIN', true);")),
    },
    {
      title: 'a file of parameters that is not here',
      files: withoutParameters(fpm({ 'srv/www/index.php': ASKS })),
    },
    { title: 'Moodle that is told', files: fpm(MOODLE('$CFG->sslproxy = true;')) },
    {
      title: 'Moodle without TLS',
      files: fpm({ 'srv/www/config.php': MOODLE('')['srv/www/config.php']!.replace('https:', 'http:') }),
    },
    {
      title: 'a server on loopback to which nothing proxies',
      files: Object.fromEntries(
        Object.entries(fpm({ 'srv/www/index.php': ASKS })).map(([path, text]) => [
          path,
          text.replace('listen 80;', 'listen 127.0.0.1:8080;'),
        ]),
      ),
    },
    {
      title: 'Nextcloud that is told by its own settings',
      files: { ...apache(''), ...NEXTCLOUD("'overwriteprotocol' => 'https',") },
    },
    {
      title: 'Nextcloud that trusts the proxy, which sends the scheme',
      files: { ...apache(''), ...NEXTCLOUD("'trusted_proxies' => ['127.0.0.1'],") },
    },
    {
      title: 'Nextcloud that trusts a network of the machine, or what nobody here knows',
      files: {
        ...apache(''),
        ...NEXTCLOUD("'trusted_proxies' => ['192.168.1.20', '127.0.0.0/8', getenv('PROXY')],"),
      },
    },
    {
      title: 'Laravel that trusts the proxy',
      files: inShop(apache(''), LARAVEL("$middleware->trustProxies(at: '127.0.0.1');")),
    },
    {
      title: 'Laravel 10, whose middleware trusts the proxy',
      files: inShop(apache(''), LARAVEL_10("protected $proxies = '*';")),
    },
    {
      title: 'Symfony that trusts the proxy',
      files: inShop(apache(''), SYMFONY("trusted_proxies: '127.0.0.1'")),
    },
    {
      title: 'Symfony that trusts what the environment names',
      files: {
        ...inShop(apache(''), SYMFONY('')),
        'srv/shop/.env': 'APP_ENV=prod\nSYMFONY_TRUSTED_PROXIES=private_ranges\n',
      },
    },
    {
      title: 'Symfony that requires no TLS, or what a parameter says',
      files: inShop(apache(''), SYMFONY('', "requires_channel: '%env(CHANNEL)%'")),
    },
    {
      title: 'Laravel in the Apache of a container, which trusts the proxy',
      files: inContainer(LARAVEL_10("protected $proxies = '*';")),
    },
    {
      title: 'Laravel behind Caddy that trusts it',
      files: behindCaddyOf(CADDY, LARAVEL("$middleware->trustProxies(at: '*');")),
    },
    {
      title: 'Laravel behind Caddy in plain HTTP',
      files: behindCaddyOf(CADDY.replace('app.example.org', ':80'), LARAVEL('//')),
    },
    {
      title: 'Laravel behind Caddy that says another scheme',
      files: behindCaddyOf(
        CADDY.replace('app:80', 'app:80 {\n        header_up X-Forwarded-Proto http\n    }'),
        LARAVEL('//'),
      ),
    },
    {
      title: 'Laravel 10, whose middleware reads whom it trusts',
      files: inShop(
        apache(''),
        LARAVEL_10("protected $proxies;\nprotected function proxies() { return env('PROXIES'); }"),
      ),
    },
    {
      title: 'Laravel that makes https addresses by itself',
      files: inShop(apache(''), LARAVEL('//', "URL::forceScheme('https');")),
    },
    {
      title: 'WordPress in an Apache whose main file is not here, and which is told',
      files: {
        'etc/nginx/sites-enabled/shop': tlsServer(conf`
          location / {
              proxy_pass http://127.0.0.1:8080;
              proxy_set_header Host $host;
              proxy_set_header X-Forwarded-Proto $scheme;
          }
        `),
        'etc/apache2/ports.conf': 'Listen 127.0.0.1:8080\n',
        'etc/apache2/sites-enabled/shop.conf': conf`
          <VirtualHost 127.0.0.1:8080>
              ServerName example.org
              DocumentRoot /srv/www
              SetEnvIf X-Forwarded-Proto https HTTPS=on
          </VirtualHost>
        `,
        ...WORDPRESS("define('FORCE_SSL_ADMIN', true);"),
      },
    },
    { title: 'Apache that is told', files: apache('SetEnvIf X-Forwarded-Proto https HTTPS=on') },
    {
      title: 'a script that redirects nobody',
      files: apache('', "<?php echo $_SERVER['HTTPS'] ?? 'off';\n"),
    },
    {
      title: 'the image of Nextcloud that is told by its environment',
      files: nextcloudImage('', {
        more: 'ports: ["127.0.0.1:8081:80"]\nenvironment: { OVERWRITEPROTOCOL: https }',
      }),
    },
    {
      title: 'Laravel in the web server of PHP, which trusts the proxy',
      files: ofArtisan(
        'CMD ["php", "artisan", "serve", "--host=0.0.0.0"]',
        LARAVEL("$middleware->trustProxies(at: '*');"),
      ),
    },
    {
      title: 'the image of Nextcloud that trusts the proxy',
      files: nextcloudImage("'trusted_proxies' => ['172.16.0.0/12'],"),
    },
    {
      title: 'the image of Nextcloud that is told by another file of settings',
      files: {
        ...nextcloudImage(''),
        'srv/cloud/docker-compose.yml': nextcloudImage('')['srv/cloud/docker-compose.yml']!.replace(
          'volumes: [',
          'volumes: ["./proxy.config.php:/var/www/html/config/proxy.config.php", ',
        ),
        'srv/cloud/proxy.config.php': "<?php\n$CONFIG = ['overwriteprotocol' => 'https'];\n",
      },
    },
    {
      title: 'WordPress behind Traefik that is told',
      files: fpmContainers(
        TRAEFIK,
        conf`
          define('FORCE_SSL_ADMIN', true);
          if (($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https') {
              $_SERVER['HTTPS'] = 'on';
          }
        `,
      ),
    },
    {
      title: 'TLS of the same server',
      files: Object.fromEntries(
        Object.entries(fpm({ 'srv/www/index.php': ASKS })).map(([path, text]) => [
          path,
          text.replace(
            'listen 80;',
            'listen 443 ssl;\nssl_certificate /etc/ssl/a.pem;\nssl_certificate_key /etc/ssl/a.key;',
          ),
        ]),
      ),
    },
  ],
  *check(deployment) {
    yield* throughFastcgi(deployment)
    yield* inApache(deployment)
    yield* inImages(deployment)
    yield* servedByArtisan(deployment)
  },
})

type Findings = Iterable<RuleFinding>

const TRUST =
  'Trust the proxy: `$middleware->trustProxies(at: …)` in `bootstrap/app.php`, up to Laravel 10 `$proxies` of the middleware `TrustProxies`'
const TRUST_IN_SYMFONY = 'Trust the proxy: `trusted_proxies` below `framework`, and send `X-Forwarded-Proto`'
const ADVICE = 'Make `HTTPS` of what the proxy in front tells'

function doing({ by }: Asked): string {
  return by === 'Nextcloud' || by === 'Laravel'
    ? `${by} makes \`http://\` addresses, which browsers block in its pages,`
    : 'PHP redirects to `https://`'
}

/** Set where WordPress has asked already; the place of that line in every other finding is the server's. */
function lateFinding({ late }: Asked): RuleFinding | null {
  if (late === null) return null
  return {
    at: late.at,
    related: [{ at: late.settings, message: 'read here' }],
    message:
      'WordPress reads the login in `wp-settings.php`, before this line tells it of TLS: "Sorry, you are not allowed to access this page"',
    label: 'too late',
    help: "Put it above `require_once ABSPATH . 'wp-settings.php'`",
  }
}

function* throughFastcgi(deployment: Deployment): Findings {
  let ofTls: ReadonlyMap<string, NginxServer> | null = null
  for (const connection of deployment.connections.nginx) {
    const { pass, server, from } = connection
    if (pass.name !== 'fastcgi_pass') continue
    // What only this machine reaches, a server with TLS may proxy to.
    const isInner = server.listens.every(({ loopback }) => loopback === true)
    if (connection.reachable === false && !isInner) continue
    const root = documentRoot(connection)
    const asked = root === null ? null : asksForTls(from.machine.files, root)
    if (asked === null || asked.trusts || isTold(connection)) continue
    ofTls ??= new Map(
      deployment.servers.flatMap(each =>
        each.tls ? each.names.map(({ name }) => [name, each] as const) : [],
      ),
    )
    const [named] = server.names.flatMap(({ name }) => ofTls?.get(name) ?? [])
    const tls = server.tls ? server : named
    // What a server with TLS calls itself is another matter; one that proxies here terminates it.
    if (tls !== undefined && tls !== server && !proxiesTo(deployment, tls, server)) continue
    const front = tls === undefined ? frontOf(deployment, server) : null
    if (tls === undefined && front === null && (isInner || !asked.speaksTls)) continue
    // WordPress takes the port of TLS for TLS, too.
    if (tls === server && asked.by === 'WordPress') continue
    const late = lateFinding(asked)
    if (late !== null) {
      yield late
      continue
    }
    yield {
      at: namePlace(pass),
      ...(tls === undefined && front === null && { severity: 'warning' }),
      message: `${doing(asked)} where \`HTTPS\` is empty, and nginx never fills it here`,
      label: 'HTTPS stays empty',
      related: [
        {
          at: asked.at,
          message: asked.says,
        },
        ...(tls === undefined ? [] : [{ at: namePlace(tls.directive), message: 'terminates TLS' }]),
        ...(front === null ? [] : [relatedTo(front)]),
      ],
      help: adviceFor(asked),
    }
  }
}

/** What terminates TLS in front of a server of a container. */
function frontOf(deployment: Deployment, server: NginxServer): TlsInFront | null {
  const front = tlsInFront(deployment, deployment.programOf(server.configuration).machine)
  if (front !== null) return front
  const line = tlsOfFront(deployment, server)
  return line === null ? null : { at: line.at, proxy: line.server }
}

const relatedTo = ({ at, proxy }: TlsInFront): Related => ({
  at,
  message: `${proxy} terminates TLS, and connects here`,
})

/** True also where `HTTPS` may be set in a way that nobody here knows. */
function isTold({ server, block, from: { configuration, machine } }: NginxConnection): boolean {
  const lines = effective(configuration, block, 'fastcgi_param')
  // The files of the package set it, and one that is not here may.
  if (!lines.known) return true
  if (hasUnreadInclude(configuration, block, 'fastcgi_param') && !hasOnlyThatOfImage(machine, block))
    return true
  const line = lines.value.directives.findLast(({ args }) => args[0]?.value === 'HTTPS')
  const value = line?.args[1]?.value
  return value !== undefined && value !== '' && (server.tls || !/^\$\{?https\}?$/.test(value))
}

/** True where all that is unread is the image's own file, which sets it to `$https`, empty without TLS. */
function hasOnlyThatOfImage({ container }: Machine, block: NginxDirective): boolean {
  const includes = childrenNamed(block, 'include').map(({ args }) => args[0]?.value ?? '')
  return (
    container?.base === 'nginx' &&
    includes.every(path => /^(?:\/etc\/nginx\/)?fastcgi(?:_params|\.conf)$/.test(path)) &&
    includes.every(path => container.files.kind(posix.resolve('/etc/nginx', path)) === null)
  )
}

function proxiesTo({ connections }: Deployment, front: NginxServer, inner: NginxServer): boolean {
  return connections
    .of(front)
    .some(({ targets }) =>
      targets.some(
        ({ to, port }) =>
          to.kind === 'listener' &&
          to.listener.kind === 'nginx' &&
          inner.listens.some(listen => listen.port === port && listen.port !== null),
      ),
    )
}

function* inApache(deployment: Deployment): Findings {
  for (const host of deployment.apacheHosts) {
    const { configuration, directive } = host
    const line = directivesByHost(configuration, 'documentroot').get(directive)?.at(-1)
    const root = line?.args[0]?.value
    if (line === undefined || root === undefined || !root.startsWith('/')) continue
    const fronts = deployment.connections
      .reaching(host)
      .filter(({ certain, connection }) => certain || haveOneName(connection.server, host))
    const leading = fronts.find(({ connection }) => connection.server.tls)?.connection
    const { machine } = deployment.programOf(configuration)
    const front = leading === undefined ? tlsInFront(deployment, machine) : null
    if ((leading === undefined && front === null) || mayBeTold(deployment, host)) continue
    const found = asked(machine.files, root.replace(/(.)\/$/, '$1'))
    if (found === null) continue
    if (leading === undefined) {
      if (front !== null && !found.trusts) yield behindProxy(found, front)
      continue
    }
    const findings = behindNginx(found, leading, machine, isStandIn(line.source) ? null : namePlace(line))
    for (const each of findings) yield configuration.main === null ? { ...each, ...SUPPOSED } : each
  }
}

/** What a file that is not in the audit may say is little: those of distributions tell PHP nothing of a proxy. */
const SUPPOSED = { severity: 'warning', confidence: 'medium' } as const

function haveOneName({ names }: NginxServer, host: ApacheHost): boolean {
  return names.some(({ name }) => host.names.includes(name))
}

/** Where the files of an application are in Apache of a container of which no line is in the audit. */
function* inImages(deployment: Deployment): Findings {
  for (const connection of deployment.connections.http) {
    for (const { machine } of connection.targets) {
      const container = machine?.container ?? null
      if (machine === null || container === null || !connection.server.tls || !isReadyMade(container))
        continue
      const found = askedInImage(container)
      if (found !== null) yield* behindNginx(found, connection, machine, null)
    }
  }
  for (const machine of deployment.machines) {
    const { container } = machine
    const front = container === null || !isReadyMade(container) ? null : tlsInFront(deployment, machine)
    const found = container === null || front === null ? null : askedInImage(container)
    if (front !== null && found !== null && !found.trusts) yield behindProxy(found, front)
  }
}

/** Where Laravel is served without nginx or Apache of its own. */
function* servedByArtisan(deployment: Deployment): Findings {
  for (const machine of deployment.machines) {
    const root = machine.container === null ? null : rootOfArtisan(machine.container)
    const found = root === null ? null : asksForTls(machine.files, root)
    if (found === null || found.by !== 'Laravel') continue
    const leading = deployment.connections.http.find(
      ({ server, targets }) => server.tls && targets.some(target => target.machine === machine),
    )
    const front = leading === undefined ? tlsInFront(deployment, machine) : null
    if (leading !== undefined) yield* behindNginx(found, leading, machine, null)
    else if (front !== null) yield behindProxy(found, front)
  }
}

/** An image with Apache that serves /var/www/html, and what the service brings into it. */
function isReadyMade({ service, reference }: Container): boolean {
  return service.build === null && /^(?:nextcloud|wordpress)(?::(?!\S*fpm)\S+)?$/.test(reference ?? '')
}

const HTML = '/var/www/html'

/** The image of Nextcloud makes settings of the variables `OVERWRITEPROTOCOL` and `TRUSTED_PROXIES`. */
function askedInImage({ service, files }: Container): Asked | null {
  const { complete } = service
  const mayTell = givenVariables(service).some(
    ({ name }) => /^(?:OVERWRITE|TRUSTED_PROXIES$)/.test(name) || name === 'WORDPRESS_CONFIG_EXTRA',
  )
  return mayTell || !complete ? null : asked(files, HTML)
}

function asked(files: FileSystem, root: string): Asked | null {
  const found = asksForTls(files, root)
  return found === null || mayTellInHtaccess(files, root) ? null : found
}

/** Where nginx terminates TLS, and connects to Apache; `line` is the one of Apache, null where nobody wrote it. */
function* behindNginx(
  found: Asked,
  leading: NginxConnection,
  machine: Machine,
  line: Place | null,
): Findings {
  const { server: front, headers } = leading
  const sendsScheme = headers.open || headers.written.some(({ name }) => name === 'x-forwarded-proto')
  const others = found.trusts && sendsScheme ? trustedOnly(found, leading, machine) : null
  if (found.trusts && sendsScheme && others === null) return
  const terminates = { at: namePlace(front.directive), message: 'terminates TLS' }
  const asking =
    others === null
      ? { at: found.at, message: found.says }
      : { at: others, message: 'believes this proxy, and nginx connects from 127.0.0.1' }
  yield lateFinding(found) ?? {
    at: line ?? asking.at,
    message:
      line === null && found.by === 'Laravel'
        ? `${doing(found)} as long as it trusts no proxy: it does not read the \`X-Forwarded-Proto\` of the nginx that terminates TLS`
        : `${doing(found)} where \`HTTPS\` is empty, and Apache never fills it here`,
    label: line === null ? asking.message : 'HTTPS stays empty',
    related: line === null ? [terminates] : [asking, terminates],
    help: others === null ? adviceFor(found) : 'Name 127.0.0.1 among the trusted proxies',
  }
}

const LOOPBACK = networkOf([127, 0, 0, 1], 8)

/** The proxies that an application believes, where nginx is none of them: it connects from the machine itself. */
function trustedOnly({ proxies }: Asked, connection: NginxConnection, machine: Machine): Place | null {
  const isOwn =
    connection.from.machine === machine &&
    connection.targets.every(({ addresses }) => addresses.every(each => isLoopback(each) === true))
  if (!isOwn || proxies === null || proxies.length === 0) return null
  const mayBe = proxies.some(({ text }) => {
    const network = parseNetwork(text)
    return network?.ip.length !== 4 || networksMeet(network, LOOPBACK)
  })
  return mayBe ? null : (proxies[0]?.at ?? null)
}

/** The lines of Apache are those of an image, of which no file is here. */
function behindProxy(found: Asked, { at, proxy }: TlsInFront): RuleFinding {
  return (
    lateFinding(found) ?? {
      at: found.at,
      message: `${doing(found)} where \`HTTPS\` is empty, and nothing fills it behind the TLS of ${proxy}`,
      label: found.says,
      related: [relatedTo({ at, proxy })],
      help: adviceFor(found),
    }
  )
}

function adviceFor({ by }: Asked): string {
  if (by === 'Laravel') return TRUST
  return by === 'Symfony' ? TRUST_IN_SYMFONY : ADVICE
}

/** True where a line of Apache makes the variable, or may. */
function mayBeTold(deployment: Deployment, host: ApacheHost): boolean {
  const { configuration, directive, virtualHost } = host
  const engine = sslEngine(configuration, virtualHost)
  const isOpen = !engine.known && (configuration.main !== null || engine.at !== null)
  if (isOpen || (engine.known && engine.value) || deployment.trustsOf(host).length > 0) return true
  return ['setenv', 'setenvif', 'setenvifnocase', 'setenvifexpr', 'rewriterule', 'passenv'].some(name => {
    const lines = directivesByHost(configuration, name)
    return [null, directive].some(each => (lines.get(each) ?? []).some(({ text }) => /HTTPS/.test(text)))
  })
}

function mayTellInHtaccess(files: FileSystem, root: string): boolean {
  const read = files.kind(`${root}/.htaccess`) === 'file' ? files.read(`${root}/.htaccess`) : null
  return (
    read !== null && (read.kind !== 'source' || /HTTPS\s*=|E=HTTPS|SetEnv\s+HTTPS/i.test(read.source.code))
  )
}
