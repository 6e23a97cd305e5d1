import { valueOrNull } from '../../src/servers/fact.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { indentationAt, insertBefore, propose, replacePlace } from '../../src/deployment/edits.ts'
import { requestTimeoutOf } from './_request-timeout.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { isOn } from '../../src/servers/nginx/queries/effective.ts'

const nginx = (line: string, pass = 'proxy_pass'): string => conf`
  events {
  }
  http {
      server {
          listen 80;
          server_name example.org;
          location / {
              ${pass} http://127.0.0.1:9000;
              proxy_set_header Host $host;
              ${line}
          }
      }
  }
`
const apache = (line: string, options = ''): string =>
  modWsgiMain(conf`
    ${line}
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        WSGIDaemonProcess app${options}
        WSGIScriptAlias / /opt/app/wsgi.py process-group=app
        <Directory /opt/app>
            Require all granted
        </Directory>
    </VirtualHost>
  `)

export default defineRule({
  summary: 'nginx gives up before Apache does',
  severity: 'warning',
  otherSeverities: { info: 'where nginx waits for its own minute or longer' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The client gets a 504 from nginx while the application goes on, finishes, and commits. Whoever sends the form again sends it twice, and each of them holds a worker of Apache until the end.',
  remedy: 'Let nginx wait as long as what lies behind it, or end slow requests there with `request-timeout`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout',
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html',
  ],
  bad: [
    {
      title: 'a second in nginx, a minute in Apache',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_read_timeout «1s»;'),
        'etc/apache2/apache2.conf': apache(''),
      },
    },
    {
      title: 'raised in Apache, which may be its packager’s choice',
      files: {
        'etc/nginx/nginx.conf': nginx('', '«proxy_pass»'),
        'etc/apache2/apache2.conf': apache('Timeout 300'),
      },
    },
  ],
  good: [
    {
      title: 'the same in both',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_read_timeout 90s;'),
        'etc/apache2/apache2.conf': apache('Timeout 90'),
      },
    },
    {
      title: 'mod_wsgi ends the request first',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_read_timeout 90s;'),
        'etc/apache2/apache2.conf': apache('Timeout 300', ' request-timeout=60'),
      },
    },
    {
      title: 'nobody raised or lowered anything',
      files: { 'etc/nginx/nginx.conf': nginx(''), 'etc/apache2/apache2.conf': apache('') },
    },
    {
      title: 'a probe that wants its answer at once',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_read_timeout 2s;').replace('location /', 'location = /healthz'),
        'etc/apache2/apache2.conf': apache(''),
      },
    },
    {
      title: 'answers that stream, each part in time',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_read_timeout 10s;
          proxy_buffering off;
        `),
        'etc/apache2/apache2.conf': apache(''),
      },
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const { host } = application
      const patience = host === null ? null : requestTimeoutOf(application, host)
      if (host === null || patience === null) continue
      for (const { connection, certain } of deployment.connections.reaching(host)) {
        const limit = certain ? valueOrNull(connection.readTimeout) : null
        if (limit === null || limit.value >= patience.seconds || isStream(connection) || isProbe(connection))
          continue
        const { value: waits, directive } = limit
        const written = directive === null ? null : argumentPlace(directive, 0)
        const pass = namePlace(connection.pass)
        const title = `Wait ${patience.seconds} seconds in nginx too`
        yield {
          at: written ?? pass,
          // Debian's own apache2.conf says 300, and who raises both may want Apache to be the last: only a
          // time below nginx's own minute was chosen to give up early.
          severity: written === null || waits >= 60 ? 'info' : 'warning',
          message: `nginx gives up after ${waits} seconds${written === null ? ' unless told otherwise' : ''}, and ${patience.ends ? 'mod_wsgi lets the application work' : 'Apache stays with the application'} for ${patience.seconds}`,
          label: 'the client’s end of it',
          related: [
            {
              at: patience.at ?? namePlace(application.directive),
              message: patience.at === null ? 'Apache waits for a minute by itself' : 'this long behind it',
            },
          ],
          ...propose(title, 'unsafe', [
            written === null
              ? insertBefore(pass, `proxy_read_timeout ${patience.seconds}s;\n${indentationAt(pass)}`)
              : replacePlace(written, `${patience.seconds}s`),
          ]),
        }
      }
    }
  },
})

/** A whole word of the path: `/shopping/` is none. */
const PROBE =
  /(?:^|[/_.-])(?:health(?:z|check)?|livez?|liveness|alive|readyz?|readiness|ping|status|probe)(?:$|[/_.-])/i

/** Whoever asks whether the site is alive wants no late answer, and commits nothing. */
function isProbe({ block }: NginxConnection): boolean {
  return block.name === 'location' && PROBE.test(readLocation(block).name)
}

/** What comes in parts, or over an upgraded connection, is cut by silence and not by its length. */
function isStream({ server, block, headers }: NginxConnection): boolean {
  const buffers = isOn(server.configuration, block, 'proxy_buffering', true)
  return (buffers.known && !buffers.value) || headers.written.some(({ name }) => name === 'upgrade')
}
