import { conf } from '../../src/engine/conf.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { placeText } from '../../parsers/text/source.ts'
import { apacheMain } from '../_examples.ts'

const site = (lines: string, options = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 443
      <VirtualHost *:443>
          ServerName example.org
          SSLEngine on
          SSLCertificateFile /etc/ssl/example.org.pem
          SSLCertificateKeyFile /etc/ssl/example.org.key
          ${options}
          ${lines}
          ProxyPass / http://127.0.0.1:8080/
      </VirtualHost>
    `,
    ['ssl', 'socache_shmcb', 'headers', 'proxy', 'proxy_http', 'setenvif'],
  ),
})

export default defineRule({
  summary: 'A header is made of a variable of mod_ssl that is not exported',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`%{SSL_CLIENT_S_DN}e` reads the environment of the request, into which mod_ssl writes its variables only with `SSLOptions +StdEnvVars`. Without it the backend gets the word `(null)` in place of what the certificate says.',
  remedy: 'Ask mod_ssl itself, with the letter `s`: `%{SSL_CLIENT_S_DN}s`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_headers.html#header',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#ssloptions',
  ],
  bad: [
    {
      title: 'the name of the client',
      files: site('RequestHeader set X-Client-DN «"%{SSL_CLIENT_S_DN}e"»'),
    },
    {
      title: 'variables for scripts alone, and a header of the response',
      files: site(
        'Header set X-Protocol «"%{SSL_PROTOCOL}e"»',
        conf`
          <FilesMatch "\.(cgi|php)$">
              SSLOptions +StdEnvVars
          </FilesMatch>
        `,
      ),
    },
  ],
  good: [
    {
      title: 'asked of mod_ssl',
      files: site(conf`
        RequestHeader set X-Client-DN "%{SSL_CLIENT_S_DN}s"
        Header set X-Protocol "%{SSL_PROTOCOL}s"
      `),
    },
    {
      title: 'exported',
      files: site('RequestHeader set X-Client-DN "%{SSL_CLIENT_S_DN}e"', 'SSLOptions +StdEnvVars'),
    },
    {
      title: 'where it is set',
      files: site(
        'RequestHeader set X-Client-DN "%{SSL_CLIENT_S_DN}e" env=SSL_CLIENT_S_DN',
        'SetEnvIf X-Name "(.+)" SSL_NAME=$1',
      ),
    },
    {
      title: 'what mod_ssl always sets, and a variable of somebody else',
      files: site(
        conf`
          RequestHeader set X-Name "%{SSL_TLS_SNI}e"
          RequestHeader set X-Other "%{SSL_NAME}e"
        `,
        'SetEnvIf X-Name "(.+)" SSL_NAME=$1',
      ),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      if (!['requestheader', 'header'].some(name => configuration.occurrences.has(name))) continue
      const files = filesOf(configuration)
      const readers = ['requestheader', 'header'].flatMap(name =>
        everywhere(configuration, files, name).flatMap(line =>
          line.args.flatMap(({ value }, index) => {
            const name = /%\{(SSL_[A-Z0-9_]+)\}e/.exec(value)?.[1]
            const isAsked = line.args.some(each => /^env=/i.test(each.value))
            return name === undefined || isAsked || name === 'SSL_TLS_SNI' ? [] : [{ name, line, index }]
          }),
        ),
      )
      if (readers.length === 0 || !isWhole(configuration) || isExported(configuration, files)) continue
      const own = namesSet(configuration, files)
      for (const { name, line, index } of readers) {
        if (own.has(name)) continue
        const at = argumentPlace(line, index)
        yield {
          at,
          message: `no \`SSLOptions +StdEnvVars\` exports \`${name}\`, so the header is \`(null)\``,
          ...propose('Ask mod_ssl', 'unsafe', [
            replacePlace(at, placeText(at).replace(/(%\{SSL_[A-Z0-9_]+\})e/g, '$1s')),
          ]),
        }
      }
    }
  },
})

/** True where mod_ssl may export for what is proxied too: scripts alone are none of it. */
function isExported(configuration: ApacheConfiguration, files: FileSystem): boolean {
  return everywhere(configuration, files, 'ssloptions').some(
    ({ args, parent }) =>
      args.some(({ value }) => /^\+?(?:StdEnvVars|ExportCertData)$/i.test(value)) &&
      !(parent !== null && /^Files/.test(parent.name)) &&
      !(parent?.name === 'Directory' && /cgi-bin/.test(parent.args[0]?.value ?? '')),
  )
}

function namesSet(configuration: ApacheConfiguration, files: FileSystem): ReadonlySet<string> {
  const names = new Set<string>()
  for (const kind of ['setenv', 'setenvif', 'setenvifnocase', 'setenvifexpr', 'passenv', 'rewriterule'])
    for (const { args } of everywhere(configuration, files, kind))
      for (const { value } of args) for (const [name] of value.matchAll(/SSL_[A-Z0-9_]+/g)) names.add(name)
  return names
}
