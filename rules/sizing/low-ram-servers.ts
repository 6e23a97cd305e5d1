import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'

const MEGABYTE = 1024 ** 2
/** Below this a process that has imported Django does not fit. */
const NEEDED = 32 * MEGABYTE

const tree = (limits: string, memory: number): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      ${limits}
      Listen 127.0.0.1:9000
      <VirtualHost *:9000>
          ServerName example.org
          WSGIDaemonProcess app processes=2
          WSGIProcessGroup app
          WSGIScriptAlias / /opt/app/wsgi.py
      </VirtualHost>
    `,
    ['wsgi'],
  ),
  '.auditrc': conf`
    facts:
      memory: ${memory * MEGABYTE}
  `,
})

export default defineRule({
  summary: 'More processes than the memory of the machine holds',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Under load Apache starts processes until its limit. Where they do not fit, the machine swaps or the kernel ends one of them, the database perhaps.',
  remedy: 'Lower `MaxRequestWorkers`, with fewer processes of the daemon beside it',
  references: ['https://httpd.apache.org/docs/2.4/misc/perf-tuning.html'],
  bad: [
    {
      title: 'the limits that httpd has by itself, on a small machine',
      files: tree(
        conf`
          ThreadsPerChild 25
          MaxRequestWorkers «400»
        `,
        256,
      ),
    },
  ],
  good: [
    {
      title: 'fewer servers',
      files: tree(
        conf`
          ThreadsPerChild 25
          MaxRequestWorkers 100
        `,
        256,
      ),
    },
    {
      title: 'a machine with room',
      files: tree(
        conf`
          ThreadsPerChild 25
          MaxRequestWorkers 400
        `,
        2048,
      ),
    },
  ],
  *check({ workers, daemons, facts }) {
    const { memory } = facts
    if (memory === null) return
    const ofDaemons = daemons.reduce((sum, { processes }) => sum + (processes.known ? processes.value : 1), 0)
    const ofApache = workers.reduce((sum, { capacity }) => sum + capacity.processes, 0)
    const share = memory / (ofDaemons + ofApache)
    if (share >= NEEDED) return
    for (const { configuration, mpm, capacity } of workers) {
      const at =
        mpm.maxRequestWorkers.at ??
        mpm.serverLimit.at ??
        configuration.modules.get(`mpm_${mpm.kind}_module`)?.at
      if (at === undefined || at === null) continue
      yield {
        at,
        message: `Apache may start ${capacity.processes} processes beside ${ofDaemons} of daemons, which leaves ${Math.floor(share / MEGABYTE)} MB for each on a machine of ${Math.floor(memory / MEGABYTE)} MB`,
      }
    }
  },
})
