import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const host = (options: string): Record<string, string> => ({
  'site.conf': conf`
    <VirtualHost *:9000>
        ServerName example.org
        WSGIDaemonProcess app ${options}
        WSGIProcessGroup app
        WSGIScriptAlias / /opt/app/wsgi.py
    </VirtualHost>
  `,
})

/** mod_wsgi's author takes 3 to 5 for work and 15 for waiting; beyond this one lock is all they wait for. */
const MANY = 25

export default defineRule({
  summary: 'More threads in one process than Python can keep busy',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'The threads of a process take turns with one interpreter lock. Many of them add waiting and memory instead of throughput, unless nearly all wait for a network.',
  remedy: 'Use more processes with five to fifteen threads each',
  references: ['https://modwsgi.readthedocs.io/en/master/user-guides/processes-and-threading.html'],
  bad: [{ title: 'a hundred threads', files: host('processes=1 «threads=100»') }],
  good: [
    { title: 'the same number of requests in more processes', files: host('processes=6 threads=15') },
    { title: 'what mod_wsgi does by itself', files: host('maximum-requests=10000') },
  ],
  *check({ daemons }) {
    for (const { name, threads, options } of daemons) {
      if (!name.known || !threads.known || threads.value <= MANY) continue
      const written = options.get('threads')
      if (written === undefined) continue
      yield {
        at: written.at,
        message: `Each process of \`${name.value}\` has ${threads.value} threads, and one of them runs Python at a time`,
      }
    }
  },
})
