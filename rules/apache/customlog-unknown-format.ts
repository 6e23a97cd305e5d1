import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(conf`
    Listen 80
    LogFormat "%h %u %r" combined
    ${lines}
  `)

/** A name that httpd defines itself. */
const BUILT_IN = 'CLF'

export default defineRule({
  summary: 'A log in a format that nobody defines',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache takes a name without a `LogFormat` for the format itself, and writes that one word for each request: no address, no path, no status. `apache2ctl configtest` says nothing.',
  remedy: 'Use the name of a `LogFormat`, such as `combined`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#customlog'],
  bad: [
    {
      title: 'a slip of the pen',
      files: { 'etc/apache2/apache2.conf': main('CustomLog /var/log/apache2/access.log «combine»') },
    },
  ],
  good: [
    {
      title: 'a name that is defined, and a format in full',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            CustomLog /var/log/apache2/access.log combined
            CustomLog /var/log/apache2/other.log "%h %r" env=!quiet
          `,
        ),
      },
    },
    {
      title: 'a fragment, whose main file may define it',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          CustomLog /var/log/apache2/x.log vhost
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const { occurrences } = configuration
      const logs = [...(occurrences.get('customlog') ?? []), ...(occurrences.get('globallog') ?? [])]
      if (logs.length === 0 || !isWhole(configuration)) continue
      const names = new Set((occurrences.get('logformat') ?? []).map(({ args }) => args[1]?.value))
      for (const log of logs) {
        const format = log.args[1]?.value
        if (format === undefined || !isSettled(format)) continue
        if (format.includes('%') || format === BUILT_IN || names.has(format)) continue
        yield {
          at: argumentPlace(log, 1),
          message: `no \`LogFormat\` defines \`${format}\`, so Apache writes that word and nothing else for each request`,
        }
      }
    }
  },
})
