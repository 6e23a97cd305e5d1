import { propose, replacePlace } from '../../src/deployment/edits.ts'
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
  summary: 'MaxRequestWorkers is no multiple of the threads of a process',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache starts whole processes only and lowers the number to the next multiple, with a line in the error log that nobody reads.',
  remedy: 'Write a multiple of `ThreadsPerChild`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mpm_common.html#maxrequestworkers'],
  bad: [
    {
      title: 'a round number',
      files: main(conf`
        ThreadsPerChild 64
        MaxRequestWorkers «150»
      `),
    },
    {
      title: 'fewer than one process has',
      files: main(conf`
        ThreadsPerChild 25
        MaxRequestWorkers «10»
      `),
    },
  ],
  good: [
    {
      title: 'six processes of twenty-five',
      files: main(conf`
        ThreadsPerChild 25
        MaxRequestWorkers 150
      `),
    },
  ],
  *check({ workers, apache }) {
    for (const { configuration, mpm, capacity } of [...workers, ...apache.flatMap(supposedWorkers)]) {
      for (const { kind, from, to, at } of capacity.corrections) {
        if (at === null || (kind !== 'workers-not-multiple' && kind !== 'workers-below-threads')) continue
        const { threadsPerChild } = mpm
        yield {
          at,
          ...(configuration.main === null && { confidence: 'medium' as const }),
          message: `\`MaxRequestWorkers ${from}\` is no whole number of processes with ${capacity.threadsPerChild} threads, and Apache makes ${to} of it`,
          label: `becomes ${to}`,
          related:
            threadsPerChild.at === null
              ? []
              : [{ at: threadsPerChild.at, message: 'threads of each process' }],
          ...propose('Write the number that Apache uses', configuration.main === null ? 'unsafe' : 'safe', [
            replacePlace(at, `${to}`),
          ]),
        }
      }
    }
  },
})
