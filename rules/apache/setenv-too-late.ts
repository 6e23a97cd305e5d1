import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'SetEnv sets a variable after it has been asked for',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`SetEnv` acts late, after access is decided and after the rules of mod_rewrite: `Require env`, `Allow from env=` and `%{ENV:…}` find nothing. `configtest` says nothing.',
  remedy: 'Set it by `SetEnvIf`, which acts first: `SetEnvIf Remote_Addr "^10\\." office`',
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
  ],
  good: [
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
  for (const { environment } of placedRules(configuration, files))
    for (const each of environment) names.add(/^!?([^:]*)/.exec(each)?.[1] ?? '')
  return names
}
