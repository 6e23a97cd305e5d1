import type { Container } from '../../src/deployment/containers/container.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { documentRoot, scriptDirectory } from './_script-directory.ts'

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
  summary: 'nginx sends PHP the path of a script that the container of PHP does not have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP opens `SCRIPT_FILENAME` in its own file system. Where its container has the files at another path, every script is answered with 404 and `File not found.`; nginx logs `FastCGI sent in stderr: "Primary script unknown"`.',
  remedy:
    'Mount the files at the same path in both containers, or write the path that PHP has into `SCRIPT_FILENAME`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_param',
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
      title: 'the files of both at different paths',
      files: {
        'docker-compose.yml': compose('/var/www/html'),
        'nginx.conf': site('«$document_root$fastcgi_script_name»'),
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
      const php = connection.targets
        .map(({ machine }) => machine?.container ?? null)
        .find(each => each !== null)
      if (php === undefined || php === null) continue
      const { server, block, from } = connection
      const set = requestParameters(server.configuration, block, 'fastcgi')
      const entry = set.known
        ? set.value.headers.findLast(({ name }) => name === 'SCRIPT_FILENAME')
        : undefined
      if (entry?.at == null) continue
      const root = documentRoot(connection)
      const directory = scriptDirectory(entry.value, root)
      if (directory === null || hasPath(php, directory)) continue
      const there = placeOf(php, hostPath(from.machine.container, root ?? directory))
      if (php.image !== null && php.base !== 'php') continue
      if (there === null) {
        if (!hasNowhere(php, directory)) continue
        yield {
          at: entry.at,
          message: `nothing brings \`${directory}\` into the container \`${php.service.name}\`, so PHP answers \`File not found.\``,
          label: 'no such path where PHP runs',
          related: [{ at: php.service.at, message: 'the container of PHP' }],
          help: 'Give nginx and PHP the files at the same path',
        }
        continue
      }
      yield {
        at: entry.at,
        message: `the container \`${php.service.name}\` has no \`${directory}\`: it has these files at \`${there.path}\`, so PHP answers \`File not found.\``,
        label: 'no such path where PHP runs',
        related: [{ at: there.at, message: `the files are mounted here, at \`${there.path}\`` }],
        help: `Write \`fastcgi_param SCRIPT_FILENAME ${there.path}$fastcgi_script_name\``,
      }
    }
  },
})

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}

/** True also where something is mounted below: the directory is there then. */
function hasPath({ mounts }: Container, directory: string): boolean {
  return mounts.some(({ target }) => isBelow(directory, target) || isBelow(target, directory))
}

/** True where no copy, mount or command of an image on PHP's own may make a directory, or one above it. */
function hasNowhere({ image, service, base }: Container, directory: string): boolean {
  if (image === null || base !== 'php' || !service.complete || service.volumesFrom.length > 0) return false
  if (service.volumes.some(({ target }) => !target.known)) return false
  if (isBelow(directory, '/var/www/html') || isBelow('/var/www/html', directory)) return false
  const parent = directory.replace(/(?<=^\/[^/]+\/[^/]+)\/.*$/, '')
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
