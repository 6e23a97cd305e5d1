import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(conf`
    Listen 127.0.0.1:9000
    ${lines}
  `)

export default defineRule({
  summary: 'Apache may not start as many workers as it is told to',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache quietly lowers `MaxRequestWorkers` to what `ServerLimit` times `ThreadsPerChild` allows; the error log says so once, at start, and under load requests wait for a worker that was planned and is not there.',
  remedy: 'Raise `ServerLimit`, or plan with fewer workers',
  references: ['https://httpd.apache.org/docs/2.4/mod/mpm_common.html#maxrequestworkers'],
  bad: [
    {
      title: 'four processes of five threads for 150 requests',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ServerLimit 4
          ThreadsPerChild 5
          MaxRequestWorkers «150»
        `),
      },
    },
    {
      title: 'the limit that httpd has by itself',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ThreadsPerChild 25
          MaxRequestWorkers «800»
        `),
      },
    },
  ],
  good: [
    {
      title: 'as Debian ships it',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ThreadsPerChild 25
          MaxRequestWorkers 150
        `),
      },
    },
    {
      title: 'the limit raised with it',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ServerLimit 32
          ThreadsPerChild 25
          MaxRequestWorkers 800
        `),
      },
    },
  ],
  *check({ workers }) {
    for (const { mpm, capacity } of workers) {
      const { serverLimit, threadsPerChild } = mpm
      const correction = capacity.corrections.find(({ kind }) => kind === 'workers-over-limit')
      if (correction === undefined || correction.at === null || !serverLimit.known) continue
      const { at, to: allowed } = correction
      const factors =
        mpm.kind === 'prefork'
          ? `\`ServerLimit\` is ${serverLimit.value}`
          : `${serverLimit.value} processes (\`ServerLimit\`) of ${capacity.threadsPerChild} threads make ${allowed}`
      const asked = placeText(at)
      yield {
        at,
        message: `\`MaxRequestWorkers\` asks for ${asked}, but ${factors}, and Apache lowers it to that`,
        label: `becomes ${allowed}`,
        related: [
          ...(serverLimit.at === null ? [] : [{ at: serverLimit.at, message: 'the limit of processes' }]),
          ...(threadsPerChild.at === null ? [] : [{ at: threadsPerChild.at, message: 'threads of each' }]),
        ],
        ...propose('Write the number that Apache uses', 'safe', [replacePlace(at, `${allowed}`)]),
      }
    }
  },
})
