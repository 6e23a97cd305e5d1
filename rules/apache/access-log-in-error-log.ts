import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesIn, scopeOf } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'

const site = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'Requests and errors are logged in one file',
  severity: 'info',
  otherSeverities: { warning: 'where the name of the file says that it is for the other kind of lines' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Each request writes a line between the errors. What counts requests meets lines that it does not know, and what looks for errors, such as fail2ban, looks through all requests.',
  remedy: 'Give `CustomLog` and `ErrorLog` a file each',
  references: ['https://httpd.apache.org/docs/2.4/logs.html'],
  unproven:
    'Both servers write as they are told: what is wrong is what the file is called, and what reads it',
  bad: [
    {
      title: 'a line that was copied',
      files: {
        'site.conf': site(conf`
          ErrorLog /var/log/apache2/shop-error.log
          CustomLog «/var/log/apache2/shop-error.log» combined
        `),
      },
    },
    {
      title: 'a directory that is filled in',
      files: {
        'site.conf.j2': site(conf`
          ErrorLog "{{ log_dir }}/shop-access.log"
          CustomLog «"{{ log_dir }}/shop-access.log"» combined
        `),
      },
    },
    {
      title: 'one file on purpose, it seems',
      files: {
        'site.conf': site(conf`
          ErrorLog \${APACHE_LOG_DIR}/shop.log
          CustomLog «\${APACHE_LOG_DIR}/shop.log» combined
        `),
      },
    },
  ],
  good: [
    {
      title: 'a file each',
      files: {
        'site.conf': site(conf`
          ErrorLog /var/log/apache2/shop-error.log
          CustomLog /var/log/apache2/shop-access.log combined
        `),
      },
    },
    {
      title: 'what a container prints, and programs',
      files: {
        'site.conf': site(conf`
          ErrorLog /dev/stdout
          CustomLog /dev/stdout combined
        `),
        'other.conf': site(conf`
          ErrorLog "|/usr/bin/logger -t apache"
          CustomLog "|/usr/bin/logger -t apache" combined
        `),
      },
    },
    {
      title: 'the files of two virtual hosts',
      files: {
        'site.conf': `${site('ErrorLog /var/log/apache2/shop.log')}${site('CustomLog /var/log/apache2/shop.log combined')}`,
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const name of ['customlog', 'transferlog']) {
        for (const line of configuration.occurrences.get(name) ?? []) {
          const path = line.args[0]?.value ?? ''
          if (path === '' || /^(?:\||\/dev\/|\/proc\/|syslog|journald)/.test(path)) continue
          const errors = directivesIn(configuration, line.parent, 'errorlog').at(-1)
          // Lines of no virtual host, in files that nobody joins, may be for two servers.
          if (errors?.args[0]?.value !== path || scopeOf(errors) !== scopeOf(line)) continue
          const isSlip = /err(?:or)?s?\b|access/i.test(path.slice(path.lastIndexOf('/') + 1))
          yield {
            at: argumentPlace(line, 0),
            ...(isSlip && { severity: 'warning' as const }),
            message: `\`${line.name}\` writes each request into the file of \`ErrorLog\``,
            related: [{ at: argumentPlace(errors, 0), message: 'errors are written here too' }],
          }
        }
      }
    }
  },
})
