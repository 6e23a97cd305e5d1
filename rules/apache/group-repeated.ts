import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { groupRepeated } from '../_repeated-groups.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { rewritings } from './_rewritings.ts'

export default defineRule({
  summary: 'A group that is repeated is inserted, and holds the last character alone',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'A group that is repeated holds what it took last. `([a-z-])+` takes one letter at a time, so that of `/world/france` it holds `e`, and the client is sent to a page of that name.',
  remedy: 'Repeat inside of the group: `([a-z-]+)`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/intro.html#regex'],
  bad: [
    {
      title: 'the letters of a name',
      files: { 'site.conf': rewritingHost('RewriteRule «^/land/([a-z-])+$» /country/$1 [R=302,L]') },
    },
    {
      title: 'in `.htaccess`',
      files: rewritingDirectory('RewriteRule «^item/([0-9])+/?$» item.php?number=$1 [L]'),
    },
  ],
  good: [
    {
      title: 'repeated inside of the group, not inserted, and the last of several parts',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/land/([a-z-]+)$ /country/$1 [R=302,L]
          RewriteRule ^/lands/([a-z-])+$ /countries [R=302,L]
          RewriteRule ^/docs(/[a-z]+)+$ /page$1 [R=302,L]
          RewriteRule ^/picture/(([0-9])+)$ /shard$2/$1 [L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache)
      for (const rewriting of rewritings(configuration, filesOf(configuration))) {
        const finding = groupRepeated(rewriting)
        if (finding !== null) yield finding
      }
  },
})
