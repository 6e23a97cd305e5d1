import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'
import { killsSlowRequests } from './_app-server-time.ts'
import { writtenWaitingTime } from './_waiting-time.ts'

const tree = (
  options: string,
  lines = '',
  pass = 'ProxyPass / http://127.0.0.1:8000/',
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ProxyPreserveHost On
          ${lines}
          ${pass}
          ProxyPassReverse / http://127.0.0.1:8000/
      </VirtualHost>
    `,
    ['proxy', 'proxy_http'],
  ),
  'etc/systemd/system/shop.service': serviceUnit(`/usr/bin/gunicorn -b 127.0.0.1:8000 ${options} shop.wsgi`),
})

export default defineRule({
  summary: 'gunicorn kills the workers that Apache waits for',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache was told to wait for slow pages, with `ProxyTimeout` or `timeout=` of the backend, but a synchronous worker that is silent for longer than `--timeout`, half a minute by itself, is killed in the middle of its request: the client gets a 502 Proxy Error.',
  remedy: 'Raise gunicorn’s `--timeout` to what Apache waits',
  references: [
    'https://docs.gunicorn.org/en/stable/settings.html#timeout',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxytimeout',
  ],
  bad: [
    { title: 'raised in Apache, and not in gunicorn', files: tree('', 'ProxyTimeout «300»') },
    {
      title: 'raised for this backend alone',
      files: tree('--timeout 60', '', 'ProxyPass / http://127.0.0.1:8000/ «timeout=600»'),
    },
  ],
  good: [
    { title: 'raised in both', files: tree('--timeout 300', 'ProxyTimeout 300') },
    { title: 'the time of clients, which says nothing of slow pages', files: tree('', 'Timeout 300') },
    {
      title: 'workers with threads, which answer for themselves',
      files: tree('--threads 4', 'ProxyTimeout 300'),
    },
    { title: 'no limit', files: tree('--timeout 0', 'ProxyTimeout 300') },
    { title: 'half of it', files: tree('--timeout 150', 'ProxyTimeout 300') },
  ],
  *check(deployment) {
    if (!deployment.programs.some(({ kind }) => kind === 'app-server')) return
    for (const connection of deployment.connections.apache) {
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { server } = to.listener.program
        if (!killsSlowRequests(server)) continue
        const { timeout } = server
        if (timeout !== null && (!timeout.known || timeout.value === 0)) continue
        const seconds = timeout?.value ?? 30
        const limit = writtenWaitingTime(deployment, connection)
        // The minute that httpd waits by itself says nothing of slow pages.
        if (limit === null || limit.seconds <= Math.max(timeout === null ? seconds : 2 * seconds, 60))
          continue
        yield {
          at: limit.at,
          message: `Apache waits ${limit.seconds} seconds for an answer, but gunicorn kills the worker after ${seconds}`,
          label: 'longer than a worker lives',
          related: [
            {
              at: timeout?.at ?? server.at,
              message:
                timeout === null ? 'half a minute, as nothing says otherwise' : 'gunicorn waits this long',
            },
          ],
          help: `Start gunicorn with \`--timeout ${limit.seconds}\``,
        }
      }
    }
  },
})
