import type { NginxServer } from '../../src/deployment/model.ts'
import { defineRule } from '../../src/engine/rule.ts'

const KEYS = '    ssl_certificate /srv/tls/a.pem;\n    ssl_certificate_key /srv/tls/a.key;\n'
const whole = (lines: string): string => `events {\n}\nhttp {\n${lines}}\n`
const WWW =
  'server {\n    listen 80;\n    server_name «www.example.org»;\n    return 301 https://example.org$request_uri;\n}\n'
const SITE = `server {\n    listen 443 ssl;\n    server_name example.org;\n${KEYS}    root /srv/www;\n}\n`

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
          `${WWW.replace(/[«»]/g, '')}${SITE}server {\n    listen 443 ssl;\n    server_name www.example.org;\n${KEYS}    return 301 https://example.org$request_uri;\n}\n`,
        ),
      },
    },
    {
      title: 'unknown names are refused over TLS',
      files: {
        'etc/nginx/nginx.conf': whole(
          `server {\n    listen 443 ssl default_server;\n    server_name _;\n    ssl_reject_handshake on;\n}\n${WWW.replace(/[«»]/g, '')}${SITE}`,
        ),
      },
    },
    {
      title: 'a wildcard answers',
      files: {
        'etc/nginx/nginx.conf': whole(
          WWW.replace(/[«»]/g, '') + SITE.replace('server_name example.org', 'server_name .example.org'),
        ),
      },
    },
    { title: 'a fragment', files: { 'nginx.conf': (WWW + SITE).replace(/[«»]/g, '') } },
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
    // Names by pattern, or a default server that turns strangers away: then nothing is missing.
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
