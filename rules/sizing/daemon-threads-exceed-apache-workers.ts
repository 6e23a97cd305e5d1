import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'

const main = (workers: string, options: string): string =>
  modWsgiMain(conf`
    ${workers}
    <VirtualHost *:9000>
        ServerName example.org
        WSGIDaemonProcess app ${options}
        WSGIProcessGroup app
        WSGIScriptAlias / /srv/app/wsgi.py
    </VirtualHost>
  `)

export default defineRule({
  summary: 'More application threads than Apache workers that could feed them',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Each request holds one Apache worker while it waits for a thread of the daemon process: threads beyond the number of workers never get one, and cost memory for nothing.',
  remedy: 'Raise `MaxRequestWorkers`, or give the daemon process fewer threads',
  references: ['https://modwsgi.readthedocs.io/en/master/user-guides/processes-and-threading.html'],
  bad: [
    {
      title: 'forty threads behind twenty workers',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            ServerLimit 4
            ThreadsPerChild 5
            MaxRequestWorkers 20
          `,
          'processes=2 «threads=20»',
        ),
      },
    },
    {
      title: 'the fifteen that nobody wrote',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            ServerLimit 2
            ThreadsPerChild 5
            MaxRequestWorkers 10
          `,
          'maximum-requests=10000',
        ).replace('Process app', 'Process «app»'),
      },
    },
  ],
  good: [
    {
      title: 'fewer threads than workers',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            ThreadsPerChild 25
            MaxRequestWorkers 150
          `,
          'processes=2 threads=15',
        ),
      },
    },
    {
      title: 'as many',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            ServerLimit 6
            ThreadsPerChild 5
            MaxRequestWorkers 30
          `,
          'processes=2 threads=15',
        ),
      },
    },
  ],
  *check({ daemons, workers }) {
    for (const { configuration, mpm, capacity } of workers) {
      for (const { name, at, threads, processes, options, configuration: home } of daemons) {
        if (home !== configuration || !name.known || !threads.known || !processes.known) continue
        const total = threads.value * processes.value
        if (total <= capacity.workers) continue
        const counted = mpm.maxRequestWorkers.at ?? mpm.serverLimit.at
        yield {
          at: options.get('threads')?.at ?? options.get('processes')?.at ?? at,
          message: `\`${name.value}\` has ${total} threads, but Apache has only ${capacity.workers} workers to send them requests`,
          label: `${total - capacity.workers} of them never get a request`,
          related: counted === null ? [] : [{ at: counted, message: `Apache’s ${capacity.workers} workers` }],
        }
      }
    }
  },
})
