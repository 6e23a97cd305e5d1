import type { ComposeService } from '../../parsers/compose/compose.ts'
import { holdsPort } from '../../parsers/compose/holds-port.ts'
import type { FpmPool } from '../../parsers/php/fpm.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { placesIn } from '../../src/deployment/containers/places-in.ts'
import type { Deployment, Listener, Machine, Program } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { nginxServer } from '../_examples.ts'
import { composeWith, siteTo } from '../containers/_examples.ts'
import { buildSteps } from '../containers/_started-words.ts'
import { phpPool, phpSite } from '../php/_examples.ts'

const SOCKET = '/run/php/php8.2-fpm.sock'
const tree = (listen: string, lines = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('').replace(`unix:${SOCKET}`, '127.0.0.1:9000'),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(lines).replace(SOCKET, listen),
})
const service = (image: string, ports: string): Record<string, string> => ({
  'docker-compose.yml': composeWith({
    more: conf`
        php:
          image: ${image}
          ports: ["${ports}"]
      volumes:
        data:
    `,
  }),
  'nginx/site.conf': siteTo('web:8000'),
})

export default defineRule({
  summary: 'Whoever reaches the port of PHP-FPM or uWSGI runs code there',
  severity: 'warning',
  confidence: 'medium',
  securitySeverity: 9.8,
  cwe: [306, 1327],
  since: '0.1.0',
  why: 'A request of FastCGI brings its own settings of PHP: with `PHP_VALUE` whoever connects makes it run code that the request holds. A request of the uwsgi protocol names the application to load. Neither asks for a password: only the address of the socket keeps others away.',
  remedy:
    'Listen on a unix socket or `127.0.0.1:9000`; in a compose file leave `ports:` out, for nginx reaches the container without',
  references: [
    'https://www.php.net/manual/en/install.fpm.configuration.php#listen-allowed-clients',
    'https://docs.docker.com/engine/network/packet-filtering-firewalls/#docker-and-ufw',
    'https://uwsgi-docs.readthedocs.io/en/latest/Vars.html',
  ],
  bad: [
    {
      title: 'an image of the repository',
      files: {
        'docker-compose.yml': conf`
          services:
            shop:
              build: .
              ports: ["«9000:9000»"]
        `,
        Dockerfile: conf`
          FROM php:8.3-fpm-alpine
          RUN echo 'listen = /run/php-fpm.sock' > /usr/local/etc/php-fpm.d/socket.conf
        `,
        'nginx/site.conf': siteTo('127.0.0.1:8000'),
      },
    },
    { title: 'a bare port', files: tree('«9000»') },
    { title: 'every address', files: tree('«0.0.0.0:9000»') },
    {
      title: 'everybody allowed',
      files: tree('«[::]:9000»', 'listen.allowed_clients ='),
    },
    { title: 'published by Docker', files: service('php:8.3-fpm-alpine', '«9000:9000»') },
    { title: 'published with another port', files: service('wordpress:php8.2-fpm', '«9001:9000»') },
    {
      title: 'uWSGI in a container',
      files: {
        'docker-compose.yml': composeWith({
          command: 'uwsgi --socket 0.0.0.0:8000 --module shop.wsgi',
          web: 'ports: ["«8000:8000»"]',
        }),
        'nginx/site.conf': siteTo('web:8000').replace('proxy_pass http://', 'uwsgi_pass '),
      },
    },
  ],
  good: [
    { title: 'a socket', files: tree(SOCKET) },
    {
      title: 'another server of an image whose pool has a socket',
      files: {
        'docker-compose.yml': conf`
          services:
            shop:
              build: .
              ports: ["9000:9000"]
        `,
        Dockerfile: conf`
          FROM php:8.3-fpm-alpine
          RUN apk add --no-cache caddy supervisor \
              && { echo '[www]'; echo 'listen = /run/php-fpm.sock'; } | tee /usr/local/etc/php-fpm.d/zzzz-socket.conf
          CMD ["supervisord", "-n"]
        `,
        'nginx/site.conf': siteTo('127.0.0.1:8000'),
      },
    },
    { title: 'loopback', files: tree('127.0.0.1:9000') },
    {
      title: 'with the addresses that may connect',
      files: tree('9000', 'listen.allowed_clients = 127.0.0.1'),
    },
    {
      title: 'a pool of an image, which no compose file runs',
      files: tree('9000', 'pm.max_requests = ${PHP_FPM_MAX_REQUESTS:-500}'),
    },
    {
      title: 'a pool that logs to the standard streams',
      files: tree('[::]:9000', 'access.log = /proc/self/fd/2'),
    },
    {
      title: 'a pool where the image of PHP has it',
      files: { 'usr/local/etc/php-fpm.d/zz-shop.conf': phpPool('').replace(SOCKET, '9000') },
    },
    {
      title: 'a pool that a container is given, beside a site of a machine',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: nginx:1.28
              volumes: ['./docker/web/shop.conf:/etc/nginx/conf.d/default.conf']
              ports: ['80:80']
            php:
              build: docker/php
              volumes: ['./docker/php/www.conf:/usr/local/etc/php-fpm.d/www.conf']
        `,
        'docker/php/Dockerfile': conf`
          FROM php:8.3-fpm
          RUN docker-php-ext-install pdo_mysql
        `,
        'docker/php/www.conf': phpPool('').replace(SOCKET, '0.0.0.0:9000'),
        'docker/web/shop.conf': nginxServer('location ~ [.]php$ { fastcgi_pass php:9000; }'),
        'deploy/shop.conf': nginxServer(`location ~ [.]php$ { fastcgi_pass unix:${SOCKET}; }`).replace(
          'example',
          'shop',
        ),
      },
    },
    {
      title: 'a pool whose workers write to the output of a container',
      files: tree('9000', 'decorate_workers_output = no'),
    },
    { title: 'an address of the inner network', files: tree('10.0.0.5:9000') },
    { title: 'published on loopback', files: service('php:8.3-fpm', '127.0.0.1:9000:9000') },
    { title: 'another port of the container', files: service('php:8.3-fpm', '8080:80') },
    { title: 'PHP without FPM', files: service('php:8.3-apache', '9000:9000') },
    {
      title: 'a file of which nobody knows what reads it',
      files: {
        'uwsgi.ini': conf`
          [uwsgi]
          module = shop.wsgi
          socket = 0.0.0.0:3031
        `,
      },
    },
    {
      title: 'public on purpose',
      files: {
        ...tree('9000'),
        '.auditrc': conf`
          facts:
            publicListeners: ["9000"]
        `,
      },
    },
  ],
  *check(deployment) {
    const { publicListeners } = deployment.facts
    const codePorts = new Map<Machine, Map<number, string>>()
    for (const listener of deployment.listeners) {
      const name = runsCode(listener)
      const { address, port, program } = listener
      if (name === null || port === null || address.kind !== 'ip' || listener.loopback === true) continue
      const { machine } = program
      if (machine.container === null) {
        if (publicListeners.some(each => each === `${port}` || each.endsWith(`:${port}`))) continue
        if (!address.wildcard || hasAllowedClients(listener) || isLoose(program, deployment)) continue
        if (program.kind === 'php-fpm' && (isOfImage(program.pool) || isOfContainer(listener, deployment)))
          continue
        yield {
          at: listener.at,
          message: `${name} on port ${port} answers every address of the machine`,
          label: 'every address',
        }
      } else {
        const ports = codePorts.get(machine) ?? new Map<number, string>()
        codePorts.set(machine, ports)
        ports.set(port, name)
      }
    }
    for (const machine of deployment.machines) {
      if (machine.container === null) continue
      const { service, reference } = machine.container
      if (service.ports.length === 0) continue
      const ports = new Map(codePorts.get(machine))
      if (reference !== null && FPM_IMAGE.test(reference) && !listensOnSocket(machine.container))
        ports.set(9000, 'PHP-FPM')
      if (ports.size > 0) yield* published(service, ports)
    }
  },
})

/** A file of which nobody knows what reads it, on a machine or in a container. */
function isLoose(program: Program, { nginx, apache, commands }: Deployment): boolean {
  if (program.kind !== 'app-server' || program.by !== null) return false
  if (nginx.length + apache.length + commands.length > 0) return false
  return program.machine.applications?.placed === false
}

/**
 * True for a pool that an image is made with, which nobody reaches until a port is published: it logs to the standard
 * streams, stays in the foreground, has sizes from the environment, or lies where Docker's image has it.
 */
function isOfImage({ name, headers }: FpmPool): boolean {
  return (
    /docker/i.test(name) ||
    headers.some(({ source }) => OF_IMAGE.test(source.path) || IN_CONTAINER.test(source.text))
  )
}

/** True for a pool that a container of the repository is given where PHP-FPM reads it, whoever else may. */
function isOfContainer({ at }: Listener, deployment: Deployment): boolean {
  return deployment
    .containers()
    .some(container => placesIn(container, at.source.path).some(place => OF_FPM.test(place)))
}

const OF_FPM = /^\/(?:(?:usr|opt)\/.+\/)?etc\//
const IN_CONTAINER =
  /^[ \t]*(?:(?:daemonize|decorate_workers_output)[ \t]*=[ \t]*(?:no|0|off)\b|(?:error_log|access\.log|slowlog)[ \t]*=[ \t]*\/(?:dev\/std(?:err|out)|proc\/self\/fd\/)|pm\.\w+[ \t]*=[ \t]*\$\{)/m
const OF_IMAGE = /^\/usr\/local\/etc\/php-fpm\.d\/|\/(?:\.docker|rootfs)\//

/** `php:8-fpm`, `wordpress:fpm-alpine`, `bitnami/php-fpm`. */
const FPM_IMAGE = /(?:[/:-])(?:php-)?fpm(?:[-:]|$)/

function runsCode({ kind, protocol }: Listener): string | null {
  if (kind === 'php-fpm') return 'PHP-FPM'
  return kind === 'app-server' && protocol.known && protocol.value === 'uwsgi' ? 'uWSGI' : null
}

function hasAllowedClients({ program }: Listener): boolean {
  const allowed = program.kind === 'php-fpm' ? program.pool.listenAllowedClients : null
  return allowed !== null && (!allowed.known || allowed.value.length > 0)
}

/** True where a pool that is read behind the image's own `zz-docker.conf` listens on a socket, so that the port is another's. */
function listensOnSocket({ image, files }: Container): boolean {
  const isLast = (name: string): boolean => name > 'zz-docker.conf' && name.endsWith('.conf')
  const written = buildSteps({ image }).some(step =>
    [...step.matchAll(/\/usr\/local\/etc\/php-fpm\.d\/([\w.-]+)/g)].some(
      ([, name = '']) => isLast(name) && /\blisten\s*=\s*\//.test(step),
    ),
  )
  return (
    written ||
    (files.list(POOLS) ?? []).some(
      ({ name }) =>
        isLast(name) && /^\s*listen\s*=\s*\//m.test(sourceAt(files, `${POOLS}/${name}`)?.code ?? ''),
    )
  )
}

const POOLS = '/usr/local/etc/php-fpm.d'

function* published(
  { ports }: ComposeService,
  code: ReadonlyMap<number, string>,
): Iterable<{ readonly at: Place; readonly message: string; readonly label: string }> {
  for (const { at, hostIp, target } of ports) {
    if (hostIp !== null && !(hostIp.known && /^(?:0\.0\.0\.0|\[?::\]?)$/.test(hostIp.value))) continue
    if (!target.known) continue
    for (const [port, name] of code)
      if (holdsPort(target.value, port))
        yield { at, message: `${name} answers on every address of the host`, label: 'no address in front' }
  }
}
