import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const tree = (timeout: string, lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location / {
          include uwsgi_params;
          uwsgi_pass unix:/run/shop.sock;
          ${timeout}
      }
    `),
  ),
  'etc/uwsgi/apps-enabled/shop.ini': conf`
    [uwsgi]
    socket = /run/shop.sock
    module = shop.wsgi
    buffer-size = 32768
    ${lines}
  `,
})

export default defineRule({
  summary: 'uWSGI kills the workers that nginx waits for',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx was told to wait for slow pages, but uWSGI kills a worker whose request takes longer than `harakiri`: the client gets a 502.',
  remedy: 'Raise `harakiri` to what nginx waits',
  references: [
    'https://uwsgi-docs.readthedocs.io/en/latest/Options.html#harakiri',
    'https://nginx.org/en/docs/http/ngx_http_uwsgi_module.html#uwsgi_read_timeout',
  ],
  bad: [
    {
      title: 'raised in nginx, and not in uWSGI',
      files: tree('uwsgi_read_timeout «300s»;', 'harakiri = 30'),
    },
  ],
  good: [
    { title: 'raised in both', files: tree('uwsgi_read_timeout 300s;', 'harakiri = 300') },
    {
      title: 'nginx waits a little longer, so that uWSGI ends what is too slow',
      files: tree('uwsgi_read_timeout 310s;', 'harakiri = 300'),
    },
    { title: 'no limit in uWSGI', files: tree('uwsgi_read_timeout 300s;', '') },
    { title: 'the minute that nginx waits by itself', files: tree('', 'harakiri = 30') },
  ],
  *check({ connections }) {
    for (const { targets, readTimeout } of connections.nginx) {
      for (const { to } of targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { server } = to.listener.program
        if (server.program !== 'uwsgi' || server.timeout?.known !== true || server.timeout.value === 0)
          continue
        const waits = valueOrNull(readTimeout)
        if (
          waits === null ||
          waits.directive === null ||
          waits.value <= Math.max(60, 2 * server.timeout.value)
        )
          continue
        yield {
          at: argumentPlace(waits.directive, 0),
          message: `nginx waits ${waits.value} seconds for an answer, but uWSGI kills the worker after ${server.timeout.value}`,
          label: 'longer than a worker lives',
          related:
            server.timeout.at === null ? [] : [{ at: server.timeout.at, message: 'uWSGI waits this long' }],
        }
      }
    }
  },
})
