import type { ApacheHost, Application, Deployment } from '../../src/deployment/model.ts'
import { connectionReachedBy } from '../../src/deployment/requests/connection-reached-by.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'

const nginx = (lines: string): string => conf`
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
          ${lines}
      }
  }
`
const apache = (options: string): string =>
  apacheMain(
    conf`
      ServerLimit 2
      StartServers 2
      ThreadsPerChild 5
      MaxRequestWorkers 10
      Listen 127.0.0.1:9000
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          Alias /static/ /opt/app/static/
          WSGIDaemonProcess app ${options}
          WSGIScriptAlias / /opt/app/wsgi.py process-group=app
          <Directory /opt/app>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
    ['alias', 'wsgi'],
  )

export default defineRule({
  summary: 'Static files wait behind slow pages',
  severity: 'warning',
  otherSeverities: { info: 'where nobody chose the number of threads, or many workers are left over' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A request that waits for a thread of the daemon process holds a worker of Apache, without end. With few threads behind many workers a handful of slow pages fills them all, and a picture that needs no application at all waits too.',
  remedy:
    'Let nginx serve the static files, or give up waiting with `queue-timeout=45` on the `WSGIDaemonProcess`',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html'],
  bad: [
    {
      title: 'one thread behind ten workers, and static files of Apache’s',
      files: {
        'etc/nginx/nginx.conf': nginx(''),
        'etc/apache2/apache2.conf': apache('«threads=1»'),
      },
    },
  ],
  good: [
    {
      title: 'nginx serves them',
      files: {
        'etc/nginx/nginx.conf': nginx(
          conf`
            location /static/ {
                alias /opt/app/static/;
            }
          `,
        ),
        'etc/apache2/apache2.conf': apache('threads=1'),
      },
    },
    {
      title: 'requests that wait are turned away after a while',
      files: {
        'etc/nginx/nginx.conf': nginx(''),
        'etc/apache2/apache2.conf': apache('threads=1 queue-timeout=10'),
      },
    },
    {
      title: 'as many threads as workers',
      files: {
        'etc/nginx/nginx.conf': nginx(''),
        'etc/apache2/apache2.conf': apache('processes=2 threads=5'),
      },
    },
  ],
  *check(deployment) {
    if (!deployment.apache.some(({ occurrences }) => occurrences.has('alias'))) return
    for (const application of deployment.applications) {
      const { host, daemon } = application
      if (host === null || daemon === null) continue
      const workers = deployment.workers.find(each => each.configuration === application.configuration)
      const waits = daemon.number('queue-timeout')
      const { threads, processes, options } = daemon
      if (workers === undefined || !waits.known || waits.value !== 0) continue
      if (!threads.known || !processes.known) continue
      const total = threads.value * processes.value
      const count = workers.capacity.workers
      if (total * FEW > count) continue
      const alias = servedAlias(deployment, application, host)
      if (alias === null) continue
      const written = options.get('threads') ?? options.get('processes')
      yield {
        at: written?.at ?? daemon.at,
        // A short burst fills the few workers that are left; many are left for a flood, which hurts anyway.
        severity: written === undefined || count - total > BURST ? 'info' : 'warning',
        message: `${total === 1 ? 'One thread answers' : `${total} threads answer`} for the application while requests that wait may hold all ${count} workers of Apache, which serve \`${alias.args[0]?.value}\` too`,
        related: [
          { at: argumentPlace(alias, 0), message: 'static files of Apache’s' },
          {
            at: workers.mpm.maxRequestWorkers.at ?? host.at,
            message: `${count} workers`,
          },
        ],
      }
    }
  },
})

/** From so many workers to a thread on, requests that wait hold more of Apache than those that run. */
const FEW = 8

/** As many slow pages at once are no flood. */
const BURST = 50

/** An `Alias` of the application's host whose files come from Apache; null where none does for sure. */
function servedAlias(
  deployment: Deployment,
  { configuration }: Application,
  host: ApacheHost,
): ApacheDirective | null {
  for (const alias of directivesIn(configuration, host.directive, 'alias')) {
    const prefix = alias.args[0]?.value
    if (prefix === undefined || prefix.includes('$')) continue
    if (deployment.nginx.length === 0) return alias
    const path = `${prefix.replace(/\/$/, '')}/site.css`
    if (
      deployment.connections
        .reaching(host)
        .some(({ connection, certain }) => certain && connectionReachedBy(deployment, connection, path))
    )
      return alias
  }
  return null
}
