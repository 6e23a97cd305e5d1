import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective, effectiveValue } from '../../src/servers/nginx/queries/effective.ts'

const nginx = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          ${lines}
      }
  }
`
const APACHE = {
  'ports.conf': conf`Listen 127.0.0.1:9000`,
  'site.conf': conf`
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        WSGIDaemonProcess app
        WSGIScriptAlias / /opt/app/wsgi.py process-group=app
        <Directory /opt/app>
            Require all granted
        </Directory>
    </VirtualHost>
  `,
}
const STREAMED = conf`
  proxy_http_version 1.1;
  proxy_request_buffering «off»;
`

export default defineRule({
  summary: 'Uploads without a length are refused by mod_wsgi',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With buffering off nginx passes a chunked upload on as it comes, without Content-Length, and mod_wsgi answers 411 Length Required. With buffering nginx counts first and the same upload works.',
  remedy: 'Leave `proxy_request_buffering` on for this backend',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_request_buffering',
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIChunkedRequest.html',
  ],
  bad: [{ title: 'uploads streamed', files: { 'nginx.conf': nginx(STREAMED), ...APACHE } }],
  good: [
    { title: 'buffered', files: { 'nginx.conf': nginx('proxy_http_version 1.1;'), ...APACHE } },
    {
      title: 'HTTP/1.0, which has no chunks: nginx buffers all the same',
      files: {
        'nginx.conf': nginx(conf`
          proxy_http_version 1.0;
          proxy_request_buffering off;
        `),
        ...APACHE,
      },
    },
    {
      title: 'an application that takes chunks',
      files: {
        'nginx.conf': nginx(STREAMED),
        ...APACHE,
        'site.conf': APACHE['site.conf'].replace(
          '    WSGIDaemon',
          '    WSGIChunkedRequest On\n    WSGIDaemon',
        ),
      },
    },
  ],
  *check(deployment) {
    const found = deployment.connections.http.flatMap(connection => {
      const directive = streamingLine(connection)
      return directive === null ? [] : [{ connection, directive }]
    })
    for (const { connection, directive } of found) {
      for (const host of certainHosts(deployment, connection)) {
        const application = deployment.applicationsOf(host).at(-1)
        if (application === undefined || host.configuration.occurrences.has('wsgichunkedrequest')) continue
        yield {
          at: argumentPlace(directive, 0),
          message: 'nginx passes chunked uploads on without their length, and mod_wsgi refuses them with 411',
          label: 'not buffered',
          related: [{ at: argumentPlace(application.directive, 1), message: 'mod_wsgi answers here' }],
        }
        break
      }
    }
  },
})

/** The `proxy_request_buffering off` in force, where the hop speaks a version that has chunks. */
function streamingLine({ server, block }: NginxConnection): NginxDirective | null {
  const { configuration } = server
  const buffering = effective(configuration, block, 'proxy_request_buffering')
  const directive = buffering.known ? buffering.value.directives[0] : undefined
  if (directive === undefined || directive.args[0]?.value.toLowerCase() !== 'off') return null
  const version = effectiveValue(configuration, block, 'proxy_http_version', '1.0')
  return version.known && version.value === '1.1' ? directive : null
}
