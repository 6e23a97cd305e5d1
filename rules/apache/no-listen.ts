import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const HOST = conf`
  <VirtualHost *:80>
  ServerName example.org
  </VirtualHost>
`

export default defineRule({
  summary: 'No Listen line anywhere, and Apache does not start',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'httpd has no port by default. `apache2ctl configtest` says OK; the start ends with `no listening sockets available, shutting down`.',
  remedy: 'Write `Listen 127.0.0.1:9000`, or include the file that does',
  references: ['https://httpd.apache.org/docs/2.4/mod/mpm_common.html#listen'],
  bad: [
    {
      title: 'a virtual host opens no port',
      files: {
        'etc/apache2/apache2.conf': apacheMain(HOST).replace('ErrorLog', '«ErrorLog»'),
      },
    },
  ],
  good: [
    {
      title: 'in a file of its own',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          Include ports.conf
          ${HOST}
        `),
        'etc/apache2/ports.conf': conf`Listen 80`,
      },
    },
    {
      title: 'lines about logs in a file called like the main one',
      files: {
        'httpd-logs.conf': conf`
          LoadModule logio_module modules/mod_logio.so
          LogFormat "%h %I %O" bytes
        `,
      },
    },
    {
      title: 'a file of modules, in the directory from which a main file includes all',
      files: {
        'templates/etc/httpd/conf.modules.d/00-mpm.conf.j2': conf`
          LoadModule mpm_event_module modules/mod_mpm_event.so
          PidFile {{ shop_home }}/run/httpd.pid
        `,
        'templates/etc/httpd/conf/httpd.conf.j2': apacheMain(conf`
          Include conf.modules.d/*.conf
          Listen {{ shop_port }}
        `),
      },
    },
    { title: 'a fragment, whose main file may have one', files: { 'site.conf': HOST } },
    {
      title: 'in a file outside the audit',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          Include /opt/ports.conf
          ${HOST}
        `),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const first = configuration.top.find(({ source }) => source === configuration.main)
      if (first === undefined || configuration.occurrences.has('listen')) continue
      if (!isWhole(configuration) || !isOfServer(configuration)) continue
      yield {
        at: namePlace(first),
        message: 'no `Listen` stands in the whole configuration, so Apache has no socket and does not start',
      }
    }
  },
})

/** False for a few lines that are only called like a main file: each says where the server lives, or what runs it. */
function isOfServer({ occurrences, modules }: ApacheConfiguration): boolean {
  return occurrences.has('serverroot') || [...modules.keys()].some(id => id.startsWith('mpm_'))
}
