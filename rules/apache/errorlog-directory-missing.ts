import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isReplaced } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { isAbsent } from '../../src/deployment/is-absent.ts'
import { apacheMain, WHOLE_MACHINE } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
  )

export default defineRule({
  summary: 'A log in a directory that is not there',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache makes the file of a log, and no directory: it does not start (AH02297: Cannot access directory). A relative path is below `ServerRoot`, where Red Hat has a link `logs`, and Debian has none.',
  remedy:
    'Make the directory, or write the path of the distribution: `${APACHE_LOG_DIR}/error.log` on Debian',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#errorlog'],
  bad: [
    {
      title: 'the path of another distribution',
      files: { 'etc/apache2/apache2.conf': main('ErrorLog «logs/example_error_log»') },
    },
    {
      title: 'of requests',
      files: { 'etc/apache2/apache2.conf': main('CustomLog «logs/access_log» "%h"') },
    },
    {
      title: 'a directory for the logs of a site',
      files: {
        ...WHOLE_MACHINE,
        'etc/apache2/apache2.conf': main('CustomLog «/var/log/apache2/shop/access.log» "%h"'),
        'var/log/apache2/': '',
      },
    },
  ],
  good: [
    {
      title: 'a whole path, a program and syslog',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ErrorLog logs/error_log
          ErrorLog /var/log/apache2/example.log
          CustomLog "|/usr/bin/rotatelogs /var/log/x 86400" "%h"
          ErrorLog syslog:local1
        `),
      },
    },
    {
      title: 'the directory is there',
      files: {
        'etc/apache2/apache2.conf': main('ErrorLog logs/example_error_log'),
        'etc/apache2/logs/': '',
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const { occurrences, serverRoot, main } = configuration
      const files = filesOf(configuration)
      if (!serverRoot.known || main === null) continue
      for (const name of ['errorlog', 'customlog', 'transferlog']) {
        for (const directive of occurrences.get(name) ?? []) {
          const written = directive.args[0]?.value ?? ''
          if (name === 'errorlog' && isReplaced(configuration, directive)) continue
          if (written === '' || /^(?:\||syslog|journald)/.test(written) || !isSettled(written)) continue
          const directory = posix.dirname(posix.resolve(serverRoot.value, written))
          if (directory === serverRoot.value || !isAbsent(files, directory)) continue
          yield {
            at: argumentPlace(directive, 0),
            message: `no such directory: \`${directory}\`, so Apache does not start`,
          }
        }
      }
    }
  },
})
