import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { posix } from 'node:path'
import { certificatesIn, type PemCertificate } from './_pem.ts'
import { leavesPlaced, type PlacedLeaf, withoutQuotes } from './_placed-leaves.ts'
import { INTERMEDIATE, LEAF, OTHER } from './_pem-examples.ts'
import type { FileSystem } from '../../src/files/file-system.ts'

const apache = (lines: string): string => conf`
  <VirtualHost *:443>
      ServerName example.org
      SSLEngine on
      ${lines}
      SSLCertificateKeyFile /etc/letsencrypt/live/example.org/privkey.pem
  </VirtualHost>
`
const nginx = (file: string): string => conf`
  server {
      listen 443 ssl;
      server_name example.org;
      ssl_certificate ${file};
      ssl_certificate_key /etc/letsencrypt/live/example.org/privkey.pem;
  }
`

const bought = (file: string): string => conf`
  server {
      listen 443 ssl;
      server_name example.org;
      ssl_certificate ${file};
      ssl_certificate_key /etc/ssl/site.key;
      return 204;
  }
`

export default defineRule({
  summary: 'The server sends its certificate without the intermediate one',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`cert.pem` of certbot, and `example.org.cer` of acme.sh, hold the certificate of the site alone. Browsers often have the intermediate from another site; Android, `curl`, payment providers and APIs have not, and refuse the connection.',
  remedy: 'Name `fullchain.pem` (acme.sh: `fullchain.cer`), which holds both',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslcertificatefile',
    'https://nginx.org/en/docs/http/configuring_https_servers.html#chains',
  ],
  bad: [
    {
      title: 'the file of certbot that holds one certificate',
      files: { 'site.conf': apache('SSLCertificateFile «/etc/letsencrypt/live/example.org/cert.pem»') },
    },
    { title: 'in nginx', files: { 'nginx.conf': nginx('«/etc/letsencrypt/live/example.org/cert.pem»') } },
    {
      title: 'the intermediate in a file of its own, as authorities send it',
      files: {
        'nginx.conf': bought('«/etc/ssl/site.pem»'),
        'etc/ssl/site.pem': LEAF,
        'etc/ssl/intermediate.crt': INTERMEDIATE,
      },
    },
    {
      title: 'as FreeBSD has certbot',
      files: { 'nginx.conf': nginx('«/usr/local/etc/letsencrypt/live/example.org/cert.pem»') },
    },
    {
      title: 'in a template, of a directory that a variable names',
      files: { 'nginx.conf.template': nginx('«/etc/${SSL_TYPE}/live/${DOMAIN}/cert.pem»') },
    },
    {
      title: 'the file of acme.sh that holds one certificate',
      files: { 'nginx.conf': nginx('«/root/.acme.sh/example.org_ecc/example.org.cer»') },
    },
    {
      title: 'what a script has acme.sh install',
      files: {
        'setup.sh': conf`
          #!/bin/bash
          SSL_DIR=/etc/nginx/ssl
          acme.sh --install-cert -d example.org --ecc \
              --cert-file "$SSL_DIR/site.crt" \
              --key-file "$SSL_DIR/site.key" \
              --reloadcmd "systemctl reload nginx"
          cat > /etc/nginx/conf.d/site.conf <<EOF
          server {
              listen 443 ssl;
              server_name example.org;
              ssl_certificate «$SSL_DIR/site.crt»;
              ssl_certificate_key $SSL_DIR/site.key;
          }
          EOF
        `,
      },
    },
    {
      title: 'what a hook of certbot copies',
      files: {
        'site.conf': bought('«/etc/nginx/ssl/site.pem»'),
        'deploy-hook.sh': conf`
          #!/bin/sh
          cp "$RENEWED_LINEAGE/cert.pem" /etc/nginx/ssl/site.pem
          cp "$RENEWED_LINEAGE/privkey.pem" /etc/nginx/ssl/site.key
        `,
      },
    },
    {
      title: 'what a hook copies into a directory, for Apache',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine on
              SSLCertificateFile «/etc/apache2/ssl/cert.pem»
              SSLCertificateKeyFile /etc/apache2/ssl/privkey.pem
          </VirtualHost>
        `,
        'renew.sh': conf`
          #!/bin/sh
          cp /etc/letsencrypt/live/example.org/cert.pem /etc/letsencrypt/live/example.org/privkey.pem /etc/apache2/ssl/
        `,
      },
    },
  ],
  good: [
    {
      title: 'the whole chain that scripts place, and one that is put together',
      files: {
        'site.conf': conf`
          ${bought('/etc/nginx/ssl/site.pem')}
          ${bought('/etc/nginx/ssl/other.pem')}
          ${bought('/etc/nginx/ssl/third.crt')}
        `,
        'setup.sh': conf`
          #!/bin/sh
          acme.sh --install-cert -d example.org --cert-file /etc/nginx/ssl/leaf.pem --fullchain-file /etc/nginx/ssl/site.pem
          cp /etc/letsencrypt/live/example.net/cert.pem /etc/nginx/ssl/other.pem
          cat /etc/letsencrypt/live/example.net/chain.pem >> /etc/nginx/ssl/other.pem
          mkcert -cert-file /etc/nginx/ssl/third.crt -key-file /etc/nginx/ssl/third.key shop.test
        `,
      },
    },
    {
      title: 'the whole chain',
      files: {
        'site.conf': apache('SSLCertificateFile /etc/letsencrypt/live/example.org/fullchain.pem'),
        'nginx.conf': nginx('/etc/letsencrypt/live/example.org/fullchain.pem'),
      },
    },
    {
      title: 'in two files, as Apache 2.2 had it',
      files: {
        'site.conf': apache(conf`
          SSLCertificateFile /etc/letsencrypt/live/example.org/cert.pem
          SSLCertificateChainFile /etc/letsencrypt/live/example.org/chain.pem
        `),
      },
    },
    {
      title: 'both in one file',
      files: {
        'nginx.conf': bought('/etc/ssl/site.pem'),
        'etc/ssl/site.pem': LEAF + INTERMEDIATE,
        'etc/ssl/intermediate.crt': INTERMEDIATE,
      },
    },
    {
      title: 'a certificate beside others that did not issue it',
      files: {
        'nginx.conf': bought('/etc/ssl/site.pem'),
        'etc/ssl/site.pem': LEAF,
        'etc/ssl/other.crt': OTHER,
      },
    },
    {
      title: 'a file of which nothing is known',
      files: { 'site.conf': apache('SSLCertificateFile /etc/ssl/certs/example.org.crt') },
    },
  ],
  *check({ apache, nginx, filesOf, setups }) {
    const placed = leavesPlaced(setups() ?? [])
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const line of configuration.occurrences.get('sslcertificatefile') ?? []) {
        const scopes = line.parent === null ? [null] : [line.parent, null]
        // OpenSSL also looks for the issuer among the authorities of clients.
        const others = ['sslcertificatechainfile', 'sslcacertificatefile', 'sslcacertificatepath']
        if (others.some(name => scopes.some(scope => directivesIn(configuration, scope, name).length > 0)))
          continue
        yield* judge(files, argumentPlace(line, 0), line.args[0]?.value ?? '')
        yield* judgePlaced(placed, argumentPlace(line, 0), line.args[0]?.value ?? '')
      }
    }
    for (const configuration of nginx) {
      for (const line of configuration.occurrences.get('ssl_certificate') ?? []) {
        yield* judge(filesOf(configuration), argumentPlace(line, 0), line.args[0]?.value ?? '')
        yield* judgePlaced(placed, argumentPlace(line, 0), line.args[0]?.value ?? '')
      }
    }
  },
})

/** A file whose certificate a script puts there without the others. */
function* judgePlaced(placed: readonly PlacedLeaf[], at: Place, path: string) {
  const written = withoutQuotes(placeText(at))
  const leaf = placed.find(each =>
    each.path.startsWith('/') && !each.path.includes('$')
      ? each.path === path
      : each.path === written && each.at.source.text === at.source.text,
  )
  if (leaf === undefined) return
  yield {
    at,
    message: `\`${written}\` is written by \`${leaf.by}\`, which leaves the intermediate certificate out: it holds the certificate of the site alone`,
    related: [{ at: leaf.at, message: 'the certificate alone' }],
    help: leaf.help,
  }
}

type Place = ReturnType<typeof argumentPlace>

function* judge(files: FileSystem, at: Place, path: string) {
  const whole = wholeChain(files, path)
  if (whole === null) {
    const issuer = issuerBeside(files, path)
    if (issuer === null) return
    yield {
      at,
      message: `\`${path}\` holds the certificate of the site alone, and \`${issuer}\`, which issued it, is not sent`,
      help: `Send both: \`cat ${path} ${issuer}\``,
    }
    return
  }
  yield {
    at,
    message: `\`${path}\` holds the certificate of the site alone, without the intermediate one`,
    help: `Name \`${whole}\``,
    ...propose('Send the whole chain', 'unsafe', [placeText(at) === path ? replacePlace(at, whole) : null]),
  }
}

/** The file with the chain beside one that holds a leaf alone; null where that is not known. */
function wholeChain(files: FileSystem, path: string): string | null {
  const directory = posix.dirname(path)
  const isAcmeSh = /\/\.acme\.sh\/([^/]+?)(?:_ecc)?\/\1\.cer$/.test(path)
  const fullchain = posix.join(directory, isAcmeSh ? 'fullchain.cer' : 'fullchain.pem')
  const isAlone = isAcmeSh || /\/live\/[^/]+\/cert\.pem$/.test(path)
  const own = certificatesIn(files, path)
  if (own === null) return isAlone ? fullchain : null
  const [leaf] = own
  if (leaf === undefined || own.length !== 1 || leaf.isSelfIssued) return null
  return isAlone || holdsIssuer(certificatesIn(files, fullchain), leaf) ? fullchain : null
}

/** A file in the directory of a leaf that holds the intermediate which issued it; null where there is none. */
function issuerBeside(files: FileSystem, path: string): string | null {
  const own = certificatesIn(files, path)
  const [leaf] = own ?? []
  if (leaf === undefined || own?.length !== 1 || leaf.isSelfIssued || leaf.isAuthority) return null
  const directory = posix.dirname(path)
  const names = (files.list(directory) ?? []).filter(({ name }) => /\.(?:pem|crt|cer|ca-bundle)$/.test(name))
  // The authorities of a whole system are many, and no chain.
  if (names.length > MOST_FILES) return null
  for (const { name } of names) {
    const [first] = certificatesIn(files, posix.join(directory, name)) ?? []
    // A root is not sent.
    if (first !== undefined && !first.isSelfIssued && leaf.isIssuedBy(first))
      return posix.join(directory, name)
  }
  return null
}

const MOST_FILES = 40

function holdsIssuer(chain: readonly PemCertificate[] | null, { issuer }: PemCertificate): boolean {
  return chain?.some(({ subject }) => subject === issuer) === true
}
