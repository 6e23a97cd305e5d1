import { formatEndpoint } from '../../src/servers/address.ts'
import type { ApacheHost, NginxConnection } from '../../src/deployment/model.ts'
import { once } from '../../parsers/collections/once.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const NGINX = conf`
  upstream app {
      server «127.0.0.1:9001»;
  }
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://app;
          proxy_set_header Host $host;
      }
  }
`
const SITE = conf`
  <VirtualHost 127.0.0.1:9000>
      ServerName example.org
      DocumentRoot /srv/www
  </VirtualHost>
`

export default defineRule({
  summary: 'nginx connects to a port that Apache does not open',
  severity: 'error',
  otherSeverities: { warning: 'where the main file of the configuration is not in the audit' },
  confidence: 'high',
  since: '0.1.0',
  why: '`nginx -t` and `apache2ctl configtest` look at one server each and are content; every request is answered with 502 Bad Gateway.',
  remedy: 'Give nginx’s upstream and Apache’s `Listen` the same port',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#server',
    'https://httpd.apache.org/docs/2.4/mod/mpm_common.html#listen',
  ],
  bad: [
    {
      title: 'one digit apart',
      files: { 'nginx.conf': NGINX, 'ports.conf': conf`Listen 127.0.0.1:9000`, 'site.conf': SITE },
    },
    {
      title: 'a part of a configuration that opens a port of its own to this machine',
      files: { 'nginx.conf': NGINX, 'apache.conf': `Listen 127.0.0.1:9000\n${SITE}` },
    },
  ],
  good: [
    {
      title: 'a part of a configuration, whose main file may open the port for the same site',
      files: {
        'nginx.conf': NGINX.replace(/[«»]/g, ''),
        'apache.conf': `Listen 127.0.0.1:9000\n${SITE.replace('127.0.0.1:9000', '*')}`,
      },
    },
    {
      title: 'a part of a configuration that is another way to run the site',
      files: {
        'nginx.conf': NGINX.replace(/[«»]/g, ''),
        'apache.conf': `Listen 9000\n${SITE.replace('127.0.0.1:9000', '*:9000')}`,
      },
    },
    {
      title: 'the same port',
      files: {
        'nginx.conf': NGINX.replace('9001', '9000'),
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': SITE,
      },
    },
    { title: 'no Apache in sight', files: { 'nginx.conf': NGINX } },
    {
      title: 'a second backend beside Apache, which something else owns',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location / {
                  proxy_pass http://127.0.0.1:9000;
                  proxy_set_header Host $host;
              }
              location /ws/ {
                  proxy_pass http://127.0.0.1:9001;
                  proxy_set_header Host $host;
              }
          }
        `,
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': SITE,
      },
    },
    {
      title: 'a site that Apache does not know',
      files: {
        'nginx.conf': NGINX.replaceAll('example.org', 'node.example.org'),
        'ports.conf': conf`Listen 8080`,
        'site.conf': SITE.replace('127.0.0.1:9000', '*:8080'),
      },
    },
    {
      title: 'a socket',
      files: {
        'nginx.conf': NGINX.replace('127.0.0.1:9001', 'unix:/run/app.sock'),
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': SITE,
      },
    },
  ],
  *check(deployment) {
    const { connections, apache } = deployment
    const byName = once(() => hostsByName(deployment.virtualHosts))
    for (const connection of connections.http) {
      for (const target of connection.targets) {
        if (target.to.kind !== 'refused') continue
        const { opened } = target.to
        // On another address the port is open: then the address is the fault.
        if (opened.some(({ port }) => port === target.port)) continue
        const meant = meantHost(connection, byName())
        if (meant === null) continue
        const isWhole = apache.every(({ main }) => main !== null)
        yield {
          at: target.at,
          severity: isWhole ? 'error' : 'warning',
          confidence: isWhole ? 'high' : 'medium',
          message: `nginx connects to ${formatEndpoint(target)}, where no \`Listen\` of Apache opens a port, though Apache has the site it asks for`,
          label: 'nothing listens here',
          related: [
            ...opened.slice(0, 3).map(({ at }) => ({ at, message: 'Apache listens here' })),
            { at: meant.at, message: 'the virtual host of this site' },
          ],
          help:
            opened.length === 1 && opened[0] !== undefined
              ? `Connect to port ${opened[0].port} in nginx, or let Apache \`Listen ${target.written}\``
              : `Let Apache \`Listen ${target.written}\`, or correct the port in nginx`,
        }
      }
    }
  },
})

function hostsByName(hosts: readonly ApacheHost[]): ReadonlyMap<string, ApacheHost> {
  const byName = new Map<string, ApacheHost>()
  for (const host of hosts) for (const name of host.names) if (!byName.has(name)) byName.set(name, host)
  return byName
}

/** The virtual host that a connection is meant for: it has the name that nginx sends, or one of the server's. */
function meantHost(
  { hostsSent, server }: NginxConnection,
  byName: ReadonlyMap<string, ApacheHost>,
): { at: ApacheHost['addresses'][number]['at'] } | null {
  const names = [...(hostsSent.known ? hostsSent.value : []), ...server.names.map(({ name }) => name)]
  const host = names.map(name => byName.get(name)).find(found => found !== undefined)
  const at = host?.addresses[0]?.at
  return at === undefined ? null : { at }
}
