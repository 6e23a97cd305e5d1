import { byText, namePlace } from '../../src/deployment/places.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { defineRule } from '../../src/engine/rule.ts'

const KEYS = '    ssl_certificate /etc/ssl/a.pem;\n    ssl_certificate_key /etc/ssl/a.key;\n'
const VERSION = { '.auditrc': 'versions:\n  nginx: 1.22.1\n' }

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
        'nginx.conf': `server {\n    listen 80;\n    listen 443;\n    server_name example.org;\n    «ssl» on;\n${KEYS}}\n`,
        ...VERSION,
      },
    },
  ],
  good: [
    {
      title: 'TLS on one socket',
      files: {
        'nginx.conf': `server {\n    listen 80;\n    listen 443 ssl;\n    server_name example.org;\n${KEYS}}\n`,
        ...VERSION,
      },
    },
    {
      title: 'the TLS port alone',
      files: { 'nginx.conf': `server {\n    listen 443;\n    ssl on;\n${KEYS}}\n`, ...VERSION },
    },
  ],
  *check({ nginx, servers }) {
    const byDirective = serverIndex(servers)
    for (const { occurrences } of nginx) {
      for (const [directive] of byText(occurrences.get('ssl') ?? [])) {
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
