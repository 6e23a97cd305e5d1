import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const host = (daemon: string): Record<string, string> => ({
  'site.conf': conf`
    <VirtualHost *:9000>
        ServerName example.org
        WSGIDaemonProcess ${daemon}
        WSGIProcessGroup app
        WSGIScriptAlias / /opt/app/wsgi.py
    </VirtualHost>
  `,
})

export default defineRule({
  summary: 'A request that hangs keeps its thread for ever',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  advises: 'mod_wsgi',
  why: 'mod_wsgi has no limit for a request unless `request-timeout` gives one. Each that waits for a dead service takes a thread out of use, until none is left and the whole application stands still.',
  remedy: 'Add `request-timeout=60` to the `WSGIDaemonProcess`',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html'],
  bad: [{ title: 'no limit', files: host('«app» threads=15') }],
  good: [
    { title: 'a minute', files: host('app threads=15 request-timeout=60') },
    { title: 'processes that no application uses', files: host('other threads=15') },
  ],
  *check({ daemons, applications }) {
    const endless = daemons.filter(daemon => {
      const limit = daemon.requestTimeout
      return daemon.name.known && limit.known && limit.value === 0
    })
    if (endless.length === 0) return
    const used = new Set(applications.map(({ daemon }) => daemon))
    for (const daemon of endless) {
      const { name, at } = daemon
      if (!used.has(daemon) || !name.known) continue
      const isWritten = daemon.options.has('request-timeout')
      yield {
        at,
        message: `A request to \`${name.value}\` that hangs keeps one of its threads until the process ends`,
        ...(isWritten
          ? {}
          : propose('End requests after a minute', 'unsafe', [insertAfter(at, ' request-timeout=60')])),
      }
    }
  },
})
