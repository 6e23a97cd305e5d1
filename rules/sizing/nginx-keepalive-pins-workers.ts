import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { upstreamConnections } from './_upstream-connections.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const nginx = (keepalive: string): string =>
  `worker_processes 2;\nevents {\n}\nhttp {\n    upstream app {\n        server 127.0.0.1:9000;\n        ${keepalive}\n        keepalive_timeout 2s;\n    }\n    server {\n        listen 80;\n        server_name example.org;\n        location / {\n            proxy_pass http://app;\n            proxy_http_version 1.1;\n            proxy_set_header Connection "";\n            proxy_set_header Host $host;\n        }\n    }\n}\n`
const apache = (mpm: string, lines: string): string => conf`
  ServerRoot /etc/apache2
  ErrorLog /var/log/apache2/error.log
  LoadModule mpm_${mpm}_module /usr/lib/apache2/modules/mod_mpm_${mpm}.so
  LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
  Listen 127.0.0.1:9000
  ${lines}
  <VirtualHost 127.0.0.1:9000>
      ServerName example.org
  </VirtualHost>
`
const SMALL = conf`
  ServerLimit 2
  ThreadsPerChild 5
  MaxRequestWorkers 10
`

export default defineRule({
  summary: 'Idle connections of nginx hold workers of Apache',
  severity: 'warning',
  otherSeverities: {
    error: 'where idle connections can hold every worker',
    info: 'where they can hold less than half of them',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'In the worker and prefork MPMs a kept connection keeps its thread, busy or not. nginx keeps its idle connections until Apache’s `KeepAliveTimeout`, and the next client waits that long for a worker: five seconds, where the event MPM needs sixteen milliseconds.',
  remedy: 'Use the event MPM, or `KeepAlive Off`, or a `KeepAliveTimeout` of a second',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive',
    'https://httpd.apache.org/docs/2.4/mod/event.html',
  ],
  bad: [
    {
      title: 'sixteen kept connections, ten workers',
      files: {
        'etc/nginx/nginx.conf': nginx('«keepalive» 16;'),
        'etc/apache2/apache2.conf': apache('worker', SMALL),
      },
    },
    {
      title: 'sixteen of the workers that Apache has by itself',
      files: {
        'etc/nginx/nginx.conf': nginx('«keepalive» 16;'),
        'etc/apache2/apache2.conf': apache('prefork', ''),
      },
    },
  ],
  good: [
    {
      title: 'the event MPM',
      files: {
        'etc/nginx/nginx.conf': nginx('keepalive 16;'),
        'etc/apache2/apache2.conf': apache('event', SMALL),
      },
    },
    {
      title: 'Apache closes each connection',
      files: {
        'etc/nginx/nginx.conf': nginx('keepalive 16;'),
        'etc/apache2/apache2.conf': apache(
          'worker',
          conf`
            ${SMALL}
            KeepAlive Off
          `,
        ),
      },
    },
    {
      title: 'a second of waiting at most',
      files: {
        'etc/nginx/nginx.conf': nginx('keepalive 16;'),
        'etc/apache2/apache2.conf': apache(
          'worker',
          conf`
            ${SMALL}
            KeepAliveTimeout 1
          `,
        ),
      },
    },
    {
      title: 'nothing kept',
      files: { 'etc/nginx/nginx.conf': nginx(''), 'etc/apache2/apache2.conf': apache('worker', SMALL) },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      if (connection.upstream === null) continue
      const kept = upstreamConnections(connection)
      if (kept === null || !kept.reused) continue
      for (const host of certainHosts(deployment, connection)) {
        const workers = deployment.workers.find(({ configuration }) => configuration === host.configuration)
        const { keepAlive, keepAliveTimeout } = host.timeouts
        if (workers === undefined || workers.mpm.kind === 'event') continue
        if (!keepAlive.known || !keepAlive.value || !keepAliveTimeout.known || keepAliveTimeout.value <= 2)
          continue
        const total = kept.perProcess * (kept.processes ?? 1)
        const { workers: most } = workers.capacity
        const all = total >= most
        yield {
          at: kept.at,
          // Of a few nobody misses the others.
          severity: all && kept.processes !== null ? 'error' : 2 * total >= most ? 'warning' : 'info',
          message: `nginx keeps up to ${total} idle connections, and each holds one of Apache’s ${most} workers for ${keepAliveTimeout.value} seconds`,
          label: 'kept open',
          related: [
            {
              at: workers.mpm.maxRequestWorkers.at ?? host.at,
              message: `the ${workers.mpm.kind} MPM gives each a thread`,
            },
            ...(keepAliveTimeout.at === null ? [] : [{ at: keepAliveTimeout.at, message: 'this long' }]),
          ],
        }
      }
    }
  },
})
