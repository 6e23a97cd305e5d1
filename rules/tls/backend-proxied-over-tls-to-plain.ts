import type { Deployment } from '../../src/deployment/model.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { ApacheHost, NginxConnection } from '../../src/deployment/model.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { speaksTls } from './_backend-tls.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'

const nginx = (target: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass ${target};
          proxy_set_header Host $host;
      }
  }
`
const apache = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 127.0.0.1:9000
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          ${lines}
      </VirtualHost>
    `,
    ['ssl'],
  ),
})
const whole = (target: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
    ${nginx(target)}
    }
  `,
})
const TLS = conf`
  SSLEngine on
  SSLCertificateFile /srv/tls/a.pem
`

export default defineRule({
  summary: 'nginx and Apache do not agree whether their connection is encrypted',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A TLS handshake on a plain port, or plain HTTP on a TLS port, is no request: nginx logs “wrong version number” and answers 502, or Apache answers 400 to every page. Both configuration checks are content.',
  remedy: 'Give `proxy_pass` the scheme that Apache speaks on that port',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslengine',
  ],
  bad: [
    {
      title: 'https to a plain virtual host',
      files: { ...whole('«https://127.0.0.1:9000»'), ...apache('DocumentRoot /srv/www') },
    },
    {
      title: 'http to a virtual host with TLS',
      files: { ...whole('«http://127.0.0.1:9000»'), ...apache(TLS) },
    },
  ],
  good: [
    {
      title: 'both plain',
      files: { ...whole('http://127.0.0.1:9000'), ...apache('DocumentRoot /srv/www') },
    },
    { title: 'both encrypted', files: { ...whole('https://127.0.0.1:9000'), ...apache(TLS) } },
    {
      title: 'a backend that is not Apache',
      files: { ...whole('https://127.0.0.1:9443'), ...apache('DocumentRoot /srv/www') },
    },
  ],
  *check(deployment) {
    const mayEncrypt = deployment.apache.some(({ occurrences }) => occurrences.has('sslengine'))
    for (const connection of deployment.connections.http) {
      const protocol = valueOrNull(connection.protocol)
      if (protocol === null || (protocol === 'http' && !mayEncrypt)) continue
      const encrypts = protocol === 'https'
      const fault = contradiction(deployment, connection, encrypts)
      if (fault === null) continue
      const { host, engine } = fault
      const place = argumentPlace(connection.pass, 0)
      const written = place.source.text.slice(place.start, place.end)
      yield {
        at: place,
        message: encrypts
          ? 'nginx begins a TLS handshake with its backend, but Apache speaks plain HTTP there, so every request is a 502'
          : 'nginx sends plain HTTP to its backend, but Apache waits for a TLS handshake there, so every request is a 400',
        label: encrypts ? 'https' : 'http',
        related: [
          { at: host.addresses[0]?.at ?? host.at, message: 'Apache answers here' },
          ...(engine === null ? [] : [{ at: engine, message: 'turned on here' }]),
        ],
        help: `Write \`${encrypts ? 'http' : 'https'}://\` in nginx, or ${encrypts ? 'give the virtual host TLS' : 'take TLS from the virtual host'}`,
        ...propose(`Connect by ${encrypts ? 'plain HTTP' : 'TLS'}`, 'unsafe', [
          replacePlace(place, written.replace(/https?(?=:\/\/)/i, encrypts ? 'http' : 'https')),
        ]),
      }
    }
  },
})

/** A virtual host that the connection certainly reaches and that speaks the other protocol. */
function contradiction(
  deployment: Deployment,
  connection: NginxConnection,
  encrypts: boolean,
): { readonly host: ApacheHost; readonly engine: Place | null } | null {
  for (const host of certainHosts(deployment, connection)) {
    const fact = speaksTls(host)
    if (fact.known && fact.value !== encrypts) return { host, engine: fact.at }
  }
  return null
}
