import { type AnyDirective, argumentPlace, argumentsPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { Connection, Connections } from '../../src/deployment/model.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string, location = '/'): string =>
  nginxMain(
    nginxServer(conf`
      location ${location} {
          proxy_pass http://127.0.0.1:9000/portal/;
          ${lines}
      }
    `),
  )

const apache = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ProxyPass / http://127.0.0.1:9000/portal/
          ${lines}
      </VirtualHost>
    `,
    ['proxy', 'proxy_http'],
  ),
})

export default defineRule({
  summary: 'The path or the domain of cookies is changed the wrong way round',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'In `proxy_cookie_path` of nginx and `ProxyPassReverseCookiePath` of Apache, and in their siblings for domains, what the backend writes stands first, what clients are to get second. The other way round the backend’s cookies stay below a path that clients never ask for, or grow another one in front: browsers do not send them back, and each click is a new session.',
  remedy:
    'Turn the two around: `proxy_cookie_path /portal/ /;`, in Apache `ProxyPassReverseCookiePath /portal /`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cookie_path',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypassreversecookiepath',
  ],
  bad: [
    {
      title: 'the path of clients first',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_cookie_path «/ /portal/»;') },
    },
    {
      title: 'between two paths',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_cookie_path «/shop/ /portal/»;', '/shop/') },
    },
    {
      title: 'the name of the server first',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_cookie_domain «example.org 127.0.0.1»;'),
      },
    },
    {
      title: 'the path of the clients of Apache first',
      files: apache('ProxyPassReverseCookiePath «/ /portal»'),
    },
    {
      title: 'the name of Apache first',
      files: apache('ProxyPassReverseCookieDomain «example.org 127.0.0.1»'),
    },
    {
      title: 'a section of Apache',
      files: apache(conf`
        <Location /shop/>
            ProxyPass http://127.0.0.1:9001/store/
            ProxyPassReverseCookiePath «/shop/ /store/»
        </Location>
      `),
    },
  ],
  good: [
    {
      title: 'the path of the backend of Apache first',
      files: apache(conf`
        ProxyPassReverseCookiePath /portal /
        ProxyPassReverseCookieDomain 127.0.0.1 example.org
      `),
    },
    {
      title: 'a line for another backend of Apache',
      files: apache(conf`
        ProxyPass /portal/ http://127.0.0.1:9001/
        ProxyPassReverseCookiePath / /portal/
      `),
    },
    {
      title: 'the path of the backend first',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_cookie_path /portal/ /;') },
    },
    {
      title: 'the names, and an attribute that is added',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_cookie_domain 127.0.0.1 example.org;
          proxy_cookie_path / "/; HttpOnly";
        `),
      },
    },
    {
      title: 'one path on both sides, and a prefix that the backend does not know',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location /shop/ {
                proxy_pass http://127.0.0.1:9000/;
                proxy_cookie_path / /shop/;
            }
          `),
        ),
      },
    },
  ],
  *check({ nginx, apache, connections }) {
    const isWritten = [...nginx, ...apache].some(({ occurrences }) =>
      KINDS.some(({ names }) => names.some(name => occurrences.has(name))),
    )
    if (!isWritten) return
    for (const connection of connections.all) {
      const front = frontLine(connection)
      for (const { names, isReversed } of KINDS) {
        for (const line of linesOf(connection, names)) {
          const [from, to, ...more] = line.args.map(({ value }) => value)
          if (from === undefined || to === undefined || more.length > 0) continue
          if (!isReversed(connection, from, to) || isRightElsewhere(connections, connection, line)) continue
          const at = argumentsPlace(line, 0, 1)
          const [first, second] = [argumentPlace(line, 0), argumentPlace(line, 1)]
          yield {
            at,
            message: `the backend writes \`${to}\`, which stands second, and clients are to get \`${from}\``,
            label: 'the wrong way round',
            related: [{ at: front.url, message: 'the backend' }],
            ...propose('Turn them around', 'unsafe', [
              replacePlace(at, `${placeText(second)} ${placeText(first)}`),
            ]),
          }
        }
      }
    }
  },
})

/** The directives of nginx and Apache that change one attribute of cookies: what the backend writes, what clients get. */
const KINDS = [
  { names: ['proxy_cookie_path', 'proxypassreversecookiepath'], isReversed: isPathReversed },
  { names: ['proxy_cookie_domain', 'proxypassreversecookiedomain'], isReversed: isDomainReversed },
] as const

/** The lines that hold for what a line proxies; those of Apache that stand where it stands, or around it. */
function linesOf(
  connection: Connection,
  [ofNginx, ofApache]: readonly [string, string],
): readonly AnyDirective[] {
  if ('server' in connection) {
    const lines = effective(connection.server.configuration, connection.block, ofNginx)
    return lines.known ? lines.value.directives : []
  }
  const { from, host, pass } = connection
  const scopes = new Set([host, pass.parent])
  return [...scopes].flatMap(scope => directivesIn(from.configuration, scope, ofApache))
}

/** True for a line of Apache that is right for another backend of the same virtual host. */
function isRightElsewhere(connections: Connections, connection: Connection, { args }: AnyDirective): boolean {
  if ('server' in connection) return false
  const [from = '', to = ''] = args.map(({ value }) => value)
  return connections
    .ofHost(connection.from.configuration, connection.host)
    .some(each => isPathOf(each, to, from) || isDomainReversed(each, to, from))
}

/** True where the first is the path of the location and the second that of the backend, which is more than `/`. */
function isPathReversed(connection: Connection, from: string, to: string): boolean {
  return to !== '/' && isPathOf(connection, from, to)
}

/** True where a line takes the one path, and asks for the other one in its place. */
function isPathOf(connection: Connection, taken: string, sent: string): boolean {
  const { paths } = frontLine(connection)
  if (paths === null) return false
  const [own, backend, first, second] = [paths.taken, paths.sent, taken, sent].map(path =>
    path.replace(/\/$/, ''),
  )
  return own !== backend && first === own && second === backend
}

function isDomainReversed(connection: Connection, from: string, to: string): boolean {
  const host = /^(?:unix:[^|]*\|)?https?:\/\/([^/:$]+)/.exec(connection.written)?.[1]
  const plain = (name: string): string => name.replace(/^\./, '').replace(/:\d+$/, '').toLowerCase()
  const { names } = frontLine(connection)
  const isOwn = (name: string): boolean => names.includes(plain(name))
  return host !== undefined && plain(to) === host.toLowerCase() && isOwn(from) && !isOwn(to)
}
