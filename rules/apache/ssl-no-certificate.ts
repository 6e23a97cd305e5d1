import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { effective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { type VirtualHost, virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'
import { KEY_OF_SHOP, SHOP } from '../tls/_pem-pair-examples.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 443
      ${lines}
    `,
    ['ssl'],
  )

/** The `SSLEngine on` that holds for a host; null where it is off or not known. */
function engineOn(configuration: ApacheConfiguration, host: VirtualHost | null): ApacheDirective | null {
  const directive = effective(configuration, serverLevels(host), 'SSLEngine').directives.at(-1)
  return directive?.args[0]?.value.toLowerCase() === 'on' ? directive : null
}

/** The same, of a host without a certificate. */
function engineWithoutCertificate(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
): ApacheDirective | null {
  const levels = serverLevels(host)
  const directive = engineOn(configuration, host)
  if (directive === null) return null
  // Certificates may also be handed to OpenSSL by name.
  for (const name of ['SSLCertificateFile', 'SSLOpenSSLConfCmd']) {
    const { directives, open } = effective(configuration, levels, name)
    if (open !== null || directives.length > 0) return null
  }
  return directive
}

/** The one certificate of a host for which no key is given and which surely has none in its file; or null. */
function certificateWithoutKey(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  files: FileSystem,
): ApacheDirective | null {
  if (engineOn(configuration, host) === null) return null
  const levels = serverLevels(host)
  for (const name of ['SSLCertificateKeyFile', 'SSLOpenSSLConfCmd']) {
    const { directives, open } = effective(configuration, levels, name)
    if (open !== null || directives.length > 0) return null
  }
  const { directives, open } = effective(configuration, levels, 'SSLCertificateFile')
  const [line] = directives
  const path = line?.args[0]?.value
  if (line === undefined || path === undefined || open !== null || directives.length > 1) return null
  if (OF_CERTBOT.test(path)) return line
  const { serverRoot } = configuration
  if (!serverRoot.known || !isSettled(path)) return null
  const text = sourceAt(files, posix.resolve(serverRoot.value, path))?.text ?? ''
  return text.includes('BEGIN CERTIFICATE') && !text.includes('PRIVATE KEY') ? line : null
}

/** What certbot keeps without the key, which is in `privkey.pem`. */
const OF_CERTBOT = /^\/etc\/letsencrypt\/live\/[^/]+\/(?:fullchain|cert|chain)\.pem$/

export default defineRule({
  summary: 'TLS is on and no certificate or no key is given, and Apache does not start',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`apache2ctl configtest` does not look for certificates and says OK; the start ends with `AH02572: Failed to configure at least one certificate and key`, with every site on it. Without `SSLCertificateKeyFile` the key is looked for in the file of the certificate, where that of certbot has none: `AH02564: Failed to configure encrypted (?) private key`.',
  remedy: 'Name the files with `SSLCertificateFile` and `SSLCertificateKeyFile`, or take `SSLEngine on` away',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslcertificatefile',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslcertificatekeyfile',
  ],
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
    {
      title: 'no key beside a certificate of certbot',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            <VirtualHost *:443>
            ServerName example.org
            SSLEngine on
            SSLCertificateFile «/etc/letsencrypt/live/example.org/fullchain.pem»
            </VirtualHost>
          `,
        ),
      },
    },
    {
      title: 'no key, and none in the file of the certificate',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            <VirtualHost *:443>
            ServerName shop.example.org
            SSLEngine on
            SSLCertificateFile «/etc/apache2/ssl/shop.pem»
            </VirtualHost>
          `,
        ),
        'etc/apache2/ssl/shop.pem': SHOP,
      },
    },
  ],
  good: [
    {
      title: 'one file with both',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            <VirtualHost *:443>
            ServerName shop.example.org
            SSLEngine on
            SSLCertificateFile /etc/apache2/ssl/shop.pem
            </VirtualHost>
          `,
        ),
        'etc/apache2/ssl/shop.pem': SHOP + KEY_OF_SHOP,
      },
    },
    {
      title: 'a file that nobody sees',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            <VirtualHost *:443>
            ServerName example.org
            SSLEngine on
            SSLCertificateFile /srv/a.pem
            </VirtualHost>
          `,
        ),
      },
    },
    {
      title: 'one key for all, outside',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            SSLCertificateKeyFile /etc/letsencrypt/live/example.org/privkey.pem
            <VirtualHost *:443>
            ServerName example.org
            SSLEngine on
            SSLCertificateFile /etc/letsencrypt/live/example.org/fullchain.pem
            </VirtualHost>
          `,
        ),
      },
    },
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
  *check({ apache, filesOf }) {
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
      const keyless = new Set<ApacheDirective>()
      for (const host of [null, ...virtualHosts(configuration)]) {
        const line = certificateWithoutKey(configuration, host, filesOf(configuration))
        if (line === null || keyless.has(line)) continue
        keyless.add(line)
        yield {
          at: argumentPlace(line, 0),
          message:
            'no `SSLCertificateKeyFile` is given, and this file holds the certificate alone, so Apache does not start',
        }
      }
    }
  },
})
