import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { effective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { type VirtualHost, virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 443
      ${lines}
    `,
    ['ssl'],
  )

/** The `SSLEngine on` that holds for a host without a certificate; null where all is well or not known. */
function engineWithoutCertificate(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
): ApacheDirective | null {
  const levels = serverLevels(host)
  const engine = effective(configuration, levels, 'SSLEngine')
  const directive = engine.directives.at(-1)
  if (directive?.args[0]?.value.toLowerCase() !== 'on') return null
  // Certificates may also be handed to OpenSSL by name.
  for (const name of ['SSLCertificateFile', 'SSLOpenSSLConfCmd']) {
    const { directives, open } = effective(configuration, levels, name)
    if (open !== null || directives.length > 0) return null
  }
  return directive
}

export default defineRule({
  summary: 'TLS is on and no certificate is given, and Apache does not start',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`apache2ctl configtest` does not look for certificates and says OK; the start ends with `AH02572: Failed to configure at least one certificate and key`, with every site on it.',
  remedy: 'Name the files with `SSLCertificateFile` and `SSLCertificateKeyFile`, or take `SSLEngine on` away',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslcertificatefile'],
  bad: [
    {
      title: 'a virtual host without its own, and none outside it',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            <VirtualHost *:443>
            ServerName example.org
            SSLEngine «on»
            </VirtualHost>
          `,
        ),
      },
    },
    {
      title: 'turned on for every host, and one has none',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            SSLEngine «on»
            <VirtualHost *:443>
            SSLCertificateFile /srv/a.pem
            </VirtualHost>
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'one certificate for all, outside',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            SSLCertificateFile /srv/a.pem
            <VirtualHost *:443>
            SSLEngine on
            </VirtualHost>
          `,
        ),
      },
    },
    {
      title: 'mod_md brings them',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            LoadModule md_module /usr/lib/apache2/modules/mod_md.so
            MDomain example.org
            <VirtualHost *:443>
            ServerName example.org
            SSLEngine on
            </VirtualHost>
          `,
        ),
      },
    },
    {
      title: 'a fragment, whose main file may name one',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
          SSLEngine on
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      if (!configuration.occurrences.has('sslengine') || configuration.modules.has('md_module')) continue
      if (!isWhole(configuration)) continue
      const lacking = new Map<ApacheDirective, (VirtualHost | null)[]>()
      for (const host of [null, ...virtualHosts(configuration)]) {
        const directive = engineWithoutCertificate(configuration, host)
        if (directive !== null) lacking.set(directive, [...(lacking.get(directive) ?? []), host])
      }
      for (const [directive, hosts] of lacking) {
        const [host] = hosts
        const who = host === null || host === undefined ? 'the main server' : 'the virtual host'
        const others = hosts.length > 1 ? ` and ${hosts.length - 1} more` : ''
        yield {
          at: argumentPlace(directive, 0),
          message: `\`SSLEngine on\` holds for ${who}${others} without any \`SSLCertificateFile\`, so Apache does not start`,
        }
      }
    }
  },
})
