import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      RewriteEngine On
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'A variable of mod_rewrite without its %',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`{REQUEST_URI}` without the percent sign is text: clients are redirected to `https://example.org{REQUEST_URI}`, and a condition compares the very word.',
  remedy: 'Write `%{REQUEST_URI}`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'in a target',
      files: { 'site.conf': host('RewriteRule ^ «https://%{HTTP_HOST}{REQUEST_URI}» [R=301,L]') },
    },
    {
      title: 'in a condition',
      files: {
        'site.conf': host('RewriteCond «{HTTPS}» off\nRewriteRule ^ https://example.org%{REQUEST_URI} [R]'),
      },
    },
  ],
  good: [
    {
      title: 'with it, and braces of an expression',
      files: {
        'site.conf': host(conf`
          RewriteCond %{REQUEST_URI} ^/a{2,3}$
          RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const [name, index] of [
        ['rewriterule', 1],
        ['rewritecond', 0],
      ] as const) {
        for (const line of everywhere(configuration, files, name)) {
          const word = line.args[index]?.value ?? ''
          const found = BARE.exec(word)
          if (found === null) continue
          const at = argumentPlace(line, index)
          yield {
            at,
            message: `\`${found[0]}\` lacks the \`%\`, so it is text and no variable`,
            ...propose('Write the percent sign', 'safe', [
              placeText(at).includes(word)
                ? replacePlace(at, placeText(at).replace(word, word.replace(BARE, '%$&')))
                : null,
            ]),
          }
        }
      }
    }
  },
})

/** A name of mod_rewrite in braces, behind neither a percent sign nor the dollar of a map or a variable. */
const BARE =
  /(?<![%$\w])\{(?:REQUEST_URI|REQUEST_FILENAME|REQUEST_SCHEME|HTTP_HOST|SERVER_NAME|QUERY_STRING|HTTPS|REMOTE_ADDR|DOCUMENT_ROOT|THE_REQUEST)\}|(?<=%\{\w+\})\{(?:REQUEST_URI|QUERY_STRING)\}/
