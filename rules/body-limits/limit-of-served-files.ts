import { groupBy } from '../../parsers/collections/group-by.ts'
import { once } from '../../parsers/collections/once.ts'
import { bodyLimit } from '../../src/deployment/build/connection-limits.ts'
import type { NginxConnection, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { answersAll } from '../../src/servers/nginx/queries/answers-all.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const site = (files: string, location: string, server = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      ${server}
      location /media/ {
          alias /srv/shop/media/;
          ${files}
      }
      location / {
          proxy_pass http://127.0.0.1:8000;
          ${location}
      }
    `),
  ),
})

const redirecting = (tls: string, limit: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        client_max_body_size ${limit};
        return 301 https://example.org$request_uri;
    }
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate /etc/ssl/example.org.pem;
        ssl_certificate_key /etc/ssl/example.org.key;
        add_header Strict-Transport-Security max-age=31536000 always;
        ${tls}
        location / {
            proxy_pass http://127.0.0.1:8000;
        }
    }
  `),
})

export default defineRule({
  summary: 'A limit of uploads stands where no uploads come',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A limit holds in its own location or server alone. A location that serves files takes no bodies, and nginx answers 405 to a POST; a server that redirects hands none on. Uploads go to the location that is proxied to the application, where the default of one megabyte, or a smaller limit, still holds: `413 Request Entity Too Large`, and `client intended to send too large body` in the log.',
  remedy: 'Write `client_max_body_size` in the server, or in the location that is proxied to the application',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size'],
  bad: [
    { title: 'the directory of uploads', files: site('client_max_body_size «200m»;', '') },
    {
      title: 'a smaller limit of the server',
      files: site('client_max_body_size «200m»;', '', 'client_max_body_size 8m;'),
    },
    {
      title: 'files or 404',
      files: site('client_max_body_size «0»; expires 7d; try_files $uri =404;', ''),
    },
    { title: 'a server that only redirects', files: redirecting('', '«200m»') },
    {
      title: 'a server of certbot',
      files: Object.fromEntries(
        Object.entries(redirecting('include /etc/letsencrypt/options-ssl-nginx.conf;', '«200m»')).map(
          ([path, text]) => [
            path,
            text
              .replace('return 301', 'if ($host = example.org) { return 301')
              .replace('$request_uri;', '$request_uri; } return 404;'),
          ],
        ),
      ),
    },
  ],
  good: [
    {
      title: 'a server that redirects, and the one behind it',
      files: redirecting('client_max_body_size 200m;', '200m'),
    },
    { title: 'the limit of the server', files: site('', '', 'client_max_body_size 200m;') },
    {
      title: 'the location of the application has it too',
      files: site('client_max_body_size 200m;', 'client_max_body_size 200m;'),
    },
    { title: 'a smaller limit', files: site('client_max_body_size 100k;', '') },
    {
      title: 'a location that takes uploads itself',
      files: site('client_max_body_size 200m; dav_methods PUT;', ''),
    },
    {
      title: 'files that the application answers for where they are not there',
      files: site('client_max_body_size 200m; error_page 404 405 = @app;', ''),
    },
    {
      title: 'one of several locations has it',
      files: site(
        'client_max_body_size 200m;',
        '',
        'location /upload/ { client_max_body_size 200m; proxy_pass http://127.0.0.1:8000; }',
      ),
    },
  ],
  *check({ nginx, servers, connections }) {
    if (nginx.every(({ occurrences }) => !occurrences.has('client_max_body_size'))) return
    const byDirective = new Map(servers.map(server => [server.directive, server]))
    const namesakes = once(() => serversByName(servers))
    for (const configuration of nginx)
      for (const line of configuration.occurrences.get('client_max_body_size') ?? []) {
        const home = line.parent
        if (home === null) continue
        const around = byDirective.get(home.parent ?? home)
        const redirecting = byDirective.get(home)
        const asked =
          redirecting !== undefined && redirectsAlone(redirecting)
            ? othersOfNames(redirecting, namesakes())
            : around !== undefined && servesFilesAlone(home)
              ? [around]
              : []
        const limit = bodyLimit(configuration, home)
        if (!limit.known) continue
        const reached = asked.map(server => firstBelow(connections.of(server), server, limit.value.value))
        const [first] = reached
        if (first == null || reached.includes(null)) continue
        const { bodyLimit: own } = first
        const written = own.known ? own.value.directive : null
        const where = redirecting === undefined ? 'location only serves files' : 'server only redirects'
        yield {
          at: argumentPlace(line, 0),
          message: `this ${where}, and uploads go to the application, where ${written === null ? 'the default of a megabyte' : `\`${written.args[0]?.value ?? ''}\``} still holds: 413`,
          label: 'no uploads come here',
          related: [
            { at: argumentPlace(first.pass, 0), message: 'proxied with the smaller limit' },
            ...(written === null ? [] : [{ at: argumentPlace(written, 0), message: 'the limit there' }]),
          ],
        }
      }
  },
})

function serversByName(servers: readonly NginxServer[]): ReadonlyMap<string, readonly NginxServer[]> {
  const pairs = servers.flatMap(server =>
    server.names.filter(({ exact }) => exact).map(({ name }) => ({ name, server })),
  )
  return new Map(
    [...groupBy(pairs, ({ name }) => name)].map(([name, own]) => [name, own.map(({ server }) => server)]),
  )
}

/** True for a server that redirects each request, certbot's with its condition among them. */
function redirectsAlone({ answer, directive }: NginxServer): boolean {
  if (answer.kind === 'redirect') return true
  const ends = ({ children }: NginxDirective): boolean => children.some(answersAll)
  const lines = directive.children
  return ends(directive) && lines.some(ends) && !lines.some(({ name }) => name === 'location')
}

/** The servers of the same configuration to which clients of a name are redirected. */
function othersOfNames(
  server: NginxServer,
  byName: ReadonlyMap<string, readonly NginxServer[]>,
): readonly NginxServer[] {
  const found = server.names.flatMap(({ name }) => byName.get(name) ?? [])
  return [...new Set(found)].filter(
    each => each.configuration === server.configuration && !redirectsAlone(each),
  )
}

/** Lines by which a location may take a body, or hand a request on. */
const TAKES_BODIES =
  /_pass$|^(?:if|location|limit_except|dav_|upload|rewrite|return|error_page|post_action|mirror|perl|js_|proxy_store|auth_request$|.*_by_lua|create_full)/

function servesFilesAlone(location: NginxDirective): boolean {
  const { name, children } = location
  if (name !== 'location' || !children.some(each => each.name === 'alias' || each.name === 'root'))
    return false
  return children.every(
    each =>
      !TAKES_BODIES.test(each.name) &&
      (each.name !== 'try_files' || /^=4\d\d$/.test(each.args.at(-1)?.value ?? '')),
  )
}

/** The last connection of a server all of whose connections have smaller limits; null where one has not, or may not. */
function firstBelow(
  connections: readonly NginxConnection[],
  { configuration, directive }: NginxServer,
  most: number,
): NginxConnection | null {
  if (hasUnreadInclude(configuration, directive, 'client_max_body_size')) return null
  const isSmaller = connections.every(
    ({ bodyLimit: limit }) =>
      limit.known && limit.value.value !== 0 && (most === 0 || limit.value.value < most),
  )
  return isSmaller ? (connections.at(-1) ?? null) : null
}
