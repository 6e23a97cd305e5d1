import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { supposedWorkers } from '../../src/servers/apache/queries/supposed-mpm.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(conf`
    Listen 127.0.0.1:9000
    ${lines}
  `),
})

export default defineRule({
  summary: 'A process may not have as many threads as it is told to',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache lowers `ThreadsPerChild` to `ThreadLimit`, which is 64 where nobody writes it, and all the arithmetic of workers changes with it.',
  remedy: 'Raise `ThreadLimit` with it, or use fewer threads in more processes',
  references: ['https://httpd.apache.org/docs/2.4/mod/mpm_common.html#threadlimit'],
  bad: [
    {
      title: 'a hundred threads and no limit written',
      files: main(conf`
        ThreadsPerChild «100»
        MaxRequestWorkers 128
      `),
    },
  ],
  good: [
    {
      title: 'the limit raised first',
      files: main(conf`
        ThreadLimit 100
        ThreadsPerChild 100
        MaxRequestWorkers 200
      `),
    },
  ],
  *check({ workers, apache }) {
    for (const { configuration, mpm, capacity } of [...workers, ...apache.flatMap(supposedWorkers)]) {
      for (const { kind, from, to, at } of capacity.corrections) {
        if (at === null || kind !== 'threads-over-limit') continue
        const { threadLimit } = mpm
        yield {
          at,
          ...(configuration.main === null && { confidence: 'medium' as const }),
          message: `\`ThreadsPerChild ${from}\` is more than \`ThreadLimit\` allows, and Apache makes ${to} of it`,
          label: `becomes ${to}`,
          related: threadLimit.at === null ? [] : [{ at: threadLimit.at, message: 'the limit' }],
        }
      }
    }
  },
})
