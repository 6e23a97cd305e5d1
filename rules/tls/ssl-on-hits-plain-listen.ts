import { namePlace } from '../../src/deployment/places.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const KEYS = conf`
  ssl_certificate /etc/ssl/a.pem;
  ssl_certificate_key /etc/ssl/a.key;
`
const VERSION = {
  '.auditrc': conf`
    versions:
      nginx: 1.22.1
  `,
}

export default defineRule({
  summary: '`ssl on` turns port 80 to TLS as well',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The directive holds for every socket of the server: whoever types the plain name gets “400 The plain HTTP request was sent to HTTPS port”.',
  remedy: 'Drop `ssl on;` and write `listen 443 ssl;` beside `listen 80;`',
  references: ['https://nginx.org/en/docs/http/configuring_https_servers.html#single_http_https_server'],
  bad: [
    {
      title: 'both ports in one server',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              listen 443;
              server_name example.org;
              «ssl» on;
              ${KEYS}
          }
        `,
        ...VERSION,
      },
    },
  ],
  good: [
    {
      title: 'TLS on one socket',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              listen 443 ssl;
              server_name example.org;
              ${KEYS}
          }
        `,
        ...VERSION,
      },
    },
    {
      title: 'the TLS port alone',
      files: {
        'nginx.conf': conf`
          server {
              listen 443;
              ssl on;
              ${KEYS}
          }
        `,
        ...VERSION,
      },
    },
  ],
  *check({ nginx, servers }) {
    const byDirective = serverIndex(servers)
    for (const { occurrences } of nginx) {
      for (const directive of occurrences.get('ssl') ?? []) {
        if (directive.args[0]?.value.toLowerCase() !== 'on' || directive.parent === null) continue
        const plain = byDirective.get(directive.parent)?.listens.find(({ port }) => port === 80)
        if (plain === undefined) continue
        yield {
          at: namePlace(directive),
          message:
            '`ssl on` holds for every socket of the server, so nginx answers plain requests on port 80 with 400',
          label: 'port 80 too',
          related: [{ at: plain.at, message: 'meant for plain HTTP' }],
        }
      }
    }
  },
})
