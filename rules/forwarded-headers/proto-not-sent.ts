import type { NginxConnection } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { addHeader } from './_add-header.ts'
import { lostHeaders } from './_lost-headers.ts'

const CERTIFICATE = conf`
  ssl_certificate /etc/ssl/a.pem;
  ssl_certificate_key /etc/ssl/a.key;
`
const site = (headers: string, listen = '443 ssl', target = 'http://127.0.0.1:3000'): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      ${listen.includes('ssl') ? CERTIFICATE : ''}
      «location» / {
          proxy_pass ${target};
          proxy_set_header Host $host;
          ${headers}
      }
  }
`

export default defineRule({
  summary: 'nginx sends the backend no scheme of a client that uses TLS',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx terminates TLS and proxies in plain HTTP. An application that makes absolute URLs, sets cookies with `Secure` or redirects to https takes every request for plain HTTP: its links begin with http://, its logins get lost, or it redirects https to https for ever.',
  remedy: 'Write `proxy_set_header X-Forwarded-Proto $scheme;`, and configure the application to trust it',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
    'https://expressjs.com/en/guide/behind-proxies.html',
  ],
  bad: [
    {
      title: 'the name and the address of the client alone',
      files: { 'nginx.conf': site('proxy_set_header X-Real-IP $remote_addr;') },
    },
  ],
  good: [
    {
      title: 'the scheme',
      files: { 'nginx.conf': plain(site('proxy_set_header X-Forwarded-Proto $scheme;')) },
    },
    {
      title: 'another header that says it',
      files: { 'nginx.conf': plain(site('proxy_set_header X-Forwarded-Ssl on;')) },
    },
    {
      title: 'plain HTTP',
      files: { 'nginx.conf': plain(site('proxy_set_header X-Real-IP $remote_addr;', '80')) },
    },
    {
      title: 'a backend that speaks TLS itself',
      files: {
        'nginx.conf': plain(
          site('proxy_set_header X-Real-IP $remote_addr;', '443 ssl', 'https://127.0.0.1:3000'),
        ),
      },
    },
    { title: 'a backend that gets nothing of the client', files: { 'nginx.conf': plain(site('')) } },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const { server, headers, block, protocol } = connection
      if (!server.tls || headers.open || connection.reachable === false) continue
      if (!protocol.known || protocol.value !== 'http' || !describesClient(connection)) continue
      if (headers.written.some(({ name }) => SCHEME.test(name))) continue
      // Where a line of its own lost it, that line is the fault; what Apache reads, Apache's rules judge.
      if (lostHeaders(connection).some(({ name }) => SCHEME.test(name))) continue
      if (deployment.connections.hostsReachedBy(connection).length > 0) continue
      yield {
        at: namePlace(headers.level ?? block),
        per: 'locations',
        message: often => `nginx terminates TLS here${often}, and sends the backend no \`X-Forwarded-Proto\``,
        label: 'the scheme is not sent',
        related: [{ at: namePlace(block), message: 'proxied from here' }],
        ...addHeader(connection, 'X-Forwarded-Proto', '$scheme', 'unsafe'),
      }
    }
  },
})

function plain(text: string): string {
  return text.replaceAll(/[«»]/g, '')
}

const SCHEME =
  /^(?:forwarded|front-end-https|https|x-(?:scheme|url-scheme|https|forwarded-(?:proto|protocol|scheme|ssl|port|https)|forwarded-by|original-proto|client-proto))$/

/** True where the backend is told of the client, which a backend that makes pages is and a mirror is not. */
function describesClient({ headers }: NginxConnection): boolean {
  const told = headers.written.filter(({ name }) =>
    /^(?:host|x-forwarded-for|x-real-ip|x-forwarded-host)$/.test(name),
  )
  return told.some(({ name }) => name === 'host') && told.length > 1
}
