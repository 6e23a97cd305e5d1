import type { NginxServer, ServerListen } from '../../src/deployment/model.ts'
import { repeatedRedirects } from './_repeated-redirects.ts'
import { redirectTarget } from '../../src/deployment/requests/redirect-target.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { selectServer } from '../../src/servers/nginx/queries/select-server.ts'

const KEYS = conf`
  ssl_certificate /etc/ssl/a.pem;
  ssl_certificate_key /etc/ssl/a.key;
`
const both = (lines: string): string => conf`
  server {
      listen 80;
      listen 443 ssl;
      server_name example.org;
      ${KEYS}
      ${lines}
  }
`

export default defineRule({
  summary: 'A redirect leads back to itself',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The browser follows it twenty times and gives up: “too many redirects”. No page of the site can be seen.',
  remedy: 'Redirect on port 80 alone, in a server of its own',
  references: ['https://nginx.org/en/docs/http/converting_rewrite_rules.html'],
  bad: [
    {
      title: 'to TLS, from TLS',
      files: { 'nginx.conf': both('return 301 «https://example.org$request_uri»;') },
    },
    {
      title: 'two names that send to each other',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              return 301 «http://www.example.org$request_uri»;
          }
          server {
              listen 80;
              server_name www.example.org;
              return 301 «http://example.org$request_uri»;
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'one server for each port',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              return 301 https://$host$request_uri;
          }
          server {
              listen 443 ssl;
              server_name example.org;
              ${KEYS}
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'a condition on the scheme',
      files: {
        'nginx.conf': both(
          conf`
            if ($scheme = http) {
                return 301 https://example.org$request_uri;
            }
            root /srv/www;
          `,
        ),
      },
    },
    {
      title: 'one page that answers',
      files: {
        'nginx.conf': both(
          conf`
            root /srv/www;
            location / {
                return 302 https://example.org/soon;
            }
            location = /soon {
            }
          `,
        ),
      },
    },
  ],
  *check({ servers }) {
    const byDirective = serverIndex(servers)
    for (const { server, listen: looping } of repeatedRedirects(servers)) {
      const { answer } = server
      if (answer.kind !== 'redirect' || !returns(server, looping, byDirective)) continue
      yield {
        at: answer.at,
        message: `this redirect leads back to the same server over ${looping.tls ? 'TLS' : 'plain HTTP'}, without an end`,
        label: 'answered by a redirect again',
        related: [{ at: looping.at, message: 'requests come back here' }],
      }
    }
  },
})

type Servers = ReadonlyMap<NginxDirective, NginxServer>

/** True where a request that comes in on this socket comes to the same server on the same port again. */
function returns(start: NginxServer, listen: ServerListen, servers: Servers): boolean {
  let host = start.names.find(({ exact }) => exact)?.name ?? null
  let server = start
  let port = listen.port
  for (let step = 0; step < 6; step++) {
    const next = redirectTarget(server.answer, host, port, listen.tls)
    if (next === null) return false
    const selection = selectServer(server.configuration, { port: next.port, host: next.host })
    const selected = selection.known ? servers.get(selection.value.server) : undefined
    if (selected === undefined) return false
    // Only what speaks the scheme of the target answers it.
    if (!selected.listens.some(({ port, tls }) => port === next.port && tls === next.tls)) return false
    if (selected === start && next.port === listen.port) return true
    if (selected.answer.kind !== 'redirect') return false
    server = selected
    host = next.host
    port = next.port
  }
  return false
}
