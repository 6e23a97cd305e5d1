import { listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { Listener } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'

const NGINX = {
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
        }
    }
  `,
}
const apache = (port: string, open = '127.0.0.1:9001'): Record<string, string> => ({
  'etc/apache2/apache2.conf': modWsgiMain(conf`
    Listen ${open}
    <VirtualHost *:9000>
        ServerName example.org
    </VirtualHost>
    <VirtualHost ${port}>
        ServerName shop.example.org
        WSGIDaemonProcess shop
        WSGIScriptAlias / /opt/shop/wsgi.py process-group=shop
    </VirtualHost>
  `),
})

export default defineRule({
  summary: 'An application on loopback to which nginx does not proxy',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Its processes wait for requests that only this machine could send: it is left over, or its server in nginx is missing.',
  remedy: 'Add the server in nginx, or remove the virtual host',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/'],
  bad: [{ title: 'a port that no proxy_pass has', files: { ...NGINX, ...apache('«*:9001»') } }],
  good: [
    {
      title: 'proxied to',
      files: {
        ...NGINX,
        ...apache('*:9001'),
        'etc/nginx/nginx.conf': NGINX['etc/nginx/nginx.conf'].replace(':9000', ':9001'),
      },
    },
    { title: 'open to the network', files: { ...NGINX, ...apache('*:9001', '9001') } },
    { title: 'no nginx in sight', files: apache('*:9001') },
  ],
  *check(deployment) {
    const { nginx, connections, virtualHosts } = deployment
    if (nginx.length === 0 || nginx.some(({ main }) => main === null)) return
    // Where a variable chooses the backend it may be any.
    if (connections.http.some(({ targets }) => targets.length === 0)) return
    const connected = new Set<number | null>()
    for (const { targets } of connections.http) for (const { port } of targets) connected.add(port)
    const inner = innerPorts(listenersOfKind(deployment, 'apache'))
    for (const host of virtualHosts) {
      const isAlone = host.addresses.every(
        ({ port }) => port !== null && inner.has(port) && !connected.has(port),
      )
      if (!isAlone || host.configuration.main === null) continue
      if (deployment.applicationsOf(host).length === 0) continue
      yield {
        at: host.addresses[0]?.at ?? namePlace(host.directive),
        message: `nginx proxies nothing to port ${host.addresses[0]?.port}, and only this machine reaches it`,
      }
    }
  },
})

/** The ports of Apache that only this machine reaches. */
function innerPorts(listeners: readonly Listener[]): ReadonlySet<number | null> {
  const open = new Set(listeners.filter(({ loopback }) => loopback !== true).map(({ port }) => port))
  return new Set(listeners.map(({ port }) => port).filter(port => !open.has(port)))
}
