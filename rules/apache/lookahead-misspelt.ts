import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { lookaheadMisspelt } from '../_lookaheads.ts'
import { HTACCESS_MAIN, rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { pathPatterns } from './_path-patterns.ts'

const directory = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': HTACCESS_MAIN,
  'srv/www/.htaccess': lines,
})

export default defineRule({
  summary: 'A negative lookahead without its question mark in front',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'A negative lookahead is written `(?!…)`. In `^\\.(!?well-known)` the exclamation mark is a letter that may be missing, so the pattern matches `.well-known` alone: the very name that it was meant to spare. Only in front of a whole pattern of mod_rewrite does `!` mean not.',
  remedy: 'Write `(?!…)`',
  references: [
    'https://www.pcre.org/current/doc/html/pcre2pattern.html#SEC21',
    'https://httpd.apache.org/docs/2.4/rewrite/intro.html#regex',
  ],
  bad: [
    {
      title: 'the signs in the other order',
      files: rewritingDirectory('RewriteRule «^\\.(!?well-known)» - [F]'),
    },
    {
      title: 'no question mark, of files',
      files: directory(conf`
        <FilesMatch «"^(!index\.php)"»>
            Require all denied
        </FilesMatch>
      `),
    },
    {
      title: 'in a condition and in a redirect',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{REQUEST_URI} «(!^/status)»
          RewriteRule ^/(.*)$ https://www.example.org/$1 [R=301,L]
          RedirectMatch 404 «^/(!?assets)/»
        `),
      },
    },
  ],
  good: [
    { title: 'a lookahead', files: rewritingDirectory('RewriteRule ^\\.(?!well-known) - [F]') },
    {
      title: 'a pattern that is denied, and names that begin with the sign',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{REQUEST_URI} !^/status
          RewriteRule ^/(.*)$ https://www.example.org/$1 [R=301,L]
          RedirectMatch 404 ^/rooms/(!?[a-z]+|!.+)$
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const written of pathPatterns(configuration, filesOf(configuration))) {
        const finding = lookaheadMisspelt(written)
        if (finding !== null) yield finding
      }
    }
  },
})
