import type { ApacheHost, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { once } from '../../parsers/collections/once.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { selectServer } from '../../src/servers/nginx/queries/select-server.ts'

const nginx = (names: string, first = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        ${first}
        server {
            listen 80;
            server_name ${names};
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
        }
    }
  `,
})
const NOBODY = '    server {\n        listen 80 default_server;\n        return 444;\n    }\n'
const apache = (alias: string, listen = '127.0.0.1:9000'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(conf`
    Listen ${listen}
    <VirtualHost *:9000>
        ServerName example.org
        ServerAlias ${alias}
        DocumentRoot /srv/www
    </VirtualHost>
  `),
})

export default defineRule({
  summary: 'A ServerAlias that nginx never asks for',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Only nginx reaches the virtual host, and requests for this name end in a server of nginx that does not proxy them. The name is left over, or its line in nginx is missing.',
  remedy: 'Add the name to `server_name` in nginx, or remove the alias',
  references: ['https://nginx.org/en/docs/http/server_names.html'],
  bad: [
    {
      title: 'nginx does not know the name',
      files: { ...nginx('example.org', NOBODY), ...apache('«shop.example.org»') },
    },
  ],
  good: [
    {
      title: 'both know it',
      files: { ...nginx('example.org shop.example.org', NOBODY), ...apache('shop.example.org') },
    },
    {
      title: 'the default server of nginx proxies it',
      files: { ...nginx('example.org'), ...apache('shop.example.org') },
    },
    {
      title: 'the network reaches Apache itself',
      files: { ...nginx('example.org', NOBODY), ...apache('shop.example.org', '9000') },
    },
    {
      title: 'nginx redirects the name',
      files: {
        ...nginx(
          'example.org',
          conf`
            ${NOBODY}    server {
                    listen 80;
                    server_name www.example.org;
                    return 301 http://example.org$request_uri;
                }
          `,
        ),
        ...apache('www.example.org'),
      },
    },
  ],
  *check(deployment) {
    const { nginx, virtualHosts, servers } = deployment
    if (nginx.length === 0 || nginx.some(({ main }) => main === null)) return
    const byDirective = serverIndex(servers)
    const names = once(() => new Set(servers.flatMap(server => server.names.map(({ name }) => name))))
    for (const host of virtualHosts) {
      if (host.virtualHost.aliases.length === 0) continue
      const known = names()
      const aliases = host.virtualHost.aliases.filter(
        ({ name, wild }) =>
          !wild && name.known && name.value.includes('.') && !known.has(name.value.toLowerCase()),
      )
      if (aliases.length === 0 || !isBehindNginx(deployment, host)) continue
      const fronts = new Set(
        deployment.connections
          .reaching(host)
          .flatMap(({ connection, certain }) => (certain ? [connection.server] : [])),
      )
      const doors = doorsOf(fronts)
      if (doors.length === 0) continue
      const lost = aliases.filter(({ name }) => {
        if (!name.known) return false
        return doors.every(({ configuration, port }) => {
          const selection = selectServer(configuration, { port, host: name.value })
          const server = selection.known ? byDirective.get(selection.value.server) : undefined
          return server !== undefined && !fronts.has(server)
        })
      })
      const [first] = lost
      if (first === undefined || !first.name.known) continue
      const more = lost.length === 1 ? '' : ` (and ${lost.length - 1} more of its names)`
      const [front] = fronts
      yield {
        at: first.at,
        message: `nginx proxies no request for \`${first.name.value}\`${more} to this virtual host`,
        related:
          front?.names[0] === undefined ? [] : [{ at: front.names[0].at, message: 'these names come here' }],
      }
    }
  },
})

/** True where no socket of the host's ports is open to the network. */
function isBehindNginx({ listeners }: Deployment, host: ApacheHost): boolean {
  const ports = new Set(host.addresses.map(({ port }) => port))
  const open = listeners.filter(({ kind, port }) => kind === 'apache' && ports.has(port))
  return open.length > 0 && !ports.has(null) && open.every(({ loopback }) => loopback === true)
}

/** The ports on which clients come to some servers, once each. */
function doorsOf(servers: Iterable<NginxServer>) {
  const doors = new Map<string, { configuration: NginxConfiguration; port: number }>()
  const numbers = new Map<NginxConfiguration, number>()
  for (const { configuration, listens } of servers) {
    if (!numbers.has(configuration)) numbers.set(configuration, numbers.size)
    for (const { port } of listens) {
      if (port !== null) doors.set(`${numbers.get(configuration)} ${port}`, { configuration, port })
    }
  }
  return [...doors.values()]
}
