import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'One pair of quotes around all arguments of a rewriting line',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'What stands in one pair of quotes is one argument, and mod_rewrite takes the second for empty without a word. `RewriteCond "%{HTTPS} off"` holds for every request, and `RewriteRule "^/a /b"` matches none.',
  remedy: 'Quote each argument by itself: `RewriteCond "%{HTTPS}" "off"`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'a condition',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond «'%{REQUEST_URI} !^/\.well-known/'»
          RewriteRule ^ https://www.example.org%{REQUEST_URI} [R=302,L]
        `),
      },
    },
    {
      title: 'a rule',
      files: rewritingDirectory('RewriteRule «"^old$ /new [R=301,L]"»'),
    },
  ],
  good: [
    {
      title: 'each by itself, and a blank within one',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond "%{REQUEST_URI}" "!^/\.well-known/"
          RewriteCond "%{HTTP_USER_AGENT} %{HTTPS}" "^curl off$"
          RewriteRule "^/our plan$" "https://www.example.org/plan" [R=302,L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const name of ['rewritecond', 'rewriterule']) {
        for (const directive of everywhere(configuration, files, name)) {
          const [only] = directive.args
          if (only === undefined || directive.args.length !== 1) continue
          if (!/^(["']).*\1$/s.test(directive.text.trim()) || !/\S\s+\S/.test(only.value)) continue
          if (!isSettled(only.value) && name === 'rewriterule') continue
          yield {
            at: argumentPlace(directive, 0),
            message:
              name === 'rewritecond'
                ? 'this is one argument and no pattern, so the condition always holds'
                : 'this is one argument, a pattern with blanks in it, so the rule matches nothing',
          }
        }
      }
    }
  },
})
