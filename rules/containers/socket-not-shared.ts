import { posix } from 'node:path'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Machine, Target } from '../../src/deployment/model.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { isBelow, targetsOf } from './_mounted.ts'
import { runsOnlyWebServer } from './_runs-only.ts'

const MOUNT = './nginx/site.conf:/etc/nginx/conf.d/default.conf:ro'
const COMMAND = 'gunicorn --bind unix:/run/shop/shop.sock shop.wsgi'

export default defineRule({
  summary: 'A Unix socket of another container is not there for nginx',
  severity: 'error',
  otherSeverities: { warning: 'where nothing of the project is seen to open it' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A socket is a file. The application, or PHP-FPM, creates it in the file system of its own container, where nginx in another one finds nothing: 502 Bad Gateway, `connect() to unix:… failed (2: No such file or directory)`.',
  remedy: 'Mount one volume over the directory of the socket in both containers, or bind a port',
  references: ['https://docs.docker.com/reference/compose-file/services/#volumes'],
  unproven: 'What a container sees, its compose file says: no loopback has another file system',
  bad: [
    {
      title: 'no volume',
      files: {
        'docker-compose.yml': composeWith({ command: COMMAND }),
        'nginx/site.conf': siteTo('«unix:/run/shop/shop.sock»'),
      },
    },
    {
      title: 'a volume of the application alone',
      files: {
        'docker-compose.yml': composeWith({
          command: COMMAND,
          web: 'volumes: ["run:/run/shop"]',
          more: 'volumes: {run: }',
        }),
        'nginx/site.conf': siteTo('«unix:/run/shop/shop.sock»'),
      },
    },
    {
      title: 'a socket of PHP-FPM, in an image that is built',
      files: {
        'docker-compose.yml': composeWith({}).replace('image: nginx:1.27', 'build: ./nginx'),
        'nginx/Dockerfile': conf`
          FROM nginx:1.27
          RUN ln -s /srv/storage/public /srv/www/storage
        `,
        'nginx/site.conf': siteTo('«unix:/run/php/php8.2-fpm.sock»'),
      },
    },
    {
      title: 'a socket of PHP-FPM as on a machine with both',
      files: {
        'docker-compose.yml': composeWith({}),
        'nginx/site.conf': conf`
          server {
              listen 80;
              root /srv/www;
              location ~ \.php$ {
                  include fastcgi_params;
                  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                  fastcgi_pass «unix:/run/php/php8.2-fpm.sock»;
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'an image whose start brings a script',
      files: {
        'docker-compose.yml': composeWith({}).replace('image: nginx:1.27', 'build: ./nginx'),
        'nginx/Dockerfile': conf`
          FROM nginx:1.27
          RUN apt-get update && apt-get install -y php-fpm
          COPY start-fpm.sh /docker-entrypoint.d/
        `,
        'nginx/start-fpm.sh': '#!/bin/sh\nphp-fpm8.2 -D\n',
        'nginx/site.conf': siteTo('unix:/run/php/php8.2-fpm.sock'),
      },
    },
    {
      title: 'one volume for both',
      files: {
        'docker-compose.yml': composeWith({
          command: COMMAND,
          web: 'volumes: ["run:/run/shop"]',
          more: 'volumes: {run: }',
        }).replace(MOUNT, `${MOUNT}\n      - run:/run/shop`),
        'nginx/site.conf': siteTo('unix:/run/shop/shop.sock'),
      },
    },
    {
      title: 'a socket in a directory of the host',
      files: {
        'docker-compose.yml': composeWith({}).replace(MOUNT, `${MOUNT}\n      - /run/php:/run/php`),
        'nginx/site.conf': siteTo('unix:/run/php/fpm.sock'),
      },
    },
    {
      title: 'an image that may run more than nginx',
      files: {
        'docker-compose.yml': composeWith({}).replace('image: nginx:1.27', 'image: example/nginx-php'),
        'nginx/site.conf': siteTo('unix:/run/php/fpm.sock'),
      },
    },
    {
      title: 'another file may mount it',
      files: {
        'docker-compose.yml': composeWith({}),
        'docker-compose.prod.yml': conf`
          services:
            nginx:
              volumes: ["run:/run/shop"]
        `,
        'nginx/site.conf': siteTo('unix:/run/shop/shop.sock'),
      },
    },
  ],
  *check({ connections, machines }) {
    for (const { from, targets, protocol } of connections.nginx) {
      const { container } = from.machine
      if (container === null || !isKnown(container)) continue
      for (const target of targets) {
        const { address, to, at } = target
        if (address.kind !== 'unix' || to.kind === 'listener') continue
        // `unix:///app/app.sock` of nginx has three slashes, which the kernel takes for one.
        if (hasDirectory(container, posix.normalize(address.path))) continue
        const opened = openedBy(machines, from.machine, target)
        if (opened === null) {
          if (!isAlone(container)) continue
          yield {
            at,
            severity: 'warning' as const,
            message: `\`${address.path}\` is a socket of the container of nginx itself, where nothing but nginx runs and nothing is mounted: No such file or directory`,
            label: 'not in this container',
            related: [{ at: container.service.at, message: 'the container of nginx' }],
            help:
              protocol.known && protocol.value === 'fastcgi'
                ? 'Connect to the service of PHP-FPM and its port, such as `php:9000`'
                : 'Connect to a service and its port, or mount the directory of its socket here',
          }
          continue
        }
        yield {
          at,
          message: `\`${address.path}\` is a socket of the container \`${opened.machine}\`, and nothing brings its directory into that of nginx`,
          label: 'not in this container',
          related: [{ at: opened.at, message: `${opened.name} opens it here` }],
          help: `Mount one volume at \`${posix.dirname(address.path)}\` in both services`,
        }
      }
    }
  },
})

function isKnown({ service }: Container): boolean {
  return (
    service.complete &&
    service.volumesFrom.length === 0 &&
    service.volumes.every(({ target }) => target.known)
  )
}

/** True where nothing but nginx runs in its container, and no other file of the repository says more of it. */
function isAlone(container: Container): boolean {
  const { projects, service, project } = container
  return (
    runsOnlyWebServer(container) &&
    !targetsOf(container).some(target => isBelow(target, '/docker-entrypoint.d')) &&
    project.complete &&
    projects.every(({ services }) => (services.get(service.name) ?? service) === service)
  )
}

function hasDirectory({ mounts }: Container, socket: string): boolean {
  return mounts.some(
    ({ target }) => socket === target || socket.startsWith(target === '/' ? '/' : `${target}/`),
  )
}

/** The application server of another container that opens the path. */
function openedBy(machines: readonly Machine[], own: Machine, { address }: Target) {
  for (const machine of machines) {
    if (machine === own || machine.container === null) continue
    for (const program of machine.programs) {
      if (program.kind !== 'app-server') continue
      for (const { endpoint, at } of program.sockets)
        if (
          endpoint.known &&
          endpoint.value.address.kind === 'unix' &&
          address.kind === 'unix' &&
          posix.normalize(endpoint.value.address.path) === posix.normalize(address.path)
        )
          return { at, name: programName(program), machine: machine.name ?? '' }
    }
  }
  return null
}
