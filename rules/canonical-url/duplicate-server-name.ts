import { isStandIn } from '../../parsers/text/stand-in.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nameConflicts, socketsOf } from '../../src/servers/nginx/queries/select-server.ts'
import { serverNames } from '../../src/servers/nginx/queries/server-names.ts'
import { nginxMain } from '../_examples.ts'

const server = (name: string, root: string): string => conf`
  server {
      listen 80;
      server_name ${name};
      root /srv/${root};
  }
`

export default defineRule({
  summary: 'Two servers have the same name on the same socket, and nginx ignores the second',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx starts, warns of a “conflicting server name” and never gives the second server a request for it: a change made there, a redirect or a certificate, has no effect.',
  remedy: 'Join the two servers, or give them different names',
  references: ['https://nginx.org/en/docs/http/server_names.html'],
  bad: [
    {
      title: 'a copy that was forgotten',
      files: { 'nginx.conf': server('example.org', 'www') + server('«example.org»', 'new') },
    },
    {
      title: 'two redirects without a name',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              return 301 https://one.example.org$request_uri;
          }
          «server» {
              listen 80;
              return 301 https://two.example.org$request_uri;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'two names',
      files: { 'nginx.conf': server('example.org', 'www') + server('new.example.org', 'new') },
    },
    {
      title: 'words beside the one for no name, in servers of two images',
      files: {
        'nginx/gateway.conf': 'server {\n    listen 80;\n    server_name _ default;\n    return 502;\n}\n',
        'nginx/frontend.conf': 'server {\n    listen 80;\n    server_name _ default;\n    return 200;\n}\n',
      },
    },
    {
      title: 'two ports',
      files: {
        'nginx.conf': server('example.org', 'www') + server('example.org', 'new').replace('80', '8080'),
      },
    },
    {
      title: 'one server that says the name twice',
      files: { 'nginx.conf': server('example.org', 'www') + server('_', 'all') },
    },
    {
      title: 'a catch-all that is the default of its socket',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          server('_', 'www'),
          server('_', 'all').replace('listen 80', 'listen 80 default_server'),
        ]),
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      for (const { ignored, kept, socket, server, keptServer } of nameConflicts(configuration)) {
        // `containers/welcome-page-answers` says it of the site of an image.
        if (server === keptServer || isStandIn(keptServer.source)) continue
        if (isForNobody(configuration, server, ignored.text) && !isNeverAsked(configuration, server)) continue
        const where = formatEndpoint({ address: socket.address, port: socket.port })
        yield {
          at: ignored.at,
          per: 'sockets',
          message: often =>
            ignored.text === ''
              ? `nginx ignores this server${often || ` on ${where}`}, because an earlier one has no name either`
              : `nginx ignores \`${ignored.text}\` here${often || ` on ${where}`}, because an earlier server has it`,
          label: 'never asked',
          related: [{ at: kept.at, message: 'this server answers' }],
        }
      }
    }
  },
})

/** No name, or a word beside `_` that is no more of a name: `server_name _ default`. */
function isForNobody(configuration: NginxConfiguration, server: NginxDirective, text: string): boolean {
  if (isNameless(text)) return true
  return !text.includes('.') && serverNames(configuration, server).some(each => each.text === '_')
}

function isNameless(text: string): boolean {
  return text === '' || text === '_'
}

/** True where no socket gives a server anything: it has no name of its own and is the default of none. */
function isNeverAsked(configuration: NginxConfiguration, server: NginxDirective): boolean {
  if (configuration.main === null || serverNames(configuration, server).some(({ text }) => !isNameless(text)))
    return false
  return socketsOf(configuration, server).every(
    ({ socket: { defaultServer } }) => defaultServer.known && defaultServer.value.server !== server,
  )
}
