import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivePlace, insertAfter, propose } from '../../src/deployment/edits.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { httpServers } from '../../src/servers/nginx/queries/servers.ts'
import { type NginxSocket, sockets } from '../../src/servers/nginx/queries/sockets.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { nginxMain } from '../_examples.ts'
import { isOfFamilyAlone, namesWritten, twinOf } from './_families.ts'

const server = (listens: string, name = 'shop.example.org'): string => conf`
  server {
      ${listens}
      server_name ${name};
      return 200 "shop";
  }
`
const nginx = (...servers: readonly string[]): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([...servers]),
})

export default defineRule({
  summary: 'A server listens over IPv6, and no client over IPv4 reaches it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Since nginx 1.3.4 `listen [::]:80` opens a socket for IPv6 alone: `ipv6only` is on by default. Clients over IPv4 are refused, or get another site that listens there.',
  remedy: 'Write `listen 80;` beside `listen [::]:80;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#listen'],
  bad: [
    { title: 'one listen', files: nginx(server('listen «[::]:80»;')) },
    {
      title: 'a redirect to TLS, in lines that some main file includes',
      files: {
        'shop.conf': conf`
          server {
              listen «[::]:80»;
              server_name shop.example.org;
              return 301 https://shop.example.org$request_uri;
          }
          server {
              listen 443 ssl;
              listen [::]:443 ssl;
              server_name www.example.org;
              return 301 https://shop.example.org$request_uri;
          }
        `,
      },
    },
  ],
  good: [
    { title: 'both', files: nginx(server('listen 80;\nlisten [::]:80;')) },
    { title: 'one socket for both', files: nginx(server('listen [::]:80 ipv6only=off;')) },
    {
      title: 'a server of the same name for each',
      files: nginx(server('listen 80;'), server('listen [::]:80;')),
    },
    { title: 'the loopback of IPv6', files: nginx(server('listen [::1]:80;')) },
    {
      title: 'a port that somebody fills in',
      files: { 'shop.conf.template': server('listen [::]:80;\nlisten ${PORT};') },
    },
    {
      title: 'a server of the same name at an address that somebody fills in',
      files: {
        'shop.conf.j2': conf`
          ${server('listen [::]:80;')}
          ${server('listen {{ address }}:80;')}
        `,
      },
    },
    {
      title: 'lines of a file that is not here',
      files: nginx(server('include /opt/listen.conf;\nlisten [::]:80;')),
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const opened = sockets(configuration).filter(({ quic }) => !quic)
      const [six, others] = [opened.filter(isOfSix), opened.filter(socket => !isOfSix(socket))]
      if (six.length === 0) continue
      const elsewhere = new Set(others.flatMap(({ servers }) => servers.map(each => each.server)))
      const open = httpServers(configuration).filter(listensOpenly)
      const named = new Set([...elsewhere, ...open].flatMap(namesWritten))
      for (const { port, servers } of six)
        for (const { server, listen } of servers) {
          const { directive } = listen
          if (
            directive == null ||
            elsewhere.has(server) ||
            namesWritten(server).some(name => named.has(name))
          )
            continue
          if (hasUnreadInclude(configuration, server) || listensOpenly(server)) continue
          yield {
            at: listen.at,
            message: `this opens port ${port} over IPv6 alone, and the server listens nowhere else: no client over IPv4 reaches it`,
            label: '`ipv6only` is on by default',
            ...propose('Listen on IPv4 too', 'unsafe', [
              insertAfter(directivePlace(directive), ` ${twinOf(directive, String(port ?? 80))}`),
            ]),
          }
        }
    }
  },
})

const isOfSix = (socket: NginxSocket): boolean => isOfFamilyAlone(socket, 6)

/** True where a `listen` of the server is filled in, or a line that may be one. */
function listensOpenly({ children, source }: NginxDirective): boolean {
  return (
    source.template &&
    children.some(
      ({ name, args }) =>
        isUnknownWord(name) || (name === 'listen' && args.some(({ value }) => isUnknownWord(value))),
    )
  )
}
