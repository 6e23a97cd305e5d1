import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { Condition, Text } from '../../src/servers/apache/expression/syntax.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled, namePlace, wordPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { type Comparand, matchesNoPath, neverIs } from '../../src/servers/apache/queries/variable-values.ts'
import { conditionOf, sectionText } from '../../src/servers/apache/requests/evaluate-expression.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A condition compares a variable with what it never is',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`%{HTTPS}` is `on` or `off` in small letters, `%{REQUEST_URI}` begins with a slash, `%{REMOTE_ADDR}` is one address. Whatever is compared with something else is never true, or always; `configtest` says nothing.',
  remedy: 'Compare with a value that the variable may have',
  references: [
    'https://httpd.apache.org/docs/2.4/expr.html#vars',
    'https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond',
  ],
  bad: [
    {
      title: 'a path without its slash',
      files: rewritingDirectory(conf`
        RewriteCond %{REQUEST_URI} «^admin»
        RewriteRule ^ - [F]
      `),
    },
    {
      title: 'an exception that excepts nothing',
      files: rewritingDirectory(conf`
        RewriteCond %{REQUEST_URI} «!^admin»
        RewriteRule !^index\.html$ /index.html [L]
      `),
    },
    {
      title: 'the question mark before a query, and a query behind a path',
      files: rewritingDirectory(conf`
        RewriteCond %{QUERY_STRING} «^\?page_id=12$»
        RewriteRule ^$ /about? [R=301,L]
        RewriteCond %{REQUEST_URI} «^/index\.php\?id=([0-9]+)$»
        RewriteRule ^ /page/%1? [R=301,L]
      `),
    },
    {
      title: 'a network where one address is compared',
      files: {
        'site.conf': rewritingHost(conf`
          <If «"%{REMOTE_ADDR} == '127.0.0.0/8'"»>
              Redirect /office /intranet
          </If>
        `),
      },
    },
    {
      title: 'a value in capital letters',
      files: {
        'site.conf': rewritingHost('Header set X-Secure yes «"expr=%{HTTPS} == \'On\'"»'),
      },
    },
    {
      title: 'a path of a virtual host without its slash',
      files: { 'site.conf': rewritingHost('RedirectMatch 301 «^old/(.*)$» /new/$1') },
    },
    {
      title: 'rules of a directory that were copied into a virtual host',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule «^mail/(.*)$» mail.php?page=$1 [QSA]
          RewriteRule . index.php [L]
          RewriteRule «^autodiscover\.xml$» discover.php [L]
        `),
      },
    },
    {
      title: 'a network for SetEnvIf',
      files: {
        'site.conf': rewritingHost(conf`
          SetEnvIf Remote_Addr «"^10\.0\.0\.0/8"» office
          <Location /admin>
              Require env office
          </Location>
        `),
      },
    },
    {
      title: 'a header in the spelling of CGI',
      files: {
        'site.conf': rewritingHost(conf`
          SetEnvIfNoCase «User_Agent» "semrush" bad_bot
          <Location />
              <RequireAll>
                  Require all granted
                  Require not env bad_bot
              </RequireAll>
          </Location>
        `),
      },
    },
    {
      title: 'the name of the header in place of its value',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP:Upgrade} «^Upgrade$» [NC]
        RewriteRule ^chat$ /socket [R=302,L]
      `),
    },
    {
      title: 'a value in other letters than browsers write',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP:Upgrade} «=WebSocket»
        RewriteRule ^chat$ /socket [R=302,L]
      `),
    },
    {
      title: 'the scheme in capital letters',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP:X-Forwarded-Proto} «=HTTP»
        RewriteRule ^ https://example.org%{REQUEST_URI} [R=301,L]
      `),
    },
  ],
  good: [
    {
      title: 'a rule that is written for both contexts',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/mail/config\.xml$ /config.php [L]
          RewriteRule ^mail/config\.xml$ /config.php [L]
        `),
      },
    },
    {
      title: 'the scheme as proxies write it',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP:X-Forwarded-Proto} =http [OR]
        RewriteCond %{HTTP:X-Forwarded-Proto} ^HTTP$ [NC]
        RewriteRule ^ https://example.org%{REQUEST_URI} [R=301,L]
      `),
    },
    {
      title: 'lines that are included into a directory',
      files: {
        'site.conf': conf`
          RewriteEngine On
          RewriteBase /
          RewriteRule ^index\.php$ - [L]
        `,
      },
    },
    {
      title: 'lines that nothing includes, which may be for a directory',
      files: {
        'conf-available/icons.conf': conf`
          RewriteEngine On
          RewriteRule ^favicon\.ico$ /icons/favicon.ico [END]
          RewriteRule ^touch-(\d+)\.png$ /icons/touch-$1.png [END]
        `,
      },
    },
    {
      title: 'a query without the question mark, which may stand behind it',
      files: rewritingDirectory(conf`
        RewriteCond %{QUERY_STRING} ^page_id=12$ [OR]
        RewriteCond %{QUERY_STRING} (?:^|&)next=\?
        RewriteRule ^$ /about? [R=301,L]
        RewriteCond %{REQUEST_URI} ^/index\.php/?$
        RewriteRule ^ /page? [R=301,L]
      `),
    },
    {
      title: 'values that the variables have',
      files: {
        'site.conf': rewritingHost(conf`
          <If "-R '127.0.0.0/8' && %{REMOTE_ADDR} != '10.0.0.1'">
              Redirect /office /intranet
          </If>
          <If "%{HTTPS} == 'on' || %{REQUEST_URI} =~ m#^/admin#">
              Redirect /safe /intranet
          </If>
          SetEnvIf Remote_Addr "^10\." office
          SetEnvIfNoCase User-Agent "semrush" bad_bot
          <Location /shop>
              <RequireAll>
                  Require all granted
                  Require not env bad_bot
              </RequireAll>
          </Location>
          RedirectMatch 301 ^/?old/(.*)$ /new/$1
          RedirectMatch 301 \.old$ /new
          RewriteCond %{HTTPS} !=on
          RewriteCond %{HTTP_HOST} ^example\.org$
          RewriteCond %{REQUEST_METHOD} ^post$ [NC]
          RewriteCond %{REMOTE_ADDR} !^10\.
          RewriteRule ^/?(.*)$ https://example.org/$1 [R=301,L]
          Header set X-Secure yes "expr=%{HTTPS} == 'on'"
        `),
      },
    },
    {
      title: 'a rule of a directory, where the slash is taken away',
      files: rewritingDirectory(conf`
        RewriteRule ^index\.php$ - [L]
        RewriteCond %{REQUEST_URI} ^/admin
        RewriteRule ^ - [F]
      `),
    },
    {
      title: 'a path before which an earlier rule puts the host',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^(.+) %{HTTP_HOST}$1 [C]
          RewriteRule ^www\.example\.org/(.*)$ /sites/www/$1 [L]
        `),
      },
    },
    {
      title: 'a variable before, and a text beside it',
      files: {
        'site.conf': rewritingHost(conf`
          SetEnvIf Host "^(\w+)\." SITE_NAME=$1
          SetEnvIf SITE_NAME "^shop$" SHOP
          RewriteCond %{REQUEST_METHOD}:%{REQUEST_URI} ^GET:/a
          RewriteCond x%{REQUEST_URI} ^x/a
          RewriteRule ^ /b [L]
        `),
      },
    },
    {
      title: 'the value of Upgrade',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP:Upgrade} ^WebSocket$ [NC]
        RewriteCond %{HTTP:Connection} upgrade [NC]
        RewriteRule ^chat$ /socket [R=302,L]
        RewriteCond %{HTTP:Upgrade} !^Upgrade$
        RewriteRule ^page$ /other [R=302,L]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      yield* ofRewriting(configuration, files)
      yield* ofPatterns(configuration, files)
      yield* ofEnvironment(configuration, files)
      for (const { at, text } of expressions(configuration, files)) {
        const condition = conditionOf(configuration, text)
        const fault = condition === null ? null : faultIn(condition)
        if (fault !== null) yield { at, message: fault }
      }
    }
  },
})

function* ofRewriting(configuration: ApacheConfiguration, files: FileSystem) {
  const rules = placedRules(configuration, files)
  // A rule that puts the host before the path leaves later ones something else to compare.
  const mixed = new Set(
    rules.filter(rule => rule.flags.has('N') && leavesNoPath(rule)).map(({ directive }) => directive.parent),
  )
  for (const rule of rules) {
    const { conditions, directive, settled, context, pattern, negated } = rule
    if (!settled) {
      if (leavesNoPath(rule)) mixed.add(directive.parent)
      continue
    }
    for (const condition of conditions) {
      const upgrade =
        condition.negated || !/^%\{HTTP:Upgrade\}$/i.test(condition.input) ? null : upgradeFault(condition)
      if (upgrade !== null) yield { at: argumentPlace(condition.directive, 1), message: upgrade }
      const scheme = schemeFault(condition)
      if (scheme !== null) yield { at: argumentPlace(condition.directive, 1), message: scheme }
      const variable = /^%\{([A-Z_]+)\}$/.exec(condition.input)?.[1]
      if (variable === undefined || !/^(?:=|regex)$/.test(condition.test)) continue
      const fault = faultOf(
        variable,
        {
          kind: condition.test === '=' ? 'text' : 'pattern',
          text: condition.pattern,
          caseless: condition.caseless,
        },
        condition.negated,
      )
      if (fault !== null) yield { at: argumentPlace(condition.directive, 1), message: fault }
    }
    if (context !== 'server' || mixed.has(directive.parent)) continue
    if (!negated && matchesNoPath(pattern) && !isForBothContexts(rule, rules))
      yield { at: argumentPlace(directive, 0), message: noPath('rule', pattern) }
    else if (leavesNoPath(rule)) mixed.add(directive.parent)
  }
}

/** Browsers write `Upgrade: websocket`, and the word of the header's name stands in `Connection`. */
function upgradeFault({ test, pattern, caseless }: PlacedRule['conditions'][number]): string | null {
  if (!/^(?:=|regex)$/.test(test)) return null
  const word = test === '=' ? pattern : (/^\^?\(?([a-z]+)\)?\$?$/i.exec(pattern)?.[1] ?? '')
  if (/^upgrade$/i.test(word))
    return `the header \`Upgrade\` says \`websocket\`, so \`${pattern}\` never holds`
  return /^websocket$/i.test(word) && word !== 'websocket' && !caseless
    ? `browsers write \`websocket\` in small letters, so \`${pattern}\` never holds without \`[NC]\``
    : null
}

/** Proxies write the scheme in small letters. */
function schemeFault({
  input,
  test,
  pattern,
  caseless,
  negated,
}: PlacedRule['conditions'][number]): string | null {
  if (caseless || !/^%\{HTTP:X-Forwarded-Proto\}$/i.test(input) || !/^(?:=|regex)$/.test(test)) return null
  const word = test === '=' ? pattern : (/^\^?\(?([a-z]+)\)?\$?$/i.exec(pattern)?.[1] ?? '')
  if (!/^https?$/i.test(word) || word === word.toLowerCase()) return null
  return `proxies write \`${word.toLowerCase()}\` in small letters, so \`${negated ? '!' : ''}${pattern}\` ${negated ? 'always' : 'never'} holds`
}

/** True where the same rule stands beside it with the slash: whoever wrote both wants one of them to match anywhere. */
function isForBothContexts({ pattern, directive, output }: PlacedRule, all: readonly PlacedRule[]): boolean {
  const twin = pattern.replace(/^\^/, '^/')
  return all.some(
    other => other.pattern === twin && other.directive.parent === directive.parent && other.output === output,
  )
}

/** True for a rule behind which others go on, with what does not begin with a slash. */
function leavesNoPath({ output, keepsUri, flags }: PlacedRule): boolean {
  if (keepsUri || ENDING.some(flag => flags.has(flag))) return false
  return !/^(?:\/|%\{DOCUMENT_ROOT\}|[a-z]+:)/i.test(output)
}

const ENDING = ['R', 'L', 'END', 'P', 'PT', 'F', 'G']

/** The lines of a server that compare the whole path with a pattern. */
function* ofPatterns(configuration: ApacheConfiguration, files: FileSystem) {
  for (const name of ['redirectmatch', 'aliasmatch', 'scriptaliasmatch', 'proxypassmatch', 'locationmatch']) {
    for (const directive of everywhere(configuration, files, name)) {
      const index = directive.args.findIndex(({ value }) => value.startsWith('^'))
      const pattern = directive.args[index]?.value
      if (pattern !== undefined && isSettled(pattern) && matchesNoPath(pattern))
        yield { at: argumentPlace(directive, index), message: noPath('line', pattern) }
    }
  }
}

function noPath(what: string, pattern: string): string {
  return `every path begins with a slash here, so \`${pattern}\` never matches and the ${what} does nothing`
}

const ATTRIBUTES: Readonly<Record<string, string>> = {
  remote_addr: 'REMOTE_ADDR',
  server_addr: 'SERVER_ADDR',
  request_uri: 'REQUEST_URI',
}

/** Headers that are often written as CGI spells them; SetEnvIf takes these for variables that are set before. */
const HEADERS =
  /^(?:user_agent|accept_(?:language|encoding)|x_forwarded_(?:for|proto|host|ssl)|content_type)$/i

function* ofEnvironment(configuration: ApacheConfiguration, files: FileSystem) {
  for (const name of ['setenvif', 'setenvifnocase']) {
    for (const directive of everywhere(configuration, files, name)) {
      const [attribute, pattern] = directive.args.map(({ value }) => value)
      if (attribute === undefined || pattern === undefined || !isSettled(pattern)) continue
      const variable = ATTRIBUTES[attribute.toLowerCase()]
      if (variable !== undefined) {
        const comparand = { kind: 'pattern', text: pattern, caseless: name.endsWith('nocase') } as const
        const fault = faultOf(variable, comparand, false)
        if (fault !== null) yield { at: argumentPlace(directive, 1), message: fault }
      } else if (HEADERS.test(attribute))
        yield {
          at: argumentPlace(directive, 0),
          message: `no header is called \`${attribute}\`, so this never matches`,
          help: `write \`${attribute.replaceAll('_', '-')}\``,
        }
    }
  }
}

interface Written {
  readonly at: Place
  readonly text: string
}

function* expressions(configuration: ApacheConfiguration, files: FileSystem): Generator<Written> {
  for (const name of ['if', 'elseif'])
    for (const section of everywhere(configuration, files, name))
      yield { at: argumentPlace(section, 0), text: sectionText(section) }
  for (const directive of everywhere(configuration, files, 'require')) yield* ofRequire(directive)
  for (const directive of everywhere(configuration, files, 'setenvifexpr')) {
    const text = directive.args[0]?.value
    if (text !== undefined) yield { at: argumentPlace(directive, 0), text }
  }
  for (const name of ['header', 'requestheader']) {
    for (const directive of everywhere(configuration, files, name)) {
      // An `expr=` in the place of the value is a text, and no condition.
      const word = directive.args.at(-1)
      if (word === undefined || !word.value.startsWith('expr=') || !isCondition(directive)) continue
      yield { at: wordPlace(directive, word), text: word.value.slice('expr='.length) }
    }
  }
}

function* ofRequire(directive: ApacheDirective): Generator<Written> {
  const words = directive.args.map(({ value }) => value)
  const index = words[0]?.toLowerCase() === 'not' ? 1 : 0
  if (words[index]?.toLowerCase() !== 'expr') return
  const rest = words.slice(index + 1)
  const [only] = rest
  // Several words are the text as it is written.
  const text =
    rest.length === 1 && only !== undefined ? only : directive.text.replace(/^(?:not\s+)?expr\s+/i, '')
  yield { at: rest.length === 1 ? argumentPlace(directive, index + 1) : namePlace(directive), text }
}

/** True where an action and all that it takes stand before the last word. */
function isCondition({ args }: ApacheDirective): boolean {
  const words = args.map(({ value }) => value.toLowerCase())
  const index = /^(?:always|onsuccess)$/.test(words[0] ?? '') ? 1 : 0
  const action = words[index] ?? ''
  const takes = action === 'unset' || action === 'note' ? 2 : action.startsWith('edit') ? 4 : 3
  return words.length > index + takes
}

/** The first comparison that is always the same; null where none is. */
function faultIn(condition: Condition): string | null {
  switch (condition.kind) {
    case 'not':
      return faultIn(condition.inner)
    case 'and':
    case 'or':
      return faultIn(condition.left) ?? faultIn(condition.right)
    case 'compare': {
      if (condition.operator !== '==' && condition.operator !== '!=') return null
      const left = variableOf(condition.left)
      const text = plainText(condition.right)
      if (left === null || text === null) return null
      return faultOf(left, { kind: 'text', text, caseless: false }, condition.operator === '!=')
    }
    case 'match': {
      const variable = variableOf(condition.subject)
      if (variable === null) return null
      const { pattern: text, caseless, negated } = condition
      return faultOf(variable, { kind: 'pattern', text, caseless }, negated)
    }
    default:
      return null
  }
}

function variableOf(text: Text): string | null {
  const [only] = text
  return text.length === 1 && only?.kind === 'variable' ? only.name.toUpperCase() : null
}

function plainText(text: Text): string | null {
  const [only] = text
  return text.length === 1 && only?.kind === 'text' ? only.text : null
}

function faultOf(variable: string, comparand: Comparand, negated: boolean): string | null {
  const always = neverIs(variable, comparand)
  if (always === null) return null
  return `\`%{${variable}}\` ${always}, so \`${negated ? '!' : ''}${comparand.text}\` ${negated ? 'always' : 'never'} holds`
}
