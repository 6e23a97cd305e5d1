import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { silentLinesOf } from '../../src/servers/apache/silent-lines.ts'
import { servedHtaccess } from '../_examples.ts'

export default defineRule({
  summary: 'A comment that ends in a backslash swallows the directive below it',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Apache joins continued lines before it looks for comments. The next line is part of the comment, whatever it says, and nothing tells.',
  remedy: 'Take the backslash away from the end of the comment',
  references: ['https://httpd.apache.org/docs/2.4/configuring.html#syntax'],
  bad: [
    {
      title: 'a path with a backslash at its end',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              # copied from C:\www\
              «Header always set X-Content-Type-Options "nosniff"»
          </VirtualHost>
        `,
      },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        # copied from C:\www\
        «Header always set X-Content-Type-Options "nosniff"»
      `),
    },
  ],
  good: [
    {
      title: 'no backslash',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              # copied from C:\www
              Header always set X-Content-Type-Options "nosniff"
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a directive of several lines that was commented out by its first',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              # WSGIDaemonProcess shop \
                  python-home=/srv/shop/venv \
                  threads=15
              # LogFormat "%h" \
              #     short
          </VirtualHost>
        `,
      },
    },
  ],
  *check(deployment) {
    for (const { line } of silentLinesOf(deployment)) {
      if (line.kind !== 'swallowed-by-comment') continue
      yield {
        at: line.at,
        message: `\`${line.name}\` is part of the comment above it, which ends in a backslash`,
        related: [{ at: line.backslash, message: 'this continues the comment' }],
        ...propose('Take the backslash away', 'unsafe', [replacePlace(line.backslash, '')]),
      }
    }
  },
})
