import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { publicProxies } from './_apache-proxies.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:443>
      ServerName example.org
      SSLEngine on
      SSLCertificateFile /etc/letsencrypt/live/example.org/fullchain.pem
      SSLCertificateKeyFile /etc/letsencrypt/live/example.org/privkey.pem
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'Apache terminates TLS, and the backend does not learn of it',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'mod_proxy sends `X-Forwarded-For` and `X-Forwarded-Host` by itself, and no scheme. A backend that builds whole URLs writes `http://` into links and redirects, and cookies lack `Secure`.',
  remedy: 'Write `RequestHeader set X-Forwarded-Proto https` beside `ProxyPass`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#x-headers'],
  bad: [{ title: 'no header', files: { 'site.conf': host('ProxyPass / «http://127.0.0.1:8080/»') } }],
  good: [
    {
      title: 'told',
      files: {
        'site.conf': host(conf`
          RequestHeader set X-Forwarded-Proto https
          ProxyPass / http://127.0.0.1:8080/
        `),
      },
    },
    {
      title: 'told for all virtual hosts',
      files: {
        'site.conf': conf`
          RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}
          ${host('ProxyPass / http://127.0.0.1:8080/')}
        `,
      },
    },
    {
      title: 'a backend that speaks TLS, and a path of many',
      files: {
        'site.conf': host(conf`
          SSLProxyEngine on
          ProxyPass /api/ http://127.0.0.1:8080/
          ProxyPass / https://backend.example.net/
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { line, sent } of publicProxies(deployment)) {
      if (sent(/^(?:x-forwarded-(?:proto|ssl|scheme|protocol)|x-url-scheme|front-end-https|forwarded)$/))
        continue
      yield {
        at: argumentPlace(line, 1),
        message: 'no header tells the backend that the client came over TLS',
      }
    }
  },
})
