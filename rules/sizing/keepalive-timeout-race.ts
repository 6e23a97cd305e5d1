import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import {
  indentationAt,
  insertBefore,
  type Proposal,
  propose,
  replacePlace,
} from '../../src/deployment/edits.ts'
import { argumentPlace, type namePlace } from '../../src/deployment/places.ts'
import { upstreamConnections } from './_upstream-connections.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { parseTime } from '../../src/servers/nginx/validate/numbers.ts'
import { isAtLeast } from '../../src/servers/version.ts'

const nginx = (lines: string): string => conf`
  worker_processes 1;
  events {
  }
  http {
      upstream app {
          server 127.0.0.1:9000;
          ${lines}
      }
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_pass http://app;
              proxy_http_version 1.1;
              proxy_set_header Connection "";
              proxy_set_header Host $host;
          }
      }
  }
`
const apache = (lines: string): string =>
  modWsgiMain(
    conf`
      ${lines}
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          WSGIDaemonProcess app
          WSGIScriptAlias / /opt/app/wsgi.py process-group=app
          <Directory /opt/app>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
    ['mpm_event'],
  )

export default defineRule({
  summary: 'Apache closes the connections that nginx keeps',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Whoever closes an idle connection first wins a race: where Apache does, nginx may be sending the next request on it at that moment. A GET is sent again; a POST is not, and its client gets a 502 now and then that nobody can repeat.',
  remedy: 'Let nginx give up first: a `keepalive_timeout` in the upstream below Apache’s `KeepAliveTimeout`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive_timeout',
    'https://httpd.apache.org/docs/2.4/mod/core.html#keepalivetimeout',
  ],
  bad: [
    {
      title: 'nginx keeps them a minute, Apache two seconds',
      files: {
        'etc/nginx/nginx.conf': nginx('«keepalive» 4;'),
        'etc/apache2/apache2.conf': apache('KeepAliveTimeout 2'),
      },
    },
    {
      title: 'the same time in both',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          keepalive 4;
          keepalive_timeout «5s»;
        `),
        'etc/apache2/apache2.conf': apache(''),
      },
    },
  ],
  good: [
    {
      title: 'nginx gives up first',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          keepalive 4;
          keepalive_timeout 1s;
        `),
        'etc/apache2/apache2.conf': apache('KeepAliveTimeout 2'),
      },
    },
    {
      title: 'Apache keeps none',
      files: {
        'etc/nginx/nginx.conf': nginx('keepalive 4;'),
        'etc/apache2/apache2.conf': apache('KeepAlive Off'),
      },
    },
    {
      title: 'nginx keeps none',
      files: { 'etc/nginx/nginx.conf': nginx(''), 'etc/apache2/apache2.conf': apache('') },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const { upstream } = connection
      if (upstream === null) continue
      const kept = upstreamConnections(connection)
      if (kept === null || !kept.reused) continue
      const written = childrenNamed(upstream, 'keepalive_timeout')[0]
      const idle = written === undefined ? 60_000 : parseTime(written.args[0]?.value ?? '', false)
      if (idle === null) continue
      for (const host of certainHosts(deployment, connection)) {
        const { keepAlive, keepAliveTimeout } = host.timeouts
        if (!keepAlive.known || !keepAlive.value || !keepAliveTimeout.known) continue
        if (idle < keepAliveTimeout.value * 1000) continue
        const at = written === undefined ? kept.at : argumentPlace(written, 0)
        yield {
          at,
          message: `nginx keeps idle connections for ${idle / 1000} seconds${written === undefined ? ' unless told otherwise' : ''}, and Apache closes them after ${keepAliveTimeout.value}`,
          label: 'Apache is first',
          related: [
            {
              at: keepAliveTimeout.at ?? host.at,
              message:
                keepAliveTimeout.at === null
                  ? 'Apache waits five seconds by itself'
                  : 'Apache waits this long',
            },
          ],
          ...shorter(connection, at, written !== undefined, keepAliveTimeout.value),
        }
      }
    }
  },
})

/** A second less than Apache. The directive is known since 1.15.3. */
function shorter(
  { server }: NginxConnection,
  at: ReturnType<typeof namePlace>,
  isWritten: boolean,
  seconds: number,
): Proposal {
  const { version } = server.configuration
  if (seconds < 2 || !Number.isInteger(seconds)) return {}
  if (version.from !== 'assumed' && !isAtLeast(version, '1.15.3')) return {}
  const title = 'Let nginx give up a second before Apache'
  if (isWritten) return propose(title, 'safe', [replacePlace(at, `${seconds - 1}s`)])
  return propose(title, 'safe', [
    insertBefore(at, `keepalive_timeout ${seconds - 1}s;\n${indentationAt(at)}`),
  ])
}
