import { holdsPort } from '../../parsers/compose/holds-port.ts'
import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { imageOfStage } from '../../parsers/dockerfile/image-of-stage.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { ComposeProject, PublishedPort } from '../../parsers/compose/compose.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import { isProxyService } from './_proxy-services.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'

const tree = (service: string, backend = '127.0.0.1:8000', more = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer('', backend).replace('http://«', '«http://')),
  'srv/shop/docker-compose.yml': conf`
    services:
      web:
        image: registry.example.org/shop:1.4
        command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
        ${service}
      cache:
        image: redis:7
      ${more}
  `,
})
const quic = (ports: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          - ./certs:/certs:ro
        ports:
          - "80:80"
          ${ports}
  `,
  'site.conf': conf`
    server {
        listen 443 ssl;
        listen 443 quic reuseport;
        server_name example.org;
        ssl_certificate /certs/fullchain.pem;
        ssl_certificate_key /certs/privkey.pem;
        add_header Alt-Svc 'h3=":443"; ma=86400' always;
        root /usr/share/nginx/html;
    }
  `,
})
const redirecting = (ports: string, target = 'https://$host$request_uri'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          - ./certs:/certs:ro
        ${ports.split('\n')[0] ?? ''}
      ${ports.split('\n').slice(1).join('\n')}
  `,
  'site.conf': conf`
    server {
        listen 80;
        server_name example.org;
        return 301 ${target};
    }
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate /certs/fullchain.pem;
        ssl_certificate_key /certs/privkey.pem;
        root /usr/share/nginx/html;
    }
  `,
})

export default defineRule({
  summary: 'A port of a container is connected to from outside, and is not published',
  severity: 'error',
  otherSeverities: { warning: 'for QUIC, without which browsers use TCP' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'A container has a network of its own: what listens on its port 8000 is not on port 8000 of the host. `ports` leads from one to the other; `expose` and `EXPOSE` open nothing. The host answers 502: `connect() failed (111: Connection refused)`. Clients that nginx redirects from port 80 to https find nothing on port 443 either: ERR_CONNECTION_REFUSED. QUIC comes by UDP, which Compose publishes where `/udp` says so.',
  remedy:
    'Publish the port for the host alone, `ports: ["127.0.0.1:8000:8000"]`, and connect to the one on the left; of nginx publish `443:443` beside `80:80`',
  references: [
    'https://docs.docker.com/engine/network/port-publishing/',
    'https://docs.docker.com/reference/compose-file/services/#expose',
  ],
  unproven: 'The live tests publish no ports: what leads into a container, the compose file says',
  bad: [
    { title: 'a port that is only exposed', files: tree('expose: ["8000"]', '«127.0.0.1:8000»') },
    {
      title: 'published as another one',
      files: tree('ports: ["127.0.0.1:8001:8000"]', '«127.0.0.1:8000»'),
    },
    {
      title: 'redirected to a port of TLS that is not published',
      files: redirecting('ports: ["«80:80»"]'),
    },
    { title: 'QUIC, and the port by TCP alone', files: quic('- "«443:443»"') },
  ],
  good: [
    {
      title: 'the configuration of an image that another Dockerfile makes',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: registry.example.org/shop:1.4
              command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
              ports:
                - "127.0.0.1:2048:8000"
        `,
        'docker/nginx/site.conf': proxiedServer('', '127.0.0.1:8000').replace(/[«»]/g, ''),
        'Dockerfile.all': conf`
          FROM python:3.12
          RUN apt-get update && apt-get install -y nginx
          COPY . .
          COPY docker/nginx/site.conf /etc/nginx/sites-enabled/default
          CMD ["/shop/start.sh"]
        `,
      },
    },
    { title: 'QUIC, and the port by both', files: quic('- "443:443"\n- "443:443/udp"') },
    { title: 'both ports', files: redirecting('ports: ["80:80", "443:443"]') },
    { title: 'both ports in one line', files: redirecting('ports: ["80-443:80-443"]') },
    { title: 'a port that another server of the host proxies to', files: redirecting('ports: ["8080:80"]') },
    { title: 'only this host reaches it', files: redirecting('ports: ["127.0.0.1:80:80"]') },
    {
      title: 'another container has the port of TLS',
      files: redirecting(conf`
        ports: ["80:80"]
        tls:
          image: example/tls
          ports: ["443:443"]
      `),
    },
    {
      title: 'redirected to another name',
      files: redirecting('ports: ["80:80"]', 'https://login.example.net/'),
    },
    { title: 'published', files: tree('ports: ["127.0.0.1:8000:8000"]') },
    { title: 'connected to where it is published', files: tree('ports: ["8001:8000"]', '127.0.0.1:8001') },
    {
      title: 'an image that has nginx itself',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: .
              command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
              ports: ["80:80"]
        `,
        Dockerfile: conf`
          FROM python:3.12
          RUN apt-get update && apt-get install -y nginx
          COPY . /app
        `,
        'docker/site.conf': conf`
          server {
              listen 80;
              location / {
                  proxy_pass http://127.0.0.1:8000;
              }
          }
        `,
      },
    },
    {
      title: 'a configuration beside the project, for a host without containers',
      files: {
        'docker/docker-compose.yml': tree('ports: ["8001:8000"]')['docker-compose.yml'] ?? '',
        'config/shop.nginx': conf`
          server {
              listen 80 default_server;
              location / {
                  proxy_pass http://127.0.0.1:8000;
              }
          }
        `,
      },
    },
    {
      title: 'a configuration that a Dockerfile copies, for a container that has both',
      files: {
        'docker-compose.yml': tree('ports: ["127.0.0.1:8001:8000"]')['srv/shop/docker-compose.yml'] ?? '',
        'Dockerfile.all': conf`
          FROM python:3.12-slim
          RUN apt-get update && apt-get install -y nginx
          COPY docker/site /etc/nginx/sites-enabled/default
          COPY start.sh /start.sh
          CMD ["/start.sh"]
        `,
        'start.sh': '#!/bin/sh\n/usr/sbin/nginx\ngunicorn shop.wsgi -b 0.0.0.0:8000\n',
        'docker/site': conf`
          server {
              listen 80 default_server;
              location / {
                  proxy_pass http://127.0.0.1:8000;
              }
          }
        `,
      },
    },
    { title: 'the network of the host', files: tree('network_mode: host') },
    { title: 'a port that a variable gives', files: tree('ports: ["${PORT}:8000"]') },
    {
      title: 'another proxy is in front of the container',
      files: {
        ...tree(
          '',
          '127.0.0.1:8000',
          conf`
            nginx:
              image: nginx:1.27
              volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
          `,
        ),
        'srv/shop/site.conf': conf`
          server {
              location / {
                  proxy_pass http://web:8000;
              }
          }
        `,
      },
    },
  ],
  *check(deployment) {
    yield* redirectsToNobody(deployment)
    yield* quicToNobody(deployment)
    const inside = unreached(deployment)
    if (inside.size === 0) return
    for (const connection of deployment.connections.all) {
      if (connection.from.machine.container !== null) continue
      for (const { at, to, local, address, port } of connection.targets) {
        if (to.kind !== 'unclaimed' || local !== true || address.kind === 'unix' || port === null) continue
        const program = inside.get(port)
        const service = program?.machine.container?.service
        if (program === undefined || service === undefined || !isOfOneHost(at, program)) continue
        const published = service.ports.filter(
          each => each.published?.known === true && each.target.known && each.target.value.first === port,
        )
        const [only] = published
        const outer = only?.published?.known === true ? only.published.value.first : null
        yield {
          at,
          message:
            outer === null
              ? `${programName(program)} listens on port ${port} of the container \`${service.name}\`, and nothing publishes it on this host`
              : `port ${port} of the container \`${service.name}\` is published as ${outer}, and nothing listens on ${port} of this host`,
          label: 'a port of the container',
          related: [
            { at: only?.at ?? service.at, message: only === undefined ? 'the container' : 'published here' },
          ],
          ...(outer !== null && { help: `Connect to port ${outer}` }),
        }
      }
    }
  },
})

/** Servers in containers that no connection reaches, with all that they publish known, by the port that they open. */
function unreached({ connections, programs }: Deployment): ReadonlyMap<number, AppServerProgram> {
  const found = new Map<number, AppServerProgram>()
  for (const program of programsOfKind({ programs }, 'app-server')) {
    const { container } = program.machine
    if (container === null || !program.listensKnown || !container.service.complete) continue
    if (!container.service.ports.every(isFixed) || hasProxy(container) || hasServer(container)) continue
    if (hasImageBeside(container)) continue
    for (const { endpoint } of program.sockets)
      if (endpoint.known && endpoint.value.port !== null) found.set(endpoint.value.port, program)
  }
  if (found.size === 0) return found
  for (const { targets } of connections.all)
    for (const { to } of targets)
      if (
        to.kind === 'listener' &&
        to.listener.port !== null &&
        to.listener.program === found.get(to.listener.port)
      )
        found.delete(to.listener.port)
  return found
}

/** False for a configuration that lies beside the project and not below it: it may be for hosts without containers. */
function isOfOneHost({ source }: Place, { machine }: AppServerProgram): boolean {
  const project = machine.container?.project.sources[0]?.path
  return (
    project === undefined ||
    /^\/(?:etc|usr|opt)\//.test(source.path) ||
    isBelow(source.path, posix.dirname(project))
  )
}

/** True for an image that brings nginx or Apache itself, whose configuration then connects inside of the container. */
function hasServer({ image }: Pick<Container, 'image'>): boolean {
  return (image?.steps ?? []).some(
    step => 'command' in step && /\b(?:nginx|apache2?|httpd|caddy|haproxy)\b/.test(commandText(step.command)),
  )
}

/** True where another Dockerfile of the project makes an image with nginx or Apache: the configuration may be for that. */
function hasImageBeside({ project, hostFiles }: Container): boolean {
  const directory = posix.dirname(project.sources[0]?.path ?? '/')
  return (hostFiles.list(directory) ?? []).some(({ name }) => {
    const source = /^Dockerfile\.\w+$|\.Dockerfile$/.test(name)
      ? sourceAt(hostFiles, posix.join(directory, name))
      : null
    const image = source === null ? null : imageOfStage(readDockerfile(source), null)
    return hasServer({ image })
  })
}

/** A proxy of the project itself, whose configuration may lie anywhere, is what the others listen for. */
function hasProxy({ project }: Container): boolean {
  return [...project.services.values()].some(isProxyService)
}

function isFixed({ published, target, protocol }: PublishedPort): boolean {
  return published?.known === true && target.known && protocol.known
}

/** Redirects from the published port of plain HTTP to TLS, of which no container publishes the port. */
function* redirectsToNobody(deployment: Deployment) {
  for (const machine of deployment.machines) {
    const { container } = machine
    const plain = container === null ? undefined : publishedPlain(container)
    if (container === null || plain === undefined || container.projects.some(each => publishes(each, 443)))
      continue
    const servers = serversOf(deployment).get(machine) ?? []
    const secure = servers.filter(({ listens }) => listens.some(({ tls, port }) => tls && port === 443))
    if (secure.length === 0) continue
    const names = new Set(secure.flatMap(server => server.names.map(({ name }) => name)))
    for (const { answer, listens, names: own } of servers) {
      if (answer.kind !== 'redirect' || !listens.some(({ tls, port }) => !tls && port === plain.inside))
        continue
      const host = /^https:\/\/([^/:]+)(?=\/|\$|$)/
        .exec(answer.target)?.[1]
        ?.toLowerCase()
        .replace(/\$(?:request_)?uri$/, '')
      if (host === undefined) continue
      const isOwn = host.startsWith('$')
        ? /^\$(?:host|http_host|server_name)$/.test(host) && own.some(({ name }) => names.has(name))
        : names.has(host)
      if (!isOwn) continue
      yield {
        at: plain.at,
        message: `nginx redirects to \`${answer.target}\`, and no service publishes port 443, where it listens`,
        label: 'port 80 alone',
        related: [{ at: answer.at, message: 'the redirect' }],
        help: 'Publish `443:443`, too',
      }
      break
    }
  }
}

/** Sockets of QUIC, which comes by UDP, whose port a container publishes by TCP alone. */
function* quicToNobody(deployment: Deployment): Generator<RuleFinding> {
  if (!deployment.servers.some(({ listens }) => listens.some(({ quic: isQuic }) => isQuic))) return
  for (const machine of deployment.machines) {
    const { container } = machine
    if (container === null || !container.service.complete || !container.service.ports.every(isFixed)) continue
    for (const { listens } of serversOf(deployment).get(machine) ?? []) {
      const listen = listens.find(({ quic: isQuic, port }) => isQuic && port !== null)
      if (listen === undefined) continue
      const ports = container.service.ports.filter(
        ({ target }) => target.known && holdsPort(target.value, listen.port ?? 0),
      )
      const [tcp] = ports
      if (tcp === undefined || ports.some(({ protocol }) => protocol.known && protocol.value === 'udp'))
        continue
      yield {
        at: tcp.at,
        aspect: 'quic',
        severity: 'warning',
        message: `port ${listen.port} is published by TCP alone, and QUIC comes by UDP, so nobody gets HTTP/3`,
        label: 'TCP alone',
        related: [{ at: listen.at, message: 'listens by UDP' }],
        help: `Publish \`${listen.port}:${listen.port}/udp\`, too`,
      }
    }
  }
}

const serversOf = memo((deployment: Deployment) =>
  groupBy(deployment.servers, ({ configuration }) => deployment.programOf(configuration).machine),
)

/** Port 80 of the host, open to the network, and where it leads; undefined where that is not sure. */
function publishedPlain({ service }: Container): { readonly at: Place; readonly inside: number } | undefined {
  if (!service.complete || !service.ports.every(isFixed)) return undefined
  for (const { at, published, target, hostIp } of service.ports) {
    if (published?.known !== true || !target.known) continue
    if (hostIp !== null && !(hostIp.known && /^(?:0\.0\.0\.0|::|\[::\])$/.test(hostIp.value))) continue
    const { first, last } = published.value
    if (first <= 80 && last >= 80) return { at, inside: target.value.first + 80 - first }
  }
  return undefined
}

/** True where some service of a project publishes a port of the host, or may. */
function publishes({ services, complete }: ComposeProject, port: number): boolean {
  if (!complete) return true
  return [...services.values()].some(
    ({ ports, networkMode, complete: isWhole }) =>
      !isWhole ||
      networkMode !== null ||
      ports.some(
        ({ published }) => published !== null && (!published.known || holdsPort(published.value, port)),
      ),
  )
}
