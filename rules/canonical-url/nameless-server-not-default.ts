import { isStandIn } from '../../parsers/text/stand-in.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { socketsOf } from '../../src/servers/nginx/queries/select-server.ts'
import { type NginxServerName, serverNames } from '../../src/servers/nginx/queries/server-names.ts'
import { httpServers } from '../../src/servers/nginx/queries/servers.ts'
import type { NginxSocket, SocketServer } from '../../src/servers/nginx/queries/sockets.ts'
import { nginxMain } from '../_examples.ts'

const APPLICATION = conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:8000;
      }
  }
`
const redirect = (listen: string, name = ''): string => conf`
  server {
      listen ${listen};
      ${name}
      return 301 https://example.org$request_uri;
  }
`

export default defineRule({
  summary: 'A server for all other names is not the default server, so nginx never asks it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A server without a name has the empty one, and `_` is a name like any other: no request has either. What no name matches goes to the server that says `default_server`, else to the first of the socket, whatever its name is.',
  remedy: 'Write `default_server` behind its `listen`, or put the server first',
  references: [
    'https://nginx.org/en/docs/http/request_processing.html',
    'https://nginx.org/en/docs/http/server_names.html#miscellaneous_names',
  ],
  bad: [
    {
      title: 'the same in a branch of a template',
      files: {
        'templates/site.conf.j2': conf`
          ${APPLICATION}
          {% if tls %}
          ${redirect('80').replace('server {', '«server» {')}
          {% endif %}
        `,
      },
    },
    {
      title: 'a redirect of all other names, behind the site',
      files: { 'nginx.conf': APPLICATION + redirect('80').replace('server {', '«server» {') },
    },
    {
      title: 'the name `_`',
      files: { 'etc/nginx/nginx.conf': nginxMain(APPLICATION + redirect('80', 'server_name «_»;')) },
    },
    {
      title: 'a site that is the default server, in a file that is read later',
      files: {
        'etc/nginx/nginx.conf': nginxMain('include /etc/nginx/sites-enabled/*;\n'),
        'etc/nginx/sites-enabled/catch-all': redirect('80', 'server_name «_»;'),
        'etc/nginx/sites-enabled/shop': APPLICATION.replace('listen 80', 'listen 80 default_server'),
      },
    },
  ],
  good: [
    {
      title: 'names that a template has under a condition',
      files: {
        'templates/site.conf.j2': conf`
          ${APPLICATION}
          ${redirect('80', '{% if names %}\nserver_name {{ names }};\n{% endif %}')}
        `,
      },
    },
    {
      title: 'the default server',
      files: { 'nginx.conf': APPLICATION + redirect('80 default_server') },
    },
    {
      title: 'the first server of the socket',
      files: { 'etc/nginx/nginx.conf': nginxMain(redirect('80', 'server_name _;') + APPLICATION) },
    },
    {
      title: 'a port of its own, and an address of its own',
      files: {
        'nginx.conf':
          APPLICATION +
          redirect('8080') +
          conf`
            server {
                listen 80;
                listen 127.0.0.1:80;
                location /status {
                    stub_status;
                }
            }
          `,
      },
    },
    {
      title: 'the empty name, for requests without a host',
      files: { 'nginx.conf': APPLICATION + redirect('80', 'server_name "";') },
    },
    {
      title: 'a name that a file brings which is not in the audit',
      files: { 'nginx.conf': APPLICATION + redirect('80', 'include snippets/names.conf;') },
    },
    {
      title: 'files of which nobody knows the order',
      files: {
        'sites-available/shop.conf': APPLICATION,
        'sites-available/catch-all.conf': redirect('80', 'server_name _;'),
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx)
      for (const server of httpServers(configuration)) {
        const name = impossibleName(configuration, server)
        if (name === null) continue
        const own = socketsOf(configuration, server)
        const answering = own.map(({ socket }) => otherDefault(configuration, socket, server, name.text))
        const [[first], [socket]] = [answering, own.map(each => each.socket)]
        if (first === undefined || first === null || socket === undefined || answering.includes(null))
          continue
        // `containers/welcome-page-answers` says it of the site of an image.
        if (isStandIn(first.server.source)) continue
        const where = formatEndpoint({ address: socket.address, port: socket.port })
        yield {
          at: name.at,
          message: `no request has the name of this server, and it is not the default server of ${where}: nginx never asks it`,
          label: 'never asked',
          related: [{ at: first.listen.at, message: `answers what no name matches on ${where}` }],
          ...propose('Make it the default server', 'unsafe', own.map(defaultServer)),
        }
      }
  },
})

/**
 * The name of a server that no request has; null for a server with any other, for one whose names are not known, and for
 * one that says `""`, which is there for requests without a host.
 */
function impossibleName(configuration: NginxConfiguration, server: NginxDirective): NginxServerName | null {
  const names = serverNames(configuration, server)
  const [only] = names
  if (only === undefined || !names.every(({ text }) => /^_*$/.test(text))) return null
  if (names.some(({ text }) => text === '') && childrenNamed(server, 'server_name').length > 0) return null
  return hasUnreadInclude(configuration, server) ? null : only
}

/**
 * Another server that answers what no name matches on a socket: the default server, or one that stands earlier in the
 * same file. Null where there may be none, and where an earlier server has the same name, which nginx warns of.
 */
function otherDefault(
  configuration: NginxConfiguration,
  { servers, explicitDefault, complete }: NginxSocket,
  server: NginxDirective,
  name: string,
): SocketServer | null {
  if (explicitDefault?.server === server) return null
  let answering: SocketServer | null = null
  for (const each of servers) {
    if (each.server === server) break
    if (serverNames(configuration, each.server).some(({ text }) => text === name)) return null
    if (complete || each.server.source === server.source) answering ??= each
  }
  return complete && explicitDefault !== null ? explicitDefault : answering
}

function defaultServer({ socket, entry }: { readonly socket: NginxSocket; readonly entry: SocketServer }) {
  const { directive } = entry.listen
  // A line of a snippet stands in other servers too, of which one alone may be the default.
  if (socket.explicitDefault !== null || directive === null || directive.source !== entry.server.source)
    return null
  return insertAfter(argumentPlace(directive, directive.args.length - 1), ' default_server')
}
