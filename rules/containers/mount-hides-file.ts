import { posix } from 'node:path'
import { once } from '../../parsers/collections/once.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { hiddenOfHttpd } from './_hidden-of-httpd.ts'
import { hiddenOfPhp } from './_hidden-of-php.ts'
import { hiddenInContainer } from './_needed-files.ts'
import { OF_NGINX_IMAGE } from './_images.ts'

const tree = (
  lines: string,
  more: Record<string, string> = {},
  volume = './nginx:/etc/nginx:ro',
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      proxy:
        image: nginx:1.27
        ports: ["80:80"]
        volumes:
          - ${volume}
  `,
  'nginx/nginx.conf': conf`
    events {
    }
    http {
        ${lines}
        server {
            listen 80;
            root /usr/share/nginx/html;
        }
    }
  `,
  ...more,
})

const httpd = (lines: string, more: Record<string, string> = {}): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: httpd:2.4
        ports: ["80:80"]
        volumes:
          - ./apache:/usr/local/apache2/conf:ro
  `,
  'apache/httpd.conf': conf`
    ServerRoot "/usr/local/apache2"
    Listen 80
    LoadModule mpm_event_module modules/mod_mpm_event.so
    LoadModule unixd_module modules/mod_unixd.so
    LoadModule authz_core_module modules/mod_authz_core.so
    ${lines}
    DocumentRoot "/usr/local/apache2/htdocs"
  `,
  ...more,
})
const service = (lines: string, files: Record<string, string>): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        ${lines}
  `,
  ...files,
})
const php = (volume: string, more: Record<string, string> = {}, lines = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        build: .
        volumes:
          - ${volume}
  `,
  Dockerfile: conf`
    FROM php:8.3-fpm
    RUN docker-php-ext-install -j4 pdo_mysql intl
    ${lines}
  `,
  'php/app.ini': 'memory_limit = 256M\n',
  ...more,
})

export default defineRule({
  summary: 'A mount hides files of the image that its server needs',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A directory that is mounted stands in the place of all that the image has there: of `/etc/nginx` no `mime.types`, no `fastcgi_params` and no `uwsgi_params` is left but those in the directory itself. nginx does not start: `open() "/etc/nginx/mime.types" failed (2: No such file or directory)`. Apache needs `conf/mime.types` and what its main file includes of `conf/extra`; PHP the files of `/usr/local/etc/php/conf.d`, by which `docker-php-ext-install` turns extensions on, and PHP-FPM `zz-docker.conf`, which keeps it in the foreground.',
  remedy:
    'Mount the files by themselves, as `./nginx.conf:/etc/nginx/nginx.conf`, or copy what the image has into the directory',
  references: [
    'https://docs.docker.com/engine/storage/bind-mounts/#bind-mount-over-existing-data',
    'https://github.com/docker-library/docs/tree/master/nginx#complex-configuration',
  ],
  unproven: 'The live tests start no containers: what a mount hides, no loopback shows',
  bad: [
    {
      title: 'the main file of nginx',
      files: service('image: nginx:1.27\nvolumes: ["«./nginx:/etc/nginx»"]', {
        'nginx/conf.d/site.conf': 'server {\n    listen 80;\n}\n',
      }),
    },
    {
      title: 'the main file of Apache',
      files: service('image: httpd:2.4-alpine\nvolumes:\n  - «./apache:/usr/local/apache2/conf:ro»', {
        'apache/site.conf': '<VirtualHost *:80>\n    ServerName example.org\n</VirtualHost>\n',
      }),
    },
    {
      title: 'a Caddyfile by another name',
      files: service('image: caddy:2\nvolumes:\n  - «./caddy:/etc/caddy»', {
        'caddy/site.caddyfile': 'example.org {\n    respond hello\n}\n',
      }),
    },
    { title: 'the types', files: tree('include «mime.types»;') },
    {
      title: 'parameters of FastCGI',
      files: tree('include «/etc/nginx/fastcgi_params»;\n    include mime.types;', {
        'nginx/mime.types': 'types {}\n',
      }),
    },
    {
      title: 'the types of Apache',
      files: httpd(conf`
        LoadModule mime_module modules/mod_mime.so
        TypesConfig «conf/mime.types»
      `),
    },
    {
      title: 'what Apache includes, and the types that it takes by itself',
      files: httpd(
        conf`
          «LoadModule mime_module modules/mod_mime.so»
          Include «conf/extra/httpd-mpm.conf»
        `,
      ),
    },
    { title: 'extensions of PHP', files: php('«./php:/usr/local/etc/php/conf.d»') },
    {
      title: 'extensions of PHP, by the directory above',
      files: php('«./php:/usr/local/etc/php»', { 'php/php.ini': 'memory_limit = 256M\n' }),
    },
    {
      title: 'PHP-FPM, which goes into the background',
      files: php('«./fpm:/usr/local/etc/php-fpm.d»', {
        'fpm/www.conf': conf`
          [www]
          user = www-data
          listen = 9000
          pm = static
          pm.max_children = 5
        `,
      }),
    },
    {
      title: 'PHP-FPM without a pool',
      files: php('«./fpm:/usr/local/etc/php-fpm.d»', { 'fpm/limits.conf': '[global]\ndaemonize = no\n' }),
    },
  ],
  good: [
    {
      title: 'a file of the server that is made of a template',
      files: service('image: nginx:1.27\nvolumes: ["./nginx:/etc/nginx"]', {
        'nginx/nginx.conf.template': 'events {}\n',
      }),
    },
    {
      title: 'a directory of sites',
      files: service('image: nginx:1.27\nvolumes: ["./nginx:/etc/nginx/conf.d"]', {
        'nginx/site.conf': 'server {\n    listen 80;\n}\n',
      }),
    },
    {
      title: 'the main file in a mount of its own',
      files: service(
        'image: nginx:1.27\nvolumes: ["./sites:/etc/nginx", "./nginx.conf:/etc/nginx/nginx.conf"]',
        {
          'nginx.conf': 'events {\n}\nhttp {\n}\n',
          'sites/site.conf': 'server {\n    listen 80;\n}\n',
        },
      ),
    },
    {
      title: 'Prometheus that is told of another file',
      files: service(
        'image: prom/prometheus\ncommand: ["--config.file=/etc/prometheus/config.yml"]\nvolumes: ["./prometheus:/etc/prometheus"]',
        { 'prometheus/config.yml': 'global: {}\n' },
      ),
    },
    {
      title: 'a directory of Apache that has them',
      files: httpd('LoadModule mime_module modules/mod_mime.so', { 'apache/mime.types': 'text/html html\n' }),
    },
    {
      title: 'Apache that includes what may be missing',
      files: httpd('IncludeOptional conf/extra/httpd-mpm.conf'),
    },
    { title: 'one file of PHP', files: php('./php/app.ini:/usr/local/etc/php/conf.d/app.ini') },
    {
      title: 'a directory that turns the extension on',
      files: php('./php:/usr/local/etc/php/conf.d', {
        'php/app.ini': 'extension=pdo_mysql.so\nextension = intl\n',
      }),
    },
    {
      title: 'another directory that PHP looks into',
      files: php('./php:/usr/local/etc/php/conf.d', {}, 'ENV PHP_INI_SCAN_DIR=/usr/local/etc/php/more'),
    },
    {
      title: 'PHP-FPM that is told to stay',
      files: php('./fpm:/usr/local/etc/php-fpm.d', {
        'fpm/www.conf': '[global]\ndaemonize = no\n[www]\nlisten = 9000\npm = static\npm.max_children = 5\n',
      }),
    },
    {
      title: 'PHP-FPM that its command keeps in the foreground',
      files: php(
        './fpm:/usr/local/etc/php-fpm.d',
        { 'fpm/www.conf': '[www]\nlisten = 9000\npm = static\npm.max_children = 5\n' },
        'CMD ["php-fpm", "-F"]',
      ),
    },
    {
      title: 'a directory that has them',
      files: tree('include mime.types;', { 'nginx/mime.types': 'types {}\n' }),
    },
    {
      title: 'the file alone',
      files: tree('include mime.types;', {}, './nginx/nginx.conf:/etc/nginx/nginx.conf'),
    },
    {
      title: 'a mount of its own beside it',
      files: tree(
        'include mime.types;',
        { 'shared/mime.types': 'types {}\n' },
        './nginx:/etc/nginx:ro\n      - ./shared/mime.types:/etc/nginx/mime.types:ro',
      ),
    },
    {
      title: 'another image, which may have its files elsewhere',
      files: {
        ...tree('include mime.types;'),
        'docker-compose.yml': tree('')['docker-compose.yml']!.replace('nginx:1.27', 'example/nginx'),
      },
    },
  ],
  *check(deployment) {
    const scripts = once(deployment.setups)
    for (const { container } of deployment.machines)
      if (container !== null) yield* hiddenInContainer(container, scripts)
    for (const { container } of deployment.machines)
      if (container?.base === 'php' && container.service.complete) yield* hiddenOfPhp(container)
    for (const { configuration, machine } of programsOfKind(deployment, 'apache')) {
      const { container } = machine
      if (container?.base === 'httpd' && container.service.complete)
        yield* hiddenOfHttpd(container, configuration)
    }
    for (const { configuration, machine } of programsOfKind(deployment, 'nginx')) {
      const { container } = machine
      if (container === null || !isNginxImage(container.base) || !container.service.complete) continue
      const mount = container.mounts.find(({ target, from }) => target === '/etc/nginx' && from === 'volumes')
      if (mount?.path == null || container.hostFiles.kind(mount.path) !== 'directory') continue
      for (const line of configuration.occurrences.get('include') ?? []) {
        const written = line.args[0]?.value ?? ''
        const path = posix.resolve('/etc/nginx', written)
        if (!/^[\w./-]+$/.test(written) || !OF_NGINX_IMAGE.test(path)) continue
        const own = posix.join(mount.path, posix.relative('/etc/nginx', path))
        if (container.hostFiles.kind(own) !== null || container.mounts.some(({ target }) => target === path))
          continue
        yield {
          at: argumentPlace(line, 0),
          message: `the mount over \`/etc/nginx\` hides this file of the image, so nginx does not start: open() "${path}" failed`,
          label: 'hidden',
          related: [{ at: mount.at, message: 'mounted here' }],
        }
      }
    }
  },
})
