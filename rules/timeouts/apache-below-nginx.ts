import { valueOrNull } from '../../src/servers/fact.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'

const nginx = (line: string): string => conf`
  events {
  }
  http {
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header Host $host;
              ${line}
          }
      }
  }
`
const apache = (line: string): string =>
  modWsgiMain(conf`
    ${line}
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        WSGIDaemonProcess app
        WSGIScriptAlias / /opt/app/wsgi.py process-group=app
        <Directory /opt/app>
            Require all granted
        </Directory>
    </VirtualHost>
  `)

const TWO_SITES = conf`
  events {
  }
  http {
      proxy_read_timeout «300s»;
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header Host $host;
          }
      }
      server {
          listen 80;
          server_name example.net;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header Host $host;
          }
      }
  }
`
const secondHost = (line: string): string => conf`
  <VirtualHost 127.0.0.1:9000>
      ServerName example.net
      DocumentRoot /srv/net
      ${line}
  </VirtualHost>
`

export default defineRule({
  summary: 'nginx waits longer than Apache does',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Somebody raised `proxy_read_timeout` for slow pages, but Apache gives its daemon process up before: the answer is a 504 of Apache’s, “Timeout when reading response headers from daemon process”, and the raise has no effect.',
  remedy: 'Raise Apache’s `Timeout` too, or take the raise back in nginx',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#timeout',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout',
  ],
  bad: [
    {
      title: 'raised on one side',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_read_timeout «300s»;'),
        'etc/apache2/apache2.conf': apache('Timeout 60'),
      },
    },
    {
      title: 'a second in Apache',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_read_timeout «300s»;'),
        'etc/apache2/apache2.conf': apache('Timeout 1'),
      },
    },
    {
      title: 'raised for all sites in nginx, and for all but one in Apache',
      files: {
        'etc/nginx/nginx.conf': TWO_SITES,
        'etc/apache2/apache2.conf': `${apache('Timeout 300')}${secondHost('Timeout 60')}`,
      },
    },
  ],
  good: [
    {
      title: 'raised on both',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_read_timeout 300s;'),
        'etc/apache2/apache2.conf': apache('Timeout 300'),
      },
    },
    {
      title: 'nginx waits a little longer than Apache',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_read_timeout 310s;'),
        'etc/apache2/apache2.conf': apache('Timeout 300'),
      },
    },
    {
      title: 'raised on both for all sites',
      files: {
        'etc/nginx/nginx.conf': TWO_SITES,
        'etc/apache2/apache2.conf': `${apache('Timeout 300')}${secondHost('')}`,
      },
    },
    {
      title: 'not raised at all',
      files: { 'etc/nginx/nginx.conf': nginx(''), 'etc/apache2/apache2.conf': apache('Timeout 30') },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const limit = valueOrNull(connection.readTimeout)
      if (limit === null || limit.directive === null) continue
      const { value: seconds, directive } = limit
      for (const host of certainHosts(deployment, connection)) {
        const { timeout } = host.timeouts
        // The default of both is the same minute: only what was raised says that somebody wants to wait. And the outer
        // server has to wait a little longer than one whose time was written too.
        if (!timeout.known) continue
        const enough = timeout.at === null ? timeout.value : 2 * timeout.value
        if (seconds <= Math.max(enough, 60)) continue
        yield {
          at: argumentPlace(directive, 0),
          message: `nginx waits ${seconds} seconds for an answer, but Apache gives up after ${timeout.value}`,
          label: 'longer than Apache waits',
          related: [
            {
              at: timeout.at ?? namePlace(host.directive),
              message:
                timeout.at === null
                  ? 'Apache waits for a minute, as nothing says otherwise'
                  : 'Apache waits this long',
            },
          ],
          help: `Write \`Timeout ${seconds}\` in Apache, or wait ${timeout.value} seconds in nginx`,
        }
      }
    }
  },
})
