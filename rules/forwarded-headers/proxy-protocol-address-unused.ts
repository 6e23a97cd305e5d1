import type { NginxConnection } from '../../src/deployment/model.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'

const nginx = (lines: string, http = ''): string => conf`
  events {
  }
  http {
      ${http}
      server {
          «listen» 8443 proxy_protocol;
          server_name example.org;
          ${lines}
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          }
      }
  }
`

export default defineRule({
  summary: 'The address that the PROXY protocol brings is not used',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `proxy_protocol` every connection comes from the proxy in front, and the address of the client stands in the line before it. Without `real_ip_header proxy_protocol` nginx reads that line and forgets it: logs, limits, access rules and the headers for the backend have the address of the proxy.',
  remedy:
    'Write `real_ip_header proxy_protocol;` and `set_real_ip_from` with the addresses of the proxy in front',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_realip_module.html#real_ip_header',
    'https://docs.nginx.com/nginx/admin-guide/load-balancer/using-proxy-protocol/',
  ],
  unproven: 'No request of the live tests speaks the PROXY protocol',
  bad: [{ title: 'a backend that is told the proxy', files: { 'etc/nginx/nginx.conf': nginx('') } }],
  good: [
    {
      title: 'for the whole server',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          set_real_ip_from 192.0.2.0/24;
          real_ip_header proxy_protocol;
        `),
      },
    },
    {
      title: 'a variable that holds it',
      files: {
        'etc/nginx/nginx.conf': nginx(
          'proxy_set_header X-Real-IP $proxy_protocol_addr;',
          'log_format proxied "$proxy_protocol_addr $request";',
        ),
      },
    },
    {
      title: 'a header that the proxy in front sends besides',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          set_real_ip_from 192.0.2.0/24;
          real_ip_header X-Forwarded-For;
        `),
      },
    },
    {
      title: 'nothing that needs the address',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 8443 proxy_protocol;
                  return 204;
              }
          }
        `,
      },
    },
    {
      title: 'a backend that is told no address',
      files: {
        'etc/nginx/nginx.conf': nginx('').replace('$proxy_add_x_forwarded_for', '127.0.0.1'),
      },
    },
  ],
  *check({ servers, connections }) {
    for (const server of servers) {
      const listen = server.listens.find(({ proxyProtocol }) => proxyProtocol)
      if (listen === undefined || listen.directive === null) continue
      const { configuration } = server
      const connection = connections.of(server).find(tellsAddress)
      if (connection === undefined || readsAddress(configuration)) continue
      if (hasUnreadInclude(configuration, server.directive)) continue
      const header = effectiveAtHand(configuration, connection.block, 'real_ip_header')
      if (!header.known || header.value.directives.length > 0) continue
      yield {
        at: namePlace(listen.directive),
        cause: 'proxy protocol',
        message: `no \`real_ip_header proxy_protocol\` holds here, so \`$remote_addr\` is the proxy in front, not the client`,
        related: [{ at: namePlace(connection.pass), message: 'the backend is told the same' }],
      }
    }
  },
})

/** True where the backend is told the address of whoever connects: by a header, or by the parameters of FastCGI. */
function tellsAddress({ pass, headers }: NginxConnection): boolean {
  if (pass.name !== 'proxy_pass' && pass.name !== 'grpc_pass') return true
  return headers.written.some(({ value }) => /\$\{?(?:remote_addr|proxy_add_x_forwarded_for)\b/.test(value))
}

/** Directives that may hand a variable on. */
const READERS = [
  'proxy_set_header',
  'grpc_set_header',
  'fastcgi_param',
  'uwsgi_param',
  'scgi_param',
  'log_format',
  'map',
  'geo',
  'set',
  'limit_req_zone',
  'limit_conn_zone',
  'add_header',
  'proxy_pass',
  'if',
] as const

/** True where some line uses what the PROXY protocol brings. */
const readsAddress = memo(({ occurrences }: NginxConfiguration): boolean =>
  READERS.some(name =>
    (occurrences.get(name) ?? []).some(({ args }) =>
      args.some(({ value }) => /\$\{?proxy_protocol_/.test(value)),
    ),
  ),
)
