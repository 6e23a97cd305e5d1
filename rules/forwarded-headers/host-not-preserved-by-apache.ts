import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { publicProxies } from './_apache-proxies.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:443>
      ServerName example.org
      SSLEngine on
      SSLCertificateFile /etc/letsencrypt/live/example.org/fullchain.pem
      SSLCertificateKeyFile /etc/letsencrypt/live/example.org/privkey.pem
      RequestHeader set X-Forwarded-Proto https
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'Apache asks the backend for its address instead of the public name',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Without `ProxyPreserveHost` the `Host` header is the one of the `ProxyPass` line. A backend that does not read `X-Forwarded-Host` writes `127.0.0.1:8000` into links, and rejects forms and logins as coming from another site.',
  remedy: 'Write `ProxyPreserveHost On`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypreservehost'],
  bad: [
    { title: 'not set', files: { 'site.conf': host('ProxyPass / «http://127.0.0.1:8000/»') } },
    {
      title: 'in the section of all paths, and by a rule for all of them',
      files: {
        'site.conf': host(conf`
          <Location />
              ProxyPass «http://127.0.0.1:8000/»
          </Location>
        `),
        'other.conf': host(conf`
          RewriteEngine On
          RewriteRule ^ «http://127.0.0.1:8000%{REQUEST_URI}» [P]
        `),
      },
    },
  ],
  good: [
    {
      title: 'preserved',
      files: {
        'site.conf': host(conf`
          ProxyPreserveHost On
          ProxyPass / http://127.0.0.1:8000/
        `),
        'other.conf': host(conf`
          <Location />
              ProxyPreserveHost On
              ProxyPass http://127.0.0.1:8000/
          </Location>
        `),
      },
    },
    {
      title: 'sent by hand, or turned off on purpose',
      files: {
        'site.conf': host(conf`
          RequestHeader set Host example.org
          ProxyPass / http://127.0.0.1:8000/
        `),
        'other.conf': host(conf`
          ProxyPreserveHost Off
          ProxyPass / http://127.0.0.1:8000/
        `),
      },
    },
    {
      title: 'another machine, which may have a name of its own',
      files: { 'site.conf': host('ProxyPass / http://backend.example.net/') },
    },
  ],
  *check(deployment) {
    for (const connection of publicProxies(deployment)) {
      const { from, pass: line, targets } = connection
      const { configuration } = from
      const host = virtualHostOf(configuration, line)
      const [backend = '', ...others] = targets.map(({ written }) => written)
      if (others.length > 0 || !/^(?:127\.|localhost(?::|$)|\[::1\])/i.test(backend)) continue
      if (frontLine(connection).written.some(({ name }) => name === 'host')) continue
      if (effective(configuration, serverLevels(host), 'ProxyPreserveHost').directives.length > 0) continue
      // The section that proxies may say it.
      if (configuration.occurrences.get('proxypreservehost')?.some(({ parent }) => parent === line.parent))
        continue
      yield {
        at: frontLine(connection).url,
        message: `the backend is asked for \`${backend}\` instead of the name that the client used`,
      }
    }
  },
})
