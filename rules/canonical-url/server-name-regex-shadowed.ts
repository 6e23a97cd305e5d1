import { memo } from '../../parsers/collections/memo.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { type NginxServerName, serverNames } from '../../src/servers/nginx/queries/server-names.ts'
import { type NginxSocket, sockets } from '../../src/servers/nginx/queries/sockets.ts'
import { literalPrefix } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { nginxMain } from '../_examples.ts'

const nginx = (wildcard: string, expression: string, listen = 'listen 80;'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([
    conf`
      server {
          listen 80;
          server_name ${wildcard};
          return 301 http://www.example.org$request_uri;
      }
    `,
    conf`
      server {
          ${listen}
          server_name ${expression};
          return 200 $host;
      }
    `,
  ]),
})

export default defineRule({
  summary: 'A regular expression of `server_name` loses to a wildcard',
  severity: 'error',
  otherSeverities: { warning: 'where the server has other names, or is the default one' },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx takes the exact name first, then `*.example.org`, then `www.example.*`, and regular expressions last, wherever they are written. Whatever the expression matches is answered by the server with the wildcard.',
  remedy:
    'Remove the wildcard from the other server and list the names it is for, or make it an expression below the other one',
  references: ['https://nginx.org/en/docs/http/server_names.html'],
  bad: [
    {
      title: 'a directory for each name',
      files: nginx('example.org *.example.org', '«~^(?<club>[a-z0-9-]+)\\.example\\.org$»'),
    },
    {
      title: 'the wildcard that takes the domain too',
      files: nginx('.example.org', '«"~^(www|shop)\\.(eu|us)\\.example\\.org$"»'),
    },
    {
      title: 'a wildcard at the end',
      files: nginx('www.example.*', '«~^www\\.example\\.(?<country>[a-z]{2})$»'),
    },
    {
      title: 'beside a name of its own',
      files: nginx('*.example.org', 'clubs.example.net «~^(.+)\\.example\\.org$»'),
    },
  ],
  good: [
    { title: 'names', files: nginx('example.org www.example.org', '~^(?<club>[a-z0-9-]+)\\.example\\.org$') },
    { title: 'another port', files: nginx('*.example.org', '~^(.+)\\.example\\.org$', 'listen 8080;') },
    {
      title: 'a second port, where the wildcard is not',
      files: nginx('*.example.org', '~^(.+)\\.example\\.org$', 'listen 80; listen 8080;'),
    },
    { title: 'another domain', files: nginx('*.shop.example.org', '~^(.+)\\.example\\.org$') },
    {
      title: 'one of two domains',
      files: nginx('*.example.org', '~^shop\\.example\\.net$|^(.+)\\.example\\.org$'),
    },
    { title: 'an end that is open', files: nginx('*.example.org', '~^(.+)\\.example\\.org') },
    {
      title: 'the wildcard of the same server',
      files: nginx('example.net', '*.example.org ~^(.+)\\.example\\.org$'),
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const lines = configuration.occurrences.get('server_name') ?? []
      const servers = new Set(
        lines.flatMap(({ args, parent }) => (args.some(isRegex) && parent ? [parent] : [])),
      )
      for (const server of servers) {
        const own = sockets(configuration).filter(socket =>
          socket.servers.some(each => each.server === server),
        )
        const names = serverNames(configuration, server)
        for (const name of names) {
          if (name.kind !== 'regex') continue
          const takers = own.map(socket => wildcardFor(socket, name.pattern, server, configuration))
          const [first] = takers
          if (first === undefined || takers.includes(undefined)) continue
          const isDefault = own.some(({ explicitDefault }) => explicitDefault?.server === server)
          yield {
            at: name.at,
            ...((isDefault || names.some(each => each.kind !== 'regex')) && { severity: 'warning' as const }),
            message: `nginx takes \`${first.text}\` before any regular expression, so that server answers for all that this one matches`,
            label: 'never reached',
            related: [{ at: first.at, message: 'comes first' }],
          }
        }
      }
    }
  },
})

type Configuration = Parameters<typeof serverNames>[0]

function isRegex({ value }: { readonly value: string }): boolean {
  return value.startsWith('~')
}

/** The wildcard of another server on the socket that every match of a pattern has. */
function wildcardFor(
  socket: NginxSocket,
  pattern: string,
  server: NginxDirective,
  configuration: Configuration,
): NginxServerName | undefined {
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null || tree.alternatives.length !== 1) return undefined
  const tail = (TAIL.exec(pattern)?.[0] ?? '').replaceAll('\\', '').slice(0, -1).toLowerCase()
  const head = pattern.startsWith('^') ? literalPrefix(tree).toLowerCase() : ''
  for (const { server: other, name } of wildcards(configuration).get(socket) ?? []) {
    if (other === server) continue
    if (name.kind === 'leading' && tail.endsWith(`.${name.domain}`)) return name
    // nginx asks for something behind the dot.
    if (name.kind === 'trailing' && head.startsWith(`${name.stem}.`) && !/^\^[^(]*\.\$?$/.test(pattern))
      return name
  }
  return undefined
}

/** The letters that every match ends with, dots and all. */
const TAIL = /(?:\\\.[a-z\d-]+)+\$$/i

interface Wildcard {
  readonly server: NginxDirective
  readonly name: NginxServerName
}

const wildcards = memo(
  (configuration: Configuration): ReadonlyMap<NginxSocket, readonly Wildcard[]> =>
    new Map(
      sockets(configuration).map(socket => [
        socket,
        socket.servers.flatMap(({ server }) =>
          serverNames(configuration, server).flatMap(name =>
            name.kind === 'leading' || name.kind === 'trailing' ? [{ server, name }] : [],
          ),
        ),
      ]),
    ),
)
