import { defineRule } from '../../src/engine/rule.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { timeOfRequest } from './_app-server-time.ts'
import { waitingTime } from './_waiting-time.ts'
import { gunicornBehindApache } from './_examples.ts'

export default defineRule({
  summary: 'Apache gives up before the application server does',
  severity: 'warning',
  otherSeverities: { info: 'where the application server has less than twice the time of Apache' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The application server was given more time for a request than Apache waits for it: `timeout=` of the backend, `ProxyTimeout`, or `Timeout` where there is neither, a minute by default. Apache answers 502 Proxy Error (`The timeout specified has expired: AH01102: error reading status line from remote server`) while the application goes on for nobody.',
  remedy: 'Set `ProxyTimeout` to the time that the application server has',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxytimeout',
    'https://docs.gunicorn.org/en/stable/settings.html#timeout',
  ],
  bad: [
    {
      title: 'less in Apache',
      files: gunicornBehindApache('--timeout 600', 'ProxyTimeout «120»'),
    },
    {
      title: 'less for this backend',
      files: gunicornBehindApache('--timeout 600', '', 'ProxyPass / http://127.0.0.1:8000/ «timeout=90»'),
    },
    {
      title: 'gunicorn alone was given more',
      files: gunicornBehindApache('--timeout 300', '', '«ProxyPass» / http://127.0.0.1:8000/'),
    },
    {
      title: 'a little more',
      files: gunicornBehindApache('--timeout 90', '', '«ProxyPass» / http://127.0.0.1:8000/'),
    },
  ],
  good: [
    { title: 'raised in both', files: gunicornBehindApache('--timeout 600', 'ProxyTimeout 600') },
    {
      title: 'raised for this backend',
      files: gunicornBehindApache('--timeout 600', '', 'ProxyPass / http://127.0.0.1:8000/ timeout=600'),
    },
    { title: 'all of Apache waits as long', files: gunicornBehindApache('--timeout 300', 'Timeout 300') },
    { title: 'raised in neither', files: gunicornBehindApache('--timeout 60') },
    {
      title: 'workers whose timeout is not that of a request',
      files: gunicornBehindApache('--timeout 300 -k gthread --threads 4'),
    },
  ],
  *check(deployment) {
    if (!deployment.programs.some(({ kind }) => kind === 'app-server')) return
    for (const connection of deployment.connections.apache) {
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { server } = to.listener.program
        const time = timeOfRequest(server)
        if (time === null || !time.known || time.at === null || time.value <= 60) continue
        const limit = waitingTime(deployment, connection)
        if (!limit.known || time.value <= limit.value) continue
        yield {
          at: limit.at ?? namePlace(connection.pass),
          ...(time.value < 2 * limit.value && { severity: 'info' as const }),
          message: `Apache answers 502 after ${limit.value} seconds, and ${server.program === 'uwsgi' ? 'uWSGI' : server.program} gives a request ${time.value}`,
          label: limit.at === null ? 'no ProxyTimeout' : 'less than the application server has',
          related: [{ at: time.at, message: 'the time of a request' }],
          help: `Write \`ProxyTimeout ${time.value}\``,
        }
      }
    }
  },
})
