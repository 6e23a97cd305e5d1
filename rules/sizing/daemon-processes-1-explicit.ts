import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const host = (options: string): Record<string, string> => ({
  'site.conf': conf`
    <VirtualHost *:9000>
        ServerName example.org
        WSGIDaemonProcess app${options}
        WSGIProcessGroup app
        WSGIScriptAlias / /opt/app/wsgi.py
    </VirtualHost>
  `,
})

export default defineRule({
  summary: '`processes=1` sets `wsgi.multiprocess`, though there is one process',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Where `processes=` is written, with 1 too, mod_wsgi sets `wsgi.multiprocess` to True; only without it the application learns that it is alone. Debuggers and caches in memory ask for that.',
  remedy: 'Leave `processes=1` out: one process is what mod_wsgi starts by itself',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html'],
  bad: [{ title: 'one, written out', files: host(' «processes=1» threads=15') }],
  good: [
    { title: 'one, as nothing is written', files: host(' threads=15') },
    { title: 'several', files: host(' processes=2 threads=15') },
  ],
  *check({ daemons }) {
    for (const { name, processes, options } of daemons) {
      if (!name.known || !processes.known || processes.value !== 1) continue
      const written = options.get('processes')
      if (written === undefined) continue
      const { source, end } = written.at
      let { start } = written.at
      while (/[ \t]/.test(source.text[start - 1] ?? '')) start--
      yield {
        at: written.at,
        message: `\`${name.value}\` has one process, and \`processes=1\` sets \`wsgi.multiprocess\` all the same`,
        ...propose('Leave it out', 'unsafe', [replacePlace({ source, start, end }, '')]),
      }
    }
  },
})
