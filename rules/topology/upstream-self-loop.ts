import type { NginxConnection, NginxListener, NginxServer, Target } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type Address, covers, type Endpoint, formatEndpoint, isLoopback } from '../../src/servers/address.ts'
import { parseNginxListen } from '../../src/servers/addresses/nginx.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { selectServer } from '../../src/servers/nginx/queries/select-server.ts'
import { nginxMain } from '../_examples.ts'
import { streamTargets } from './_stream-targets.ts'

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
const stream = (lines: string): string => conf`
  events {
  }
  stream {
      ${lines}
      server {
          listen 443;
          ssl_preread on;
          proxy_pass $backend;
      }
  }
  http {
      server {
          listen 127.0.0.1:8443;
          return 204;
      }
  }
`

export default defineRule({
  summary: 'nginx proxies a request, or a connection, to itself, to the same server',
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
    {
      title: 'a server for whatever name',
      files: {
        'etc/nginx/nginx.conf': nginxMain(nginx('«http://localhost»')).replace('example.org', '_'),
      },
    },
    {
      title: 'a name that stands for both families of addresses',
      files: {
        'nginx.conf': nginx('«http://localhost»').replace('listen 80;', 'listen 80;\n    listen [::]:80;'),
      },
    },
    {
      title: 'connections of which no name is known',
      files: {
        'etc/nginx/nginx.conf': stream(conf`
          map $ssl_preread_server_name $backend {
              mail.example.org 192.0.2.7:443;
              default web;
          }
          upstream web {
              server «127.0.0.1:443»;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'a server that the grammar asks for where Lua chooses',
      files: {
        'nginx.conf': conf`
          upstream shop {
              server 127.0.0.1;
              balancer_by_lua_block {
                  ngx.ctx.balancer:balance()
              }
          }
          server {
              listen 80;
              location / {
                  proxy_pass http://shop;
              }
          }
        `,
      },
    },
    { title: 'the backend’s port', files: { 'nginx.conf': nginx('http://127.0.0.1:8000') } },
    {
      title: 'connections of which no name is known, to a server of http',
      files: {
        'etc/nginx/nginx.conf': stream(conf`
          map $ssl_preread_server_name $backend {
              mail.example.org 192.0.2.7:443;
              default 127.0.0.1:8443;
          }
        `),
      },
    },
    {
      title: 'connections from this machine alone',
      files: {
        'etc/nginx/nginx.conf': stream(conf`
          map $remote_addr $backend {
              127.0.0.1 192.0.2.7:443;
              default 127.0.0.1:443;
          }
        `),
      },
    },
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
      title: 'a server for whatever name, behind which another one is the default',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 192.0.2.7:80;
              server_name _;
              location / {
                  proxy_pass http://127.0.0.1;
                  proxy_set_header Host $host;
              }
          }
          server {
              listen 127.0.0.1:80;
              root /srv/www;
          }
        `),
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
  *check({ connections, nginx: configurations }) {
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
    for (const configuration of configurations) {
      if (!configuration.occurrences.has('stream')) continue
      for (const pass of configuration.occurrences.get('proxy_pass') ?? []) {
        if (pass.context !== 'stream server' || pass.parent === null) continue
        for (const { endpoint, at, map } of streamTargets(configuration, pass)) {
          // By the name in the handshake the connection comes to the same line of the map again.
          if (map !== null && !/^\$\{?ssl_preread_/.test(map.args[0]?.value ?? '')) continue
          const listen = listenTaking(pass.parent, endpoint)
          if (listen === undefined) continue
          yield {
            at,
            message: `nginx connects to ${formatEndpoint(endpoint)}, which this server of \`stream\` opens itself, and the connection comes back to it`,
            label: 'nginx itself answers here',
            related: [
              { at: argumentPlace(listen, 0), message: 'nginx listens here' },
              { at: argumentPlace(pass, 0), message: 'proxied here' },
            ],
          }
        }
      }
    }
  },
})

/** The `listen` of a server of stream that takes connections to an address of this machine. */
function listenTaking(server: NginxDirective, target: Endpoint): NginxDirective | undefined {
  if (target.address.kind !== 'unix' && isLoopback(target.address) !== true) return undefined
  return childrenNamed(server, 'listen').find(({ args }) => {
    const opened = parseNginxListen(args[0]?.value ?? '')
    return opened !== null && !args.some(({ value }) => value === 'udp') && covers(opened, target) === true
  })
}

function nginxListener({ to }: Target): NginxListener | null {
  return to.kind === 'listener' && to.listener.kind === 'nginx' ? to.listener : null
}

/** The name that is sent selects the server of the connection, and the path is not changed on the way. */
function comesBack(connection: NginxConnection, target: Target, listen: NginxListener): boolean {
  const { server, pass, hostsSent } = connection
  if (!hostsSent.known || changesPath(connection)) return false
  if (listen.program.configuration !== server.configuration) return false
  const hosts = hostsSent.value.length > 0 || !passesHostOn(connection) ? hostsSent.value : [ANY_NAME]
  return (
    pass.parent !== null &&
    hosts.length > 0 &&
    hosts.every(host => answers(server, addressOf(target), target.port, host))
  )
}

/** Stands for the names that no server has: what a server without a name is asked for. */
const ANY_NAME = 'no-server-has-this-name.invalid'

function passesHostOn({ headers }: NginxConnection): boolean {
  const host = headers.written.findLast(({ name }) => name === 'host')
  return host !== undefined && host.state !== 'cleared'
}

/** The address that is connected to; nginx takes those of `localhost` by turns, and 127.0.0.1 is one of them. */
function addressOf(target: Target): Address {
  const address = target.addresses.find(({ kind }) => kind === 'ip') ?? target.address
  return address.kind === 'name' && isLoopback(address) === true ? LOOPBACK : address
}

const LOOPBACK: Address = { kind: 'ip', family: 4, ip: '127.0.0.1', wildcard: false }

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
