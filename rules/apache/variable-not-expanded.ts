import type { Place } from '../../parsers/text/source.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  type ApacheConfiguration,
  type ApacheDirective,
  isModuleLoaded,
} from '../../src/servers/apache/configuration.ts'
import { headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { wordPlace } from '../../src/servers/apache/queries/places.ts'
import { nginxVariable } from '../../src/servers/nginx/directives.ts'
import { rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A line takes letters for a variable that Apache does not fill in there',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Each module has a language of its own. Neither mod_env nor mod_setenvif fills in `%{…}`, nor do `Redirect` and `RedirectMatch` outside of a section: the client is sent to a host `%{HTTP_HOST}`. `$host` and `$scheme` are variables of nginx and letters for Apache, and so is a name such as `REMOTE_ADDR` without an expression. `%{REMOTE_ADDR}e` of a header asks for a variable of the environment, which these are not before a program of CGI, WSGI or FastCGI has answered: the value is `(null)`.',
  remedy:
    'Write `expr=%{REMOTE_ADDR}` in a header, redirect with `RewriteRule`, and set variables with `[E=NAME:%{HTTP_HOST}]`, or by a group: `SetEnvIf Host "(.*)" NAME=$1`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_setenvif.html#setenvif',
    'https://httpd.apache.org/docs/2.4/mod/mod_headers.html#header',
    'https://httpd.apache.org/docs/2.4/mod/mod_alias.html#redirect',
  ],
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
    {
      title: 'the host of a redirect',
      files: { 'site.conf': rewritingHost('Redirect permanent /old «https://%{HTTP_HOST}/new»') },
    },
    {
      title: 'words of nginx',
      files: {
        'site.conf': rewritingHost(conf`
          RequestHeader set X-Forwarded-Proto «$scheme»
          RewriteRule ^/old(.*)$ «https://$host/new$1» [R=301,L]
          RewriteRule ^/far «https://example.net$request_uri» [R=301,L]
          ProxyPass /app http://127.0.0.1:8000/app
        `),
      },
    },
    {
      title: 'a name alone, and one of the environment',
      files: {
        'site.conf': rewritingHost(conf`
          RequestHeader set X-Forwarded-Proto «REQUEST_SCHEME»
          RequestHeader set X-Real-IP «%{REMOTE_ADDR}e»
          ProxyPass / http://127.0.0.1:8000/
        `),
      },
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
    {
      title: 'expressions, and variables that lines set',
      files: {
        'site.conf': rewritingHost(conf`
          RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}
          RewriteRule ^ - [E=REMOTE_ADDR:%{HTTP:CF-Connecting-IP}]
          RequestHeader set X-Real-IP %{REMOTE_ADDR}e
          RequestHeader set X-Tenant REMOTE
          <Location /moved>
              Redirect permanent https://%{HTTP_HOST}/new
          </Location>
          ProxyPass / http://127.0.0.1:8000/
        `),
      },
    },
    {
      title: 'a header of the answer of a program, which has the variables of CGI',
      files: {
        'site.conf': rewritingHost('Header set X-Served-By "%{SERVER_NAME}e"'),
        'app.conf': conf`
          LoadModule wsgi_module modules/mod_wsgi.so
          LoadModule headers_module modules/mod_headers.so
          Header set X-Host "%{HTTP_HOST}e"
          WSGIScriptAlias / /srv/app/app.wsgi
        `,
      },
    },
    {
      title: 'dollars that are none of a variable',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/(.*)\.html$ https://example.net/$1?price=$args [R=302,L]
          RedirectMatch ^/shop/(.*)$ https://shop.example.org/$1
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      yield* environmentValues(configuration, files)
      yield* targets(configuration, files)
      yield* headers(configuration, files)
    }
  },
})

interface Found {
  readonly at: Place
  readonly message: string
}

function* environmentValues(configuration: ApacheConfiguration, files: FileSystem): Iterable<Found> {
  for (const [name, first] of SETTERS) {
    for (const directive of everywhere(configuration, files, name)) {
      for (const word of directive.args.slice(first)) {
        const variable = VARIABLE.exec(word.value)?.[0]
        if (variable !== undefined) yield taken(wordPlace(directive, word), directive, variable)
      }
    }
  }
}

/** Where clients are sent. */
function* targets(configuration: ApacheConfiguration, files: FileSystem): Iterable<Found> {
  for (const name of ['redirect', 'redirectmatch', 'redirectpermanent', 'redirecttemp', 'rewriterule']) {
    for (const directive of everywhere(configuration, files, name)) {
      const word = name === 'rewriterule' ? directive.args[1] : directive.args.at(-1)
      if (word === undefined) continue
      // With a target alone, in `<Location>` or `<If>`, it is an expression.
      const words = directive.args.filter(({ value }) => !STATUS.test(value))
      const mayExpand = name === 'rewriterule' || words.length < 2
      const variable = (mayExpand ? null : VARIABLE.exec(word.value)?.[0]) ?? nginxWord(word.value)
      if (variable !== null) yield taken(wordPlace(directive, word), directive, variable)
    }
  }
}

function* headers(configuration: ApacheConfiguration, files: FileSystem): Iterable<Found> {
  for (const name of ['header', 'requestheader']) {
    for (const directive of everywhere(configuration, files, name)) {
      const { action = '', value = null, valueAt: at = null } = headerLine(directive) ?? {}
      if (value === null || at === null || action.startsWith('edit') || value.startsWith('expr=')) continue
      const variable =
        nginxWord(value) ?? (name === 'requestheader' && SERVER_VARIABLE.test(value) ? value : null)
      if (variable !== null) yield taken(at, directive, variable)
      const asked = /^%\{(\w+)\}e$/.exec(value)?.[1] ?? ''
      if (name === 'header' && mayRunPrograms(configuration)) continue
      if (SERVER_VARIABLE.test(asked) && !isSet(configuration, files, asked))
        yield {
          at,
          message: `nothing sets a variable \`${asked}\` of the environment, so the value is \`(null)\`: \`expr=%{${asked}}\` asks the request`,
        }
    }
  }
}

/** Modules that put what CGI knows of the request into the environment, before its answer has headers. */
const OF_PROGRAMS = [
  'wsgi',
  'cgi',
  'cgid',
  'fcgid',
  'proxy_fcgi',
  'proxy_scgi',
  'php5',
  'php7',
  'php',
  'passenger',
]

function mayRunPrograms(configuration: ApacheConfiguration): boolean {
  return OF_PROGRAMS.some(name => isModuleLoaded(configuration, `${name}_module`) !== false)
}

const STATUS = /^(?:permanent|temp|seeother|gone|\d{3})$/i

function taken(at: Place, { name }: ApacheDirective, variable: string): Found {
  return {
    at,
    message: `\`${name}\` does not fill in \`${variable}\`, so these letters are the value`,
  }
}

/** Which words of a line are values. */
const SETTERS = [
  ['setenv', 1],
  ['setenvif', 2],
  ['setenvifnocase', 2],
] as const

const VARIABLE =
  /%\{(?:(?:ENV|HTTP|SSL|reqenv):[\w-]+|HTTP_HOST|HTTP_ACCEPT|HTTP_USER_AGENT|HTTPS|SERVER_NAME|SERVER_PORT|REMOTE_ADDR|REMOTE_USER|REQUEST_URI|REQUEST_FILENAME|REQUEST_SCHEME|REQUEST_METHOD|QUERY_STRING|DOCUMENT_ROOT|SSL_\w+)\}/

/** What a request has and no environment that headers ask, but for `HTTPS`, which mod_ssl sets. */
const SERVER_VARIABLE = /^(?:REMOTE_ADDR|REQUEST_SCHEME|REQUEST_URI|HTTP_HOST|SERVER_NAME|SERVER_PORT)$/

/** A variable of nginx; `${name}` is one of Apache's `Define`. */
function nginxWord(value: string): string | null {
  for (const { 0: word, 1: name = '' } of value.matchAll(/\$([a-z][a-z_]*)(?!\w)/g))
    if ((name === 'host' || name === 'scheme' || name.includes('_')) && nginxVariable('http', name) !== null)
      return word
  return null
}

function isSet(configuration: ApacheConfiguration, files: FileSystem, variable: string): boolean {
  const pattern = new RegExp(`(?:^|[^\\w!])${variable}(?:$|[^\\w])`)
  return ['setenv', 'passenv', 'setenvif', 'setenvifnocase', 'browsermatch', 'rewriterule'].some(name =>
    everywhere(configuration, files, name).some(({ args }) =>
      args.slice(name === 'rewriterule' ? 2 : 0).some(({ value }) => pattern.test(value)),
    ),
  )
}
