import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { tlsVirtualHost } from './_virtual-host-examples.ts'

const site = (lines: string): Record<string, string> => ({
  ...tlsVirtualHost(
    conf`
      ${lines}
      <Directory /srv/www>
          Require all granted
      </Directory>
    `,
  ),
  'srv/www/index.html': 'page',
})

export default defineRule({
  summary: 'A certificate of the client is asked for, and no authority is known that could have signed it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`configtest` says nothing, and the log no more than `AH01897: … no CAs are known for verification`. With `SSLVerifyClient require` every handshake fails, with `optional` that of each client that sends a certificate.',
  remedy: 'Name the authority: `SSLCACertificateFile /etc/ssl/certs/clients-ca.pem`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslverifyclient'],
  bad: [
    {
      title: 'required',
      files: site(conf`
        SSLVerifyClient «require»
        SSLVerifyDepth 2
      `),
    },
    { title: 'taken where it is sent', files: site('SSLVerifyClient «optional»') },
  ],
  good: [
    {
      title: 'an authority is named',
      files: site(conf`
        SSLVerifyClient optional
        SSLCACertificateFile /etc/ssl/example.org.pem
      `),
    },
    { title: 'nothing is verified', files: site('SSLVerifyClient optional_no_ca') },
    {
      title: 'the authority of another server is in force nowhere else, and a directory is one too',
      files: site(conf`
        SSLVerifyClient none
        SSLCACertificatePath /etc/ssl/certs
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      if (!isWhole(configuration)) continue
      const lines = everywhere(configuration, filesOf(configuration), 'sslverifyclient')
      if (lines.length === 0) continue
      const homes = new Set(
        ['sslcacertificatefile', 'sslcacertificatepath'].flatMap(name =>
          everywhere(configuration, filesOf(configuration), name).map(virtualHostSection),
        ),
      )
      if (homes.has(null)) continue
      for (const line of lines) {
        if (!/^(?:require|optional)$/i.test(line.args[0]?.value ?? '')) continue
        // What the main server says holds in every host, and in which of them an authority is, is not asked.
        const home = virtualHostSection(line)
        if (home === null ? homes.size > 0 : homes.has(home)) continue
        yield {
          at: argumentPlace(line, 0),
          message:
            'no `SSLCACertificateFile` is set here, so httpd knows no authority and refuses every certificate of a client',
        }
      }
    }
  },
})
