import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const main = (mpm: string, lines = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': conf`
    ServerRoot /etc/apache2
    ErrorLog /var/log/apache2/error.log
    ${mpm}
    LoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so
    ${lines}
    Listen 127.0.0.1:9000
    <VirtualHost *:9000>
        ServerName example.org
        WSGIDaemonProcess app
        WSGIProcessGroup app
        WSGIScriptAlias / /opt/app/wsgi.py
    </VirtualHost>
  `,
})
const load = (name: string): string =>
  `LoadModule mpm_${name}_module /usr/lib/apache2/modules/mod_mpm_${name}.so`

export default defineRule({
  summary: 'A process of Apache for each request that a daemon process answers',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'In the prefork MPM each request holds a whole process of Apache, which only waits until the daemon process has answered. The worker and event MPMs wait in a thread, at a fraction of the memory.',
  remedy: 'Load mpm_event or mpm_worker: `a2dismod mpm_prefork && a2enmod mpm_event`',
  references: [
    'https://httpd.apache.org/docs/2.4/mpm.html',
    'https://modwsgi.readthedocs.io/en/master/user-guides/processes-and-threading.html',
  ],
  bad: [{ title: 'prefork before daemon processes', files: main(`«${load('prefork')}»`) }],
  good: [
    { title: 'worker', files: main(load('worker')) },
    { title: 'event', files: main(load('event')) },
    {
      title: 'PHP beside it, which needs prefork',
      files: main(load('prefork'), 'LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so'),
    },
  ],
  *check({ workers, daemons }) {
    for (const { configuration, mpm } of workers) {
      if (mpm.kind !== 'prefork') continue
      const { modules } = configuration
      // Modules whose libraries are not thread safe, or that take the place of the MPM, want prefork.
      if ([...modules.keys()].some(id => /^(?:php\d*|perl|mpm_itk|ruid2)_module$/.test(id))) continue
      const at = modules.get('mpm_prefork_module')?.at
      const daemon = daemons.find(each => each.configuration === configuration)
      if (at === undefined || at === null || daemon === undefined) continue
      yield {
        at,
        message: 'The prefork MPM holds a process for each request that it sends to a daemon process',
        related: [{ at: namePlace(daemon.directive), message: 'these processes run the application' }],
      }
    }
  },
})
