import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { directivePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { type NginxSocket, type SocketServer, sockets } from '../../src/servers/nginx/queries/sockets.ts'
import { nginxMain } from '../_examples.ts'
import { namesWritten, twinOf } from './_families.ts'

const nginx = (listens: string, other = 'listen [::]:8080;', blog = 'listen [::]:80;'): string =>
  nginxMain([
    conf`
      server {
          listen 8080;
          ${other}
          server_name shop.example.org;
          return 200 "shop";
      }
    `,
    conf`
      server {
          listen 80;
          ${blog}
          server_name blog.example.org;
          return 301 http://blog.example.org:8080$request_uri;
      }
    `,
    conf`
      server {
          ${listens}
          server_name blog.example.org;
          return 200 "blog";
      }
    `,
  ])

export default defineRule({
  summary: 'Over IPv6 another site answers for a name on one of its ports',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Each `listen` opens a socket of its own, and a server answers on those alone that it names. A name that is served over IPv6 on one port is looked for over IPv6 on the other one too: there the default server of that socket answers, with its certificate and its pages.',
  remedy: 'Write `listen [::]:443 ssl;` beside `listen 443 ssl;`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#listen',
    'https://nginx.org/en/docs/http/request_processing.html',
  ],
  bad: [
    {
      title: 'a redirect on both, and what it leads to on IPv4 alone',
      files: { 'etc/nginx/nginx.conf': nginx('listen «8080»;') },
    },
  ],
  good: [
    {
      title: 'both on both',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          listen 8080;
          listen [::]:8080;
        `),
      },
    },
    {
      title: 'one socket for both',
      files: { 'etc/nginx/nginx.conf': nginx('listen [::]:8080 ipv6only=off;') },
    },
    {
      title: 'nobody listens there on IPv6',
      files: { 'etc/nginx/nginx.conf': nginx('listen 8080;', '') },
    },
    {
      title: 'a name of IPv4 alone',
      files: { 'etc/nginx/nginx.conf': nginx('listen 8080;', undefined, '') },
    },
    {
      title: 'a pattern that takes the name',
      files: {
        'etc/nginx/nginx.conf': nginx('listen 8080;').replace('shop.example.org', '*.example.org'),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const opened = sockets(configuration).filter(({ quic, port }) => !quic && port !== null)
      const wide = new Map(opened.flatMap(socket => (isEvery(socket, 6) ? [[socket.port, socket]] : [])))
      if (wide.size < 2) continue
      const named = new Map([...wide].map(([port, { servers }]) => [port, namesOf(servers)]))
      for (const socket of opened) {
        const other = wide.get(socket.port)
        const own = named.get(socket.port)
        if (other === undefined || own === undefined || !isEvery(socket, 4) || !other.complete) continue
        if (other.ipv6only === false || [...own.keys()].some(isPattern)) continue
        for (const { server, listen } of socket.servers) {
          const elsewhere = plainNames(server).flatMap(name => {
            if (own.has(name)) return []
            const found = [...named].find(([port, names]) => port !== socket.port && names.has(name))
            const at = found?.[1].get(name)
            return at === undefined ? [] : [{ name, port: found?.[0], at }]
          })
          const [first] = elsewhere
          if (first === undefined || !other.defaultServer.known) continue
          const instead = other.defaultServer.value
          const { directive } = listen
          yield {
            at: listen.at,
            message: `\`${first.name}\` is served over IPv6 on port ${first.port}, and on port ${socket.port} over IPv4 alone: over IPv6 ${nameOf(instead)} answers for it there`,
            label: 'IPv4 alone',
            related: [
              { at: first.at.listen.at, message: 'served over IPv6' },
              { at: instead.listen.at, message: 'answers instead' },
            ],
            ...(directive == null
              ? {}
              : propose('Listen on IPv6 too', 'unsafe', [
                  insertAfter(
                    directivePlace(directive),
                    ` ${twinOf(directive, `[::]:${socket.port ?? 80}`)}`,
                  ),
                ])),
          }
        }
      }
    }
  },
})

/** True for the socket of all addresses of a version of IP. */
function isEvery({ address }: NginxSocket, family: 4 | 6): boolean {
  return address.kind === 'ip' && address.wildcard && address.family === family
}

/** Each name of the servers of a socket, with the first that has it. */
function namesOf(servers: readonly SocketServer[]): ReadonlyMap<string, SocketServer> {
  const found = new Map<string, SocketServer>()
  for (const each of servers)
    for (const name of namesWritten(each.server)) if (!found.has(name)) found.set(name, each)
  return found
}

function plainNames(server: NginxDirective): readonly string[] {
  return namesWritten(server).filter(name => name.includes('.') && !isPattern(name))
}

/** What may stand for other names, too. */
function isPattern(name: string): boolean {
  return /^[.~]|[*$]/.test(name)
}

function nameOf({ server }: SocketServer): string {
  const [name] = namesWritten(server)
  return name === undefined || name === '_' || name === '' ? 'another server' : `\`${name}\``
}
