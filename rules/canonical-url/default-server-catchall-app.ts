import type { Deployment, NginxConnection, NginxServer, PythonFacts } from '../../src/deployment/model.ts'
import type { Place } from '../../parsers/text/source.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { modWsgiMain } from '../_examples.ts'
import { containerByName } from '../containers/_container-by-name.ts'
import { appBehind } from '../containers/_examples.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { type NginxSocket, sockets } from '../../src/servers/nginx/queries/sockets.ts'

const whole = (lines: string): string => conf`
  events {
  }
  http {
  ${lines}
  }
`
const app = (listen: string, host = '$host'): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host ${host};
      }
  }
`
const APACHE = modWsgiMain(conf`
  <VirtualHost 127.0.0.1:9000>
      ServerName example.org
      WSGIDaemonProcess app
      WSGIScriptAlias / /opt/app/wsgi.py process-group=app
      <Directory /opt/app>
          Require all granted
      </Directory>
  </VirtualHost>
`)
const CATCHALL = conf`
  server {
      listen 80 default_server;
      server_name _;
      return 444;
  }
`
const REJECTING = conf`
  server {
      listen 443 ssl default_server;
      server_name _;
      ssl_reject_handshake on;
  }
`
const secure = (
  lines = '',
  { listen = '«443» ssl', pass = 'proxy_pass http://127.0.0.1:9000;\nproxy_set_header Host $host;' } = {},
): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      ssl_certificate /etc/ssl/certs/example.org.pem;
      ssl_certificate_key /etc/ssl/private/example.org.key;
      ${lines}
      location / {
          ${pass}
      }
  }
`
const REDIRECTING = conf`
  server {
      listen 80;
      server_name example.org;
      return 301 https://example.org$request_uri;
  }
`
const alone = (...servers: readonly string[]): Record<string, string> => ({
  'etc/nginx/nginx.conf': whole(servers.join('')),
})
const tree = (nginx: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': whole(nginx),
  'etc/apache2/apache2.conf': APACHE,
})

export default defineRule({
  summary: 'The application answers every name that leads to this machine',
  severity: 'warning',
  otherSeverities: {
    info: 'for an application that is seen not to be Django’s, and for one that refuses unknown names itself',
  },
  confidence: 'medium',
  securitySeverity: 5.4,
  cwe: [346],
  since: '0.1.0',
  why: 'A request for a name that no server has goes to the default server of the socket. Where that is the application, it is asked for the unknown name: its links, its redirects and the mail with the new password lead there, unless it checks the name itself; Django mails `Invalid HTTP_HOST header` for every one of them. Each socket has a default server of its own: one on port 80 does nothing for 443.',
  remedy:
    'Give the socket a default server that answers nobody: `listen 80 default_server; return 444;`, and for TLS `listen 443 ssl default_server; ssl_reject_handshake on;`',
  references: [
    'https://nginx.org/en/docs/http/request_processing.html',
    'https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_reject_handshake',
    'https://docs.djangoproject.com/en/stable/topics/security/#host-headers-virtual-hosting',
  ],
  bad: [
    { title: 'the only server of the port', files: tree(app('«80»')) },
    {
      title: 'an application of Flask, for which the name is less',
      files: {
        ...tree(app('«80»')),
        'opt/app/wsgi.py': 'from shop import app as application\n',
      },
    },
    {
      title: 'unknown names get no answer on port 80 alone',
      files: { ...tree(`${CATCHALL}${REDIRECTING}${secure()}`) },
    },
    {
      title: 'the same before Nextcloud, which refuses them itself',
      files: appBehind(
        'image: nextcloud:29',
        `${CATCHALL}${REDIRECTING}${secure('', { pass: 'proxy_pass http://app;\nproxy_set_header Host $host;' })}`,
      ),
    },
    {
      title: 'the same before whatever application, over uWSGI',
      files: alone(
        CATCHALL.replace('return 444;', 'deny all;'),
        secure('', { pass: 'uwsgi_pass unix:/run/shop.sock;' }),
      ),
    },
    {
      title: 'the same in a file that the main file includes',
      files: {
        'nginx.conf': `${CATCHALL.replace('return 444', 'return 403')}${REDIRECTING}${secure('', { listen: '«[::]:443» ssl' })}`,
      },
    },
  ],
  good: [
    {
      title: 'unknown names get no answer',
      files: tree(
        conf`
          server {
              listen 80 default_server;
              server_name _;
              return 444;
          }
          ${app('80')}
        `,
      ),
    },
    { title: 'the name is fixed', files: tree(app('80', 'example.org')) },
    {
      title: 'the first server redirects',
      files: tree(
        conf`
          server {
              listen 80;
              server_name www.example.org;
              return 301 http://example.org$request_uri;
          }
          ${app('80')}
        `,
      ),
    },
    {
      title: 'unknown names are refused before the handshake',
      files: alone(CATCHALL, REJECTING, secure('', { listen: '443 ssl' })),
    },
    {
      title: 'the default server that refuses comes first',
      files: alone(
        CATCHALL.replace('80 default_server', '80'),
        REJECTING.replace(' default_server', ''),
        secure('', { listen: '443 ssl' }),
      ),
    },
    {
      title: 'the application is the default of TLS on purpose',
      files: alone(CATCHALL, secure('', { listen: '443 ssl default_server' })),
    },
    {
      title: 'the server looks at the name',
      files: alone(
        CATCHALL,
        secure('if ($host != example.org) {\n    return 444;\n}', { listen: '443 ssl' }),
      ),
    },
    {
      title: 'every name is sent to TLS',
      files: alone(
        CATCHALL.replace('return 444', 'return 301 https://$host$request_uri'),
        secure('', { listen: '443 ssl' }),
      ),
    },
    {
      title: 'clients have a certificate',
      files: alone(
        CATCHALL,
        secure('ssl_verify_client on;\nssl_client_certificate /etc/ssl/ca.pem;', { listen: '443 ssl' }),
      ),
    },
    {
      title: 'the backend is asked for one name',
      files: alone(CATCHALL, secure('', { listen: '443 ssl', pass: 'proxy_pass http://127.0.0.1:9000;' })),
    },
    { title: 'only this machine connects', files: tree(app('127.0.0.1:8080')) },
  ],
  *check(deployment) {
    const byDirective = serverIndex(deployment.servers)
    for (const configuration of deployment.nginx) {
      const refusing = refusingServer(configuration, byDirective)
      for (const socket of sockets(configuration)) {
        if (socket.quic) continue
        const answering = socket.defaultServer.known
          ? socket.defaultServer.value
          : refusing?.directive.source === socket.servers[0]?.server.source
            ? socket.servers[0]
            : undefined
        const server = answering === undefined ? undefined : byDirective.get(answering.server)
        if (answering === undefined || server === undefined || server.answer.kind !== 'content') continue
        const { server: directive, listen } = answering
        if (server.listens.find(({ at }) => at.start === listen.at.start)?.loopback !== false) continue
        // A wildcard, or no name at all: a server that is made for whatever comes.
        if (!server.names.some(({ exact }) => exact)) continue
        const where = formatEndpoint({ address: socket.address, port: socket.port })
        const label =
          socket.explicitDefault === null ? 'the first server of the socket' : 'the default of the socket'
        const connections = deployment.connections.of(server)
        const passed = connections.map(connection => ({
          connection,
          asked: socket.defaultServer.known ? applicationAsked(deployment, connection) : null,
        }))
        const found =
          passed.find(({ asked }) => asked === 'any') ?? passed.find(({ asked }) => asked !== null)
        const whose =
          refusing === null || !mayBeForgotten(configuration, socket, server, refusing)
            ? undefined
            : connections.find(each => each.reachable !== false && keepsName(each))
        if (refusing !== null && whose !== undefined) {
          yield {
            at: listen.at,
            ...(refusesNames(whose) && { severity: 'info' as const }),
            cause: directive.node,
            message: `nginx refuses requests for unknown names on ${refusing.where}, and on ${where} it gives them to this server, which passes them on to the application`,
            label,
            related: [
              { at: refusing.at, message: 'refuses them, on this socket alone' },
              { at: argumentPlace(whose.pass, 0), message: 'proxied with the name as it came' },
            ],
            help: 'Write the same for TLS: `listen 443 ssl default_server; server_name _; ssl_reject_handshake on;`',
          }
          continue
        }
        if (found === undefined) continue
        yield {
          at: listen.at,
          ...(found.asked === 'not-django' && { severity: 'info' as const }),
          cause: directive.node,
          message: `nginx gives requests for unknown names on ${where} to this server, which passes them on to the application`,
          label,
          related: [
            { at: argumentPlace(found.connection.pass, 0), message: 'proxied with the name as it came' },
          ],
        }
      }
    }
  },
})

interface Refusing {
  readonly directive: NginxDirective
  readonly at: Place
  readonly where: string
}

/** A server that is there to refuse whatever has no other, on a socket without TLS. */
function refusingServer(
  configuration: NginxConfiguration,
  byDirective: ReadonlyMap<NginxDirective, NginxServer>,
): Refusing | null {
  for (const socket of sockets(configuration)) {
    const entry = socket.explicitDefault ?? socket.servers[0]
    const server = entry === undefined ? undefined : byDirective.get(entry.server)
    if (entry === undefined || server === undefined || socket.ssl || socket.quic) continue
    if (isStandIn(entry.server.source) || server.names.some(({ exact }) => exact)) continue
    if (!refuses(server)) continue
    const where = formatEndpoint({ address: socket.address, port: socket.port })
    return { directive: entry.server, at: entry.listen.at, where }
  }
  return null
}

function refuses({ answer, directive }: NginxServer): boolean {
  return (
    answer.kind === 'refusal' ||
    (childrenNamed(directive, 'deny').some(({ args }) => args[0]?.value === 'all') &&
      childrenNamed(directive, 'allow').length === 0)
  )
}

/** True for a socket with TLS of which nobody says who answers unknown names there, and whose first server takes any. */
function mayBeForgotten(
  configuration: NginxConfiguration,
  socket: NginxSocket,
  { directive, names }: NginxServer,
  refusing: Refusing,
): boolean {
  if (!socket.ssl || socket.explicitDefault !== null || directive === refusing.directive) return false
  if (!names.every(({ exact }) => exact) || isStandIn(directive.source)) return false
  // Around a part of a configuration it is not written in all likelihood.
  const verify = effective(configuration, directive, 'ssl_verify_client')
  const verified = verify.known ? (verify.value.directives[0]?.args[0]?.value ?? 'off') : 'off'
  if (/^(?:on|\$.*)$/.test(verified)) return false
  return !childrenNamed(directive, 'if').some(({ args }) =>
    args.some(({ value }) => /\$(?:http_host|host|ssl_server_name|server_name)\b/.test(value)),
  )
}

/** Nextcloud answers names that are none of its `trusted_domains` with a page that says so. */
const REFUSES_NAMES = /^(?:nextcloud|(?:(?:lscr\.io|ghcr\.io)\/)?linuxserver\/nextcloud|owncloud\/server)$/

function refusesNames(connection: NginxConnection): boolean {
  return connection.targets.some(target => {
    const container = target.machine?.container ?? containerByName(connection, target)
    return REFUSES_NAMES.test(container?.base ?? '')
  })
}

function keepsName({ pass, headers }: NginxConnection): boolean {
  if (pass.name === 'fastcgi_pass' || pass.name === 'uwsgi_pass' || pass.name === 'scgi_pass') return true
  const header = headers.written.find(({ name }) => name === 'host')
  return header !== undefined && /^\$(?:host|http_host)\b/.test(header.value)
}

type Asked = 'any' | 'not-django'

/** Which application an unknown name reaches that is not known to refuse it; null where none is. */
function applicationAsked(deployment: Deployment, connection: NginxConnection): Asked | null {
  const header = connection.headers.written.find(({ name }) => name === 'host')
  if (header === undefined || !/^\$(?:host|http_host)\b/.test(header.value) || connection.reachable !== true)
    return null
  const asked = deployment.connections
    .hostsReachedBy(connection)
    .flatMap(({ host }) =>
      deployment
        .applicationsOf(host)
        .map(each => ofPython(deployment.pythonOf(each), deployment.filesOf(host.configuration))),
    )
  return asked.includes('any') ? 'any' : asked.includes('not-django') ? 'not-django' : null
}

function ofPython(python: PythonFacts | null, files: FileSystem): Asked | null {
  const allowed = python?.settings?.get('ALLOWED_HOSTS')
  if (allowed?.known && Array.isArray(allowed.value) && !allowed.value.includes('*')) return null
  const script = python === null ? null : sourceAt(files, python.path)
  // The script of Django may be another one, which this hands on.
  return script === null || /django|\bwsgi\b/i.test(script.text) ? 'any' : 'not-django'
}
