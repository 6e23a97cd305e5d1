import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { gluedPath } from '../_glued-paths.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { rewritingOf } from './_rewritings.ts'

export default defineRule({
  summary: 'A RewriteRule puts the rest of a path behind a word without a slash',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'The group of `^old/(.*)$` begins behind the slash, and so does every path in `.htaccess` and `<Directory>`: `/new$1` makes `/newpage` of `old/page`, which nobody meant.',
  remedy: 'Write the slash: `/new/$1`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriterule'],
  bad: [
    {
      title: 'a directory that moved',
      files: { 'site.conf': rewritingHost('RewriteRule ^/old/(.*)$ «/new$1» [R=301,L]') },
    },
    {
      title: 'every path, in `.htaccess`, to a directory and to another host',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP_HOST} ^docs\. [NC]
        RewriteRule ^(.*)$ «https://www.example.org/docs/4.0$1» [R=301,L]
        RewriteRule ^pages/(.+) «https://pages.example.org$1» [R=301,L]
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteRule (.*) «index.php$1» [L]
      `),
    },
  ],
  good: [
    {
      title: 'the slash in the target, or in the group',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/old/(.*)$ /new/$1 [R=301,L]
          RewriteRule ^/moved(.*)$ /new$1 [R=301,L]
          RewriteRule ^/(?:a|b)(/.*)?$ /ab$1 [R=301,L]
          RewriteRule ^(.*)$ https://www.example.org/site$1 [R=301,L]
        `),
      },
    },
    {
      title: 'a query, a part of a name, and the first half of an identifier',
      files: rewritingDirectory(conf`
        RewriteRule ^find/(.*)$ search.php?words=all$1 [L]
        RewriteRule ^user/([0-9]+)$ user$1 [R=302,L]
        RewriteRule ^issue/(.*)$ https://issues.example.org/browse/DEMO$1 [R=302,L]
        RewriteRule ^lang/(.*)$ /page-$1 [R=302,L]
        RewriteRule ^old/(.*)$ /new$1.html [R=302,L]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const rule of placedRules(configuration, filesOf(configuration))) {
        const rewriting = rewritingOf(rule)
        if (rewriting === null || rule.context === 'other') continue
        // `apache/rewrite-target-slash` tells of a host and the whole path.
        if (/^\^?\(\.[*+]/.test(rule.pattern) && /^https?:\/\/[^/]*$/.test(rule.output)) continue
        const finding = gluedPath(rewriting, rule.context === 'server' ? 'with slash' : 'without slash')
        if (finding !== null) yield finding
      }
    }
  },
})
