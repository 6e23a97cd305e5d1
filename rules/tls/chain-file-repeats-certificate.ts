import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { certificatesIn } from './_pem.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:443>
      ServerName example.org
      SSLEngine on
      ${lines}
      SSLCertificateKeyFile /etc/letsencrypt/live/example.org/privkey.pem
  </VirtualHost>
`

export default defineRule({
  summary: 'SSLCertificateChainFile holds the certificate of the site once more',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The certificate is sent twice, and the chain is out of order: old clients refuse it, and testers of TLS mark it down.',
  remedy: 'Name `chain.pem` there, or name `fullchain.pem` in `SSLCertificateFile` and drop the line',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslcertificatechainfile'],
  unproven: 'the harm is in old clients',
  bad: [
    {
      title: 'the whole chain beside the certificate',
      files: {
        'site.conf': host(conf`
          SSLCertificateFile /etc/letsencrypt/live/example.org/cert.pem
          SSLCertificateChainFile «/etc/letsencrypt/live/example.org/fullchain.pem»
        `),
      },
    },
  ],
  good: [
    {
      title: 'the intermediate alone',
      files: {
        'site.conf': host(conf`
          SSLCertificateFile /etc/letsencrypt/live/example.org/cert.pem
          SSLCertificateChainFile /etc/letsencrypt/live/example.org/chain.pem
        `),
      },
    },
    {
      title: 'the same file, of which Apache leaves out the first certificate',
      files: {
        'site.conf': host(conf`
          SSLCertificateFile /etc/letsencrypt/live/example.org/fullchain.pem
          SSLCertificateChainFile /etc/letsencrypt/live/example.org/fullchain.pem
        `),
      },
    },
    {
      title: 'files of which nothing is known',
      files: {
        'site.conf': host(conf`
          SSLCertificateFile /etc/ssl/certs/example.org.crt
          SSLCertificateChainFile /etc/ssl/certs/ca.crt
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const line of configuration.occurrences.get('sslcertificatechainfile') ?? []) {
        const [own] = directivesIn(configuration, line.parent, 'sslcertificatefile')
        const chain = line.args[0]?.value ?? ''
        const leaf = own?.args[0]?.value ?? ''
        if (own === undefined || !repeats(files, leaf, chain)) continue
        yield {
          at: argumentPlace(line, 0),
          message: `\`${chain}\` begins with the certificate that \`SSLCertificateFile\` names, so it is sent twice`,
          related: [{ at: argumentPlace(own, 0), message: 'sent first' }],
        }
      }
    }
  },
})

function repeats(files: FileSystem, leaf: string, chain: string): boolean {
  // Of the very file that it was given as the certificate, httpd leaves the first one out.
  if (leaf === chain) return false
  const [first] = certificatesIn(files, leaf) ?? []
  const others = certificatesIn(files, chain)
  if (first !== undefined && others !== null)
    return others.some(({ fingerprint }) => fingerprint === first.fingerprint)
  // certbot gives its files these names, and nobody changes what they hold.
  const isCertbot = posix.dirname(leaf) === posix.dirname(chain) && leaf.startsWith('/etc/letsencrypt/live/')
  return (
    isCertbot &&
    posix.basename(chain) === 'fullchain.pem' &&
    /^(?:cert|fullchain)\.pem$/.test(posix.basename(leaf))
  )
}
