import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { tlsVirtualHost } from './_virtual-host-examples.ts'

const main = (lines: string): Record<string, string> => ({
  ...tlsVirtualHost(conf`
    SSLCACertificateFile /etc/ssl/example.org.pem
    ${lines}
  `),
  'srv/www/metrics/index.html': 'metrics',
})
const metrics = (lines: string): string => conf`
  <Location /metrics>
      ${lines}
  </Location>
`

export default defineRule({
  summary: 'A location lets clients in without a certificate that the handshake demands already',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The `SSLVerifyClient require` of a virtual host is asked in the handshake, before the client has sent a URL. Whoever has no certificate is refused there, and never comes to the location that would do without.',
  remedy:
    'Write `SSLVerifyClient optional` in the virtual host, and `Require ssl-verify-client` where a certificate is needed',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslverifyclient'],
  bad: [
    {
      title: 'a location',
      files: main(conf`
        SSLVerifyClient «require»
        ${metrics('SSLVerifyClient none')}
      `),
    },
    {
      title: 'a directory, by `optional`',
      files: main(conf`
        <Directory /srv/www/metrics>
            SSLVerifyClient optional
        </Directory>
        SSLVerifyClient «require»
      `),
    },
    {
      title: 'demanded in a branch of a template alone',
      files: {
        'site.conf.erb': conf`
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine on
              SSLCertificateFile /etc/ssl/example.org.pem
              SSLCertificateKeyFile /etc/ssl/example.org.key
              <%- if @client_certificates -%>
              SSLVerifyClient «require»
              SSLCACertificateFile <%= @authority %>
              <%- end -%>
              ${metrics('SSLVerifyClient none')}
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'asked in the handshake, and demanded for the rest',
      files: main(conf`
        SSLVerifyClient optional
        <Location />
            Require ssl-verify-client
        </Location>
        ${metrics('Require all granted')}
      `),
    },
    { title: 'nobody is asked', files: main(metrics('SSLVerifyClient none')) },
    {
      title: 'demanded in a location alone',
      files: main(conf`
        SSLVerifyClient none
        SSLProtocol TLSv1.2
        ${metrics('SSLVerifyClient require')}
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache)
      for (const line of everywhere(configuration, filesOf(configuration), 'sslverifyclient')) {
        const [word] = line.args
        if (!/^(?:none|optional)$/i.test(word?.value ?? '')) continue
        if (!/^(?:Location|Directory|Files)/i.test(line.parent?.name ?? '')) continue
        const host = virtualHostOf(configuration, line)
        // What stands outside of virtual hosts holds for some of them.
        if (host === null) continue
        const demanded = directivesIn(configuration, host.directive, 'sslverifyclient').at(-1)
        if (demanded === undefined || !/^require$/i.test(demanded.args[0]?.value ?? '')) continue
        // A template may have the one line in some of its branches alone, and is wrong wherever it stands there.
        yield {
          at: argumentPlace(demanded, 0),
          message: `a client without a certificate is refused in the handshake, before \`SSLVerifyClient ${word?.value}\` of \`<${line.parent?.name} ${line.parent?.args[0]?.value ?? ''}>\` is asked`,
          label: 'demanded in the handshake',
          related: [{ at: argumentPlace(line, 0), message: 'comes too late' }],
        }
      }
  },
})
