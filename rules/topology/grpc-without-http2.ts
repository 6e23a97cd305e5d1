import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain } from '../_examples.ts'
import { sockets } from '../../src/servers/nginx/queries/sockets.ts'

const nginx = (listen: string, more = ''): string =>
  nginxMain(conf`
    server {
        «listen» ${listen};
        server_name grpc.example.org;
        location / {
            grpc_pass grpc://127.0.0.1:9000;
        }
        ${more}
    }
  `)

export default defineRule({
  summary: '`grpc_pass` stands in a server that does not speak HTTP/2',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Every gRPC client speaks HTTP/2. nginx takes it on a plain port by `listen … http2` (or `http2 on`, since 1.25.1) alone, and over TLS where it may offer it: without, clients fail before any request (`http2: frame too large`, `Missing server settings frame`).',
  remedy: 'Write `listen 50051 http2`, or `http2 on` since nginx 1.25.1',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_grpc_module.html',
    'https://nginx.org/en/docs/http/ngx_http_v2_module.html#http2',
  ],
  bad: [{ title: 'a plain port', files: { 'etc/nginx/nginx.conf': nginx('50051') } }],
  good: [
    { title: 'HTTP/2 on the port', files: { 'etc/nginx/nginx.conf': nginx('50051 http2') } },
    {
      title: 'by the switch of newer versions',
      files: {
        'etc/nginx/nginx.conf': nginx('50051', 'http2 on;'),
        '.auditrc': '{"versions": {"nginx": "1.27.0"}}',
      },
    },
    {
      title: 'another server of the socket says it',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            server {
                listen 50051;
                server_name grpc.example.org;
                location / {
                    grpc_pass grpc://127.0.0.1:9000;
                }
            }
          `,
          conf`
            server {
                listen 50051 http2;
                server_name other.example.org;
            }
          `,
        ]),
      },
    },
  ],
  *check({ nginx: configurations, connections }) {
    if (!configurations.some(({ occurrences }) => occurrences.has('grpc_pass'))) return
    for (const { server, pass } of connections.nginx) {
      if (pass.name !== 'grpc_pass' || server.listens.length === 0) continue
      const { configuration, directive } = server
      const own = sockets(configuration).filter(({ servers }) =>
        servers.some(each => each.server === directive),
      )
      if (own.length === 0 || own.some(({ http2, quic, complete }) => http2 || quic || !complete)) continue
      const listen = server.listens[0]?.directive ?? directive
      yield {
        at: namePlace(listen),
        message: 'this server speaks HTTP/1.1 alone, and gRPC needs HTTP/2',
        label: 'no `http2`',
        related: [{ at: argumentPlace(pass, 0), message: 'clients of this speak HTTP/2' }],
      }
    }
  },
})
