import { defineRule } from '../../src/engine/rule.ts'
import { killsSlowRequests } from './_app-server-time.ts'
import { writtenWaitingTime } from './_waiting-time.ts'
import { gunicornBehindApache } from './_examples.ts'

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
    { title: 'raised in Apache, and not in gunicorn', files: gunicornBehindApache('', 'ProxyTimeout «300»') },
    {
      title: 'raised for this backend alone',
      files: gunicornBehindApache('--timeout 60', '', 'ProxyPass / http://127.0.0.1:8000/ «timeout=600»'),
    },
  ],
  good: [
    { title: 'raised in both', files: gunicornBehindApache('--timeout 300', 'ProxyTimeout 300') },
    {
      title: 'the time of clients, which says nothing of slow pages',
      files: gunicornBehindApache('', 'Timeout 300'),
    },
    {
      title: 'workers with threads, which answer for themselves',
      files: gunicornBehindApache('--threads 4', 'ProxyTimeout 300'),
    },
    { title: 'no limit', files: gunicornBehindApache('--timeout 0', 'ProxyTimeout 300') },
    { title: 'half of it', files: gunicornBehindApache('--timeout 150', 'ProxyTimeout 300') },
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
