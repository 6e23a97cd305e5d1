import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { placeText } from '../../parsers/text/source.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A redirect whose encoded characters Apache encodes once more',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'mod_rewrite escapes the path that it redirects to: `/our\\%20plan` is sent as `/our%2520plan`, which is the name of another file, and the client gets 404.',
  remedy: 'Add the flag `NE`: `[R=301,NE,L]`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_ne'],
  bad: [
    {
      title: 'a blank of another site',
      files: rewritingDirectory('RewriteRule ^plan$ https://www.example.org/our\\%20plan.pdf «[R=302,L]»'),
    },
    {
      title: 'in a virtual host',
      files: { 'site.conf': rewritingHost('RewriteRule ^/plan$ /caf\\%C3\\%A9/plan «[R,L]»') },
    },
  ],
  good: [
    {
      title: 'not escaped, a file of this site, and a blank that Apache encodes',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/plan$ /our\%20plan.pdf [R=302,NE,L]
          RewriteRule ^/plan2$ "/our plan.pdf" [R=302,L]
          RewriteRule ^/plan3$ /our\%20plan.pdf [L]
        `),
      },
    },
    {
      title: 'in the query, which is escaped as it is',
      files: { 'site.conf': rewritingHost('RewriteRule ^/find$ /search?q=a\\%20b [R=302,NE,L]') },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const rule of placedRules(configuration, filesOf(configuration))) {
        const { directive, flags, output, keepsUri, isRefusal } = rule
        if (keepsUri || isRefusal || !flags.has('R') || flags.has('NE')) continue
        const encoded = /^[^?]*?\\(%[0-9a-f]{2})/i.exec(output)?.[1]
        if (encoded === undefined) continue
        const at = argumentPlace(directive, 2)
        const text = placeText(at)
        yield {
          at,
          message: `\`${encoded}\` is sent as \`%25${encoded.slice(1)}\`, which is another path`,
          ...propose('Add `NE`', 'unsafe', [
            /^\[[^\]]+\]$/.test(text) ? replacePlace(at, text.replace(/\]$/, ',NE]')) : null,
          ]),
        }
      }
    }
  },
})
