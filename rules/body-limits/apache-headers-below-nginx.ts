import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { raisedBuffers } from './_raised-buffers.ts'

const files = (line: string, apache: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            ${line}
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
        }
    }
  `,
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      ${apache}
      Listen 127.0.0.1:9000
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          WSGIDaemonProcess app
          WSGIScriptAlias / /opt/app/wsgi.py process-group=app
          <Directory /opt/app>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
    ['wsgi'],
  ),
})

/** httpd's own limits for a header line and for the request line. */
const DEFAULT = 8190

export default defineRule({
  summary: 'Apache refuses headers that nginx was told to take',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Large cookies or tokens made somebody raise nginx’s buffers, but Apache answers 400 to a header above `LimitRequestFieldSize`, which is 8190 bytes by itself.',
  remedy: 'Raise `LimitRequestFieldSize` and `LimitRequestLine` in Apache too',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#large_client_header_buffers',
    'https://httpd.apache.org/docs/2.4/mod/core.html#limitrequestfieldsize',
  ],
  bad: [
    {
      title: 'raised in nginx alone',
      files: files('large_client_header_buffers 4 «32k»;', ''),
    },
  ],
  good: [
    {
      title: 'raised in both',
      files: files('large_client_header_buffers 4 32k;', 'LimitRequestFieldSize 32768'),
    },
    { title: 'raised in neither', files: files('', '') },
    {
      title: 'what nginx has by itself, written out',
      files: files('large_client_header_buffers 4 8k;', ''),
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const raised = raisedBuffers(connection)
      if (raised === null) continue
      const { directive, size } = raised
      const [host] = certainHosts(deployment, connection)
      const limit = host === undefined ? null : fieldLimit(host.configuration)
      if (limit === null || size <= limit) continue
      yield {
        at: argumentPlace(directive, 1),
        message: `nginx takes headers of ${size} bytes, and Apache answers 400 to those above ${limit}`,
      }
    }
  },
})

/**
 * The largest that any line of the configuration allows: httpd reads headers before it knows the virtual
 * host, with the limit of the first one of the address. Null in fragments.
 */
function fieldLimit({ main, occurrences }: ApacheConfiguration): number | null {
  if (main === null) return null
  const written = (occurrences.get('limitrequestfieldsize') ?? []).map(({ args }) => Number(args[0]?.value))
  return written.some(Number.isNaN) ? null : Math.max(DEFAULT, ...written)
}
