import { listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { covers, formatEndpoint } from '../../src/servers/address.ts'
import type { Listener } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const nginx = (listen: string): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      root /srv/www;
  }
`

export default defineRule({
  summary: 'nginx and Apache both want the same socket',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A socket belongs to one process. Both configuration checks are content, and whichever server starts second fails with “Address already in use”.',
  remedy: 'Give each server an address or a port of its own',
  references: [
    'https://httpd.apache.org/docs/2.4/bind.html',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#listen',
  ],
  bad: [
    {
      title: 'the backend’s port opened by nginx as well',
      files: { 'nginx.conf': nginx('8080'), 'ports.conf': conf`Listen «127.0.0.1:8080»` },
    },
    {
      title: 'a version 6 socket that takes version 4 too',
      files: { 'nginx.conf': nginx('[::]:9000 ipv6only=off'), 'ports.conf': conf`Listen «127.0.0.1:9000»` },
    },
  ],
  good: [
    { title: 'two ports', files: { 'nginx.conf': nginx('80'), 'ports.conf': conf`Listen 127.0.0.1:9000` } },
    {
      title: 'two addresses',
      files: { 'nginx.conf': nginx('192.0.2.10:8080'), 'ports.conf': conf`Listen 127.0.0.1:8080` },
    },
    {
      title: 'version 6 alone, and version 4 alone',
      files: { 'nginx.conf': nginx('[::]:9000'), 'ports.conf': conf`Listen 0.0.0.0:9000` },
    },
    {
      title: 'Apache in a container of its own',
      files: {
        'nginx.conf': conf`
          server {
              listen 8080;
              location / {
                  proxy_pass http://apache:8080;
              }
          }
        `,
        'ports.conf': conf`Listen 8080`,
      },
    },
  ],
  *check(deployment) {
    const byPort = groupBy(listenersOfKind(deployment, 'nginx'), ({ port }) => port)
    for (const listener of listenersOfKind(deployment, 'apache')) {
      if (listener.port === null || isDefaultLeft(listener)) continue
      const taken = (byPort.get(listener.port) ?? []).filter(
        other =>
          other.program.machine === listener.program.machine &&
          (covers(listener, other) === true || covers(other, listener) === true),
      )
      const [first] = taken
      if (first === undefined) continue
      yield {
        at: listener.at,
        message: `Apache opens ${formatEndpoint(listener)} and nginx opens ${formatEndpoint(first)}, so whichever starts second does not start`,
        label: 'taken by nginx',
        related: taken.map(other => ({ at: other.at, message: `nginx opens ${formatEndpoint(other)}` })),
      }
    }
  },
})

/** Port 80 or 443 on every address: what the distribution left, which has a rule of its own. */
function isDefaultLeft({ address, port }: Listener): boolean {
  return (port === 80 || port === 443) && address.kind === 'ip' && address.wildcard
}
