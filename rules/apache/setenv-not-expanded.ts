import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { wordPlace } from '../../src/servers/apache/queries/places.ts'
import { rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'SetEnv and SetEnvIf set the name of a variable, not its value',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Neither mod_env nor mod_setenvif fills in `%{…}`: the variable has the very letters `%{HTTP_HOST}`, and so has whatever is made of it.',
  remedy: 'Set it in `RewriteRule ^ - [E=NAME:%{HTTP_HOST}]`, or by a group: `SetEnvIf Host "(.*)" NAME=$1`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_setenvif.html#setenvif'],
  bad: [
    {
      title: 'a variable that another one is set to',
      files: {
        'site.conf': rewritingHost(conf`
          SetEnvIf Request_URI ^ BASE=https://data.example.org
          SetEnvIf Request_URI ^ «DOCS=%{ENV:BASE}/docs»
          RewriteRule ^/docs$ /%{ENV:DOCS} [R=302,L]
        `),
      },
    },
    {
      title: 'the host of the request',
      files: { 'site.conf': rewritingHost('SetEnv SITE_URL «https://%{HTTP_HOST}»') },
    },
  ],
  good: [
    {
      title: 'a group, a rule, and a text of another language',
      files: {
        'site.conf': rewritingHost(conf`
          SetEnvIf Host "^(.*)$" SITE_HOST=$1
          SetEnv LOG_LINE "%{asctime} %{message}"
          RewriteRule ^ - [E=SITE_URL:https://%{HTTP_HOST}]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const [name, first] of VALUES) {
        for (const directive of everywhere(configuration, files, name)) {
          for (const word of directive.args.slice(first)) {
            const variable = VARIABLE.exec(word.value)?.[0]
            if (variable === undefined) continue
            yield {
              at: wordPlace(directive, word),
              message: `\`${directive.name}\` does not fill in \`${variable}\`, so these letters are the value`,
            }
          }
        }
      }
    }
  },
})

/** Which words of a line are values. */
const VALUES = [
  ['setenv', 1],
  ['setenvif', 2],
  ['setenvifnocase', 2],
] as const

const VARIABLE =
  /%\{(?:(?:ENV|HTTP|SSL|reqenv):[\w-]+|HTTP_HOST|HTTP_ACCEPT|HTTP_USER_AGENT|HTTPS|SERVER_NAME|SERVER_PORT|REMOTE_ADDR|REMOTE_USER|REQUEST_URI|REQUEST_FILENAME|REQUEST_SCHEME|REQUEST_METHOD|QUERY_STRING|DOCUMENT_ROOT|SSL_\w+)\}/
