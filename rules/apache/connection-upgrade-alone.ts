import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A condition for WebSocket that Firefox never fulfils',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`Connection` is a list: Firefox opens a WebSocket with `Connection: keep-alive, Upgrade`, Chrome with `Connection: Upgrade`. A condition for this word alone lets Chrome in and leaves Firefox to the lines for HTTP.',
  remedy: 'Write `RewriteCond %{HTTP:Connection} upgrade [NC]`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy_wstunnel.html'],
  bad: [
    {
      title: 'nothing before the word and nothing behind it',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{HTTP:Upgrade} websocket [NC]
          RewriteCond %{HTTP:Connection} «^Upgrade$» [NC]
          RewriteRule ^/(.*)$ ws://127.0.0.1:8000/$1 [P,L]
        `),
      },
    },
    {
      title: 'a comparison of texts, and a beginning',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{HTTP:Connection} «=upgrade» [NC]
          RewriteRule ^/ws/(.*)$ ws://127.0.0.1:8000/$1 [P,L]
          RewriteCond %{HTTP:Connection} «^upgrade» [NC]
          RewriteRule ^/live/(.*)$ ws://127.0.0.1:8001/$1 [P,L]
        `),
      },
    },
  ],
  good: [
    {
      title: 'the word anywhere',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{HTTP:Upgrade} ^websocket$ [NC]
          RewriteCond %{HTTP:Connection} upgrade$ [NC]
          RewriteRule ^/(.*)$ ws://127.0.0.1:8000/$1 [P,L]
        `),
      },
    },
    {
      title: 'a condition beside it that is enough',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{HTTP:Upgrade} ^websocket$ [NC,OR]
          RewriteCond %{HTTP:Connection} ^upgrade$ [NC]
          RewriteRule ^/(.*)$ ws://127.0.0.1:8000/$1 [P,L]
        `),
      },
    },
    {
      title: 'what is no WebSocket',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{HTTP:Connection} !^upgrade$ [NC]
          RewriteRule ^/(.*)$ http://127.0.0.1:8000/$1 [P,L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const { conditions } of placedRules(configuration, filesOf(configuration))) {
        for (const [index, { directive, input, test, pattern, negated, orNext }] of conditions.entries()) {
          // Where another condition may hold in its place, that one lets Firefox in.
          const isAlternative = orNext || conditions[index - 1]?.orNext === true
          if (negated || isAlternative || !/^%\{HTTP:Connection\}$/i.test(input)) continue
          const isAlone =
            test === '=' ? /^upgrade$/i.test(pattern) : test === 'regex' && /^\^upgrade\$?$/i.test(pattern)
          if (!isAlone) continue
          yield {
            at: argumentPlace(directive, 1),
            message: `Firefox sends \`Connection: keep-alive, Upgrade\`, which \`${directive.args[1]?.value}\` does not match`,
          }
        }
      }
    }
  },
})
