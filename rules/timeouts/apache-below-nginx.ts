import type { ApacheHost, Deployment } from '../../src/deployment/model.ts'
import { type Fact, valueOrNull } from '../../src/servers/fact.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, modWsgiMain } from '../_examples.ts'
import { waitingTime } from './_waiting-time.ts'

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
  why: 'Somebody raised `proxy_read_timeout` for slow pages, but Apache gives its daemon process up before: the answer is a 504 of Apache’s, “Timeout when reading response headers from daemon process”, and the raise has no effect. `socket-timeout` of `WSGIDaemonProcess` counts there in place of `Timeout`.',
  remedy: 'Raise Apache’s `Timeout`, or `socket-timeout`, too, or take the raise back in nginx',
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
    {
      title: 'a time of the daemon process, which counts in place of Timeout',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_read_timeout 300s;'),
        'etc/apache2/apache2.conf': apache('Timeout 300', ' socket-timeout=«20»'),
      },
    },
    {
      title: 'a second of the daemon process',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_read_timeout 300s;'),
        'etc/apache2/apache2.conf': apache('Timeout 300', ' socket-timeout=«1»'),
      },
    },
  ],
  good: [
    {
      title: 'raised for the daemon process',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_read_timeout 300s;'),
        'etc/apache2/apache2.conf': apache('Timeout 60', ' socket-timeout=300'),
      },
    },
    {
      title: 'a time of the daemon process, and nothing raised in nginx',
      files: {
        'etc/nginx/nginx.conf': nginx(''),
        'etc/apache2/apache2.conf': apache('', ' socket-timeout=20'),
      },
    },
    {
      title: 'raised for what Apache itself proxies to',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_read_timeout 300s;'),
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 127.0.0.1:9000
            Timeout 60
            <VirtualHost 127.0.0.1:9000>
                ServerName example.org
                ProxyTimeout 300
                ProxyPass / http://127.0.0.1:8000/
            </VirtualHost>
          `,
          ['proxy', 'proxy_http'],
        ),
      },
    },
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
        for (const { time, place } of ownTimes(deployment, host)) {
          if (seconds <= Math.max(2 * time, 60)) continue
          yield {
            at: place,
            message: `nginx waits ${seconds} seconds for an answer, but Apache gives its daemon process up after ${time}: \`socket-timeout\` counts there in place of \`Timeout\``,
            label: 'Apache waits this long',
            related: [{ at: argumentPlace(directive, 0), message: 'longer than Apache waits' }],
            help: `Write \`socket-timeout=${seconds}\``,
          }
        }
        const timeout = timeoutOf(deployment, host)
        // The default of both is the same minute: only what was raised says that somebody wants to wait. And the outer
        // server has to wait a little longer than one whose time was written too.
        if (timeout?.known !== true) continue
        const enough = timeout.at === null ? timeout.value : 2 * timeout.value
        if (seconds <= Math.max(enough, 60)) continue
        yield {
          at: argumentPlace(directive, 0),
          message: `nginx waits ${seconds} seconds for an answer, but Apache gives up after ${timeout.value}`,
          label: 'longer than Apache waits',
          related: [
            {
              at: timeout.at ?? host.at,
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

/** How long Apache waits for the daemon processes of a virtual host that say it themselves. */
function ownTimes(deployment: Deployment, host: ApacheHost) {
  const daemons = new Set(deployment.applicationsOf(host).map(({ daemon }) => daemon))
  return [...daemons].flatMap(daemon => {
    const time = daemon?.number(OWN_TIME)
    // mod_wsgi takes 0 for a time that is not given.
    return time?.known === true && time.at !== null && time.value > 0
      ? [{ time: time.value, place: time.at }]
      : []
  })
}

const OWN_TIME = 'socket-timeout'

/** How long it waits for all else that answers in the virtual host; null where nothing does. */
function timeoutOf(deployment: Deployment, host: ApacheHost): Fact<number> | null {
  const applications = deployment.applicationsOf(host)
  if (applications.some(({ daemon }) => daemon?.options.has(OWN_TIME) !== true)) return host.timeouts.timeout
  if (applications.length > 0) return null
  const passes = deployment.connections.ofHost(host.configuration, host.directive)
  if (passes.length === 0) return host.timeouts.timeout
  // What is proxied has a time of its own, and one of them may be what nginx waits for.
  const times = passes.map(pass => waitingTime(deployment, pass))
  return (
    times.find(time => !time.known) ??
    times.reduce((longest, time) =>
      longest.known && time.known && time.value > longest.value ? time : longest,
    )
  )
}
