import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { placeText } from '../../parsers/text/source.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A redirect to a place within a page, whose # Apache escapes',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'mod_rewrite escapes what it redirects to: `/about#team` is sent as `/about%23team`, which is another path, and the client gets 404.',
  remedy: 'Add the flag `NE`: `[R=301,NE,L]`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_ne'],
  bad: [
    {
      title: 'an anchor',
      files: { 'site.conf': rewritingHost('RewriteRule ^/team$ /about#team «[R=301,L]»') },
    },
    {
      title: 'a route of a single-page application, in a .htaccess',
      files: rewritingDirectory('RewriteRule ^login$ https://app.example.org/#/login «[R,L]»'),
    },
  ],
  good: [
    {
      title: 'a rule that never runs, as a later Location replaces it',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              <Location /help>
                  RewriteEngine On
                  RewriteRule .* https://example.net/about#team [R=302]
              </Location>
              <Location />
                  RewriteEngine On
                  RewriteRule .* https://example.net/ [R=302]
              </Location>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'not escaped, and a page that is no redirect',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/team$ /about#team [R=301,NE,L]
          RewriteRule ^/other$ /some%23file [L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const rule of placedRules(configuration, filesOf(configuration))) {
        const { directive, flags, output, keepsUri, isRefusal } = rule
        if (keepsUri || isRefusal || !flags.has('R') || flags.has('NE') || !output.includes('#')) continue
        const at = argumentPlace(directive, 2)
        const text = placeText(at)
        yield {
          at,
          message: `\`#\` is sent as \`%23\`, so this leads to \`${output.replaceAll('#', '%23')}\``,
          ...propose('Add `NE`', 'unsafe', [
            /^\[[^\]]+\]$/.test(text) ? replacePlace(at, text.replace(/\]$/, ',NE]')) : null,
          ]),
        }
      }
    }
  },
})
