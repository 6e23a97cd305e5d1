import { memo } from '../../parsers/collections/memo.ts'
import type { Deployment, NginxServer, ServerListen } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain } from '../_examples.ts'

const nginx = (listen: string, header: string, location = ''): string =>
  nginxMain(conf`
    server {
        ${listen}
        server_name example.org;
        ssl_certificate /etc/ssl/site.pem;
        ssl_certificate_key /etc/ssl/site.key;
        root /srv/www;
        ${header}
        ${location}
    }
  `)
const BOTH = conf`
  listen 443 quic reuseport;
  listen 443 ssl;
`
const MARKED = conf`
  «listen» 443 quic reuseport;
  listen 443 ssl;
`
/** The nginx of Debian 12 has no HTTP/3. */
const VERSION = {
  '.auditrc': conf`
    versions:
      nginx: 1.26.0
  `,
}
const HEADER = `add_header Alt-Svc 'h3=":443"; ma=86400' always;`

export default defineRule({
  summary: 'Browsers are not told of HTTP/3, or of a port where nothing speaks it',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A browser comes over TCP first, and tries HTTP/3 where an answer said so in `Alt-Svc: h3=":443"` (or a record of type HTTPS in DNS). Without it `listen … quic` has nothing to do; with another port, or without the socket, the browser waits for an answer over UDP that never comes, and falls back.',
  remedy: `Write \`add_header Alt-Svc 'h3=":443"; ma=86400' always;\` beside \`listen 443 quic\` and \`listen 443 ssl\``,
  references: [
    'https://nginx.org/en/docs/quic.html',
    'https://www.rfc-editor.org/rfc/rfc9114.html#section-3.1.1',
  ],
  unproven: 'nginx of Debian 12 has no HTTP/3',
  bad: [
    { title: 'no header', files: { ...VERSION, 'etc/nginx/nginx.conf': nginx(MARKED, '') } },
    {
      title: 'no header in a container',
      files: {
        'docker-compose.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              ports: ["443:443", "443:443/udp"]
              volumes:
                - ./nginx.conf:/etc/nginx/nginx.conf:ro
        `,
        'nginx.conf': nginx(MARKED, ''),
      },
    },
    {
      title: 'another port',
      files: {
        ...VERSION,
        'etc/nginx/nginx.conf': nginx(BOTH, `add_header Alt-Svc «'h3=":8443"; ma=86400'» always;`),
      },
    },
    {
      title: 'no socket for it',
      files: {
        ...VERSION,
        'etc/nginx/nginx.conf': nginx(
          'listen 443 ssl;',
          `add_header Alt-Svc «'h3=":443"; ma=86400'» always;`,
        ),
      },
    },
    {
      title: 'nothing over TCP',
      files: { ...VERSION, 'etc/nginx/nginx.conf': nginx('«listen» 443 quic reuseport;', HEADER) },
    },
  ],
  good: [
    {
      title: 'a socket that a template fills in',
      files: {
        'nginx.conf.j2': conf`
          server {
              listen 443 ssl backlog={{ backlog }};
              listen 443 quic;
              server_name example.org;
              ${HEADER}
          }
        `,
      },
    },
    {
      title: 'both sockets and the header',
      files: { ...VERSION, 'etc/nginx/nginx.conf': nginx(BOTH, HEADER) },
    },
    {
      title: 'the header by a location',
      files: {
        ...VERSION,
        'etc/nginx/nginx.conf': nginx(
          BOTH,
          '',
          conf`
            location / {
                ${HEADER}
            }
          `,
        ),
      },
    },
    {
      title: 'the header of the main file',
      files: {
        ...VERSION,
        'etc/nginx/nginx.conf': nginx(BOTH, '').replace('http {', `http {\n    ${HEADER}`),
      },
    },
    {
      title: 'no HTTP/3, and an older announcement taken back',
      files: { ...VERSION, 'etc/nginx/nginx.conf': nginx('listen 443 ssl;', 'add_header Alt-Svc clear;') },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) {
      const announced = announcements(configuration)
      const quic = deployment.servers.filter(server => isHere(server, configuration) && hasQuic(server))
      if (announced.lines.size === 0 && quic.length === 0) continue
      // Ports of a container are others outside.
      const isPublished = deployment.programOf(configuration).machine.container !== null
      const ports = new Set(
        quic.flatMap(({ listens }) => listens.filter(({ quic: is }) => is).map(({ port }) => port)),
      )
      for (const line of isPublished ? [] : announced.lines) {
        const port = portOf(line)
        const server = enclosingServer(line)
        if (port === null || ports.has(port) || (server !== null && hasUnreadInclude(configuration, server)))
          continue
        if (configuration.main === null && server === null) continue
        yield {
          at: argumentPlace(line, 1),
          message:
            ports.size === 0
              ? 'no `listen` has `quic`, so nothing answers where browsers are sent'
              : `no \`listen ${port} quic\` is there, so nothing answers where browsers are sent`,
          label: 'nothing speaks HTTP/3 there',
        }
      }
      for (const server of quic) yield* unannounced(deployment, server, announced, isPublished)
    }
  },
})

function isHere(server: NginxServer, configuration: NginxConfiguration): boolean {
  return server.configuration === configuration
}

function hasQuic({ listens }: NginxServer): boolean {
  return listens.some(({ quic }) => quic)
}

/** The lines that announce HTTP/3, and the servers in which they stand. */
interface Announcements {
  readonly lines: ReadonlySet<NginxDirective>
  readonly servers: ReadonlySet<NginxDirective | null>
}

const announcements = memo(({ occurrences }: NginxConfiguration): Announcements => {
  const lines = (occurrences.get('add_header') ?? []).filter(
    ({ args }) => args[0]?.value.toLowerCase() === 'alt-svc' && /\bh3/.test(args[1]?.value ?? ''),
  )
  return { lines: new Set(lines), servers: new Set(lines.map(enclosingServer)) }
})

/** The port of `h3=":443"`; null for another host, a variable, or none. */
function portOf({ args }: NginxDirective): number | null {
  const [, port] = /\bh3="?:(\d{1,5})"?/.exec(args[1]?.value ?? '') ?? []
  return port === undefined ? null : Number(port)
}

function* unannounced(
  deployment: Deployment,
  { configuration, directive, listens, names }: NginxServer,
  announced: Announcements,
  isPublished: boolean,
): Generator<RuleFinding> {
  const socket = listens.find(({ quic }) => quic)
  if (socket?.directive == null || hasUnreadInclude(configuration, directive)) return
  // What a template fills in may be a socket of TCP.
  if (
    directive.children.some(
      line => line.name === 'listen' && line.args.some(({ value }) => isUnknownWord(value)),
    )
  )
    return
  // Of a container another port may be published as the one of TCP.
  if (isPublished && !hasTcp(listens, socket)) return
  if (!hasTcp(listens, socket) && !hasSibling(deployment, names, socket)) {
    yield {
      at: namePlace(socket.directive),
      message: `no \`listen ${socket.port} ssl\` is there, and browsers come over TCP first`,
      label: 'UDP alone',
    }
    return
  }
  if (announced.servers.has(directive)) return
  const headers = effective(configuration, directive, 'add_header')
  if (!headers.known || !headers.value.complete) return
  if (headers.value.directives.some(line => announced.lines.has(line))) return
  if ([...configuration.occurrences.keys()].some(name => /^more_|lua/.test(name))) return
  yield {
    at: namePlace(socket.directive),
    message: 'no answer of this server has `Alt-Svc`, by which browsers learn of HTTP/3',
    label: 'announced nowhere',
    ...(!isPublished && { help: `Write \`add_header Alt-Svc 'h3=":${socket.port}"; ma=86400' always;\`` }),
  }
}

function hasTcp(listens: readonly ServerListen[], { port }: ServerListen): boolean {
  return listens.some(listen => !listen.quic && listen.tls && listen.port === port)
}

/** True where another server has one of the names over TCP. */
function hasSibling(deployment: Deployment, names: NginxServer['names'], { port }: ServerListen): boolean {
  const known = namesOverTcp(deployment)
  return names.length === 0 ? known.has(`${port}`) : names.some(({ name }) => known.has(`${port} ${name}`))
}

/** Every port on which TLS is spoken over TCP, alone and with each name. */
const namesOverTcp = memo(({ servers }: Deployment): ReadonlySet<string> => {
  const known = new Set<string>()
  for (const { listens, names } of servers)
    for (const { quic, tls, port } of listens) {
      if (quic || !tls) continue
      known.add(`${port}`)
      for (const { name } of names) known.add(`${port} ${name}`)
    }
  return known
})
