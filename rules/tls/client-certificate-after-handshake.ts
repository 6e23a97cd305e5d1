import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { sslProtocols } from '../../src/servers/apache/queries/server-settings.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { tlsVirtualHost } from './_virtual-host-examples.ts'

const main = (lines: string, protocol = ''): Record<string, string> => ({
  ...tlsVirtualHost(
    conf`
      SSLCACertificateFile /etc/ssl/example.org.pem
      ${protocol}
      ${lines}
    `,
  ),
  'srv/www/staff/index.html': 'staff',
})
const staff = (lines: string): string => conf`
  <Location /staff>
      ${lines}
  </Location>
`

export default defineRule({
  summary: 'Browsers are asked for a certificate when the handshake is over, and refuse',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a directory or location `SSLVerifyClient` asks once the URL is known, when the handshake is over. TLS 1.3 can do that only with clients that offer it, and no browser does: they get 403, `AH10158: cannot perform post-handshake authentication`.',
  remedy:
    'Ask in the virtual host (`SSLVerifyClient optional`) and require there, or leave TLS 1.3 out: `SSLProtocol TLSv1.2`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslverifyclient'],
  bad: [
    { title: 'in a location', files: main(staff('SSLVerifyClient «require»')) },
    {
      title: 'in a directory',
      files: main(
        conf`
          <Directory /srv/www/staff>
              SSLVerifyClient «require»
              SSLVerifyDepth 2
          </Directory>
        `,
        'SSLProtocol -all +TLSv1.2 +TLSv1.3',
      ),
    },
  ],
  good: [
    { title: 'TLS 1.2 alone', files: main(staff('SSLVerifyClient require'), 'SSLProtocol TLSv1.2') },
    {
      title: 'asked in the handshake, and required there',
      files: main(staff('Require ssl-verify-client'), 'SSLVerifyClient optional'),
    },
    {
      title: 'asked in the handshake, and once more',
      files: main(staff('SSLVerifyClient require'), 'SSLVerifyClient optional'),
    },
    { title: 'asked nowhere', files: main(staff('SSLVerifyClient none')) },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const line of everywhere(configuration, filesOf(configuration), 'sslverifyclient')) {
        if (!/^require$/i.test(line.args[0]?.value ?? '')) continue
        const section = line.parent
        if (section === null || !/^(?:Location|Directory|Files)/i.test(section.name)) continue
        const host = virtualHostOf(configuration, line)
        // What stands outside of virtual hosts holds for some of them.
        if (host === null || isAskedBefore(configuration, host.directive)) continue
        const protocols = sslProtocols(configuration, host)
        if (!protocols.known || !protocols.value.has('TLSv1.3')) continue
        yield {
          at: argumentPlace(line, 0),
          message: 'over TLS 1.3 no browser can be asked here any more, and gets 403',
          related: protocols.at === null ? [] : [{ at: protocols.at, message: 'TLS 1.3 is on' }],
        }
      }
    }
  },
})

/** True where the handshake asks already, or may. */
function isAskedBefore(configuration: ApacheConfiguration, host: ApacheDirective): boolean {
  return [host, null].some(section =>
    directivesIn(configuration, section, 'sslverifyclient').some(
      ({ args }) => !/^none$/i.test(args[0]?.value ?? ''),
    ),
  )
}
