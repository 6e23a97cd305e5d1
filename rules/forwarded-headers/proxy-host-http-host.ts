import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { virtualHost } from '../_examples.ts'
import { readerOf } from './_header-readers.ts'

const nginx = (host: string, listen = '80'): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host ${host};
      }
  }
`

const APACHE = virtualHost(conf`
  RewriteEngine On
  RewriteRule ^/old$ http://%{HTTP_HOST}/new [R]
`)
const pair = (host: string, listen?: string) => ({ 'nginx.conf': nginx(host, listen), 'site.conf': APACHE })

export default defineRule({
  summary: 'The backend is asked for the name that the client wrote, not for the one by which nginx chose',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A request line may hold a whole URL. nginx chooses the server by its host and sends `$http_host`, which may say something else: a name that no server of nginx has reaches the backend all the same. `$host` is the name that counted.',
  remedy: 'Send `$host`, unless clients come by another port, which only `$http_host` keeps',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#var_host',
    'https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2',
  ],
  bad: [{ title: 'on the usual port', files: pair('«$http_host»') }],
  good: [
    { title: 'the name that counted', files: pair('$host') },
    { title: 'nobody here answers by the name', files: { 'nginx.conf': nginx('$http_host') } },
    {
      title: 'another port, which belongs to the name',
      files: pair('$http_host', '8080'),
    },
    { title: 'only this machine asks', files: pair('$http_host', '127.0.0.1:80') },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      for (const header of connection.headers.written) {
        if (header.name !== 'host' || header.value !== '$http_host' || !isOpen(connection)) continue
        const reader = readerOf(deployment, connection, 'host')
        if (reader === null) continue
        const at = argumentPlace(header.directive, 1)
        yield {
          at,
          related: [{ at: namePlace(reader), message: 'answers by it' }],
          per: 'locations',
          message: often =>
            `\`$http_host\` sends what the client wrote${often}, which need not be the name by which nginx chose the server`,
          ...propose('Send the name by which nginx chose', 'unsafe', [replacePlace(at, '$host')]),
        }
      }
    }
  },
})

/** Clients from the network come here, by the usual ports alone. */
function isOpen(connection: NginxConnection): boolean {
  return (
    connection.server.listens.every(({ port }) => port === 80 || port === 443) &&
    connection.server.listens.some(({ loopback }) => loopback === false) &&
    connection.reachable === true
  )
}
