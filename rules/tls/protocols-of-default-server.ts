import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { socketsOf } from '../../src/servers/nginx/queries/select-server.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { isAtLeast } from '../../src/servers/version.ts'
import { nginxMain } from '../_examples.ts'

const KEYS = conf`
  ssl_certificate /etc/ssl/a.pem;
  ssl_certificate_key /etc/ssl/a.key;
`
const nginx = (first: string, second: string): string =>
  nginxMain([
    conf`
      server {
          listen 443 ssl default_server;
          server_name www.example.org;
          ${KEYS}
          ssl_protocols ${first};
          return 204;
      }
    `,
    conf`
      server {
          listen 443 ssl;
          server_name example.org;
          ${KEYS}
          ${second}
          return 204;
      }
    `,
  ])
const VERSION = { '.auditrc': '{"versions": {"nginx": "1.22.1"}}' }

export default defineRule({
  summary: '`ssl_protocols` of a server that is not the default one has no effect',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 4.8,
  cwe: [757],
  since: '0.1.0',
  why: 'Until nginx 1.29.2 OpenSSL has chosen the version of TLS before the name of the server is known, so that the default server of the socket decides for all of them. A server that means to take TLS 1.3 alone takes what the default server takes.',
  remedy: 'Write the line in the default server, or give the server an address of its own',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols',
    'https://nginx.org/en/CHANGES',
  ],
  bad: [
    {
      title: 'a server for TLS 1.3 alone',
      files: {
        'etc/nginx/nginx.conf': nginx('TLSv1.2 TLSv1.3', '«ssl_protocols» TLSv1.3;'),
        ...VERSION,
      },
    },
  ],
  good: [
    {
      title: 'in the default server',
      files: { 'etc/nginx/nginx.conf': nginx('TLSv1.3', ''), ...VERSION },
    },
    {
      title: 'the same in both',
      files: {
        'etc/nginx/nginx.conf': nginx('TLSv1.2 TLSv1.3', 'ssl_protocols TLSv1.3 TLSv1.2;'),
        ...VERSION,
      },
    },
    {
      title: 'a version that asks each server',
      files: {
        'etc/nginx/nginx.conf': nginx('TLSv1.2 TLSv1.3', 'ssl_protocols TLSv1.3;'),
        '.auditrc': '{"versions": {"nginx": "1.29.2"}}',
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { version } = configuration
      if (version.from === 'assumed' || isAtLeast(version, '1.29.2')) continue
      for (const [server, lines] of directivesByServer(configuration, 'ssl_protocols')) {
        const line = lines.at(-1)
        if (server === null || line === undefined) continue
        for (const { socket } of socketsOf(configuration, server)) {
          if (!socket.ssl || socket.quic || !socket.defaultServer.known) continue
          const first = socket.defaultServer.value.server
          if (first === server) continue
          const fact = effective(configuration, first, 'ssl_protocols')
          const decides = fact.known ? fact.value.directives.at(-1) : undefined
          if (decides === undefined || setOf(decides) === setOf(line)) continue
          yield {
            at: namePlace(line),
            message: `the default server of the socket decides, which takes \`${decides.args.map(({ value }) => value).join(' ')}\``,
            label: 'no effect',
            related: [{ at: argumentPlace(decides, 0), message: 'holds for every server of the socket' }],
          }
          break
        }
      }
    }
  },
})

function setOf({ args }: NginxDirective): string {
  return [...new Set(args.map(({ value }) => value.toLowerCase()))].sort().join(' ')
}
