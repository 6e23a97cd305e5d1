import { posix } from 'node:path'
import { outerFile } from '../../src/deployment/outer-file.ts'
import type { Source } from '../../parsers/text/source.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint, isLoopback } from '../../src/servers/address.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { type NginxSocket, type SocketServer, sockets } from '../../src/servers/nginx/queries/sockets.ts'

const MAIN = conf`
  events {
  }
  http {
      access_log off;
      include /etc/nginx/sites-enabled/*;
  }
`
const site = (name: string, listen: string): string => conf`
  server {
      listen ${listen};
      server_name ${name};
      return 200 ${name};
  }
`

export default defineRule({
  summary: 'The order of file names decides which site answers unknown names',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without a `default_server` nginx gives requests for names that it does not know to the server it reads first, and a pattern is read in the order of the alphabet: a new site whose file begins with an earlier letter takes them over.',
  remedy: 'Write `default_server` on the `listen` of the site that is meant to answer',
  references: [
    'https://nginx.org/en/docs/http/request_processing.html',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#listen',
  ],
  bad: [
    {
      title: 'two sites in a directory',
      files: {
        'etc/nginx/nginx.conf': MAIN,
        'etc/nginx/sites-enabled/blog.conf': site('blog.example.org', '«80»'),
        'etc/nginx/sites-enabled/shop.conf': site('shop.example.org', '80'),
      },
    },
  ],
  good: [
    {
      title: 'said',
      files: {
        'etc/nginx/nginx.conf': MAIN,
        'etc/nginx/sites-enabled/blog.conf': site('blog.example.org', '80'),
        'etc/nginx/sites-enabled/shop.conf': site('shop.example.org', '80 default_server'),
      },
    },
    {
      title: 'one file, whose order its owner sees',
      files: {
        'etc/nginx/nginx.conf': MAIN,
        'etc/nginx/sites-enabled/all.conf': site('blog.example.org', '80') + site('shop.example.org', '80'),
      },
    },
    {
      title: 'a number in front of the name, to be the first',
      files: {
        'etc/nginx/nginx.conf': MAIN,
        'etc/nginx/sites-enabled/00-unknown.conf': site('_', '80'),
        'etc/nginx/sites-enabled/shop.conf': site('shop.example.org', '80'),
      },
    },
    {
      title: 'each file named',
      files: {
        'etc/nginx/nginx.conf': MAIN.replace(
          'sites-enabled/*;',
          'sites-enabled/shop.conf;\n    include /etc/nginx/sites-enabled/blog.conf;',
        ),
        'etc/nginx/sites-enabled/blog.conf': site('blog.example.org', '80'),
        'etc/nginx/sites-enabled/shop.conf': site('shop.example.org', '80'),
      },
    },
    {
      title: 'a port for each',
      files: {
        'etc/nginx/nginx.conf': MAIN,
        'etc/nginx/sites-enabled/blog.conf': site('blog.example.org', '80'),
        'etc/nginx/sites-enabled/shop.conf': site('shop.example.org', '8080'),
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      const patternOf = patterns(configuration)
      if (patternOf.size === 0) continue
      const firsts = new Map<NginxDirective, NginxSocket[]>()
      for (const socket of sockets(configuration)) {
        if (socket.explicitDefault !== null || !socket.defaultServer.known || socket.quic) continue
        if (isLoopback(socket.address) !== false) continue
        const { server } = socket.defaultServer.value
        const pattern = patternOf.get(server.source)
        if (pattern === undefined || rivalOf(socket, server, pattern, patternOf) === undefined) continue
        firsts.set(server, [...(firsts.get(server) ?? []), socket])
      }
      for (const [server, own] of firsts) {
        // A number or a mark in front of a file's name is there to put it first.
        if (/^[\d_!.+-]/.test(posix.basename(server.source.path))) continue
        const [first] = own
        const pattern = patternOf.get(server.source)
        if (first === undefined || pattern === undefined) continue
        const entries = entriesOf(own, server)
        const rival = rivalOf(first, server, pattern, patternOf)
        const where = own.map(({ address, port }) => formatEndpoint({ address, port }))
        yield {
          at: entries[0]?.listen.at ?? namePlace(server),
          message: `this server answers unknown names on ${where.slice(0, 4).join(', ')} because ${outerFile(server.source) === null ? `\`${posix.basename(server.source.path)}\`` : 'its file'} is the first file of \`${pattern.args[0]?.value ?? ''}\``,
          label: 'first by the alphabet',
          related: [
            { at: argumentPlace(pattern, 0), message: 'read in the order of the names' },
            ...(rival === undefined ? [] : [{ at: rival.listen.at, message: 'the next in line' }]),
          ],
          ...propose('Say that this server is the default', 'safe', entries.map(defaultServer)),
        }
      }
    }
  },
})

/** The files that a pattern with several of them brought, each with the `include`. */
function patterns({ included }: NginxConfiguration): ReadonlyMap<Source, NginxDirective> {
  const found = new Map<Source, NginxDirective>()
  for (const [include, sources] of included ?? []) {
    if (sources.length < 2 || !/[*?[]/.test(include.args[0]?.value ?? '')) continue
    for (const source of sources) if (!found.has(source)) found.set(source, include)
  }
  return found
}

/** Another server of the socket, from another file of the same pattern. */
function rivalOf(
  { servers }: NginxSocket,
  server: NginxDirective,
  pattern: NginxDirective,
  patternOf: ReadonlyMap<Source, NginxDirective>,
): SocketServer | undefined {
  return servers.find(
    each => each.server.source !== server.source && patternOf.get(each.server.source) === pattern,
  )
}

/** The server's own places on the sockets, each once: a range of ports is one `listen`. */
function entriesOf(all: readonly NginxSocket[], server: NginxDirective): readonly SocketServer[] {
  const byListen = new Map(
    all.flatMap(({ servers }) =>
      servers.filter(each => each.server === server).map(each => [each.listen, each] as const),
    ),
  )
  return [...byListen.values()]
}

function defaultServer({ server, listen: { directive } }: SocketServer) {
  // A line of a snippet stands in other servers too, of which one alone may be the default.
  if (directive === null || directive.source !== server.source) return null
  return insertAfter(argumentPlace(directive, directive.args.length - 1), ' default_server')
}
