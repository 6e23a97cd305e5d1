import { insertBefore, propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace, argumentsPlace } from '../../src/deployment/places.ts'
import { type AskedHost, askHost } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { type HeaderLine, headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { isSettled } from '../../src/servers/apache/queries/places.ts'
import { directivesOfHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { ApacheEnd } from '../../src/servers/apache/requests/outcome.ts'
import { apacheMain } from '../_examples.ts'

const FLAGS = 'Set-Cookie ^(.*)$ "$1; HttpOnly; Secure"'

const main = (outer: string, lines: string, modules: readonly string[]): string =>
  apacheMain(
    conf`
      Listen 80
      ${outer}
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              AllowOverride FileInfo
              Require all granted
          </Directory>
          ${lines}
      </VirtualHost>
    `,
    ['headers', 'dir', ...modules],
  )

const fpm = (line: string, outer = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': main(
    conf`
      DirectoryIndex index.php
      ${outer}
      <FilesMatch \.php$>
          SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
      </FilesMatch>
    `,
    line,
    ['proxy', 'proxy_fcgi'],
  ),
  'etc/php/8.2/fpm/pool.d/www.conf': conf`
    [www]
    user = www-data
    listen = /run/php/php8.2-fpm.sock
    listen.owner = www-data
    pm = static
    pm.max_children = 1
  `,
  'srv/www/index.php': "<?php setcookie('session', 'a1'); echo 'page';",
})

const proxied = (line: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': main(
    '',
    conf`
      ProxyPass / http://127.0.0.1:8099/
      ${line}
    `,
    ['proxy', 'proxy_http'],
  ),
})

export default defineRule({
  summary: 'Header edits cookies in a table where the application puts none',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 4.3,
  cwe: [614, 1004],
  since: '0.1.0',
  why: 'httpd keeps two tables of response headers, and `Header edit` looks into one of them. What PHP-FPM, CGI and SCGI send as `Set-Cookie` lies in the table of `always`; what mod_proxy_http, mod_wsgi and the PHP module bring lies in the other. In the wrong one the line matches nothing, without a word: the cookies go out without `Secure` and `HttpOnly`.',
  remedy:
    'Write `Header always edit` for PHP-FPM and CGI, and `Header edit` for a proxied backend, mod_wsgi and the PHP module',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_headers.html#header'],
  bad: [
    { title: 'PHP-FPM without always', files: fpm(`Header «edit» ${FLAGS}`) },
    { title: 'a line for all virtual hosts', files: fpm('', `Header «edit» ${FLAGS}`) },
    {
      title: 'a line in a .htaccess',
      files: { ...fpm(''), 'srv/www/.htaccess': `Header «edit» ${FLAGS}\n` },
    },
    { title: 'a backend with always', files: proxied(`Header «always» edit ${FLAGS}`) },
  ],
  good: [
    { title: 'PHP-FPM with always', files: fpm(`Header always edit ${FLAGS}`) },
    { title: 'a backend without it', files: proxied(`Header edit ${FLAGS}`) },
    {
      title: 'a line for each table',
      files: proxied(conf`
        Header edit ${FLAGS}
        Header always edit ${FLAGS}
      `),
    },
    {
      title: 'nothing is known of what answers',
      files: {
        'etc/apache2/apache2.conf': main('', `Header always edit ${FLAGS}`, []),
        'srv/www/index.html': 'page',
      },
    },
  ],
  *check(deployment) {
    // By line, what its cookies are set by in each host; null where the line may change some.
    // A line of the main server is one for many hosts, and useless where it is so for all of them.
    const verdicts = new Map<
      ApacheDirective,
      { readonly line: HeaderLine; readonly of: Set<string | null> }
    >()
    for (const asked of hostsHolding(deployment, ['header'])) {
      const lines = cookieLines(deployment, asked)
      if (lines.length === 0) continue
      const answers = tablesOf(deployment, asked)
      const isBoth = new Set(lines.map(({ table }) => table)).size > 1
      for (const line of lines) {
        const entry = verdicts.get(line.directive) ?? { line, of: new Set<string | null>() }
        verdicts.set(line.directive, entry)
        const reached =
          isBoth || [...answers.values()].some(each => each.table === line.table || each.who === null)
        entry.of.add(reached ? null : ([...answers.values()][0]?.who ?? NOTHING))
      }
    }
    for (const { line, of } of verdicts.values()) {
      of.delete(NOTHING)
      const [who, ...more] = of
      if (who === undefined || who === null || more.includes(null)) continue
      const { directive, table } = line
      const at = argumentPlace(directive, 0)
      yield {
        at,
        message: `the cookies of ${who} are in the other table of headers, so this line changes none of them`,
        ...(table === 'always'
          ? propose('Take `always` out', 'unsafe', [
              replacePlace(argumentsPlace(directive, 0, 1), directive.args[1]?.value ?? ''),
            ])
          : propose('Write `always`', 'unsafe', [
              directive.args[0]?.value.toLowerCase() === 'onsuccess' ? null : insertBefore(at, 'always '),
            ])),
      }
    }
  },
})

/** Where nothing is known that sets a cookie. */
const NOTHING = ''

/** The lines that change cookies of a virtual host in every response: its own, the main server's, of its `.htaccess`. */
function cookieLines({ filesOf }: Deployment, { configuration, host }: AskedHost): readonly HeaderLine[] {
  const holders = [...new Set([host?.directive ?? null, null])]
  return [
    ...holders.flatMap(holder => changesCookies(directivesOfHost(configuration, holder, 'header'))),
    ...htaccessFilesOf(configuration, filesOf(configuration), host).flatMap(({ file }) =>
      changesCookies(file.occurrences.get('header') ?? []),
    ),
  ]
}

function changesCookies(directives: readonly ApacheDirective[]): readonly HeaderLine[] {
  return directives.flatMap(directive => {
    const line = headerLine(directive)
    if (line === null || line.name.toLowerCase() !== 'set-cookie' || line.condition === 'early') return []
    return /^(?:edit\*?|unset)$/.test(line.action) ? [line] : []
  })
}

interface Answer {
  readonly table: HeaderLine['table']
  /** Null where it may be of either table. */
  readonly who: string | null
}

/** Who answers a virtual host's pages, by name; a file sets no cookie, and what is not known may be anything. */
function tablesOf(deployment: Deployment, asked: AskedHost): ReadonlyMap<string | null, Answer> {
  const answers = new Map<string | null, Answer>()
  for (const path of [...PAGES, ...pathsOf(asked)]) {
    const { end } = askHost(deployment, asked, path)
    const answer = answerOf(end)
    if (answer !== null) answers.set(answer.who, answer)
  }
  return answers
}

const PAGES = ['/', '/index.php']

/** The paths of lines that lead elsewhere. */
function pathsOf({ configuration, host }: AskedHost): readonly string[] {
  return ['proxypass', 'wsgiscriptalias', 'scriptalias'].flatMap(name =>
    directivesIn(configuration, host?.directive ?? null, name).flatMap(({ args }) => {
      const path = args[0]?.value ?? ''
      return path.startsWith('/') && isSettled(path) ? [path] : []
    }),
  )
}

function answerOf(end: ApacheEnd): Answer | null {
  switch (end.kind) {
    case 'pass':
      if (/^fcgi:/i.test(end.url)) return { table: 'always', who: 'PHP-FPM' }
      if (/^scgi:/i.test(end.url)) return { table: 'always', who: 'SCGI' }
      return /^(?:https?|wss?|uwsgi|ajp):/i.test(end.url)
        ? { table: 'onsuccess', who: 'the backend' }
        : { table: 'onsuccess', who: null }
    case 'wsgi':
      return { table: 'onsuccess', who: 'mod_wsgi' }
    case 'handler':
      if (end.name === 'cgi-script') return { table: 'always', who: 'CGI scripts' }
      return end.name.startsWith('application/x-httpd-php')
        ? { table: 'onsuccess', who: 'the PHP module' }
        : null
    default:
      return null
  }
}
