import type { NginxListener } from '../../src/deployment/model.ts'
import type { NginxConnection, NginxServer, Target } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { selectServer } from '../../src/servers/nginx/queries/select-server.ts'

const nginx = (target: string, lines = ''): string => conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass ${target};
          proxy_set_header Host $host;
      }
  }
  ${lines}
`

export default defineRule({
  summary: 'nginx proxies a request to itself, to the same server',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The request comes back to where it started, again and again, until nginx runs out of connections: one client takes every site of the machine down.',
  remedy: 'Connect to the port of the backend',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass'],
  bad: [
    {
      title: 'the port of nginx instead of the backend’s',
      files: { 'nginx.conf': nginx('«http://127.0.0.1:80»') },
    },
    {
      title: 'no port, which is 80',
      files: { 'nginx.conf': nginx('«http://127.0.0.1»') },
    },
  ],
  good: [
    { title: 'the backend’s port', files: { 'nginx.conf': nginx('http://127.0.0.1:8000') } },
    {
      title: 'an inner server on a port of its own',
      files: {
        'nginx.conf': nginx(
          'http://127.0.0.1:8080',
          conf`
            server {
                listen 127.0.0.1:8080;
                root /srv/www;
            }
          `,
        ),
      },
    },
    {
      title: 'an inner server under another name',
      files: {
        'nginx.conf': nginx(
          'http://127.0.0.1:80',
          conf`
            server {
                listen 80;
                server_name inner;
                root /srv/www;
            }
          `,
        ).replace('Host $host', 'Host inner'),
      },
    },
    {
      title: 'a prefix taken away, so that another location answers',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location /old/ {
                  proxy_pass http://127.0.0.1/;
                  proxy_set_header Host $host;
              }
              location / {
                  return 200 new;
              }
          }
        `,
      },
    },
    {
      title: 'another location of the same server',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location /old/ {
                  proxy_pass http://127.0.0.1:80/new/;
                  proxy_set_header Host $host;
              }
              location /new/ {
                  return 200 new;
              }
          }
        `,
      },
    },
  ],
  *check({ connections }) {
    for (const connection of connections.http) {
      for (const target of connection.targets) {
        const listen = nginxListener(target)
        if (listen === null || connection.reachable === false) continue
        if (!comesBack(connection, target, listen)) continue
        yield {
          at: target.at,
          message: `nginx connects to ${formatEndpoint(target)}, which it opens itself, and the request comes back to the same server`,
          label: 'nginx itself answers here',
          related: [
            { at: listen.at, message: 'nginx listens here' },
            { at: argumentPlace(connection.pass, 0), message: 'proxied here' },
          ],
        }
      }
    }
  },
})

function nginxListener({ to }: Target): NginxListener | null {
  return to.kind === 'listener' && to.listener.kind === 'nginx' ? to.listener : null
}

/** The name that is sent selects the server of the connection, and the path is not changed on the way. */
function comesBack(connection: NginxConnection, target: Target, listen: NginxListener): boolean {
  const { server, pass, hostsSent } = connection
  if (!hostsSent.known || changesPath(connection)) return false
  if (listen.program.configuration !== server.configuration) return false
  const address = target.addresses.find(({ kind }) => kind === 'ip') ?? target.address
  return (
    pass.parent !== null &&
    hostsSent.value.length > 0 &&
    hostsSent.value.every(host => answers(server, address, target.port, host))
  )
}

/** A path behind the address, or a rewrite in front, sends another path, which another location may answer. */
function changesPath({ pass, block }: NginxConnection): boolean {
  return (
    /^https?:\/\/[^/]+\//i.test(pass.args[0]?.value ?? '') ||
    block.children.some(({ name }) => name === 'rewrite')
  )
}

function answers(
  server: NginxServer,
  address: Target['address'],
  port: number | null,
  host: string,
): boolean {
  const selection = selectServer(server.configuration, { address, port, host })
  return selection.known && selection.value.server === server.directive
}
