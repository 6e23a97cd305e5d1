import type { ApacheHost, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesOfHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { davLine } from '../_dav.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const nginx = (lines: string, listen = 'listen 443 ssl;'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        ${listen}
        server_name example.org;
        ssl_certificate /etc/ssl/a.pem;
        ssl_certificate_key /etc/ssl/a.key;
        location / {
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host $host;
            ${lines}
        }
    }
  `),
})
const apache = (dav: string, lines = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 127.0.0.1:9000
      ServerName example.org
      DocumentRoot /srv/www
      DavLockDB /srv/locks/DAVLock
      ${lines}
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              ${dav}
          </Directory>
      </VirtualHost>
    `,
    ['dav', 'dav_fs', 'headers'],
  ),
  'srv/locks/': '',
  'srv/www/notes.txt': 'notes',
})

export default defineRule({
  summary: 'Files of WebDAV cannot be moved or copied behind nginx',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'MOVE and COPY name the new place as a whole URL in `Destination`. Clients write `https://` in it, Apache, which nginx asks in plain HTTP, compares the scheme with its own, and answers 502 Bad Gateway (“Destination URI refers to different scheme or port”): files cannot be renamed, and Subversion cannot copy or move.',
  remedy:
    'Write `RequestHeader edit Destination ^https: http: early` in Apache, or let nginx send a `Destination` that begins with `http:`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_dav.html',
    'https://httpd.apache.org/docs/2.4/mod/mod_headers.html#requestheader',
  ],
  bad: [
    {
      title: 'nginx terminates TLS',
      modes: { 'srv/www': 0o777, 'srv/locks': 0o777 },
      files: { ...nginx(''), ...apache('Dav «On»') },
    },
  ],
  good: [
    {
      title: 'Apache takes it for its own scheme',
      modes: { 'srv/www': 0o777, 'srv/locks': 0o777 },
      files: {
        ...nginx(''),
        ...apache('Dav On', 'RequestHeader edit Destination ^https: http: early'),
      },
    },
    {
      title: 'nginx sends another',
      files: { ...nginx('proxy_set_header Destination $plain_destination;'), ...apache('Dav On') },
    },
    {
      title: 'clients use plain HTTP',
      files: { ...nginx('', 'listen 80;'), ...apache('Dav On') },
    },
    { title: 'no WebDAV', files: { ...nginx(''), ...apache('Dav Off') } },
  ],
  *check({ apacheHosts, connections }) {
    for (const host of apacheHosts) {
      const line = davLine(host)
      if (line === null || isRewritten(host)) continue
      const over = connections.reaching(host).find(({ connection, certain }) => certain && isTls(connection))
      if (over === undefined) continue
      yield {
        at: argumentPlace(line, 0),
        message:
          'clients send `Destination: https://…`, and Apache, asked in plain HTTP, answers 502 to MOVE and COPY',
        related: [{ at: argumentPlace(over.connection.pass, 0), message: 'nginx terminates TLS' }],
      }
    }
  },
})

/** True where Apache changes the header, or is told by `ServerName https://…` that its scheme is TLS. */
function isRewritten({ configuration, directive }: ApacheHost): boolean {
  const changes = [directive, null].some(home =>
    directivesOfHost(configuration, home, 'requestheader').some(({ args }) =>
      args.some(({ value }) => /^destination$/i.test(value)),
    ),
  )
  const names = directivesOfHost(configuration, directive, 'servername')
  return changes || names.some(({ args }) => /^https:/i.test(args[0]?.value ?? ''))
}

function isTls({ server, headers, pass }: NginxConnection): boolean {
  if (!server.tls || headers.open || !headers.passesOthers) return false
  const target = pass.args[0]?.value ?? ''
  return target.startsWith('http:') && !headers.written.some(({ name }) => name === 'destination')
}
