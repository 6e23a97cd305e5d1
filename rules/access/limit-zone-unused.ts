import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { httpServers } from '../../src/servers/nginx/queries/servers.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (zone: string, use = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([
    zone,
    nginxServer(conf`
      ${use}
      root /srv/www;
    `),
  ]),
})
const LOGINS = 'limit_req_zone $binary_remote_addr zone=logins:10m rate=1r/m;'
const MARKED = LOGINS.replace('limit_req_zone', '«$&»')
const CONNECTIONS = 'limit_conn_zone $binary_remote_addr zone=clients:10m;'

/** What counts, and what makes it a limit. */
const LIMITS: readonly (readonly [zone: string, use: string])[] = [
  ['limit_req_zone', 'limit_req'],
  ['limit_conn_zone', 'limit_conn'],
]

export default defineRule({
  summary: 'A zone for a limit is defined, and no line limits anything by it',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 3.7,
  cwe: [770, 307],
  since: '0.1.0',
  why: '`limit_req_zone` and `limit_conn_zone` only make the memory in which nginx would count. Without `limit_req` or `limit_conn` in a server or a location each client may send as many requests as it likes, also to the page on which passwords are tried.',
  remedy: 'Write `limit_req zone=…;` in the server or the location, or take the zone away',
  references: ['https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req'],
  bad: [
    { title: 'requests that nothing limits', files: nginx(MARKED) },
    {
      title: 'connections that nothing limits, beside requests that are',
      files: nginx(
        conf`
          ${LOGINS}
          ${CONNECTIONS.replace('limit_conn_zone', '«$&»')}
        `,
        'limit_req zone=logins;',
      ),
    },
  ],
  good: [
    { title: 'a limit', files: nginx(LOGINS, 'limit_req zone=logins burst=5 nodelay;') },
    {
      title: 'one of several zones that has a limit',
      files: nginx(
        conf`
          ${LOGINS}
          limit_req_zone $binary_remote_addr zone=pages:10m rate=10r/s;
        `,
        'limit_req zone=pages nodelay;',
      ),
    },
    {
      title: 'a zone for the servers that are included, now and later',
      files: {
        'etc/nginx/nginx.conf': nginxMain([LOGINS, 'include /etc/nginx/sites-enabled/*;']),
        'etc/nginx/sites-enabled/shop': nginxServer('root /srv/www;'),
      },
    },
    { title: 'a limit that somebody took out', files: nginx(LOGINS, '# limit_req zone=logins;') },
    { title: 'a file that was not read', files: nginx(LOGINS, 'include /etc/shop/limits.conf;') },
    { title: 'zones in a file of their own', files: { 'limits.conf': `${LOGINS}\n` } },
    {
      title: 'beside the upstreams, in a file of their own',
      files: { 'limits.conf': `${LOGINS}\nupstream shop {\n    server web:8000;\n}\n` },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { occurrences } = configuration
      if (
        httpServers(configuration).length === 0 ||
        [...occurrences.keys()].some(name => BY_SCRIPT.test(name))
      )
        continue
      for (const [zone, use] of LIMITS) {
        const [first] = occurrences.get(zone) ?? []
        if (first === undefined || occurrences.has(use) || mayHoldUnread(configuration)) continue
        if (isForOthers(configuration, first) || isTakenOut(configuration, use)) continue
        yield {
          at: namePlace(first),
          message: `no \`${use}\` is in any server or location, so nothing is limited`,
          label: 'counts nothing',
        }
      }
    }
  },
})

/** A script may count in the zone itself. */
const BY_SCRIPT = /lua|^js_|^perl/

/** True for a zone of a file that includes its servers: one that is added later may have the limit. */
function isForOthers(configuration: NginxConfiguration, { source }: NginxDirective): boolean {
  return httpServers(configuration).some(server => server.source !== source)
}

/** True where a comment has the line that is missing: whoever took it out knows. */
function isTakenOut({ sources }: NginxConfiguration, use: string): boolean {
  const line = new RegExp(`#.*\\b${use}\\s`)
  return sources.some(({ text }) => line.test(text))
}
