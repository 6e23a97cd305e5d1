import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { groupMiscounted } from '../_counted-groups.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { rewritings } from './_rewritings.ts'

export default defineRule({
  summary: 'A group inside of another one is inserted where the next one is meant',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Groups are counted by their opening parentheses, those inside of others too. In `((a|b)-[0-9]+)/item/([0-9]+)` the number behind `item/` is `$3`, and `$2` is `a` or `b`.',
  remedy: 'Insert the group that is meant, or write `(?:…)` for a group that is not inserted',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/intro.html#regex'],
  bad: [
    {
      title: 'a choice inside of the first group',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/votes/((up|down)-[0-9]+)/member/([0-9]*)$ «/votes/show?vote=$1&member=$2» [R=302,L]
        `),
      },
    },
    {
      title: 'in `.htaccess`',
      files: rewritingDirectory(
        'RewriteRule ^(blog(?:-(old|new)))/([0-9]{4})/([a-z-]+)$ «article.php?blog=$1&year=$2&name=$3» [L]',
      ),
    },
  ],
  good: [
    {
      title:
        'each group by its number, the inner one alone, a group that captures nothing, and a rest that is left out',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/votes/((up|down)-[0-9]+)/member/([0-9]*)$ /votes/show?vote=$1&member=$3 [R=302,L]
          RewriteRule ^/(?:(en|de)/)?about$ /about.php?language=$1 [L]
          RewriteRule ^/votes/((?:up|down)-[0-9]+)/of/([0-9]*)$ /votes/show.php?vote=$1&member=$2 [L]
          RewriteRule ^/list/((up|down)-[0-9]+)(/.*)?$ /list.php?vote=$1&kind=$2 [L]
          RewriteRule ^/all/((up|down)-[0-9]+)/(.*)$ /all.php?vote=$1&kind=$2 [L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache)
      for (const rewriting of rewritings(configuration, filesOf(configuration))) {
        const finding = groupMiscounted(rewriting)
        if (finding !== null) yield finding
      }
  },
})
