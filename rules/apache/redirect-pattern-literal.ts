import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { REDIRECTS, redirectWords } from './_redirects.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'Redirect takes a regular expression for plain text',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`Redirect` compares the beginning of the path letter by letter. No URL holds `^` or `(.*)`, so the line never does anything, and `configtest` says nothing.',
  remedy: 'Write `RedirectMatch` for a regular expression',
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
  ],
  good: [
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
