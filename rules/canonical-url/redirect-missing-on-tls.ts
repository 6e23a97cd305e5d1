import type { NginxServer } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const KEYS = conf`
  ssl_certificate /srv/tls/a.pem;
  ssl_certificate_key /srv/tls/a.key;
`
const whole = (lines: string): string => conf`
  events {
  }
  http {
  ${lines}
  }
`
const WWW = conf`
  server {
      listen 80;
      server_name «www.example.org»;
      return 301 https://example.org$request_uri;
  }
`
const SITE = conf`
  server {
      listen 443 ssl;
      server_name example.org;
      ${KEYS}
      root /srv/www;
  }
`

export default defineRule({
  summary: 'www is redirected in plain HTTP, and over TLS it is another site or an error',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Browsers try https first: `https://www.…` meets no server of that name, so the default server of the socket answers, with a certificate warning, a second copy of the site, or Django’s 400.',
  remedy: 'Add a TLS server for the name that redirects, with a certificate that covers it',
  references: ['https://nginx.org/en/docs/http/request_processing.html'],
  bad: [{ title: 'no server for www on 443', files: { 'etc/nginx/nginx.conf': whole(WWW + SITE) } }],
  good: [
    {
      title: 'redirected on both',
      files: {
        'etc/nginx/nginx.conf': whole(
          conf`
            ${WWW}
            ${SITE}
            server {
                listen 443 ssl;
                server_name www.example.org;
                ${KEYS}
                return 301 https://example.org$request_uri;
            }
          `,
        ),
      },
    },
    {
      title: 'unknown names are refused over TLS',
      files: {
        'etc/nginx/nginx.conf': whole(
          conf`
            server {
                listen 443 ssl default_server;
                server_name _;
                ssl_reject_handshake on;
            }
            ${WWW}
            ${SITE}
          `,
        ),
      },
    },
    {
      title: 'a wildcard answers',
      files: {
        'etc/nginx/nginx.conf': whole(
          WWW + SITE.replace('server_name example.org', 'server_name .example.org'),
        ),
      },
    },
    { title: 'a fragment', files: { 'nginx.conf': WWW + SITE } },
  ],
  *check({ servers }) {
    if (!servers.some(({ tls }) => tls)) return
    const redirecting = servers.filter(redirectsPlainWww)
    if (redirecting.length === 0) return
    const overTls = new Map<string, NginxServer>()
    const patterns: NginxServer[] = []
    let refuses = false
    for (const server of servers) {
      if (!server.tls) continue
      for (const { name, exact } of server.names) if (exact) overTls.set(name, server)
      if (server.names.some(({ name, exact }) => !exact && name !== '_' && name !== '')) patterns.push(server)
      if (server.answer.kind === 'refusal' && server.listens.some(({ defaultServer }) => defaultServer))
        refuses = true
    }
    // Names by pattern, or a default server that rejects unknown names: then nothing is missing.
    if (refuses || patterns.length > 0) return
    for (const { names } of redirecting) {
      for (const { name, exact, at } of names) {
        if (!exact || !name.startsWith('www.') || overTls.has(name)) continue
        const twin = overTls.get(name.slice(4))
        if (twin === undefined || twin.answer.kind !== 'content') continue
        const listen = twin.listens.find(each => each.tls)
        yield {
          at,
          message: `nginx redirects \`${name}\` in plain HTTP, but \`https://${name}\` has no server of its own`,
          label: 'only on port 80',
          related:
            listen === undefined ? [] : [{ at: listen.at, message: 'over TLS only the other name is there' }],
        }
      }
    }
  },
})

/** A server without TLS that redirects a name with `www.`. */
function redirectsPlainWww(server: NginxServer): boolean {
  if (server.tls || server.configuration.main === null) return false
  return (
    server.names.some(({ name, exact }) => exact && name.startsWith('www.')) &&
    server.answer.kind === 'redirect'
  )
}
