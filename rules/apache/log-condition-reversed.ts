import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      LogFormat "%h %U" short
      SetEnvIf Request_URI "^/healthz$" dontlog
      ${lines}
    `,
    ['setenvif', 'dir'],
  ),
  'srv/www/index.html': 'page',
})

export default defineRule({
  summary: 'A log has nothing but what is to be left out of it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`env=NAME` logs the requests for which the variable is set, and no other. A variable called `dontlog` marks those that nobody wants to read; with `env=dontlog` the log has them alone, and every real request is missing.',
  remedy: 'Write `env=!dontlog`',
  references: ['https://httpd.apache.org/docs/2.4/logs.html#conditional'],
  bad: [
    {
      title: 'the only log',
      files: main('CustomLog /var/log/apache2/access.log short «env=dontlog»'),
    },
    {
      title: 'a site alone',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              SetEnvIf Remote_Addr "127\.0\.0\.1" no_log
              CustomLog logs/example.log combined «env=no_log»
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    { title: 'the others', files: main('CustomLog /var/log/apache2/access.log short env=!dontlog') },
    {
      title: 'a log of its own for them',
      files: main(conf`
        CustomLog /var/log/apache2/access.log short env=!dontlog
        CustomLog /var/log/apache2/health.log short env=dontlog
      `),
    },
    {
      title: 'one more log',
      files: main(conf`
        CustomLog /var/log/apache2/access.log short
        CustomLog /var/log/apache2/checks.log short env=dontlog
      `),
    },
    {
      title: 'a name that says what is logged',
      files: main(conf`
        SetEnvIf Request_URI "^/api" notable
        CustomLog /var/log/apache2/api.log short env=notable
      `),
    },
    {
      title: 'a log that nobody keeps',
      files: main('CustomLog /dev/null short env=dontlog'),
    },
  ],
  *check({ apache }) {
    for (const { occurrences, top } of apache) {
      for (const log of occurrences.get('customlog') ?? []) {
        const name = /^env=(.+)$/i.exec(conditionOf(log))?.[1]
        if (name === undefined || !LEFT_OUT.test(name) || log.args[0]?.value === '/dev/null') continue
        // Where the same server has another log, this one is for what that one leaves out.
        const beside = log.parent?.children ?? top
        if (beside.some(other => other !== log && /^(?:CustomLog|TransferLog)$/.test(other.name))) continue
        yield {
          at: argumentPlace(log, log.args.length - 1),
          message: `\`env=${name}\` logs what is marked to be left out, and nothing else`,
          label: 'holds where the variable is set',
          help: `Write \`env=!${name}\``,
        }
      }
    }
  },
})

function conditionOf({ args }: ApacheDirective): string {
  return args.length > 1 ? (args.at(-1)?.value ?? '') : ''
}

/** Names that say what is to happen to a request in the log: `dontlog`, `no-log`, `skip_logging`. */
const LEFT_OUT =
  /^(?:do[-_]?not|don'?t|no|not|skip|ignore|exclude|omit)[-_]?(?:access[-_]?)?log(?:s|ging|ged)?$/i
