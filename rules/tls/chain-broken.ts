import { conf } from '../../src/engine/conf.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { certificatesIn, type PemCertificate } from './_pem.ts'
import { INTERMEDIATE, LEAF, OTHER } from './_pem-examples.ts'

const nginx = (text: string, marked = false): Record<string, string> => ({
  'nginx.conf': conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate ${marked ? '«/etc/ssl/site.pem»' : '/etc/ssl/site.pem'};
        ssl_certificate_key /etc/ssl/site.key;
        return 204;
    }
  `,
  'etc/ssl/site.pem': text,
})

export default defineRule({
  summary: 'The certificates of a file make no chain',
  severity: 'warning',
  otherSeverities: {
    error: 'where the file does not begin with the certificate of the site',
    info: 'where the order alone is wrong',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The file is sent as it is: the certificate of the site, then the one that issued it, and so on. With the intermediate of another authority clients find no way to a root, and refuse the connection; with one in front of the site’s, the server does not start, for the key belongs to another certificate: `key values mismatch`.',
  remedy:
    'Write the certificate of the site and the intermediate that issued it into the file, in this order',
  references: [
    'https://nginx.org/en/docs/http/configuring_https_servers.html#chains',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslcertificatefile',
    'https://www.rfc-editor.org/rfc/rfc5246#section-7.4.2',
  ],
  bad: [
    { title: 'the intermediate of another authority', files: nginx(LEAF + OTHER, true) },
    { title: 'the intermediate first', files: nginx(INTERMEDIATE + LEAF, true) },
    { title: 'the certificate of the site twice', files: nginx(LEAF + LEAF + INTERMEDIATE, true) },
    { title: 'another one between the two', files: nginx(LEAF + OTHER + INTERMEDIATE, true) },
    {
      title: 'in Apache',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine on
              SSLCertificateFile «/etc/ssl/site.pem»
              SSLCertificateKeyFile /etc/ssl/site.key
          </VirtualHost>
        `,
        'etc/ssl/site.pem': LEAF + OTHER,
      },
    },
  ],
  good: [
    { title: 'a chain', files: nginx(LEAF + INTERMEDIATE) },
    { title: 'one certificate', files: nginx(LEAF) },
    { title: 'a chain with more behind it', files: nginx(LEAF + INTERMEDIATE + OTHER) },
    { title: 'a file that is not in the audit', files: { 'nginx.conf': nginx('')['nginx.conf'] ?? '' } },
  ],
  *check(deployment) {
    for (const { at, files, path } of certificateFiles(deployment)) {
      const fault = faultOf(certificatesIn(files, path) ?? [])
      if (fault !== null) yield { at, ...fault }
    }
  },
})

function* certificateFiles({ nginx, apache, filesOf }: Deployment) {
  for (const [configurations, name] of [
    [nginx, 'ssl_certificate'],
    [apache, 'sslcertificatefile'],
  ] as const)
    for (const configuration of configurations)
      for (const line of configuration.occurrences.get(name) ?? []) {
        const path = line.args[0]?.value ?? ''
        if (path.startsWith('/'))
          yield { at: argumentPlace(line, 0), files: filesOf(configuration) as FileSystem, path }
      }
}

function faultOf(certificates: readonly PemCertificate[]) {
  const [first, second] = certificates
  if (first === undefined || second === undefined) return null
  const rest = certificates.slice(1)
  if (first.isAuthority && rest.some(each => !each.isAuthority && each.issuer === first.subject))
    return {
      severity: 'error' as const,
      message: `the file begins with \`${commonName(first.subject)}\`, which issued the certificate of the site: the server does not start, \`key values mismatch\``,
      label: 'the intermediate comes first',
    }
  // A second one for the same name, with a key of another kind, is nothing that a server sends together.
  const repeated = rest.find((each, index) =>
    certificates.slice(0, index + 1).some(({ fingerprint }) => fingerprint === each.fingerprint),
  )
  if (repeated !== undefined)
    return {
      message: `the file holds the certificate of \`${commonName(repeated.subject)}\` twice, so it is sent twice`,
      label: 'sent twice',
    }
  if (first.isSelfIssued || first.isIssuedBy(second)) return null
  if (rest.some(each => first.isIssuedBy(each)))
    return {
      severity: 'info' as const,
      message: `\`${commonName(second.subject)}\` stands between the certificate of the site and \`${commonName(first.issuer)}\`, which issued it`,
      label: 'out of order',
    }
  return {
    message: `\`${commonName(first.issuer)}\` issued the certificate of the site, and the file holds \`${commonName(second.subject)}\` in its place`,
    label: 'not the issuer',
  }
}

/** The last part of a name, one a line as Node.js writes it. */
function commonName(name: string): string {
  return /(?:^|\n)CN=(.+)/.exec(name)?.[1] ?? name.replaceAll('\n', ', ')
}
