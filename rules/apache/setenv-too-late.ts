import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A variable is set after it has been asked for',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`SetEnv` acts late, after access is decided and after the rules of mod_rewrite: `Require env`, `Allow from env=` and `%{ENV:…}` find nothing. And the rules of mod_rewrite run in their order: what `[E=…]` of a later one sets is empty in an earlier one. `configtest` says nothing.',
  remedy:
    'Set it by `SetEnvIf`, which acts first: `SetEnvIf Remote_Addr "^10\\." office`, or by a rule above the one that asks',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_env.html#setenv',
    'https://httpd.apache.org/docs/2.4/env.html#setting',
  ],
  bad: [
    {
      title: 'for Require',
      files: {
        'site.conf': rewritingHost(conf`
          SetEnv «office» 1
          <Location /admin>
              Require env office
          </Location>
        `),
      },
    },
    {
      title: 'for a condition of mod_rewrite, in a .htaccess',
      files: rewritingDirectory(conf`
        SetEnv «MAINTENANCE» on
        RewriteCond %{ENV:MAINTENANCE} =on
        RewriteRule ^ - [R=503,L]
      `),
    },
    {
      title: 'a rule above the one that sets it',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP_HOST} !^www\. [NC]
        RewriteRule ^ «http%{ENV:protossl}://www.example.org%{REQUEST_URI}» [L,R=302]
        RewriteRule ^ - [E=protossl]
        RewriteCond %{HTTP:X-Forwarded-Proto} =https
        RewriteRule ^ - [E=protossl:s]
      `),
    },
  ],
  good: [
    {
      title: 'a rule below the one that sets it',
      files: rewritingDirectory(conf`
        RewriteRule ^ - [E=protossl]
        RewriteCond %{HTTP:X-Forwarded-Proto} =https
        RewriteRule ^ - [E=protossl:s]
        RewriteCond %{HTTP_HOST} !^www\. [NC]
        RewriteRule ^ http%{ENV:protossl}://www.example.org%{REQUEST_URI} [L,R=302]
      `),
    },
    {
      title: 'a rule that an earlier round has set it for',
      files: rewritingDirectory(conf`
        RewriteCond %{ENV:dir} .
        RewriteRule ^ /%{ENV:dir}/index.html [END]
        RewriteCond %{ENV:dir} ^$
        RewriteRule ^(\w+)$ $1 [E=dir:$1,N]
      `),
    },
    {
      title: 'a variable that something else sets too',
      files: {
        'site.conf': rewritingHost(conf`
          SetEnvIf X-Forwarded-Proto "^https$" tls=s
          RewriteCond %{HTTP_HOST} !^www\.
          RewriteRule ^ http%{ENV:tls}://www.example.org%{REQUEST_URI} [L,R=302]
          RewriteCond %{HTTPS} on
          RewriteRule ^ - [E=tls:s]
        `),
      },
    },
    {
      title: 'SetEnvIf, and a variable for the application and the log',
      files: {
        'site.conf': rewritingHost(conf`
          SetEnvIf Remote_Addr "^127\." office
          <Location /admin>
              Require env office
          </Location>
          SetEnvIf Request_URI "^" MAINTENANCE=on
          RewriteCond %{ENV:MAINTENANCE} =on
          RewriteRule ^/shop - [R=503,L]
          SetEnv APP_ENV production
          SetEnv quiet 1
          CustomLog /var/log/apache2/site.log combined env=!quiet
          Header set X-App "yes" env=APP_ENV
        `),
      },
    },
    {
      title: 'another line that sets it in time',
      files: {
        'site.conf': rewritingHost(conf`
          SetEnv mode live
          RewriteRule ^/shop - [E=mode:shop]
          RewriteCond %{ENV:mode} =shop
          RewriteRule ^/shop/(.*)$ /store/$1 [L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      yield* ofLaterRules(configuration, files)
      const lines = everywhere(configuration, files, 'setenv')
      if (lines.length === 0) continue
      const readers = earlyReaders(configuration, files)
      if (readers.size === 0) continue
      const inTime = setInTime(configuration, files)
      const seen = new Set<string>()
      for (const line of lines) {
        const name = line.args[0]?.value ?? ''
        const reader = readers.get(name)
        if (reader === undefined || inTime.has(name) || seen.has(name) || !isSettled(name)) continue
        seen.add(name)
        yield {
          at: argumentPlace(line, 0),
          message: `\`${name}\` is asked for before \`SetEnv\` sets it, so it is never there`,
          related: [{ at: reader, message: 'asked for here' }],
        }
      }
    }
  },
})

/** Targets of rules with a variable that rules of the same list set, all of them below. */
function* ofLaterRules(configuration: ApacheConfiguration, files: FileSystem): Iterable<RuleFinding> {
  const rules = placedRules(configuration, files)
  const readers = rules.filter(({ output }) => ENV.test(output))
  if (readers.length === 0) return
  const first = new Map<string, number>()
  for (const [index, { environment }] of rules.entries())
    for (const each of environment) {
      const name = /^!?([^:]*)/.exec(each)?.[1] ?? ''
      if (!first.has(name)) first.set(name, index)
    }
  const others = setByLines(configuration, files)
  for (const name of everywhere(configuration, files, 'setenv').map(({ args }) => args[0]?.value ?? ''))
    others.add(name)
  const position = new Map(rules.map((rule, index) => [rule, index]))
  // A round that begins anew has what the one before set.
  const again = new Set(rules.filter(({ flags }) => flags.has('N')).map(({ directive }) => directive.parent))
  for (const rule of readers) {
    const { directive, settled, output } = rule
    if (!settled || again.has(directive.parent)) continue
    for (const [, name = ''] of output.matchAll(/%\{ENV:(\w+)\}/g)) {
      const setter = rules[first.get(name) ?? -1]
      if (setter === undefined || others.has(name) || name.startsWith('REDIRECT_')) continue
      if ((position.get(setter) ?? 0) <= (position.get(rule) ?? 0)) continue
      if (setter.htaccess !== rule.htaccess || setter.directive.parent !== directive.parent) continue
      yield {
        at: argumentPlace(directive, 1),
        message: `\`%{ENV:${name}}\` is empty here: the rules that set \`${name}\` stand below`,
        related: [{ at: argumentPlace(setter.directive, 2), message: 'set here' }],
        help: 'Move the rules that set it above this one',
      }
      break
    }
  }
}

const ENV = /%\{ENV:\w+\}/

/** The variables that are read while access is decided or URLs are rewritten, each with the first place. */
function earlyReaders(configuration: ApacheConfiguration, files: FileSystem): ReadonlyMap<string, Place> {
  const found = new Map<string, Place>()
  const add = (name: string, at: Place): void => {
    if (!found.has(name)) found.set(name, at)
  }
  for (const directive of everywhere(configuration, files, 'require')) {
    const words = directive.args.map(({ value }) => value)
    const index = words[0]?.toLowerCase() === 'not' ? 1 : 0
    if (words[index]?.toLowerCase() !== 'env') continue
    for (let each = index + 1; each < words.length; each++)
      add(words[each] ?? '', argumentPlace(directive, each))
  }
  for (const kind of ['allow', 'deny']) {
    for (const directive of everywhere(configuration, files, kind))
      for (const [index, { value }] of directive.args.entries()) {
        const name = /^env=!?(.+)$/i.exec(value)?.[1]
        if (name !== undefined) add(name, argumentPlace(directive, index))
      }
  }
  for (const { conditions } of placedRules(configuration, files))
    for (const { input, directive } of conditions)
      for (const [, name = ''] of input.matchAll(/%\{ENV:(\w+)\}/g)) add(name, argumentPlace(directive, 0))
  return found
}

/** The variables that SetEnvIf and its like, mod_rewrite or the environment of httpd may set. */
function setInTime(configuration: ApacheConfiguration, files: FileSystem): ReadonlySet<string> {
  const names = setByLines(configuration, files)
  for (const { environment } of placedRules(configuration, files))
    for (const each of environment) names.add(/^!?([^:]*)/.exec(each)?.[1] ?? '')
  return names
}

/** The same without those of mod_rewrite. */
function setByLines(configuration: ApacheConfiguration, files: FileSystem): Set<string> {
  const names = new Set<string>()
  for (const kind of [
    'setenvif',
    'setenvifnocase',
    'setenvifexpr',
    'browsermatch',
    'browsermatchnocase',
    'passenv',
  ])
    for (const { args } of everywhere(configuration, files, kind))
      for (const { value } of args) names.add(/^!?([^=]*)/.exec(value)?.[1] ?? '')
  return names
}
