import type { Deployment, Hop, Listener } from '../../src/deployment/model.ts'
import { isMainServerSite } from '../../src/deployment/main-server-site.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'

const MAIN =
  'ServerRoot /etc/apache2\nServerName localhost\nErrorLog /var/log/apache2/error.log\nLoadModule mpm_worker_module /usr/lib/apache2/modules/mod_mpm_worker.so\nLoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n'
const HOST =
  '<VirtualHost *:9000>\n    ServerName example.org\n    DocumentRoot /srv/www\n    <Directory /srv/www>\n        Require all granted\n    </Directory>\n</VirtualHost>\n'
const NGINX =
  'events {\n}\nhttp {\n    access_log off;\n    server {\n        listen 80;\n        server_name example.org;\n        location / {\n            proxy_pass http://127.0.0.1:9000;\n            proxy_set_header Host $host;\n        }\n    }\n}\n'
const tree = (lines: string, nginx = NGINX): Record<string, string> => ({
  'etc/apache2/apache2.conf': `${MAIN}${lines}`,
  'etc/nginx/nginx.conf': nginx,
})

export default defineRule({
  summary: 'Apache opens a port that nothing is made for',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'No virtual host has the port and nginx does not connect to it, so Apache answers there with the folder its main server was compiled with: one more door to watch, and one more port that another program may want.',
  remedy: 'Remove the `Listen`',
  references: ['https://httpd.apache.org/docs/2.4/bind.html'],
  bad: [
    {
      title: 'left from a site that moved',
      files: tree(`Listen 127.0.0.1:9000\nListen «127.0.0.1:9100»\n${HOST}`),
    },
  ],
  good: [
    { title: 'used by a virtual host', files: tree(`Listen 127.0.0.1:9000\n${HOST}`) },
    {
      title: 'a site of the main server',
      files: tree(`Listen 127.0.0.1:9000\nListen 127.0.0.1:9100\nDocumentRoot /srv/www\n${HOST}`),
    },
    {
      title: 'nginx connects to it',
      files: tree(
        `Listen 127.0.0.1:9000\nListen 127.0.0.1:9100\n${HOST}`,
        NGINX.replace(
          '        location / {',
          '        location /status {\n            proxy_pass http://127.0.0.1:9100;\n        }\n        location / {',
        ),
      ),
    },
    {
      title: 'a virtual host for every port',
      files: tree(`Listen 127.0.0.1:9000\nListen 127.0.0.1:9100\n${HOST.replace('*:9000', '*')}`),
    },
    {
      title: 'a slip of the port in the virtual host, which is said there',
      files: tree(`Listen 127.0.0.1:9000\nListen 127.0.0.1:9100\n${HOST}${HOST.replace('*:9000', '*:9010')}`),
    },
    {
      title: 'without nginx in the tree, whoever connects is not known',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}Listen 127.0.0.1:9000\nListen 127.0.0.1:9100\n${HOST}`,
      },
    },
  ],
  *check(deployment) {
    const { nginx, apache, hops, listeners, knowsEveryListen } = deployment
    if (!knowsEveryListen || nginx.length === 0 || nginx.some(({ main }) => main === null)) return
    // A connection that leads nowhere known may be meant for the very port that waits here.
    if (hops.some(isAstray)) return
    const connected = connectedListeners(hops)
    if (listeners.every(each => each.program === 'nginx' || connected.has(each))) return
    const taken = new Set(listeners.flatMap(({ program, port }) => (program === 'nginx' ? [port] : [])))
    for (const configuration of apache) {
      const ports = hostPorts(deployment, configuration)
      const own = listeners.filter(each => each.configuration === configuration)
      if (ports === null || isMainServerSite(configuration) || !isWhole(configuration)) continue
      const opened = new Set(own.map(({ port }) => port))
      if ([...ports].some(port => !opened.has(port))) continue
      for (const listener of own) {
        if (ports.has(listener.port) || connected.has(listener) || taken.has(listener.port)) continue
        yield {
          at: listener.at,
          message: `Apache opens ${formatEndpoint(listener)}, where no virtual host is and nginx does not connect`,
          label: 'used by nobody',
        }
      }
    }
  },
})

function isAstray({ targets }: Hop): boolean {
  return (
    targets.length === 0 ||
    targets.some(({ backend }) => backend.kind === 'nobody' || backend.kind === 'unknown')
  )
}

/** The ports of the virtual hosts; null where there is none, or where one takes every port or is not known. */
function hostPorts(
  { virtualHosts }: Deployment,
  configuration: ApacheConfiguration,
): ReadonlySet<number | null> | null {
  const ports = new Set<number | null>()
  for (const host of virtualHosts) {
    if (host.configuration !== configuration) continue
    for (const { known, port } of host.addresses) {
      if (!known || port === null) return null
      ports.add(port)
    }
  }
  return ports.size === 0 ? null : ports
}

function connectedListeners(hops: readonly Hop[]): ReadonlySet<Listener> {
  const found = new Set<Listener>()
  for (const { targets } of hops) {
    for (const { backend } of targets) if (backend.kind === 'apache') found.add(backend.listener)
  }
  return found
}
