import { type AnyDirective, argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { apacheMain, nginxMain } from '../_examples.ts'
import { certificatesIn, privateKeyIn } from './_pem.ts'
import { KEY_OF_SHOP, SHOP, SHOP_BEFORE } from './_pem-pair-examples.ts'
import { unmatchedKeys } from './_unmatched-keys.ts'

const nginx = (certificate: string, key: string): string =>
  nginxMain(conf`
    server {
        listen 443 ssl;
        server_name shop.example.org;
        ssl_certificate ${certificate};
        ssl_certificate_key ${key};
        root /srv/www;
    }
  `)

const apache = (certificate: string, key: string): string =>
  apacheMain(
    conf`
      Listen 443
      <VirtualHost *:443>
          ServerName shop.example.org
          DocumentRoot /srv/www
          SSLEngine on
          SSLCertificateFile ${certificate}
          SSLCertificateKeyFile ${key}
      </VirtualHost>
    `,
    ['ssl', 'socache_shmcb'],
  )

export default defineRule({
  summary: 'A certificate stands beside the key of another one',
  severity: 'error',
  otherSeverities: {
    info: 'for one file that has the name of a certificate, and that the audit cannot look into: it may hold the key, too',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'A certificate is made for one key, and whoever renews it with a new key has to name both; certbot keeps each pair in one directory. nginx and Apache refuse a key that does not belong to the certificate, `key values mismatch`, or a file without any, and do not start.',
  remedy:
    'Name the key with which the certificate was ordered; of certbot, `fullchain.pem` and `privkey.pem` of one directory, the first in `ssl_certificate` or `SSLCertificateFile`. `openssl x509 -pubkey -noout -in shop.crt` and `openssl pkey -pubout -in shop.key` print the same for a pair',
  references: ['https://eff-certbot.readthedocs.io/en/stable/using.html#where-are-my-certificates'],
  bad: [
    {
      title: 'two directories',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '/etc/letsencrypt/live/shop.example.org/fullchain.pem',
          '«/etc/letsencrypt/live/example.org/privkey.pem»',
        ),
      },
    },
    {
      title: 'the two the wrong way round, by their usual endings',
      files: {
        'etc/apache2/apache2.conf': apache(
          '«/etc/ssl/private/example.org.key»',
          '/etc/ssl/certs/example.org.crt',
        ),
      },
    },
    {
      title: 'the two the wrong way round',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '«/etc/letsencrypt/live/example.org/privkey.pem»',
          '/etc/letsencrypt/live/example.org/fullchain.pem',
        ),
      },
    },
    {
      title: 'the same file for both',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '/etc/letsencrypt/live/example.org/fullchain.pem',
          '«/etc/letsencrypt/live/example.org/fullchain.pem»',
        ),
      },
    },
    {
      title: 'the same name for both, which is that of a certificate',
      files: {
        'etc/nginx/nginx.conf': nginx('/etc/ssl/certs/shop.crt', '«/etc/ssl/certs/shop.crt»'),
      },
    },
    {
      title: 'two directories in Apache',
      files: {
        'etc/apache2/apache2.conf': apache(
          '/etc/letsencrypt/live/shop.example.org/fullchain.pem',
          '«/etc/letsencrypt/live/example.org/privkey.pem»',
        ),
      },
    },
    {
      title: 'a key of the certificate before this one',
      files: {
        'etc/nginx/nginx.conf': nginx('ssl/shop-2026.crt', '«ssl/shop.key»'),
        'etc/nginx/ssl/shop-2026.crt': SHOP,
        'etc/nginx/ssl/shop-2026.key': KEY_OF_SHOP,
        'etc/nginx/ssl/shop.key': SHOP_BEFORE.key,
        'etc/nginx/ssl/shop.crt': SHOP_BEFORE.certificate,
      },
    },
    {
      title: 'a key of the certificate before this one in Apache',
      files: {
        'etc/apache2/apache2.conf': apache('ssl/shop.crt', '«/etc/ssl/private/shop.pem»'),
        'etc/apache2/ssl/shop.crt': SHOP,
        'etc/ssl/private/shop.pem': SHOP_BEFORE.key,
      },
    },
    {
      title: 'a certificate for all sites',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          ssl_certificate /etc/nginx/shop.crt;
          server {
              listen 443 ssl;
              server_name shop.example.org;
              ssl_certificate_key «/etc/nginx/shop.key»;
              root /srv/www;
          }
        `),
        'etc/nginx/shop.crt': SHOP_BEFORE.certificate,
        'etc/nginx/shop.key': KEY_OF_SHOP,
      },
    },
  ],
  good: [
    {
      title: 'its own key',
      files: {
        'etc/nginx/nginx.conf': nginx('ssl/shop-2026.crt', 'ssl/shop-2026.key'),
        'etc/nginx/ssl/shop-2026.crt': SHOP,
        'etc/nginx/ssl/shop-2026.key': KEY_OF_SHOP,
      },
    },
    {
      title: 'its own key in Apache',
      files: {
        'etc/apache2/apache2.conf': apache('ssl/shop.crt', '/etc/ssl/private/shop.pem'),
        'etc/apache2/ssl/shop.crt': SHOP,
        'etc/ssl/private/shop.pem': KEY_OF_SHOP,
      },
    },
    {
      title: 'two pairs, in the same order',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 443 ssl;
              server_name shop.example.org;
              ssl_certificate ssl/a.crt;
              ssl_certificate ssl/b.crt;
              ssl_certificate_key ssl/a.key;
              ssl_certificate_key ssl/b.key;
          }
        `),
        'etc/nginx/ssl/a.crt': SHOP,
        'etc/nginx/ssl/a.key': KEY_OF_SHOP,
        'etc/nginx/ssl/b.crt': SHOP_BEFORE.certificate,
        'etc/nginx/ssl/b.key': SHOP_BEFORE.key,
      },
    },
    {
      title: 'a key that is not in the audit',
      files: {
        'etc/nginx/nginx.conf': nginx('ssl/shop.crt', '/root/shop.key'),
        'etc/nginx/ssl/shop.crt': SHOP,
        'etc/nginx/ssl/shop.key': SHOP_BEFORE.key,
      },
    },
    {
      title: 'one file with both',
      files: {
        'etc/nginx/nginx.conf': nginx('/etc/nginx/shop.crt', '/etc/nginx/shop.crt'),
        'etc/nginx/shop.crt': KEY_OF_SHOP + SHOP,
      },
    },
    {
      title: 'one file whose name says nothing',
      files: { 'etc/nginx/nginx.conf': nginx('/etc/ssl/shop.pem', '/etc/ssl/shop.pem') },
    },
    {
      title: 'of one directory',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '/etc/letsencrypt/live/shop.example.org/fullchain.pem',
          '/etc/letsencrypt/live/shop.example.org/privkey.pem',
        ),
      },
    },
    {
      title: 'one file of somebody’s own that holds both',
      files: { 'etc/nginx/nginx.conf': nginx('/etc/nginx/ssl/site.pem', '/etc/nginx/ssl/site.pem') },
    },
    {
      title: 'two certificates for two kinds of key',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 443 ssl;
              server_name example.org;
              ssl_certificate /etc/letsencrypt/live/example.org/fullchain.pem;
              ssl_certificate /etc/letsencrypt/live/example.org-rsa/fullchain.pem;
              ssl_certificate_key /etc/letsencrypt/live/example.org/privkey.pem;
              ssl_certificate_key /etc/letsencrypt/live/example.org-rsa/privkey.pem;
          }
        `),
      },
    },
    {
      title: 'of one directory in Apache',
      files: {
        'etc/apache2/apache2.conf': apache(
          '/etc/letsencrypt/live/shop.example.org/cert.pem',
          '/etc/letsencrypt/live/shop.example.org/privkey.pem',
        ),
      },
    },
  ],
  *check(deployment) {
    const { nginx, apache, filesOf } = deployment
    yield* unmatchedKeys(deployment)
    for (const configuration of nginx)
      for (const line of configuration.occurrences.get('ssl_certificate') ?? [])
        yield* faultOf(
          'nginx',
          line,
          line.parent?.children ?? [],
          'ssl_certificate_key',
          filesOf(configuration),
        )
    for (const configuration of apache)
      for (const line of configuration.occurrences.get('sslcertificatefile') ?? []) {
        const siblings = ['SSLCertificateFile', 'SSLCertificateKeyFile'].flatMap(name =>
          directivesIn(configuration, line.parent, name),
        )
        yield* faultOf('Apache', line, siblings, 'SSLCertificateKeyFile', filesOf(configuration))
      }
  },
})

/** A certificate of one directory of certbot's beside the only key, which is of another. */
function* faultOf(
  server: string,
  line: AnyDirective,
  siblings: readonly AnyDirective[],
  keyName: string,
  files: FileSystem,
): Iterable<RuleFinding> {
  const path = line.args[0]?.value ?? ''
  if (!path.includes('/live/') && !KEY.test(path) && !/\.(?:crt|cer|cert)$/i.test(path)) return
  const named = (name: string): readonly AnyDirective[] =>
    siblings.filter(each => each.name.toLowerCase() === name.toLowerCase())
  const [key, ...otherKeys] = named(keyName)
  if (key === undefined || otherKeys.length > 0 || named(line.name).length !== 1) return
  const keyPath = key.args[0]?.value ?? ''
  if (/[$%]/.test(path + keyPath)) return
  if (/\/privkey\d*\.pem$/.test(path) || (KEY.test(path) && CERTIFICATE.test(keyPath))) {
    yield {
      at: argumentPlace(line, 0),
      message: `\`${path}\` is a key, where ${server} reads a certificate`,
      related: [{ at: argumentPlace(key, 0), message: 'the key' }],
    }
    return
  }
  if (/\/letsencrypt\/live\/[^/]+\/(?:fullchain|cert|chain)\.pem$/.test(keyPath)) {
    yield {
      at: argumentPlace(key, 0),
      message: `\`${keyPath}\` holds certificates alone, where ${server} reads a key`,
      related: [{ at: argumentPlace(line, 0), message: 'the certificate' }],
      help: 'Write `privkey.pem`',
    }
    return
  }
  if (keyPath === path && /\.(?:crt|cer|cert)$/i.test(path)) {
    const held = sourceAt(files, path)
    if (held?.text.includes('PRIVATE KEY-----')) return
    yield {
      at: argumentPlace(key, 0),
      ...(held === null && { severity: 'info' as const, confidence: 'medium' as const }),
      message:
        held === null
          ? `\`${keyPath}\` has the name of a certificate, and has to hold the key of ${server} as well`
          : `\`${keyPath}\` is the certificate, where ${server} reads its key`,
      related: [{ at: argumentPlace(line, 0), message: 'the certificate' }],
    }
    return
  }
  // What the files hold, they tell by themselves.
  if (certificatesIn(files, path) !== null && privateKeyIn(files, keyPath) !== null) return
  const own = lineage(path)
  const other = lineage(keyPath)
  if (own === null || other === null || own === other) return
  yield {
    at: argumentPlace(key, 0),
    message: `this is the key of \`${other}\`, and the certificate is that of \`${own}\``,
    related: [{ at: argumentPlace(line, 0), message: 'the certificate' }],
  }
}

/** The usual names of a key, and of a certificate or a chain of them. */
const KEY = /(?:\.key|[/._-](?:priv)?key\d*\.pem)$/i
const CERTIFICATE = /(?:\.(?:crt|cer|cert)|\/(?:fullchain|cert|chain)\d*\.pem)$/i

/** The directory of certbot's that a file lies in; null for any other. */
function lineage(path: string): string | null {
  return /\/letsencrypt\/live\/([^/]+)\/[^/]+\.pem$/.exec(path)?.[1] ?? null
}
