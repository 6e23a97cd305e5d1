import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, NginxConnection } from '../../src/deployment/model.ts'
import { namePlace as nginxNamePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import { effective as effectiveOfApache, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { listens } from '../../src/servers/nginx/queries/listens.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const nginx = (lines = '', listen = '443 ssl http2'): string =>
  nginxMain(conf`
    server {
        listen ${listen};
        server_name example.org;
        ssl_certificate /etc/ssl/example.org.pem;
        ssl_certificate_key /etc/ssl/example.org.key;
        location / {
            proxy_pass http://127.0.0.1:8080;
            proxy_set_header Host $host;
            ${lines}
        }
    }
  `)
const apache = (lines: string, inHost = ''): string =>
  apacheMain(
    conf`
      Listen 127.0.0.1:8080
      ${lines}
      <VirtualHost 127.0.0.1:8080>
          ServerName example.org
          DocumentRoot /srv/www
          ${inHost}
      </VirtualHost>
    `,
    ['http2'],
  )

export default defineRule({
  summary: 'Apache offers HTTP/2 to nginx, whose clients of HTTP/2 refuse the answer',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Where `Protocols` names `h2` or `h2c`, as the `http2.conf` of Debian does, Apache sends `Upgrade: h2,h2c` with its answers. nginx passes the header on, and HTTP/2 forbids it (RFC 9113, 8.2.2): Safari and curl give up with a protocol error, and see no page.',
  remedy: 'Write `Protocols http/1.1` for what nginx asks, or `proxy_hide_header Upgrade;` in nginx',
  references: [
    'https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2',
    'https://httpd.apache.org/docs/2.4/mod/core.html#protocols',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_hide_header',
  ],
  bad: [
    {
      title: 'the line of the package',
      files: {
        'etc/nginx/nginx.conf': nginx(),
        'etc/apache2/apache2.conf': apache('Protocols «h2» h2c http/1.1'),
      },
    },
    {
      title: 'in the virtual host',
      files: {
        'etc/nginx/nginx.conf': nginx(),
        'etc/apache2/apache2.conf': apache('', 'Protocols «h2c» http/1.1'),
      },
    },
  ],
  good: [
    {
      title: 'the virtual host speaks HTTP/1.1 alone',
      files: {
        'etc/nginx/nginx.conf': nginx(),
        'etc/apache2/apache2.conf': apache('Protocols h2 h2c http/1.1', 'Protocols http/1.1'),
      },
    },
    {
      title: 'nginx hides the header',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_hide_header Upgrade;'),
        'etc/apache2/apache2.conf': apache('Protocols h2 h2c http/1.1'),
      },
    },
    {
      title: 'clients of HTTP/1.1',
      files: {
        'etc/nginx/nginx.conf': nginx('', '443 ssl'),
        'etc/apache2/apache2.conf': apache('Protocols h2 h2c http/1.1'),
      },
    },
  ],
  *check(deployment) {
    if (
      !deployment.apache.some(
        ({ modules, occurrences }) => modules.has('http2_module') && occurrences.has('protocols'),
      )
    )
      return
    for (const connection of deployment.connections.http) {
      if (!speaksHttp2(connection) || !connection.protocol.known || connection.protocol.value !== 'http')
        continue
      for (const host of certainHosts(deployment, connection)) {
        const at = offer(host)
        if (at === null || isHidden(connection)) continue
        yield {
          at,
          message:
            'Apache offers this to nginx as `Upgrade`, which goes on to clients of HTTP/2, and they refuse the answer',
          related: [{ at: nginxNamePlace(connection.pass), message: 'nginx passes the header on' }],
        }
      }
    }
  },
})

/** True for a server whose clients over TLS speak HTTP/2. */
function speaksHttp2({ server }: NginxConnection): boolean {
  return listens(server.configuration, server.directive).some(({ ssl, http2 }) => ssl && http2)
}

/** The first word of `Protocols` in force that mod_http2 offers over plain HTTP; null for none, or where prefork forbids it. */
function offer({ configuration, virtualHost }: ApacheHost): Place | null {
  if (!configuration.modules.has('http2_module') || configuration.modules.has('mpm_prefork_module'))
    return null
  const { directives, open } = effectiveOfApache(configuration, serverLevels(virtualHost), 'Protocols')
  const line = directives.at(-1)
  if (line === undefined || open !== null) return null
  const index = line.args.findIndex(({ value }) => /^h2c?$/i.test(value))
  return index === -1 ? null : argumentPlace(line, index)
}

function isHidden({ server: { configuration }, block }: NginxConnection): boolean {
  const hidden = effective(configuration, block, 'proxy_hide_header')
  return (
    !hidden.known || hidden.value.directives.some(({ args }) => args[0]?.value.toLowerCase() === 'upgrade')
  )
}
