import { indentationAt, propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { silentLinesOf } from '../../src/servers/apache/silent-lines.ts'
import { servedHtaccess } from '../_examples.ts'

export default defineRule({
  summary: 'A comment behind a directive is taken for more arguments of it',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Apache knows comments only at the beginning of a line. Behind a directive `#` and every word after it are arguments: names that a virtual host answers to, files that are looked for, extensions that get a type.',
  remedy: 'Put the comment on a line of its own',
  references: ['https://httpd.apache.org/docs/2.4/configuring.html#syntax'],
  bad: [
    {
      title: 'two more names for a virtual host',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName default.example.org
          </VirtualHost>
          <VirtualHost *:80>
              ServerName example.org
              ServerAlias www.example.org «# and example.net»
              Redirect gone /
          </VirtualHost>
        `,
      },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        AddType image/webp .webp «# pictures»
      `),
    },
  ],
  good: [
    {
      title: 'a line of its own',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName default.example.org
          </VirtualHost>
          <VirtualHost *:80>
              ServerName example.org
              # and example.net
              ServerAlias www.example.org
              Redirect gone /
          </VirtualHost>
        `,
      },
    },
    {
      title: '`#` where it means itself, and a flag, which reads one word',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              IndexIgnore *~ #*
              KeepAlive On # not for long
          </VirtualHost>
        `,
      },
    },
  ],
  *check(deployment) {
    for (const { line } of silentLinesOf(deployment)) {
      if (line.kind !== 'comment-argument') continue
      const { at, node } = line
      const { source } = at
      const comment = source.text.slice(at.start, at.end)
      const before = source.text.slice(0, at.start).trimEnd().length
      const isOneLine = node.firstLine === node.line
      yield {
        at,
        message: `\`${comment}\` is no comment here: \`${node.name.value}\` takes each word of it for an argument`,
        ...propose('Put the comment on the line above', 'unsafe', [
          isOneLine
            ? replacePlace({ source, start: node.start, end: node.start }, `${comment}\n${indentationAt(at)}`)
            : null,
          isOneLine ? replacePlace({ source, start: before, end: at.end }, '') : null,
        ]),
      }
    }
  },
})
