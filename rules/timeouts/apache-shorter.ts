import { certainBackends } from '../../src/deployment/backend-of-hop.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'

const nginx = (line: string): string =>
  `events {\n}\nhttp {\n    server {\n        listen 80;\n        server_name example.org;\n        location / {\n            proxy_pass http://127.0.0.1:9000;\n            proxy_set_header Host $host;\n${line}        }\n    }\n}\n`
const apache = (line: string): string =>
  `ServerRoot /etc/apache2\nErrorLog /var/log/apache2/error.log\nLoadModule mpm_worker_module /usr/lib/apache2/modules/mod_mpm_worker.so\nLoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\nLoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so\nListen 127.0.0.1:9000\n${line}<VirtualHost 127.0.0.1:9000>\n    ServerName example.org\n    WSGIDaemonProcess app\n    WSGIScriptAlias / /opt/app/wsgi.py process-group=app\n    <Directory /opt/app>\n        Require all granted\n    </Directory>\n</VirtualHost>\n`

const TWO_SITES =
  'events {\n}\nhttp {\n    proxy_read_timeout «300s»;\n    server {\n        listen 80;\n        server_name example.org;\n        location / {\n            proxy_pass http://127.0.0.1:9000;\n            proxy_set_header Host $host;\n        }\n    }\n    server {\n        listen 80;\n        server_name example.net;\n        location / {\n            proxy_pass http://127.0.0.1:9000;\n            proxy_set_header Host $host;\n        }\n    }\n}\n'
const secondHost = (line: string): string =>
  `<VirtualHost 127.0.0.1:9000>\n    ServerName example.net\n    DocumentRoot /srv/net\n${line}</VirtualHost>\n`

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
        'etc/nginx/nginx.conf': nginx('            proxy_read_timeout «300s»;\n'),
        'etc/apache2/apache2.conf': apache('Timeout 60\n'),
      },
    },
    {
      title: 'a second in Apache',
      files: {
        'etc/nginx/nginx.conf': nginx('            proxy_read_timeout «300s»;\n'),
        'etc/apache2/apache2.conf': apache('Timeout 1\n'),
      },
    },
    {
      title: 'raised for all sites in nginx, and for all but one in Apache',
      files: {
        'etc/nginx/nginx.conf': TWO_SITES,
        'etc/apache2/apache2.conf': `${apache('Timeout 300\n')}${secondHost('    Timeout 60\n')}`,
      },
    },
  ],
  good: [
    {
      title: 'raised on both',
      files: {
        'etc/nginx/nginx.conf': nginx('            proxy_read_timeout 300s;\n'),
        'etc/apache2/apache2.conf': apache('Timeout 300\n'),
      },
    },
    {
      title: 'raised on both for all sites',
      files: {
        'etc/nginx/nginx.conf': TWO_SITES.replace(/[«»]/g, ''),
        'etc/apache2/apache2.conf': `${apache('Timeout 300\n')}${secondHost('')}`,
      },
    },
    {
      title: 'not raised at all',
      files: { 'etc/nginx/nginx.conf': nginx(''), 'etc/apache2/apache2.conf': apache('Timeout 30\n') },
    },
  ],
  *check(deployment) {
    const said = new Set<unknown>()
    for (const hop of deployment.hops) {
      const limit = hop.readTimeout
      if (limit === null || limit.directive === null || said.has(limit.directive.node)) continue
      const { value: seconds, directive } = limit
      for (const host of certainBackends(hop)) {
        const { timeout } = host.timeouts
        // The default of both is the same minute: only what was raised says that somebody wants to wait.
        if (!timeout.known || seconds <= Math.max(timeout.value, 60)) continue
        said.add(directive.node)
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
        break
      }
    }
  },
})
