import { defineRule } from '../../src/engine/rule.ts'

const main = (workers: string, options: string): string =>
  `ServerRoot /etc/apache2\nErrorLog /var/log/apache2/error.log\nLoadModule mpm_worker_module /usr/lib/apache2/modules/mod_mpm_worker.so\nLoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so\nListen 127.0.0.1:9000\n${workers}<VirtualHost *:9000>\n    ServerName example.org\n    WSGIDaemonProcess app ${options}\n    WSGIProcessGroup app\n    WSGIScriptAlias / /srv/app/wsgi.py\n</VirtualHost>\n`

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
          'ServerLimit 4\nThreadsPerChild 5\nMaxRequestWorkers 20\n',
          'processes=2 «threads=20»',
        ),
      },
    },
    {
      title: 'the fifteen that nobody wrote',
      files: {
        'etc/apache2/apache2.conf': main(
          'ServerLimit 2\nThreadsPerChild 5\nMaxRequestWorkers 10\n',
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
          'ThreadsPerChild 25\nMaxRequestWorkers 150\n',
          'processes=2 threads=15',
        ),
      },
    },
    {
      title: 'as many',
      files: {
        'etc/apache2/apache2.conf': main(
          'ServerLimit 6\nThreadsPerChild 5\nMaxRequestWorkers 30\n',
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
          message: `\`${name.value}\` has ${total} threads, but Apache has only ${capacity.workers} workers to hand them requests`,
          label: `${total - capacity.workers} of them never get a request`,
          related: counted === null ? [] : [{ at: counted, message: `Apache’s ${capacity.workers} workers` }],
        }
      }
    }
  },
})
