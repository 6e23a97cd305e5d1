import type { Deployment, NginxConnection, PythonFacts } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { modWsgiMain } from '../_examples.ts'
import { sockets } from '../../src/servers/nginx/queries/sockets.ts'

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
const tree = (nginx: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': whole(nginx),
  'etc/apache2/apache2.conf': APACHE,
})

export default defineRule({
  summary: 'The application answers every name that leads to this machine',
  severity: 'warning',
  otherSeverities: { info: 'for an application that is seen not to be Django’s' },
  confidence: 'medium',
  securitySeverity: 5.4,
  cwe: [346],
  since: '0.1.0',
  why: 'A request for a name that no server has goes to the default server of the socket. Where that is the application, it is asked for the unknown name: its links, its redirects and the mail with the new password lead there, unless it checks the name itself.',
  remedy: 'Give the socket a default server that answers nobody: `listen 80 default_server; return 444;`',
  references: [
    'https://nginx.org/en/docs/http/request_processing.html',
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
    { title: 'only this machine connects', files: tree(app('127.0.0.1:8080')) },
  ],
  *check(deployment) {
    const byDirective = serverIndex(deployment.servers)
    for (const configuration of deployment.nginx) {
      for (const socket of sockets(configuration)) {
        if (!socket.defaultServer.known || socket.quic) continue
        const { server: directive, listen } = socket.defaultServer.value
        const server = byDirective.get(directive)
        if (server === undefined || server.answer.kind !== 'content') continue
        if (server.listens.find(({ at }) => at.start === listen.at.start)?.loopback !== false) continue
        // A wildcard, or no name at all: a server that is made for whatever comes.
        if (!server.names.some(({ exact }) => exact)) continue
        const passed = deployment.connections
          .httpOf(server)
          .map(connection => ({ connection, asked: applicationAsked(deployment, connection) }))
        const found =
          passed.find(({ asked }) => asked === 'any') ?? passed.find(({ asked }) => asked !== null)
        if (found === undefined) continue
        yield {
          at: listen.at,
          ...(found.asked === 'not-django' && { severity: 'info' as const }),
          cause: directive.node,
          message: `nginx gives requests for unknown names on ${formatEndpoint({ address: socket.address, port: socket.port })} to this server, which passes them on to the application`,
          label:
            socket.explicitDefault === null ? 'the first server of the socket' : 'the default of the socket',
          related: [
            { at: argumentPlace(found.connection.pass, 0), message: 'proxied with the name as it came' },
          ],
        }
      }
    }
  },
})

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
