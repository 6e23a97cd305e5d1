import { indentationAt, propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { silentLinesOf } from '../../src/servers/apache/silent-lines.ts'
import { servedHtaccess } from '../_examples.ts'

export default defineRule({
  summary: 'A directive stands behind the `>` of a section, where Apache drops it',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Apache looks for the last `>` of the line and forgets what comes behind it. The configuration is accepted, and the directive never existed.',
  remedy: 'Put the directive on a line of its own',
  references: ['https://httpd.apache.org/docs/2.4/configuring.html#syntax'],
  bad: [
    {
      title: 'a rule that denies nothing',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/private
              <Directory /srv/private>«Require all denied»
              </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'the end of a pattern without its `>`, in a template: the `>` of a named group ends the line',
      files: {
        'site.conf.erb': conf`
          <VirtualHost *:80>
              ServerName <%= @name %>
              <LocationMatch "^<%= @path %>/(?<port>«\d+)"»
                  Require valid-user
              </LocationMatch>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        <FilesMatch "\.bak$">«Require all denied»
        </FilesMatch>
      `),
    },
  ],
  good: [
    {
      title: 'a comment',
      files: {
        'site.conf': conf`
          <VirtualHost *:80> # the shop
              ServerName example.org
              DocumentRoot /srv/private
              <Directory /srv/private>
                  Require all denied
              </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a placeholder of a template, which may stand for a comment or nothing',
      files: {
        'site.conf.j2': conf`
          <VirtualHost *:80> {{ comment }}
              ServerName example.org
              <Directory /srv/{{ name }}>
                  Require all denied
              </Directory>
          </VirtualHost>
        `,
      },
    },
  ],
  *check(deployment) {
    for (const { line } of silentLinesOf(deployment)) {
      if (line.kind !== 'behind-section') continue
      const { at, node } = line
      const text = at.source.text.slice(at.start, at.end)
      const indentation = `${indentationAt(at)}    `
      yield {
        at,
        message: `Apache drops \`${text}\`, which stands behind the \`>\` of \`<${node.name.value}>\``,
        ...propose('Put it on a line of its own', 'unsafe', [
          node.firstLine === node.line ? replacePlace(at, `\n${indentation}${text}`) : null,
        ]),
      }
    }
  },
})
