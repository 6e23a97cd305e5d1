import { knowsEveryListen, listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { Deployment, NginxConnection, Listener } from '../../src/deployment/model.ts'
import { isMainServerSite } from '../../src/deployment/main-server-site.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'

const MAIN = apacheMain('')
const HOST = conf`
  <VirtualHost *:9000>
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          Require all granted
      </Directory>
  </VirtualHost>
`
const NGINX = conf`
  events {
  }
  http {
      access_log off;
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header Host $host;
          }
      }
  }
`
const tree = (lines: string, nginx = NGINX): Record<string, string> => ({
  'etc/apache2/apache2.conf': `${MAIN}${lines}`,
  'etc/nginx/nginx.conf': nginx,
})

export default defineRule({
  summary: 'Apache opens a port that nothing is made for',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'No virtual host has the port and nginx does not connect to it, so Apache answers there with the directory its main server was compiled with: one more door to watch, and one more port that another program may want.',
  remedy: 'Remove the `Listen`',
  references: ['https://httpd.apache.org/docs/2.4/bind.html'],
  bad: [
    {
      title: 'left from a site that moved',
      files: tree(conf`
        Listen 127.0.0.1:9000
        Listen «127.0.0.1:9100»
        ${HOST}
      `),
    },
  ],
  good: [
    {
      title: 'used by a virtual host',
      files: tree(conf`
        Listen 127.0.0.1:9000
        ${HOST}
      `),
    },
    {
      title: 'a site of the main server',
      files: tree(conf`
        Listen 127.0.0.1:9000
        Listen 127.0.0.1:9100
        DocumentRoot /srv/www
        ${HOST}
      `),
    },
    {
      title: 'nginx connects to it',
      files: tree(
        conf`
          Listen 127.0.0.1:9000
          Listen 127.0.0.1:9100
          ${HOST}
        `,
        NGINX.replace(
          '        location / {',
          '        location /status {\n            proxy_pass http://127.0.0.1:9100;\n        }\n        location / {',
        ),
      ),
    },
    {
      title: 'a virtual host for every port',
      files: tree(conf`
        Listen 127.0.0.1:9000
        Listen 127.0.0.1:9100
        ${HOST.replace('*:9000', '*')}
      `),
    },
    {
      title: 'a slip of the port in the virtual host, which is said there',
      files: tree(conf`
        Listen 127.0.0.1:9000
        Listen 127.0.0.1:9100
        ${HOST}
        ${HOST.replace('*:9000', '*:9010')}
      `),
    },
    {
      title: 'without nginx in the tree, whoever connects is not known',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          Listen 127.0.0.1:9000
          Listen 127.0.0.1:9100
          ${HOST}
        `,
      },
    },
  ],
  *check(deployment) {
    const { nginx, apache, connections } = deployment
    const listeners = listenersOfKind(deployment, 'apache')
    if (!knowsEveryListen(deployment) || nginx.length === 0 || nginx.some(({ main }) => main === null)) return
    // A connection that leads nowhere known may be meant for the very port that waits here.
    if (connections.http.some(isAstray)) return
    const isUnused = (listener: Listener): boolean => connections.to(listener).length === 0
    if (!listeners.some(isUnused)) return
    const taken = new Set(listenersOfKind(deployment, 'nginx').map(({ port }) => port))
    for (const configuration of apache) {
      const ports = hostPorts(deployment, configuration)
      const own = listeners.filter(({ program }) => program.configuration === configuration)
      if (ports === null || isMainServerSite(configuration) || !isWhole(configuration)) continue
      const opened = new Set(own.map(({ port }) => port))
      if ([...ports].some(port => !opened.has(port))) continue
      for (const listener of own) {
        if (ports.has(listener.port) || !isUnused(listener) || taken.has(listener.port)) continue
        yield {
          at: listener.at,
          message: `Apache opens ${formatEndpoint(listener)}, where no virtual host is and nginx does not connect`,
          label: 'used by nobody',
        }
      }
    }
  },
})

function isAstray({ targets }: NginxConnection): boolean {
  return targets.length === 0 || targets.some(({ to }) => to.kind !== 'listener')
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
