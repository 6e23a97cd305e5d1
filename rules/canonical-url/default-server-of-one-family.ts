import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { directivePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { type NginxSocket, sockets } from '../../src/servers/nginx/queries/sockets.ts'
import { nginxMain } from '../_examples.ts'
import { isOfFamilyAlone, twinOf } from './_families.ts'

const nginx = (listens: string, more = 'listen [::]:80;'): string =>
  nginxMain([
    conf`
      server {
          listen 80;
          ${more}
          server_name example.org;
          return 200 "shop";
      }
    `,
    conf`
      server {
          ${listens}
          server_name _;
          return 404;
      }
    `,
  ])

export default defineRule({
  summary: 'Over IPv6 another site answers for names that nobody has',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Each socket has a default server of its own. `listen 80 default_server` is that of IPv4 alone: over `[::]:80` the first server that listens there answers for every name, for scanners and for domains of others that point here.',
  remedy: 'Write `listen [::]:80 default_server;` beside it',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#listen'],
  bad: [
    {
      title: 'a catch-all on IPv4 alone',
      files: { 'etc/nginx/nginx.conf': nginx('listen «80» default_server;') },
    },
  ],
  good: [
    {
      title: 'a catch-all on both',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          listen 80 default_server;
          listen [::]:80 default_server;
        `),
      },
    },
    {
      title: 'nobody listens on IPv6',
      files: { 'etc/nginx/nginx.conf': nginx('listen 80 default_server;', '') },
    },
    {
      title: 'a default server that is a site',
      files: {
        'etc/nginx/nginx.conf': nginx('listen 80 default_server;').replace(
          'server_name _',
          'server_name a.org',
        ),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const opened = sockets(configuration)
      const wide = new Map<number, NginxSocket>()
      for (const socket of opened)
        if (isOfFamilyAlone(socket, 6) && socket.port !== null) wide.set(socket.port, socket)
      if (wide.size === 0) continue
      for (const socket of opened) {
        const other = socket.port === null ? undefined : wide.get(socket.port)
        const own = socket.explicitDefault
        if (other === undefined || own === null || !isOfFamilyAlone(socket, 4) || !isCatchAll(own.server))
          continue
        if (other.explicitDefault !== null || !other.defaultServer.known || !other.complete) continue
        const instead = other.defaultServer.value
        if (other.servers.some(({ server }) => server === own.server) || isCatchAll(instead.server)) continue
        const names = childrenNamed(instead.server, 'server_name').flatMap(({ args }) => args)
        const { directive } = own.listen
        yield {
          at: own.listen.at,
          message: `over IPv6 ${names[0] === undefined ? 'another server' : `\`${names[0].value}\``} answers for names that nobody has, as this catch-all listens on IPv4 alone`,
          label: 'IPv4 alone',
          related: [{ at: instead.listen.at, message: 'the first on this socket' }],
          ...(directive === null || directive === undefined
            ? {}
            : propose('Listen on IPv6 too', 'unsafe', [
                insertAfter(directivePlace(directive), ` ${twinOf(directive, `[::]:${socket.port ?? 80}`)}`),
              ])),
        }
      }
    }
  },
})

/** A server that refuses whatever comes to it: it has no name, and answers with an error or none. */
function isCatchAll(server: NginxDirective): boolean {
  const names = childrenNamed(server, 'server_name').flatMap(({ args }) => args.map(({ value }) => value))
  if (names.some(name => name !== '_' && name !== '')) return false
  return (
    childrenNamed(server, 'return').some(({ args }) => /^4\d\d$/.test(args[0]?.value ?? '')) ||
    childrenNamed(server, 'ssl_reject_handshake').some(({ args }) => args[0]?.value === 'on')
  )
}
