import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { directivesByHost, virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A path is rewritten to the URL of an Alias without [PT]',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a virtual host, mod_rewrite takes what it has rewritten for a file below the document root and lets no `Alias`, `ScriptAlias` or `WSGIScriptAlias` look at it. The client gets 404, while the same URL typed by hand works.',
  remedy: 'Add the flag `PT`: `[PT]`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_pt'],
  bad: [
    {
      title: 'an alias',
      files: {
        'site.conf': rewritingHost(conf`
          Alias /icons /usr/share/apache2/icons
          RewriteRule ^/favicon\.png$ «/icons/apache.png» [L]
        `),
      },
    },
    {
      title: 'an application, and a script',
      files: {
        'site.conf': rewritingHost(conf`
          WSGIScriptAlias /wiki /srv/wiki/wiki.wsgi
          ScriptAlias /cgi-bin/ /usr/lib/cgi-bin/
          RewriteRule ^/w/(.*)$ «/wiki/$1»
          RewriteRule ^/search$ «/cgi-bin/search.cgi?all=1» [QSA,L]
        `),
      },
    },
  ],
  good: [
    {
      title: 'passed through, redirected, and another path',
      files: {
        'site.conf': rewritingHost(conf`
          Alias /icons /usr/share/apache2/icons
          RewriteRule ^/favicon\.png$ /icons/apache.png [PT]
          RewriteRule ^/favicon\.ico$ /icons/apache.png [R=302,L]
          RewriteRule ^/logo\.png$ /iconset/logo.png [L]
          RewriteRule ^/icons/.* - [L]
        `),
      },
    },
    {
      title: 'a later rule that passes it through',
      files: {
        'site.conf': rewritingHost(conf`
          Alias /icons /usr/share/apache2/icons
          RewriteRule ^/favicon\.png$ /icons/apache.png
          RewriteRule ^/icons/ - [PT]
        `),
      },
    },
    {
      title: 'a directory, where the rewritten URL is asked for once more',
      files: {
        ...rewritingDirectory('RewriteRule ^favicon\\.png$ /icons/apache.png [L]'),
        'site.conf': rewritingHost(conf`
          Alias /icons /usr/share/apache2/icons
          <Directory /srv/www>
              RewriteEngine On
              RewriteRule ^favicon\.png$ /icons/apache.png [L]
          </Directory>
        `),
      },
    },
    {
      title: 'an alias to the same place in the document root',
      files: {
        'site.conf': rewritingHost(conf`
          Alias /icons /srv/www/icons
          RewriteRule ^/favicon\.png$ /icons/apache.png [L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const rules = placedRules(configuration, filesOf(configuration))
      const leaving = new Set(rules.filter(passesOn).map(({ directive }) => directive.parent))
      for (const rule of rules) {
        const { directive, output, flags } = rule
        if (rule.context !== 'server' || rule.keepsUri || !rule.settled || !output.startsWith('/')) continue
        if (['R', 'P', 'PT', 'F', 'G', 'C', 'N', 'S'].some(flag => flags.has(flag))) continue
        const alias = aliasFor(configuration, rule)
        if (alias === null) continue
        const path = alias.args[0]?.value ?? ''
        // What later rules make of it is theirs.
        if (!isLast(rule) && leaving.has(directive.parent)) continue
        const at = argumentPlace(directive, 1)
        const text = directive.args[2] === undefined ? '' : placeText(argumentPlace(directive, 2))
        yield {
          at,
          message: `without \`[PT]\` this is a file below the document root, and \`${alias.name} ${path}\` is not asked`,
          related: [{ at: argumentPlace(alias, 0), message: 'this URL' }],
          ...propose('Add `PT`', 'unsafe', [
            /^\[[^\]]+\]$/.test(text)
              ? replacePlace(argumentPlace(directive, 2), text.replace(/\]$/, ',PT]'))
              : null,
          ]),
        }
      }
    }
  },
})

function isLast({ flags }: PlacedRule): boolean {
  return flags.has('L') || flags.has('END')
}

function passesOn({ flags }: PlacedRule): boolean {
  return flags.has('PT') || flags.has('R') || flags.has('P')
}

const ALIASES = ['alias', 'scriptalias', 'wsgiscriptalias'] as const

/** The alias that a request for the target would take; null for none, and for one that leads where the target is. */
function aliasFor(
  configuration: ApacheConfiguration,
  { directive, output }: PlacedRule,
): ApacheDirective | null {
  const virtualHost = virtualHostOf(configuration, directive)
  const host = virtualHost?.directive ?? null
  const root = documentRoot({ configuration, host: virtualHost })
  const path = /^[^?$%]*/.exec(output)?.[0] ?? ''
  for (const name of ALIASES) {
    const byHost = directivesByHost(configuration, name)
    for (const alias of [...(byHost.get(host) ?? []), ...(host === null ? [] : (byHost.get(null) ?? []))]) {
      const [url, target] = alias.args.map(({ value }) => value)
      if (url === undefined || target === undefined || !isSettled(url) || !isSettled(target)) continue
      const stem = url.replace(/\/$/, '')
      if (stem === '' || !(path.startsWith(`${stem}/`) || (path === stem && path === output))) continue
      const directory = target.replace(/\/$/, '')
      if (root.known ? directory === root.value + stem : directory.endsWith(stem)) return null
      return alias
    }
  }
  return null
}
