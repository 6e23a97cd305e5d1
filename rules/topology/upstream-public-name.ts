import { posix } from 'node:path'
import { holdsPort } from '../../parsers/compose/holds-port.ts'
import { isLoopback } from '../../src/servers/address.ts'
import type { Listener, Target } from '../../src/deployment/model.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'

const nginx = (server: string): string => conf`
  upstream app {
      server ${server};
  }
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://app;
          proxy_set_header Host $host;
      }
  }
`

const inContainer = (server: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        ports: ["80:80"]
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
      app:
        image: example/app
        ports: ["9000:9000"]
  `,
  'site.conf': nginx(server),
})

export default defineRule({
  summary: 'nginx reaches its backend through the public name of the site',
  severity: 'warning',
  otherSeverities: {
    error: 'where Apache listens on loopback alone',
    info: 'over TLS, whose certificate is for that name, where no main file joins the two files, and for a port that another container may publish',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Outside of this machine’s hosts file the name leads to the public address. Either Apache is open to the network there, or it listens on loopback and every request is a 502; and where the name does not resolve at boot, nginx does not start.',
  remedy: 'Connect to loopback: `server 127.0.0.1:9000;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_upstream_module.html#server'],
  bad: [
    {
      title: 'the site’s own name as its upstream',
      files: { 'nginx.conf': nginx('«example.org:9000»') },
    },
    {
      title: 'and Apache on loopback',
      files: { 'nginx.conf': nginx('«example.org:9000»'), 'ports.conf': conf`Listen 127.0.0.1:9000` },
    },
    {
      title: 'without an upstream block',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location / {
                  proxy_pass «http://example.org:9000»;
              }
          }
        `,
      },
    },
    {
      title: 'in a container, through the port that nginx itself publishes',
      files: inContainer('«example.org:80»'),
    },
    {
      title: 'in a container, through the port that another one publishes',
      files: inContainer('«example.org:9000»'),
    },
  ],
  good: [
    {
      title: 'a name that is to be filled in',
      files: {
        'nginx.conf': nginx('app.yourdomain.com:9000').replaceAll('example.org', 'app.yourdomain.com'),
      },
    },
    {
      title: 'the network of the containers leads it to one of them',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: nginx:1.27
              volumes:
                - ./site.conf:/etc/nginx/conf.d/default.conf:ro
            app:
              image: example/app
              networks:
                default:
                  aliases: [example.org]
        `,
        'site.conf': nginx('example.org:9000'),
      },
    },
    { title: 'loopback', files: { 'nginx.conf': nginx('127.0.0.1:9000') } },
    { title: 'a name of another machine', files: { 'nginx.conf': nginx('app1.internal.example:9000') } },
    {
      title: 'the hosts file leads it to loopback',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
          ${nginx('example.org:9000')}
          }
        `,
        'etc/hosts': conf`127.0.0.1 localhost example.org`,
      },
    },
    {
      title: 'loopback on both sides',
      files: { 'nginx.conf': nginx('127.0.0.1:9000'), 'ports.conf': conf`Listen 127.0.0.1:9000` },
    },
  ],
  *check({ connections, servers, listeners, filesOf }) {
    const targets = connections.http.flatMap(({ from, server, protocol, targets }) =>
      targets
        .filter(({ address }) => address.kind === 'name')
        .map(target => ({
          target,
          overTls: protocol.known && protocol.value === 'https',
          isFragment: server.configuration.main === null,
          files: filesOf(server.configuration),
          container: from.machine.container,
        })),
    )
    if (targets.length === 0) return
    const names = new Map<string, { at: Target['at'] }>()
    for (const server of servers) {
      for (const { name, exact, at } of server.names) if (exact && !names.has(name)) names.set(name, { at })
    }
    for (const { target, overTls, isFragment, files, container } of targets) {
      if (target.address.kind !== 'name') continue
      const name = names.get(target.address.name)
      // A name of one label is that of a container or of a hosts file.
      if (name === undefined || target.local === true || !target.address.name.includes('.')) continue
      // Whoever fills the name in writes that of the backend here.
      if (STANDS_FOR_A_NAME.test(target.address.name)) continue
      if (container !== null && isNameInside(container, target.address.name)) continue
      const listener = listeners.find(
        each => each.kind === 'apache' && each.port === target.port && each.port !== null,
      )
      const bound = listener?.loopback === true
      const isElsewhere = container !== null && !isPublishedBy(container, target.port)
      yield {
        at: target.at,
        // The certificate is for the public name; and files that no main file joins may be of two machines.
        severity: bound
          ? 'error'
          : overTls || isElsewhere || (isFragment && name.at.source !== target.at.source)
            ? 'info'
            : 'warning',
        per: 'locations',
        message: often =>
          bound
            ? `nginx connects to \`${target.written}\`${often}, which is the public name of the site, while Apache listens on loopback alone`
            : `nginx connects to \`${target.written}\`${often}, which is the public name of the site and not ${container === null ? 'loopback' : 'a container'}`,
        label: 'leads to the public address',
        related: [
          { at: name.at, message: 'nginx itself answers for this name' },
          ...(listener === undefined ? [] : [{ at: listener.at, message: 'Apache listens here' }]),
        ],
        help:
          container === null
            ? isBesideCompose(files, target)
              ? 'Connect to the service by its name, on its own port, if nginx is a container; else to loopback'
              : `Connect to \`127.0.0.1:${target.port}\` in nginx, and let ${listener === undefined ? 'the backend' : 'Apache'} listen there`
            : `Connect to ${insideOf(container, target.port) ?? 'the service by its name'}, which the containers of the project reach directly`,
        ...(listener === undefined || container !== null ? {} : connectToLoopback(target, listener)),
      }
    }
  },
})

/** True for a name that the network of the project or `extra_hosts` gives to something else than the public address. */
function isNameInside({ allNames, service }: Container, name: string): boolean {
  return allNames.has(name) || service.extraHosts.some(each => each.name.known && each.name.value === name)
}

/** True where the public address and this port lead back to the container itself. */
function isPublishedBy({ service }: Container, port: number | null): boolean {
  return (
    port !== null &&
    service.ports.some(({ published }) => published?.known === true && holdsPort(published.value, port))
  )
}

/** True for a file of a repository that has a compose file in its directory or the one above: nginx may run there. */
function isBesideCompose(files: FileSystem, { at: { source } }: Target): boolean {
  const directory = posix.dirname(source.path)
  return [directory, posix.dirname(directory)].some(home =>
    (files.list(home) ?? []).some(({ name }) => /^(?:docker-)?compose[\w.-]*\.ya?ml$/.test(name)),
  )
}

/** The other service that publishes a port of the host, and its own port. */
function insideOf({ project, service }: Container, port: number | null): string | null {
  for (const { name, ports } of project.services.values())
    for (const { published, target } of ports)
      if (
        name !== service.name &&
        published?.known === true &&
        published.value.first === port &&
        target.known
      )
        return `\`${name}:${target.value.first}\``
  return null
}

function connectToLoopback(target: Target, listener: Listener) {
  const { source, start, end } = target.at
  const written = source.text.slice(start, end)
  const address = listener.address
  const takesV4 = address.kind === 'ip' && (address.wildcard || address.ip === '127.0.0.1')
  if (!takesV4 || isLoopback(address) === undefined || !written.includes(target.written)) return {}
  return propose('Connect to loopback', 'unsafe', [
    replacePlace(target.at, written.replace(target.written, `127.0.0.1:${target.port}`)),
  ])
}

/** `app.yourdomain.com`, `backend.domain.tld`. */
const STANDS_FOR_A_NAME = /(?:^|\.)(?:your|my)[\w-]*\.[a-z]+$|(?:^|\.)domain\.[a-z]+$|\.tld$/i
