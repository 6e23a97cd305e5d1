import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { supposedWorkers } from '../../src/servers/apache/queries/supposed-mpm.ts'
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
    {
      title: 'files without the main file, by the conditions around',
      files: {
        'tuning.conf': conf`
          <IfModule mpm_prefork_module>
              StartServers 20
              MaxRequestWorkers «600»
          </IfModule>
          <IfModule mpm_event_module>
              ThreadsPerChild 50
              MaxRequestWorkers «2000»
          </IfModule>
          <IfModule mpm_worker_module>
              ServerLimit 40
              MaxRequestWorkers 1000
          </IfModule>
        `,
      },
    },
    {
      title: 'the file of the package, of which nothing says that it is enabled',
      files: {
        'apache2/mods-available/mpm_prefork.conf': conf`
          <IfModule mpm_prefork_module>
              MaxRequestWorkers «500»
          </IfModule>
        `,
        'apache2/sites-available/shop.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/www
          </VirtualHost>
        `,
      },
    },
    {
      title: 'the file of the MPM',
      files: { 'mpm_event.conf': 'MaxRequestWorkers «1000»\n' },
    },
  ],
  good: [
    {
      title: 'a file of which it is not known for which MPM it is',
      files: { 'tuning.conf': 'MaxRequestWorkers 1000\n' },
    },
    {
      title: 'a limit beside it',
      files: {
        'tuning.conf': conf`
          ServerLimit 600
          <IfModule prefork.c>
              MaxRequestWorkers 600
          </IfModule>
        `,
      },
    },
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
  *check({ workers, apache }) {
    for (const { configuration, mpm, capacity } of [...workers, ...apache.flatMap(supposedWorkers)]) {
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
        ...(configuration.main === null && { confidence: 'medium' as const }),
        message: `\`MaxRequestWorkers\` asks for ${asked}, but ${factors}, and Apache lowers it to that`,
        label: `becomes ${allowed}`,
        related: [
          ...(serverLimit.at === null ? [] : [{ at: serverLimit.at, message: 'the limit of processes' }]),
          ...(threadsPerChild.at === null ? [] : [{ at: threadsPerChild.at, message: 'threads of each' }]),
        ],
        ...propose('Write the number that Apache uses', configuration.main === null ? 'unsafe' : 'safe', [
          replacePlace(at, `${allowed}`),
        ]),
      }
    }
  },
})
