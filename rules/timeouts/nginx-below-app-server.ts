import { indentationAt, insertBefore, propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Connections, Program } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'
import { timeOfRequest } from './_app-server-time.ts'

const proxied = (lines: string, pass = '«proxy_pass» http://127.0.0.1:8000;'): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_set_header Host $host;
          ${lines}
          ${pass}
      }
    `),
  )
const gunicorn = (options: string, lines = '', pass?: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': proxied(lines, pass),
  'etc/systemd/system/shop.service': serviceUnit(`/usr/bin/gunicorn -b 127.0.0.1:8000 ${options} shop.wsgi`),
})
const PLAIN = 'proxy_pass http://127.0.0.1:8000;'

export default defineRule({
  summary: 'nginx gives up before the application server does',
  severity: 'warning',
  otherSeverities: { info: 'where the application server has less than twice the time of nginx' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The application server was given more time for a request than nginx waits for it, a minute by itself. nginx answers 504 Gateway Time-out while the application goes on for nobody; a client that tries again does it all twice.',
  remedy: 'Set `proxy_read_timeout` (`uwsgi_read_timeout`) to the time that the application server has',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout',
    'https://docs.gunicorn.org/en/stable/settings.html#timeout',
    'https://uwsgi-docs.readthedocs.io/en/latest/Options.html#harakiri',
  ],
  bad: [
    { title: 'gunicorn alone was given more', files: gunicorn('--timeout 300') },
    {
      title: 'less in nginx',
      files: gunicorn('--timeout 600', 'proxy_read_timeout «120s»;', PLAIN),
    },
    {
      title: 'uWSGI alone was given more',
      files: {
        'etc/nginx/nginx.conf': proxied(
          'uwsgi_param QUERY_STRING $query_string;',
          '«uwsgi_pass» 127.0.0.1:3031;',
        ),
        'etc/uwsgi/apps-enabled/shop.ini': conf`
          [uwsgi]
          socket = 127.0.0.1:3031
          module = shop.wsgi
          harakiri = 300
        `,
      },
    },
    { title: 'a little more', files: gunicorn('--timeout 90') },
  ],
  good: [
    { title: 'raised in both', files: gunicorn('--timeout 300', 'proxy_read_timeout 300s;', PLAIN) },
    {
      title: 'raised for the slow pages alone',
      files: {
        ...gunicorn('--timeout 300'),
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:8000;
            }
            location /export/ {
                proxy_pass http://127.0.0.1:8000;
                proxy_read_timeout 300s;
            }
          `),
        ),
      },
    },
    { title: 'raised in neither', files: gunicorn('--timeout 60', '', PLAIN) },
    { title: 'no limit, which says nothing of slow pages', files: gunicorn('--timeout 0', '', PLAIN) },
    {
      title: 'workers whose timeout is not that of a request',
      files: gunicorn('--timeout 300 -k uvicorn.workers.UvicornWorker', '', PLAIN),
    },
  ],
  *check({ connections, programs }) {
    if (!programs.some(({ kind }) => kind === 'app-server')) return
    const longest = longestWaits(connections.nginx)
    for (const { pass, targets, readTimeout } of connections.nginx) {
      const waits = valueOrNull(readTimeout)
      if (waits === null) continue
      for (const { to } of targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { server } = to.listener.program
        const time = timeOfRequest(server)
        if (time === null || !time.known || time.at === null || time.value <= waits.value) continue
        // The time is for the slow pages, which have a location of their own.
        if ((longest.get(to.listener.program) ?? 0) >= time.value) continue
        const { directive, value } = waits
        const name = pass.name.replace('_pass', '_read_timeout')
        const place = namePlace(pass)
        yield {
          at: directive === null ? place : argumentPlace(directive, 0),
          ...(time.value < 2 * value && { severity: 'info' as const }),
          message: `nginx answers 504 after ${value} seconds, and ${server.program === 'uwsgi' ? 'uWSGI' : server.program} gives a request ${time.value}`,
          label: directive === null ? `no ${name}` : 'less than the application server has',
          related: [{ at: time.at, message: 'the time of a request' }],
          ...propose(`Wait ${time.value} seconds`, 'unsafe', [
            directive === null
              ? insertBefore(place, `${name} ${time.value}s;\n${indentationAt(place)}`)
              : replacePlace(argumentPlace(directive, 0), `${time.value}s`),
          ]),
        }
      }
    }
  },
})

/** The longest that nginx waits for each program at any place, in seconds. */
function longestWaits(connections: Connections['nginx']): ReadonlyMap<Program, number> {
  const longest = new Map<Program, number>()
  for (const { targets, readTimeout } of connections) {
    const seconds = valueOrNull(readTimeout)?.value ?? 0
    for (const { to } of targets)
      if (to.kind === 'listener')
        longest.set(to.listener.program, Math.max(seconds, longest.get(to.listener.program) ?? 0))
  }
  return longest
}
