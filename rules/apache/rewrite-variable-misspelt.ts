import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord, placeText } from '../../parsers/text/source.ts'
import { isSlip } from '../../parsers/text/slip.ts'
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
  otherSeverities: {
    warning: 'for a header that is written as CGI has it, and for names that are nearly right',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`{REQUEST_URI}` without the percent sign is text: clients are redirected to `https://example.org{REQUEST_URI}`, and a condition compares the very word. So are `%(HTTPS)` with parentheses and `%{HTTPS` without its end. `${ENV:NAME}` asks a map, and `${REQUEST_URI}` is what `Define` gives. Of the headers, seven have a variable (`%{HTTP_HOST}`, `%{HTTP_ACCEPT}` and their like); any other `%{HTTP_…}` is empty.',
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
      title: 'a dollar before a variable of mod_rewrite',
      files: {
        'site.conf': host('RewriteCond «${REQUEST_FILENAME}» !-f\nRewriteRule ^/old/(.*)$ /new/$1 [R]'),
      },
    },
    {
      title: 'parentheses for the braces',
      files: {
        'site.conf': host('RewriteCond «%(HTTPS)» off\nRewriteRule ^ https://example.org%{REQUEST_URI} [R]'),
      },
    },
    {
      title: 'a brace that is not closed',
      files: {
        'site.conf': host(conf`
          RewriteCond «%{HTTP_USER_AGENT» ^.*(crawler|spider) [NC]
          RewriteRule ^ - [F]
          RewriteRule ^/old/(.*)$ «https://%{HTTP_HOST}/new%{REQUEST_URI» [R=301,L]
        `),
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
    {
      title: 'a letter lost, in a target',
      files: { 'site.conf': host('RewriteRule ^ «https://%{SERVER_NAE}%{REQUEST_URI}» [R=301,L]') },
    },
    {
      title: 'a variable of the environment',
      files: {
        'site.conf': host(conf`
          RewriteCond «%{REDIRECT_STATUS}» ^$
          RewriteRule ^/inner/ - [F]
        `),
      },
    },
  ],
  good: [
    {
      title: 'variables of the environment, of TLS, and one of another server',
      files: {
        'site.conf': host(conf`
          RewriteCond %{ENV:REDIRECT_STATUS} ^$
          RewriteCond %{SSL:SSL_PROTOCOL} !^TLSv1.3$
          RewriteCond %{ORG_REQ_URI} !^/inner/
          RewriteCond %{TIME_HOUR}%{TIME_MIN} >0700
          RewriteRule ^/inner/ - [F]
        `),
      },
    },
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
            // What was defined stands in the word already.
            const defined =
              isUnknownWord(word) || DEFINED.test(word) ? DEFINED.exec(placeText(at))?.[1] : undefined
            const unknown = unknownVariable(word)
            const open = isUnknownWord(word) ? undefined : openVariable(word)
            if (open !== undefined)
              yield {
                at,
                message: `\`%{${open}\` is text: no \`}\` ends the name`,
                help: `write \`%{${open}}\``,
              }
            else if (unknown !== null)
              yield {
                at,
                message: `\`%{${unknown.name}}\` is always empty: mod_rewrite has no such variable`,
                severity: 'warning' as const,
                help: `write \`%{${unknown.meant}}\``,
              }
            else if (round !== null)
              yield {
                at,
                message: `\`${round[0]}\` is text: the name of a variable stands in braces`,
                help: `write \`%{${round[1] ?? ''}}\``,
              }
            else if (defined !== undefined)
              yield {
                at,
                message: `\`\${${defined}}\` is text: no \`Define\` has this name, and a variable of mod_rewrite begins with \`%\``,
                help: `write \`%{${defined}}\``,
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

/** What is read as a name that some `Define` or the environment gives, where neither ever does. */
const DEFINED =
  /\$\{(REQUEST_URI|REQUEST_FILENAME|REQUEST_METHOD|QUERY_STRING|THE_REQUEST|HTTP_USER_AGENT|HTTP_REFERER|REMOTE_ADDR)\}/

/** A header for which mod_rewrite has no variable. */
const HEADER =
  /%\{HTTP_((?!(?:ACCEPT|COOKIE|FORWARDED|HOST|PROXY_CONNECTION|REFERER|USER_AGENT)\})[A-Z0-9_]+)\}/

/** What mod_rewrite looks up by name: `lookup_variable()`, and of 2.4 the rest of `mod_rewrite.html#rewritecond`. */
const KNOWN: ReadonlySet<string> = new Set(
  (
    'HTTP_ACCEPT HTTP_COOKIE HTTP_FORWARDED HTTP_HOST HTTP_PROXY_CONNECTION HTTP_REFERER HTTP_USER_AGENT ' +
    'AUTH_TYPE CONN_REMOTE_ADDR CONTEXT_PREFIX CONTEXT_DOCUMENT_ROOT IPV6 PATH_INFO QUERY_STRING REMOTE_ADDR ' +
    'REMOTE_HOST REMOTE_IDENT REMOTE_PORT REMOTE_USER REQUEST_METHOD SCRIPT_FILENAME DOCUMENT_ROOT SCRIPT_GROUP ' +
    'SCRIPT_USER SERVER_ADDR SERVER_ADMIN SERVER_NAME SERVER_PORT SERVER_PROTOCOL SERVER_SOFTWARE TIME_YEAR TIME_MON ' +
    'TIME_DAY TIME_HOUR TIME_MIN TIME_SEC TIME_WDAY TIME API_VERSION HTTPS IS_SUBREQ REQUEST_FILENAME REQUEST_SCHEME ' +
    'REQUEST_URI THE_REQUEST'
  ).split(' '),
)

/** Names of the environment, which are read as `%{ENV:NAME}`, and one that no server has. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  REQUEST_URL: 'REQUEST_URI',
  REDIRECT_STATUS: 'ENV:REDIRECT_STATUS',
  REDIRECT_URL: 'ENV:REDIRECT_URL',
  SCRIPT_URI: 'ENV:SCRIPT_URI',
  SCRIPT_URL: 'ENV:SCRIPT_URL',
  GEOIP_COUNTRY_CODE: 'ENV:GEOIP_COUNTRY_CODE',
  SSL_PROTOCOL: 'SSL:SSL_PROTOCOL',
  SSL_CLIENT_VERIFY: 'SSL:SSL_CLIENT_VERIFY',
}

/** A name that is no variable though it is nearly one, or one of the environment. */
function unknownVariable(word: string): { readonly name: string; readonly meant: string } | null {
  for (const [, name = ''] of word.matchAll(/%\{([A-Z][A-Z_]+)\}/g)) {
    if (KNOWN.has(name) || name.startsWith('HTTP_')) continue
    const meant = ELSEWHERE[name] ?? [...KNOWN].find(known => isSlip(name, known, 2))
    if (meant !== undefined) return { name, meant }
  }
  return null
}

/** The name of a variable behind which no brace stands: mod_rewrite copies the percent sign then. */
function openVariable(word: string): string | undefined {
  for (const [, name = ''] of word.matchAll(/%\{([A-Z][A-Z_]+)(?![\w}:])/g)) if (KNOWN.has(name)) return name
  return undefined
}

function headerName(variable: string): string {
  return variable
    .toLowerCase()
    .split('_')
    .map(word => word.charAt(0).toUpperCase() + word.slice(1))
    .join('-')
}
