import type { WsgiDaemon } from '../../src/servers/apache/queries/wsgi-daemons.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const host = (options: string): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      WSGIDaemonProcess ${options}
      WSGIProcessGroup app
      WSGIScriptAlias / /srv/app/wsgi.py
  </VirtualHost>
`

export default defineRule({
  summary: 'Daemon processes are never replaced, or far too often',
  severity: 'info',
  otherSeverities: { warning: 'where the processes are replaced very often' },
  confidence: 'high',
  since: '0.1.0',
  advises: 'mod_wsgi',
  why: 'An application that leaks a little memory fills the machine in the end; a high `maximum-requests` keeps it in check. A low one restarts processes all day: requests wait while Django loads, and caches begin empty.',
  remedy: 'Set a high limit, such as `maximum-requests=10000`',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html'],
  bad: [
    { title: 'no limit', files: { 'site.conf': host('«app» threads=5') } },
    {
      title: 'a process for every hundred requests',
      files: { 'site.conf': host('app «maximum-requests=100»') },
    },
  ],
  good: [
    { title: 'a high limit', files: { 'site.conf': host('app maximum-requests=10000') } },
    {
      title: 'the owner allows a lower one',
      files: {
        'site.conf': host('app maximum-requests=200'),
        '.auditrc': conf`
          facts:
            minimumMaximumRequests: 100
        `,
      },
    },
    {
      title: 'a group of its own for what leaks, beside one that lives long',
      files: {
        'site.conf': conf`
          WSGIDaemonProcess reports maximum-requests=10
          ${host('app maximum-requests=8000')}
        `,
      },
    },
    {
      title: 'a process is replaced by time instead',
      files: { 'site.conf': host('app restart-interval=86400') },
    },
  ],
  *check({ daemons, facts }) {
    for (const { name, at, options } of daemons) {
      if (!name.known) continue
      const maximum = options.get('maximum-requests')
      if (maximum !== undefined && !maximum.value.known) continue
      const limit = maximum?.value.known ? Number.parseInt(maximum.value.value, 10) : 0
      if (Number.isNaN(limit)) continue
      if (maximum !== undefined && limit > 0) {
        if (limit >= facts.minimumMaximumRequests) continue
        // Beside a group of the same file that lives long, a short life was chosen: for an application that leaks, say.
        if (daemons.some(other => other.at.source === at.source && maximumOf(other) >= HIGH)) continue
        yield {
          at: maximum.at,
          severity: 'warning',
          message: `\`${name.value}\` is replaced after ${limit} requests, and each time the application loads anew`,
          label: `fewer than ${facts.minimumMaximumRequests}`,
        }
        continue
      }
      if (options.has('restart-interval') || options.has('inactivity-timeout')) continue
      yield {
        at: maximum?.at ?? at,
        message: `\`${name.value}\` has no \`maximum-requests\`, so its processes live, and may grow, until Apache restarts`,
      }
    }
  },
})

/** What nobody takes for often. */
const HIGH = 1000

/** 0 for one without, or one that nobody here knows. */
function maximumOf({ options }: WsgiDaemon): number {
  const value = options.get('maximum-requests')?.value
  return value?.known ? Number.parseInt(value.value, 10) || 0 : 0
}
