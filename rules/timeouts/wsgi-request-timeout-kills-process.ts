import { valueOrNull } from '../../src/servers/fact.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'

const nginx = (seconds: number): string => conf`
  events {
  }
  http {
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header Host $host;
              proxy_read_timeout ${seconds}s;
          }
      }
  }
`
const apache = (options: string): string =>
  apacheMain(
    conf`
      Timeout 300
      Listen 127.0.0.1:9000
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          WSGIDaemonProcess app ${options}
          WSGIScriptAlias / /opt/app/wsgi.py process-group=app
          <Directory /opt/app>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
    ['wsgi'],
  )

export default defineRule({
  summary: 'mod_wsgi ends the process while nginx is willing to wait',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Somebody told nginx to wait for slow pages, but at `request-timeout` (on average over the threads) mod_wsgi restarts the process: after the grace times it is killed with every request in it, and their clients get a 500, “Truncated or oversized response headers”.',
  remedy: 'Raise `request-timeout` to what nginx waits, or move the slow work into a queue',
  references: [
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout',
  ],
  bad: [
    {
      title: 'three seconds in mod_wsgi, ten in nginx',
      files: {
        'etc/nginx/nginx.conf': nginx(10),
        'etc/apache2/apache2.conf': apache(
          'threads=1 «request-timeout=1» graceful-timeout=1 shutdown-timeout=1',
        ),
      },
    },
    {
      title: 'a minute for pages that may take ten',
      files: {
        'etc/nginx/nginx.conf': nginx(600),
        'etc/apache2/apache2.conf': apache('threads=3 «request-timeout=60»').replace('300', '600'),
      },
    },
  ],
  good: [
    {
      title: 'as long as nginx waits',
      files: {
        'etc/nginx/nginx.conf': nginx(10),
        'etc/apache2/apache2.conf': apache(
          'threads=1 request-timeout=10 graceful-timeout=1 shutdown-timeout=1',
        ),
      },
    },
    {
      title: 'a single slow request is spread over fifteen threads',
      files: {
        'etc/nginx/nginx.conf': nginx(300),
        'etc/apache2/apache2.conf': apache('threads=15 request-timeout=60'),
      },
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const { daemon, host } = application
      const written = daemon?.options.get('request-timeout')
      if (daemon === null || written === undefined || host === null) continue
      const { threads, options } = daemon
      if (options.has('interrupt-timeout')) continue
      const limit = daemon.requestTimeout
      const graceful = daemon.number('graceful-timeout')
      const shutdown = daemon.number('shutdown-timeout')
      if (!limit.known || !graceful.known || !shutdown.known || !threads.known || limit.value === 0) continue
      // One request alone: its time counts as that of all threads together.
      const killed = limit.value * Math.max(threads.value, 1) + graceful.value + shutdown.value
      const socket = options.has('socket-timeout') ? daemon.number('socket-timeout') : host.timeouts.timeout
      if (!socket.known || socket.value <= killed) continue
      for (const { connection, certain } of deployment.connections.reaching(host)) {
        const waits = certain ? valueOrNull(connection.readTimeout) : null
        if (waits === null || waits.directive === null || waits.value <= killed) continue
        yield {
          at: written.at,
          message: `nginx waits ${waits.value} seconds for an answer, but a request of ${killed} seconds ends with its whole process`,
          related: [{ at: argumentPlace(waits.directive, 0), message: 'slow pages are expected' }],
          help: `Write \`request-timeout=${waits.value}\`, or let nginx wait less`,
        }
      }
    }
  },
})
