import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { wordPlace } from '../../src/servers/apache/queries/places.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { servedHtaccess } from '../_examples.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:443>
      ServerName example.org
      ${lines}
      ProxyPass / http://127.0.0.1:5000/
  </VirtualHost>
`

export default defineRule({
  summary: 'A format letter behind a variable of an expression',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'In a format, `%{NAME}s` and `%{NAME}e` are variables. In `expr=` the letter behind the brace is text: `X-Forwarded-Proto` becomes `httpss` over TLS and `https` over plain HTTP, so that the backend takes every plain request for a secure one.',
  remedy: 'Write `expr=%{REQUEST_SCHEME}`, without the letter',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_headers.html#requestheader',
    'https://httpd.apache.org/docs/2.4/expr.html',
  ],
  bad: [
    {
      title: 'the scheme',
      files: { 'site.conf': host('RequestHeader set X-Forwarded-Proto «expr=%{REQUEST_SCHEME}s»') },
    },
    {
      title: 'an address',
      files: { 'site.conf': host('RequestHeader set X-Real-IP «"expr=%{REMOTE_ADDR}e"»') },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        RequestHeader set X-Forwarded-Proto «expr=%{REQUEST_SCHEME}s»
      `),
    },
  ],
  good: [
    {
      title: 'an expression, and a format',
      files: {
        'site.conf': host(conf`
          RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}
          RequestHeader set X-Forwarded-Ssl %{HTTPS}s
          RequestHeader set X-Test "expr=%{REQUEST_SCHEME}://%{HTTP_HOST}"
          RequestHeader set X-Plural "expr=%{HTTP:X-Word}s"
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const directive of ['requestheader', 'header'].flatMap(name =>
        everywhere(configuration, files, name),
      )) {
        const word = directive.args.find(({ value }) => VARIABLE.test(value))
        if (word === undefined) continue
        const at = wordPlace(directive, word)
        const text = placeText(at)
        const [, name = '', letter = ''] = VARIABLE.exec(word.value) ?? []
        yield {
          at,
          message: `\`${letter}\` behind \`%{${name}}\` is text in an expression, so it ends every value`,
          ...propose('Drop the letter', 'unsafe', [
            text.includes(`%{${name}}${letter}`)
              ? replacePlace(at, text.replace(`%{${name}}${letter}`, `%{${name}}`))
              : null,
          ]),
        }
      }
    }
  },
})

/** A variable that both formats and expressions have, with a letter at the very end. */
const VARIABLE =
  /^expr=[^%]*%\{(REQUEST_SCHEME|HTTPS|REMOTE_ADDR|SERVER_NAME|SERVER_PORT|REMOTE_USER|SSL_[A-Z_]+|REQUEST_URI)\}([se])$/
