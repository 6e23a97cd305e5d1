import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectiveDirective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines = ''): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass https://127.0.0.1:8443;
          proxy_set_header Host $host;
          ${lines}
      }
    `),
  )
const apache = (verify: string): string =>
  apacheMain(
    conf`
      Listen 127.0.0.1:8443
      <VirtualHost 127.0.0.1:8443>
          ServerName example.org
          DocumentRoot /srv/www
          SSLEngine on
          SSLCertificateFile /etc/ssl/site.pem
          SSLCertificateKeyFile /etc/ssl/site.key
          ${verify}
      </VirtualHost>
    `,
    ['ssl', 'dir'],
  )
const REQUIRED = conf`
  SSLCACertificateFile /etc/ssl/site.pem
  SSLVerifyClient «require»
`

export default defineRule({
  summary: 'The backend requires a client certificate, and nginx sends none',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A client certificate belongs to one connection of TLS. nginx terminates that of the client and opens another to the backend, in which it is the client itself: without `proxy_ssl_certificate` it has no certificate to show, the handshake fails, and every request is answered with 502.',
  remedy:
    'Ask for the certificate of clients in nginx with `ssl_verify_client`, or give nginx one of its own with `proxy_ssl_certificate`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_certificate',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslverifyclient',
  ],
  bad: [
    {
      title: 'required of nginx too',
      files: { 'etc/nginx/nginx.conf': nginx(), 'etc/apache2/apache2.conf': apache(REQUIRED) },
    },
  ],
  good: [
    {
      title: 'a certificate of nginx',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_ssl_certificate /etc/ssl/site.pem;
          proxy_ssl_certificate_key /etc/ssl/site.key;
        `),
        'etc/apache2/apache2.conf': apache(REQUIRED),
      },
    },
    {
      title: 'a certificate that may be missing',
      files: {
        'etc/nginx/nginx.conf': nginx(),
        'etc/apache2/apache2.conf': apache(REQUIRED.replace('require', 'optional')),
      },
    },
    {
      title: 'not asked for',
      files: { 'etc/nginx/nginx.conf': nginx(), 'etc/apache2/apache2.conf': apache('') },
    },
  ],
  *check(deployment) {
    if (!deployment.apache.some(({ occurrences }) => occurrences.has('sslverifyclient'))) return
    for (const connection of deployment.connections.http) {
      if (!connection.protocol.known || connection.protocol.value !== 'https') continue
      if (!showsNone(connection)) continue
      for (const host of certainHosts(deployment, connection)) {
        const line = requiring(host)
        if (line === null) continue
        yield {
          at: argumentPlace(line, 0),
          per: 'locations',
          message: often =>
            `nginx shows this virtual host no certificate${often}, so the handshake fails and nginx answers 502`,
          related: [{ at: namePlace(connection.pass), message: 'no `proxy_ssl_certificate` here' }],
        }
      }
    }
  },
})

function showsNone({ server, block }: NginxConnection): boolean {
  const own = effectiveAtHand(server.configuration, block, 'proxy_ssl_certificate')
  return own.known && own.value.directives.length === 0
}

/** The line by which a virtual host takes no handshake without a certificate. */
function requiring({ configuration, virtualHost }: ApacheHost) {
  const line = effectiveDirective(configuration, serverLevels(virtualHost), 'SSLVerifyClient')
  return line?.args[0]?.value.toLowerCase() === 'require' ? line : null
}
