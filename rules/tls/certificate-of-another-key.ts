import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxMain } from '../_examples.ts'

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

export default defineRule({
  summary: 'A certificate stands beside the key of another one',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'certbot keeps each certificate with its own key in one directory. nginx refuses a key that does not belong to the certificate, `key values mismatch`, and does not start.',
  remedy: 'Name `fullchain.pem` and `privkey.pem` of one directory, the first in `ssl_certificate`',
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
      title: 'the two the wrong way round',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '«/etc/letsencrypt/live/example.org/privkey.pem»',
          '/etc/letsencrypt/live/example.org/fullchain.pem',
        ),
      },
    },
  ],
  good: [
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
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const line of occurrences.get('ssl_certificate') ?? []) {
        const path = line.args[0]?.value ?? ''
        if (!path.includes('/live/') && !path.endsWith('privkey.pem')) continue
        const { parent } = line
        if (parent === null || countOf(parent, 'ssl_certificate') !== 1) continue
        const key = parent.children.find(({ name }) => name === 'ssl_certificate_key')
        if (key === undefined || countOf(parent, 'ssl_certificate_key') !== 1) continue
        const keyPath = key.args[0]?.value ?? ''
        if (path.includes('$') || keyPath.includes('$')) continue
        if (/\/privkey\d*\.pem$/.test(path)) {
          yield {
            at: argumentPlace(line, 0),
            message: `\`${path}\` is a key, where nginx reads a certificate`,
            related: [{ at: argumentPlace(key, 0), message: 'the key' }],
          }
          continue
        }
        const own = lineage(path)
        const other = lineage(keyPath)
        if (own === null || other === null || own === other) continue
        yield {
          at: argumentPlace(key, 0),
          message: `this is the key of \`${other}\`, and the certificate is that of \`${own}\``,
          related: [{ at: argumentPlace(line, 0), message: 'the certificate' }],
        }
      }
    }
  },
})

/** The directory of certbot's that a file lies in; null for any other. */
function lineage(path: string): string | null {
  return /\/letsencrypt\/live\/([^/]+)\/[^/]+\.pem$/.exec(path)?.[1] ?? null
}

function countOf({ children }: NginxDirective, name: string): number {
  return children.filter(child => child.name === name).length
}
