import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { sslEngine } from '../../src/servers/apache/queries/server-settings.ts'
import { virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const KEYS = conf`
  SSLCertificateFile /etc/ssl/example.org.pem
  SSLCertificateKeyFile /etc/ssl/example.org.key
`
const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      Listen 443
      Listen 8443
      ${lines}
    `,
    ['ssl', 'socache_shmcb', 'alias'],
  )
const host = (port: number, lines: string, open = 'VirtualHost'): string => conf`
  <${open} *:${port}>
      ServerName example.org
      DocumentRoot /srv/www
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'Apache speaks TLS on port 80, or plain HTTP on a port of TLS',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Browsers speak plain HTTP to port 80 and TLS to port 443. httpd turns `SSLEngine` on by itself on port 443 alone: a virtual host with a certificate on port 8443 answers the handshake in plain HTTP, which browsers call `ERR_SSL_PROTOCOL_ERROR`. With `SSLEngine On` on port 80 every page is `400 Bad Request`.',
  remedy: 'Write `SSLEngine On` into the virtual host of the TLS port, and not into that of port 80',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslengine'],
  bad: [
    {
      title: 'a certificate, and TLS is not on',
      files: { 'etc/apache2/apache2.conf': main(host(8443, KEYS, '«VirtualHost»')) },
    },
    {
      title: 'TLS on port 80',
      files: {
        'etc/apache2/apache2.conf': main(
          host(
            80,
            conf`
        SSLEngine «On»
        ${KEYS}
      `,
          ),
        ),
      },
    },
    {
      title: 'TLS for all virtual hosts, of which one is for port 80',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          SSLEngine «On»
          ${KEYS}
          ${host(80, 'Redirect permanent / https://example.org/')}
          ${host(443, '')}
        `),
      },
    },
  ],
  good: [
    {
      title: 'TLS for all virtual hosts, and not for that of port 80',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          SSLEngine On
          ${KEYS}
          ${host(
            80,
            conf`
            SSLEngine Off
            Redirect permanent / https://example.org/
          `,
          )}
          ${host(443, '')}
        `),
      },
    },
    {
      title: 'each on its port',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${host(80, 'Redirect permanent / https://example.org/')}
          ${host(
            443,
            conf`
            SSLEngine On
            ${KEYS}
          `,
          )}
        `),
      },
    },
    {
      title: 'a plain port behind a proxy, with no certificate',
      files: { 'etc/apache2/apache2.conf': main(host(8443, '')) },
    },
    {
      title: 'port 443, where httpd turns TLS on by itself, and a port of which Listen says it',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${host(443, KEYS)}
          ${host(8443, KEYS)}
        `).replace('Listen 8443', 'Listen 8443 https'),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const virtualHost of virtualHosts(configuration)) {
        const ports = virtualHost.addresses.map(({ socket }) => (socket.known ? socket.value.port : null))
        const engine = sslEngine(configuration, virtualHost)
        if (!engine.known || ports.length === 0) continue
        if (engine.value && ports.every(port => port === 80)) {
          const own = directivesIn(configuration, virtualHost.directive, 'sslengine').at(-1)
          // What nobody includes here may stand in one virtual host alone.
          const outer = configuration.main === null ? [] : directivesIn(configuration, null, 'sslengine')
          const line = own ?? outer.at(-1)
          if (line === undefined) continue
          yield {
            at: argumentPlace(line, 0),
            message:
              own === undefined
                ? 'virtual hosts inherit this line, and that of port 80 speaks TLS, where browsers speak plain HTTP'
                : 'this virtual host speaks TLS on port 80, where browsers speak plain HTTP',
            related:
              own === undefined
                ? [{ at: namePlace(virtualHost.directive), message: 'the virtual host of port 80' }]
                : [],
          }
        } else if (
          !engine.value &&
          engine.at === null &&
          ports.every(port => port !== 443 && /443$/.test(`${port}`))
        ) {
          if ((configuration.occurrences.get('listen') ?? []).some(speaksTls)) continue
          const certificate = directivesIn(configuration, virtualHost.directive, 'sslcertificatefile').at(-1)
          if (certificate === undefined) continue
          yield {
            at: namePlace(virtualHost.directive),
            message: '`SSLEngine` is not on in this virtual host, so its port speaks plain HTTP',
            related: [{ at: namePlace(certificate), message: 'the certificate is not used' }],
          }
        }
      }
    }
  },
})

function speaksTls({ args }: ApacheDirective): boolean {
  return args[1]?.value.toLowerCase() === 'https'
}
