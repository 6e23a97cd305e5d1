import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { sedReference } from '../_sed-references.ts'
import { rewritings } from './_rewritings.ts'

export default defineRule({
  summary: 'A group is inserted with a backslash, as in sed',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'In the target of a `RewriteRule` the group is `$1`. A backslash only takes the next letter as it is: `\\1` is the digit 1, and every page leads to the same URL.',
  remedy: 'Write `$1`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriterule'],
  bad: [
    {
      title: 'in a virtual host',
      files: {
        'site.conf': rewritingHost('RewriteRule ^/blog/(.*)$ «https://blog.example.org/\\1» [R=301,L]'),
      },
    },
    {
      title: 'in `.htaccess`',
      files: rewritingDirectory(conf`RewriteRule ^(\w+)/([0-9]+)/?$ «page.php?kind=\1&id=\2» [L]`),
    },
  ],
  good: [
    {
      title: 'a dollar sign',
      files: {
        'site.conf': rewritingHost('RewriteRule ^/blog/(.*)$ https://blog.example.org/$1 [R=301,L]'),
      },
    },
    {
      title: 'an escaped blank, a reference within the pattern, and a digit that is meant',
      files: rewritingDirectory(conf`
        RewriteRule ^a/(.*)$ https://www.example.org/one%\20two/$1 [R=301,NE,L]
        RewriteRule ^(.)\1$ /twice/$1 [R=301,L]
        RewriteRule ^first$ /page-\1.html [R=301,L]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache)
      for (const rewriting of rewritings(configuration, filesOf(configuration))) {
        const finding = sedReference(rewriting, digit => `the digit ${digit}`)
        if (finding !== null) yield finding
      }
  },
})
