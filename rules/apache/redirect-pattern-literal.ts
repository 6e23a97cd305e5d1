import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { REDIRECTS, redirectWords } from './_redirects.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'Redirect, Alias or ProxyPass takes a regular expression for plain text',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`Redirect`, `Alias` and `ProxyPass` compare the beginning of the path letter by letter. No URL holds `^` or `(.*)`, so the line never does anything, and `configtest` says nothing.',
  remedy: 'Write `RedirectMatch`, `AliasMatch` or `ProxyPassMatch` for a regular expression',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_alias.html#redirectmatch'],
  bad: [
    {
      title: 'a group',
      files: { 'site.conf': rewritingHost('Redirect 301 «^/old/(.*)$» /new/$1') },
    },
    {
      title: 'an asterisk at the end',
      files: rewritingDirectory('Redirect permanent «/old/*» https://example.org/new/'),
    },
    {
      title: 'without its first slash',
      files: { 'site.conf': rewritingHost('Redirect 301 «old/page.html» /new/page.html') },
    },
    {
      title: 'files by their suffix that the proxy is not to get, and an alias',
      files: {
        'site.conf': rewritingHost(conf`
          Alias «^/img/(.*)$» /srv/img/$1
          ProxyPass «/*.txt» !
          ProxyPass / http://127.0.0.1:8080/
        `),
      },
    },
  ],
  good: [
    {
      title: 'plain paths, and the lines for regular expressions',
      files: {
        'site.conf': rewritingHost(conf`
          AliasMatch ^/img/(.*)$ /srv/img/$1
          ProxyPass /robots.txt !
          ProxyPassMatch ^/.*\\.txt$ !
          ProxyPass ~ ^/shop/.*\\.css$ !
          ProxyPass / http://127.0.0.1:8080/
        `),
      },
    },
    {
      title: 'RedirectMatch, plain paths, and a title with parentheses',
      files: {
        'site.conf': rewritingHost(conf`
          RedirectMatch 301 ^/old/(.*)$ /new/$1
          Redirect 301 /old.html /new.html
          Redirect 301 /wiki/Foo_(bar) /Foo
          Redirect gone /a+b
          <Location /shop>
              Redirect 301 https://shop.example.org/
          </Location>
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const name of MAPPINGS) {
        for (const directive of configuration.occurrences.get(name) ?? []) {
          const path = directive.args.length > 1 ? (directive.args[0]?.value ?? '') : ''
          const part = /^\^|\$$|\.[*+]|\(\[|\\[.dw]|\*/.exec(path)?.[0]
          if (part === undefined || !isSettled(path) || /^Location/.test(directive.parent?.name ?? ''))
            continue
          yield {
            at: argumentPlace(directive, 0),
            message: `\`${directive.name}\` compares letters, and no URL holds \`${part}\`: this takes no request`,
          }
        }
      }
      for (const name of REDIRECTS) {
        for (const directive of everywhere(configuration, filesOf(configuration), name)) {
          const words = redirectWords(directive)
          const path = words === null ? undefined : directive.args[words.path]
          if (words === null || path === undefined || !isSettled(path.value)) continue
          if (directive.args.length === 1) continue
          const part = /^\^|\$$|\.[*+]|\(\[|\\[.dw]|\*$/.exec(path.value)?.[0]
          if (part === undefined && path.value.startsWith('/')) continue
          const at = argumentPlace(directive, words.path)
          if (part === undefined) {
            // A whole URL is what `rewrite-pattern-not-path` is about.
            if (/^https?:/i.test(path.value) || path.value === '') continue
            yield {
              at,
              message: `no path begins with \`${path.value.slice(0, 1)}\`, so this never redirects`,
            }
            continue
          }
          const tree = readPattern(path.value)
          const isPattern = name === 'redirect' && tree?.problem === null && !path.value.endsWith('/*')
          yield {
            at,
            message: `\`${directive.name}\` compares letters, and no URL holds \`${part}\`: this never redirects`,
            ...propose('Write `RedirectMatch`', 'unsafe', [
              isPattern ? replacePlace(namePlace(directive), 'RedirectMatch') : null,
            ]),
          }
        }
      }
    }
  },
})

/** Lines that map paths, and have a sister for regular expressions. */
const MAPPINGS = ['proxypass', 'alias', 'scriptalias']
