import type { NginxConnection, SentHeader } from '../../src/deployment/model.ts'
import { argumentPlace, argumentsPlace } from '../../src/deployment/places.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

const nginx = (lines: string, port = 8000): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
      location / {
          proxy_pass http://127.0.0.1:${port};
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto $scheme;
      }
  }
`

export default defineRule({
  summary: 'A client may send a second spelling of the headers that nginx sets',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx sets `X-Forwarded-Proto`, and sends the client’s own `X_Forwarded_Proto` beside it. Servers that make variables of headers may read both as one, and believe the client. httpd does not: it leaves such names out of what mod_wsgi gets.',
  remedy: 'Drop the line, and let clients spell their headers with dashes',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#underscores_in_headers',
    'https://docs.djangoproject.com/en/stable/howto/deployment/wsgi/',
  ],
  bad: [
    {
      title: 'before a server that is not Apache',
      files: { 'nginx.conf': nginx('underscores_in_headers «on»;') },
    },
  ],
  good: [
    { title: 'not allowed', files: { 'nginx.conf': nginx('') } },
    {
      title: 'before mod_wsgi, which never sees them',
      files: {
        'nginx.conf': nginx('underscores_in_headers on;', 9000),
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': conf`
          <VirtualHost 127.0.0.1:9000>
              ServerName example.org
              SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on
              WSGIDaemonProcess app
              WSGIScriptAlias / /opt/app/wsgi.py process-group=app
              <Directory /opt/app>
                  Require all granted
              </Directory>
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ nginx, connections, servers }) {
    const byDirective = serverIndex(servers)
    for (const configuration of nginx) {
      for (const directive of configuration.occurrences.get('underscores_in_headers') ?? []) {
        if (directive.args[0]?.value.toLowerCase() !== 'on') continue
        const server = directive.parent === null ? undefined : byDirective.get(directive.parent)
        const affected =
          server === undefined
            ? connections.http.filter(connection => connection.server.configuration === configuration)
            : connections.httpOf(server)
        const header = doubled(affected)
        if (header === null) continue
        const name = header.directive.args[0]?.value ?? ''
        yield {
          at: argumentPlace(directive, 0),
          message: `a client may send \`${name.replaceAll('-', '_')}\` beside the \`${name}\` that nginx sets, and the application may take one for the other`,
          related: [{ at: whole(header.directive), message: 'set here' }],
        }
      }
    }
  },
})

/** A header that says something of the client, set for a backend that is not known to be Apache. */
function doubled(connections: readonly NginxConnection[]): SentHeader | null {
  for (const { reachable, targets, headers } of connections) {
    if (
      reachable !== true ||
      targets.every(({ to }) => to.kind === 'listener' && to.listener.kind === 'apache')
    )
      continue
    const header = headers.written.find(
      ({ name, state }) => state === 'set' && /^x-(?:forwarded-|real-ip$)/.test(name),
    )
    if (header !== undefined) return header
  }
  return null
}

function whole(directive: NginxDirective) {
  return argumentsPlace(directive, 0, 1)
}
