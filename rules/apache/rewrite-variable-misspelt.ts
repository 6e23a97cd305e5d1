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
  summary: 'A variable that mod_rewrite does not know',
  severity: 'error',
  otherSeverities: { warning: 'for a header that is written as CGI has it' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`{REQUEST_URI}` without the percent sign is text: clients are redirected to `https://example.org{REQUEST_URI}`, and a condition compares the very word. So is `%(HTTPS)` with parentheses. `${ENV:NAME}` asks a map. Of the headers, seven have a variable (`%{HTTP_HOST}`, `%{HTTP_ACCEPT}` and their like); any other `%{HTTP_…}` is empty.',
  remedy: 'Write `%{REQUEST_URI}`, and `%{HTTP:X-Forwarded-Proto}` for a header',
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
    {
      title: 'a dollar for the percent sign',
      files: {
        'site.conf': host('RewriteRule ^/terms$ «https://%{HTTP_HOST}/${ENV:LATEST}/terms» [R=302,L]'),
      },
    },
    {
      title: 'parentheses for the braces',
      files: {
        'site.conf': host('RewriteCond «%(HTTPS)» off\nRewriteRule ^ https://example.org%{REQUEST_URI} [R]'),
      },
    },
    {
      title: 'parentheses in the flags',
      files: { 'site.conf': host('RewriteRule ^ - «[E=AUTH:%(HTTP:Authorization)]»') },
    },
    {
      title: 'a header as CGI has it',
      files: {
        'site.conf': host(conf`
          RewriteCond «%{HTTP_X_FORWARDED_PROTO}» =http
          RewriteRule ^ https://example.org%{REQUEST_URI} [R]
        `),
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
          RewriteCond %{HTTP:X-Forwarded-Proto} =http [OR]
          RewriteCond %{HTTP_USER_AGENT} ^curl [OR]
          RewriteCond %{HTTP_FORWARDED} proto=http
          RewriteRule ^/a$ /\${names:%{ENV:LATEST}} [L]
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
          const flags = name === 'rewriterule' ? ROUND.exec(line.args[2]?.value ?? '') : null
          if (flags !== null)
            yield {
              at: argumentPlace(line, 2),
              message: `\`${flags[0]}\` is text: the name of a variable stands in braces`,
              help: `write \`%{${flags[1] ?? ''}}\``,
            }
          const word = line.args[index]?.value ?? ''
          const found = BARE.exec(word)
          const at = argumentPlace(line, index)
          if (found === null) {
            const [dollar, header] = [DOLLAR.exec(word)?.[0], HEADER.exec(word)]
            const round = ROUND.exec(word)
            if (round !== null)
              yield {
                at,
                message: `\`${round[0]}\` is text: the name of a variable stands in braces`,
                help: `write \`%{${round[1] ?? ''}}\``,
              }
            else if (dollar !== undefined)
              yield {
                at,
                message: `\`${dollar}\` asks a map of that name, and is no variable`,
                help: `write \`%${dollar.slice(1)}\``,
              }
            else if (header?.[1] !== undefined)
              yield {
                at,
                message: `\`${header[0]}\` is always empty: mod_rewrite has no such variable`,
                severity: 'warning' as const,
                help: `write \`%{HTTP:${headerName(header[1])}}\``,
              }
            continue
          }
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

/** A name of mod_rewrite in parentheses. */
const ROUND =
  /%\(((?:HTTP|ENV|SSL|LA-U|LA-F):[\w-]+|REQUEST_URI|REQUEST_FILENAME|REQUEST_SCHEME|REQUEST_METHOD|HTTP_HOST|HTTP_USER_AGENT|HTTP_REFERER|SERVER_NAME|SERVER_PORT|QUERY_STRING|HTTPS|REMOTE_ADDR|DOCUMENT_ROOT|THE_REQUEST)\)/

/** What takes a name and a colon in a variable; no map is called so. */
const DOLLAR = /\$\{(?:ENV|HTTP|SSL):[\w-]+\}/

/** A header for which mod_rewrite has no variable. */
const HEADER =
  /%\{HTTP_((?!(?:ACCEPT|COOKIE|FORWARDED|HOST|PROXY_CONNECTION|REFERER|USER_AGENT)\})[A-Z0-9_]+)\}/

function headerName(variable: string): string {
  return variable
    .toLowerCase()
    .split('_')
    .map(word => word.charAt(0).toUpperCase() + word.slice(1))
    .join('-')
}
