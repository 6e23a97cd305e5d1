import { serverIndex } from '../../src/deployment/build/servers.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { askServer, isOpen } from '../../src/deployment/requests/ask-server.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location = /status {
          ${lines}
      }
  }
`

const beside = (include: string, lines: string): string =>
  site(lines).replace('listen 80;', `listen 80;\n    include ${include};`)

/** Pages about nginx itself, and whether they give away more than counts: names of servers, of backends, of zones. */
const PAGES: readonly (readonly [directive: string, isTelling: boolean])[] = [
  ['stub_status', false],
  ['vhost_traffic_status_display', true],
  ['rtmp_stat', true],
  ['upstream_show', true],
  ['check_status', true],
  ['status', true],
  ['api', true],
  ['upstream_conf', true],
]

/** True for a page by which whoever asks also changes the servers of upstreams. */
function changes({ name, args }: NginxDirective): boolean {
  return name === 'upstream_conf' || (name === 'api' && args.some(({ value }) => value === 'write=on'))
}

export default defineRule({
  summary: 'Anybody can read the status of nginx, or change it',
  severity: 'info',
  otherSeverities: {
    error: 'where it is the API of NGINX Plus, by which anybody changes the backends',
    warning: 'where the page lists servers and backends',
  },
  confidence: 'high',
  securitySeverity: 3.1,
  cwe: [497],
  since: '0.1.0',
  why: 'The page tells how busy the server is, and with some modules the names and addresses of every server and backend.',
  remedy: 'Write `allow` for those who watch it, and `deny all;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_stub_status_module.html'],
  bad: [
    { title: 'for everybody', files: { 'nginx.conf': site('«stub_status»;') } },
    { title: 'an API that changes upstreams', files: { 'nginx.conf': site('«api» write=on;') } },
    { title: 'what was before the API', files: { 'nginx.conf': site('«upstream_conf»;') } },
    {
      title: 'beside a file of the server that is not here',
      files: { 'nginx.conf': beside('/opt/shop/custom.conf', '«stub_status»;') },
    },
  ],
  good: [
    {
      title: 'beside a file of the server that may say who is let in',
      files: { 'nginx.conf': beside('/opt/shop/acl.conf', 'stub_status;') },
    },
    {
      title: 'for this machine',
      files: {
        'nginx.conf': site(conf`
          stub_status;
          allow 127.0.0.1;
          deny all;
        `),
      },
    },
    {
      title: 'on loopback',
      files: { 'nginx.conf': site('stub_status;').replace('listen 80', 'listen 127.0.0.1:8081') },
    },
  ],
  *check(deployment) {
    const servers = serverIndex(deployment.servers)
    for (const { occurrences } of deployment.nginx) {
      for (const [name, isTelling] of PAGES) {
        for (const directive of occurrences.get(name) ?? []) {
          const home = enclosingServer(directive)
          const server = home === null ? undefined : servers.get(home)
          if (server === undefined || directive.parent === null) continue
          const path = pathsInto(directive.parent)[0]
          const answer =
            path === undefined ? null : askServer(deployment, server, path, { into: directive.parent })
          if (answer?.end.kind !== 'handler' || answer.end.name !== name || isOpen(answer) !== true) continue
          const at = namePlace(directive)
          yield {
            at,
            severity: changes(directive) ? 'error' : isTelling ? 'warning' : 'info',
            message: changes(directive)
              ? `\`${name}\` at \`${path}\` lets every client change the servers of the upstreams`
              : `\`${name}\` at \`${path}\` answers every client`,
            label: 'no `deny`',
            ...propose('Answer this machine alone', 'unsafe', [
              insertBefore(
                at,
                ['allow 127.0.0.1;', 'allow ::1;', 'deny all;', ''].join(`\n${indentationAt(at)}`),
              ),
            ]),
          }
        }
      }
    }
  },
})
