import type { Container } from '../../src/deployment/containers/container.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow, overlap } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { ApacheConnection, NginxConnection } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { documentRoot, scriptDirectory } from './_script-directory.ts'
import { type ScriptsOfApache, scriptsOfApache } from './_script-directory-of-apache.ts'

const site = (filename: string, root = '/src', target = 'php:9000'): string => conf`
  server {
      listen 80;
      server_name example.org;
      root ${root};
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME ${filename};
          fastcgi_pass ${target};
      }
  }
`
const compose = (php: string): string => conf`
  services:
    nginx:
      image: nginx:1.27
      volumes:
        - ./src:/src
        - ./nginx.conf:/etc/nginx/conf.d/default.conf
    php:
      image: php:8.3-fpm
      volumes:
        - ./src:${php}
`
const behindApache = (
  lines: string,
  php = '/var/www/html',
  root = '/usr/local/apache2/htdocs',
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      apache:
        image: httpd:2.4
        volumes:
          - ./src:/usr/local/apache2/htdocs
          - ./httpd.conf:/usr/local/apache2/conf/httpd.conf
      php:
        image: php:8.3-fpm
        volumes:
          - ./src:${php}
  `,
  'httpd.conf': conf`
    ServerRoot /usr/local/apache2
    Listen 80
    LoadModule mpm_event_module modules/mod_mpm_event.so
    LoadModule authz_core_module modules/mod_authz_core.so
    LoadModule unixd_module modules/mod_unixd.so
    LoadModule alias_module modules/mod_alias.so
    LoadModule rewrite_module modules/mod_rewrite.so
    LoadModule proxy_module modules/mod_proxy.so
    LoadModule proxy_fcgi_module modules/mod_proxy_fcgi.so
    ServerName example.org
    DocumentRoot ${root}
    <Directory ${root}>
        Require all granted
    </Directory>
    ${lines}
  `,
})
const handler = (word: string, section = '<FilesMatch "\\.php$">'): string => conf`
  ${section}
      SetHandler ${word}
  ${section.replace(/<(\w+).*/, '</$1>')}
`
const HANDLER = '"proxy:fcgi://php:9000"'
/** Both in images of their own. */
const built = compose('').replace('image: php:8.3-fpm\n    volumes:\n      - ./src:', 'build: php')
const IMAGE = conf`
  FROM composer:2 AS vendor
  WORKDIR /app
  RUN composer create-project acme/shop .

  FROM php:8.3-fpm
  COPY --from=vendor /app /var/www/html
`

export default defineRule({
  summary: 'PHP is sent the path of a script that its container does not have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP opens `SCRIPT_FILENAME` in its own file system. Where its container has the files at another path, every script is answered with 404 and `File not found.`; nginx logs `FastCGI sent in stderr: "Primary script unknown"`, Apache `AH01071: Got error \'Primary script unknown\'`.',
  remedy:
    'Mount the files at the same path in both containers, or write the path that PHP has into `SCRIPT_FILENAME`, of Apache behind `fcgi://php:9000`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_param',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy_fcgi.html#examples',
    'https://docs.docker.com/reference/compose-file/services/#volumes',
  ],
  bad: [
    {
      title: 'an image with its files elsewhere',
      files: {
        'docker-compose.yml': built,
        'php/Dockerfile': IMAGE,
        'nginx.conf': site('«$document_root$fastcgi_script_name»', '/usr/share/nginx/html/public'),
      },
    },
    {
      title: 'the path of an example',
      files: {
        'docker-compose.yml': compose('/src'),
        'nginx.conf': site('«/scripts$fastcgi_script_name»'),
      },
    },
    {
      title: 'one directory at two paths, one of them above the other',
      files: {
        'docker-compose.yml': compose('/var/www')
          .replaceAll('./src', '.')
          .replace('.:/src', '.:/var/www/html'),
        'nginx.conf': site('«$document_root$fastcgi_script_name»', '/var/www/html/public'),
        'public/index.php': '<?php\n',
      },
    },
    {
      title: 'the files of both at different paths',
      files: {
        'docker-compose.yml': compose('/var/www/html'),
        'nginx.conf': site('«$document_root$fastcgi_script_name»'),
      },
    },
    {
      title: 'Apache, by a path of its own container',
      files: behindApache('ProxyPassMatch ^/(.*\\.php(/.*)?)$ «fcgi://php:9000/usr/local/apache2/htdocs/$1»'),
    },
    {
      title: 'Apache, by a path that follows by itself',
      files: behindApache('ProxyPassMatch ^/.*\\.php$ «fcgi://php:9000/usr/local/apache2/htdocs»'),
    },
    {
      title: 'Apache, by a path in a section',
      files: behindApache(conf`
        <LocationMatch "^/(.*\.php)$">
            ProxyPass «fcgi://php:9000/app/$1»
        </LocationMatch>
      `),
    },
    {
      title: 'Apache, by a rewritten path',
      files: behindApache(conf`
        RewriteEngine On
        RewriteRule ^/(.*\.php)$ «fcgi://php:9000/usr/local/apache2/htdocs/$1» [P]
      `),
    },
    {
      title: 'Apache, by a handler that sends its document root',
      files: behindApache(handler(`«${HANDLER}»`)),
    },
    {
      title: 'Apache, by the document root of a virtual host',
      files: behindApache(conf`
        <VirtualHost *:80>
            ServerName example.org
            DocumentRoot /usr/local/apache2/htdocs/public
            ${handler(`«${HANDLER}»`)}
        </VirtualHost>
      `),
    },
    {
      title: 'an image of PHP as it is, into which nothing is mounted',
      files: {
        'docker-compose.yml': compose('')
          .replace(/\n {4}volumes:\n {6}- .\/src:$/m, '')
          .replaceAll('/src', '/var/www/html'),
        'nginx.conf': site('«$document_root$fastcgi_script_name»', '/var/www/html'),
      },
    },
    {
      title: 'an image with extensions alone',
      files: {
        'docker-compose.yml': built.replaceAll(':/src', ':/var/www/html'),
        'php/Dockerfile': conf`
          FROM php:8.3-fpm
          RUN apt-get update && apt-get install -y libpq-dev \\
              && docker-php-ext-install pdo_pgsql
          COPY php.ini /usr/local/etc/php/conf.d/shop.ini
        `,
        'php/php.ini': 'memory_limit = 256M\n',
        'nginx.conf': site('«$document_root$fastcgi_script_name»', '/var/www/html/public'),
      },
    },
    {
      title: 'nginx on the host',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              ${site('«$document_root$fastcgi_script_name»', '/srv/shop/public', '127.0.0.1:9001').replace('include fastcgi_params;', '')}
          }
        `,
        'srv/stack/docker-compose.yml': conf`
          services:
            shop:
              image: php:8.3-fpm
              ports:
                - "9001:9000"
              volumes:
                - /srv/shop/public:/var/www/html
        `,
      },
    },
  ],
  good: [
    {
      title: 'Apache, by the path that PHP has',
      files: behindApache('ProxyPassMatch ^/(.*\\.php(/.*)?)$ fcgi://php:9000/var/www/html/$1'),
    },
    {
      title: 'Apache, with one path for both',
      files: behindApache(handler(HANDLER), '/usr/local/apache2/htdocs'),
    },
    {
      title: 'Apache, which sets the path by itself',
      files: behindApache(conf`
        ${handler(HANDLER)}
        ProxyFCGISetEnvIf "true" SCRIPT_FILENAME "/var/www/html%{reqenv:SCRIPT_NAME}"
      `),
    },
    {
      title: 'the status page of PHP-FPM, which is no file',
      files: behindApache(conf`
        ProxyPassMatch ^/(fpm-status|fpm-ping)$ fcgi://php:9000/$1
        ${handler(HANDLER, '<Location "/status">')}
      `),
    },
    {
      title: 'Apache, with scripts behind an alias that both have',
      files: {
        ...behindApache(conf`
          Alias /app /srv/app
          ${handler(HANDLER)}
        `),
        'docker-compose.yml': behindApache('')['docker-compose.yml']!.replace(
          '- ./src:/var/www/html',
          conf`
            - ./src:/var/www/html
            - ./app:/srv/app
          `.replaceAll('\n', '\n      '),
        ),
      },
    },
    {
      title: 'Apache, with scripts in a directory that both have',
      files: {
        ...behindApache(conf`
          <Directory /srv/app>
              ${handler(HANDLER)}
          </Directory>
        `),
        'docker-compose.yml': behindApache('', '/srv/app')['docker-compose.yml']!,
      },
    },
    {
      title: 'an image that makes a link to the files that are mounted',
      files: {
        ...behindApache(handler(HANDLER)),
        'docker-compose.yml': behindApache('')['docker-compose.yml']!.replace(
          'image: php:8.3-fpm',
          'build: php',
        ),
        'php/Dockerfile': conf`
          FROM php:8.3-fpm
          RUN mkdir -p /usr/local/apache2 && ln -s /var/www/html /usr/local/apache2/htdocs
        `,
      },
    },
    {
      title: 'an image that makes a link to its files',
      files: {
        'docker-compose.yml': built,
        'php/Dockerfile': conf`
          FROM php:8.3-fpm
          COPY --from=vendor /app /var/www/html
          RUN mkdir -p /usr/share/nginx && ln -s /var/www /usr/share/nginx/html
        `,
        'nginx.conf': site('$document_root$fastcgi_script_name', '/usr/share/nginx/html/public'),
      },
    },
    {
      title: 'an image with the files at the path of nginx',
      files: {
        'docker-compose.yml': built,
        'php/Dockerfile': IMAGE.replace('/var/www/html', '/usr/share/nginx/html'),
        'nginx.conf': site('$document_root$fastcgi_script_name', '/usr/share/nginx/html/public'),
      },
    },
    {
      title: 'one path for both',
      files: {
        'docker-compose.yml': compose('/src'),
        'nginx.conf': site('$document_root$fastcgi_script_name'),
      },
    },
    {
      title: 'the path that PHP has',
      files: {
        'docker-compose.yml': compose('/var/www/html'),
        'nginx.conf': site('/var/www/html$fastcgi_script_name'),
      },
    },
    {
      title: 'a directory of the application below the mount',
      files: {
        'docker-compose.yml': compose('/src'),
        'nginx.conf': site('$document_root$fastcgi_script_name', '/src/public'),
      },
    },
    {
      title: 'a part of what PHP has, at the same path',
      files: {
        'docker-compose.yml': compose('/var/www')
          .replace('./src:/src', './html:/var/www/html')
          .replace('./src:', '.:'),
        'nginx.conf': site('$document_root$fastcgi_script_name', '/var/www/html/public'),
        'html/public/index.php': '<?php\n',
      },
    },
    {
      title: 'files that are not in the repository',
      files: {
        'docker-compose.yml': compose('/var/www')
          .replaceAll('./src', '.')
          .replace('.:/src', '.:/var/www/html'),
        'nginx.conf': site('$document_root$fastcgi_script_name', '/var/www/html/public'),
      },
    },
    {
      title: 'an image whose build brings the files by a command',
      files: {
        'docker-compose.yml': built.replaceAll(':/src', ':/var/www/html'),
        'php/Dockerfile': conf`
          FROM php:8.3-fpm
          RUN curl -L https://example.org/shop.tar.gz | tar xz
        `,
        'nginx.conf': site('$document_root$fastcgi_script_name', '/var/www/html'),
      },
    },
    {
      title: 'an image with files of its own',
      files: {
        'docker-compose.yml': compose('/app/config').replace('php:8.3-fpm', 'example/shop'),
        'nginx.conf': site('$document_root$fastcgi_script_name', '/var/www/shop'),
      },
    },
  ],
  *check({ connections }) {
    for (const connection of connections.nginx) {
      if (connection.pass.name !== 'fastcgi_pass') continue
      const { server, block } = connection
      const set = requestParameters(server.configuration, block, 'fastcgi')
      const entry = set.known
        ? set.value.headers.findLast(({ name }) => name === 'SCRIPT_FILENAME')
        : undefined
      if (entry?.at == null) continue
      const root = documentRoot(connection)
      const directory = scriptDirectory(entry.value, root)
      if (directory === null) continue
      yield* notThere(connection, {
        directory,
        source: root ?? directory,
        at: entry.at,
        cure: path => `Write \`fastcgi_param SCRIPT_FILENAME ${path}$fastcgi_script_name\``,
      })
    }
    for (const connection of connections.apache) {
      const scripts = scriptsOfApache(connection)
      if (scripts === null || mayBeElsewhere(connection, scripts)) continue
      const { directory, at, source } = scripts
      yield* notThere(connection, {
        directory,
        source,
        at,
        cure: path => {
          const written = scripts.written(path)
          return written === null ? 'Give Apache and PHP the files at the same path' : `Write \`${written}\``
        },
      })
    }
  },
})

interface Asked {
  /** The directory in which PHP is to open the scripts. */
  readonly directory: string
  /** Where the server has them. */
  readonly source: string
  readonly at: Place
  /** What to do where PHP has them at another path. */
  readonly cure: (path: string) => string
}

function* notThere(
  connection: NginxConnection | ApacheConnection,
  { directory, source, at, cure }: Asked,
): Iterable<RuleFinding> {
  const php = containerBehind(connection)
  if (php === null || (php.image !== null && php.base !== 'php')) return
  const outside = hostPath(connection.from.machine.container, source)
  if (hasPath(php, directory) && !isMissing(php, directory, outside)) return
  const there = placeOf(php, outside)
  if (there !== null) {
    if (mayLink(php, directory)) return
    yield {
      at,
      message: `the container \`${php.service.name}\` has no \`${directory}\`: it has these files at \`${there.path}\`, so PHP answers \`File not found.\``,
      label: 'no such path where PHP runs',
      related: [{ at: there.at, message: `the files are mounted here, at \`${there.path}\`` }],
      help: cure(there.path),
    }
    return
  }
  if (!hasNowhere(php, directory)) return
  const server = 'server' in connection ? 'nginx' : 'Apache'
  yield {
    at,
    message: `nothing brings \`${directory}\` into the container \`${php.service.name}\`, so PHP answers \`File not found.\``,
    label: 'no such path where PHP runs',
    related: [{ at: php.service.at, message: 'the container of PHP' }],
    help: `Give ${server} and PHP the files at the same path`,
  }
}

function containerBehind({ targets }: NginxConnection | ApacheConnection): Container | null {
  return targets.map(({ machine }) => machine?.container ?? null).find(each => each !== null) ?? null
}

/** True where the scripts of an `Alias` may be meant, which PHP has at the path of Apache. */
function mayBeElsewhere(connection: ApacheConnection, { written }: ScriptsOfApache): boolean {
  const php = containerBehind(connection)
  if (php === null) return true
  if (written('/') !== null) return false
  const { occurrences } = connection.from.configuration
  return ['alias', 'aliasmatch', 'scriptalias'].some(name =>
    (occurrences.get(name) ?? []).some(({ args }) => {
      const path = args.at(-1)?.value ?? ''
      return !/^\/[^$%]*$/.test(path) || hasPath(php, cleanPath(path))
    }),
  )
}

/** True also where something is mounted below: the directory is there then. */
function hasPath({ mounts }: Container, directory: string): boolean {
  return mounts.some(({ target }) => overlap(directory, target))
}

/** True where a mount holds the path, and what is mounted lacks it: the files of the server lie elsewhere in it. */
function isMissing(php: Container, directory: string, outside: string | null): boolean {
  const mount = php.mounts.find(({ target }) => overlap(directory, target))
  const asked = mount?.from === 'volumes' ? hostPath(php, directory) : null
  if (asked === null || outside === null) return false
  const kindOf = (path: string) => php.hostFiles.kind(path)
  return kindOf(outside) === 'directory' && kindOf(asked) === null
}

/** True where no copy, mount or command of an image on PHP's own may make a directory, or one above it. */
function hasNowhere(php: Container, directory: string): boolean {
  const { image, service, base } = php
  if (base !== 'php' || !service.complete || service.volumesFrom.length > 0) return false
  if (image === null && (service.build !== null || service.command !== null || service.entrypoint !== null))
    return false
  if (service.volumes.some(({ target }) => !target.known)) return false
  // A file that another one is laid over may mount them.
  if (isContinued(php)) return false
  // The image has the directory itself, and nothing in it.
  if (image === null) return true
  if (overlap(directory, '/var/www/html')) return isLeftEmpty(image, directory)
  const parent = upperPart(directory)
  return (
    image.workingDirectory?.known !== false &&
    !isBelow(image.workingDirectory?.value ?? '/', directory) &&
    image.steps.every(step =>
      'sources' in step
        ? step.target.known &&
          !isBelow(step.target.value, directory) &&
          !isBelow(directory, step.target.value)
        : !commandText(step.command).includes(parent),
    )
  )
}

/** True where another compose file beside its own says of the service what it mounts. */
function isContinued({ project, projects, service }: Container): boolean {
  return projects.some(each => {
    const other = each === project ? undefined : each.services.get(service.name)
    return each.directory === project.directory && (other?.volumes.length ?? 0) > 0
  })
}

/** True where an image on PHP's own copies nothing at all into its working directory, and no command may bring files. */
function isLeftEmpty({ steps, workingDirectory }: DockerImage, directory: string): boolean {
  return (
    (workingDirectory === null || (workingDirectory.known && isBelow(workingDirectory.value, '/var/www'))) &&
    steps.every(step =>
      'sources' in step
        ? step.target.known && !overlap(step.target.value, directory)
        : ofExtensions(commandText(step.command)),
    )
  )
}

/** True of commands that install packages and extensions, and of nothing else that may bring the scripts. */
function ofExtensions(text: string): boolean {
  return text
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/&&|;|\n/)
    .every(command => EXTENSIONS.test(command.trim()))
}

const EXTENSIONS =
  /^(?:$|#|set -\w+$|(?:apt|apt-get|apk) |docker-php-(?:ext|source)|pecl |yes(?: \S+)? \| pecl |install-php-extensions |rm -rf \/(?:var|tmp)|(?:usermod|groupmod|adduser|addgroup|useradd|groupadd) |chown |mkdir -p )/

/** True where a command of the image may make a link at the path, or above it. */
function mayLink({ image }: Container, directory: string): boolean {
  const parent = upperPart(directory)
  return (image?.steps ?? []).some(step => {
    const text = 'sources' in step ? '' : commandText(step.command)
    return /\bln\b/.test(text) && text.includes(parent)
  })
}

/** `/usr/local` of `/usr/local/apache2/htdocs`. */
function upperPart(directory: string): string {
  return directory.replace(/(?<=^\/[^/]+\/[^/]+)\/.*$/, '')
}

/** Where the files of a path lie outside of the container. */
function hostPath(container: Container | null, path: string): string | null {
  if (container === null) return path
  for (const mount of container.mounts)
    if (mount.path !== null && isBelow(path, mount.target))
      return mount.path + path.slice(mount.target.length)
  return null
}

function placeOf({ mounts }: Container, path: string | null) {
  if (path === null) return null
  const mount = mounts.find(each => each.path !== null && each.from !== 'configs' && isBelow(path, each.path))
  return mount === undefined ? null : { path: mount.target + path.slice(mount.path!.length), at: mount.at }
}
