import { apacheMain } from '../_examples.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { proxyPasses } from '../../src/servers/apache/queries/proxy-passes.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'

const host = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'ssl'],
  )

export default defineRule({
  summary: 'Apache proxies to https:// without SSLProxyEngine',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'TLS to a backend is off unless the virtual host turns it on: every request is answered with 500, and the error log says AH01961 `SSL Proxy requested for … but not enabled`.',
  remedy: 'Write `SSLProxyEngine On` in the virtual host',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslproxyengine'],
  bad: [
    {
      title: 'a backend over TLS',
      files: { 'etc/apache2/apache2.conf': host('ProxyPass / «https://127.0.0.1:8443/»') },
    },
    {
      title: 'a site without the main file',
      files: {
        'etc/httpd/conf.d/console.conf': conf`
          <VirtualHost *:443>
              ServerName console.example.org
              SSLEngine on
              SSLCertificateFile /etc/pki/tls/certs/console.pem
              SSLProxyVerify none
              ProxyPass / «https://127.0.0.1:9443/»
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'turned on',
      files: {
        'etc/apache2/apache2.conf': host(conf`
          SSLProxyEngine On
          ProxyPass / https://127.0.0.1:8443/
        `),
      },
    },
    {
      title: 'turned on for this backend alone',
      files: {
        'etc/apache2/apache2.conf': host(conf`
          <Proxy https://127.0.0.1:8443/>
              SSLProxyEngine On
          </Proxy>
          ProxyPass / https://127.0.0.1:8443/
        `),
      },
    },
    {
      title: 'lines that a virtual host includes, and another file that is not here',
      files: {
        'snippets/console.conf': 'ProxyPass /console/ https://127.0.0.1:9443/\n',
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              Include /etc/apache2/snippets/tls.conf
              ProxyPass / https://127.0.0.1:8443/
          </VirtualHost>
        `,
      },
    },
    {
      title: 'plain HTTP',
      files: { 'etc/apache2/apache2.conf': host('ProxyPass / http://127.0.0.1:8000/') },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const { directive, scheme, at } of proxyPasses(configuration)) {
        if (!scheme.known || !/^(?:https|wss|h2)$/.test(scheme.value)) continue
        const host = virtualHostOf(configuration, directive)
        // Lines that a virtual host includes: it is not here.
        if (host === null && configuration.main === null) continue
        const { directives, open } = effective(configuration, serverLevels(host), 'SSLProxyEngine')
        if (open !== null || directives.at(-1)?.args[0]?.value.toLowerCase() === 'on') continue
        const inSection = (configuration.occurrences.get('sslproxyengine') ?? []).some(
          ({ parent }) => parent !== null && /^proxy/i.test(parent.name),
        )
        if (inSection) continue
        yield {
          at,
          // Virtual hosts inherit it from a file that is not here.
          ...(configuration.main === null && { confidence: 'medium' as const }),
          message: `\`${scheme.value}://\` needs \`SSLProxyEngine On\`, and this ${host === null ? 'server' : 'virtual host'} does not turn it on`,
          label: 'TLS to the backend is off',
        }
      }
    }
  },
})
