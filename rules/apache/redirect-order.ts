import { conf } from '../../src/engine/conf.ts'
import { scopeOf } from '../../src/servers/apache/queries/directives-in.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { isPrefixOf } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'
import { type PathRedirect, pathRedirect, REDIRECTS } from './_redirects.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A Redirect that an earlier one covers',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'mod_alias takes the first `Redirect` whose path the URL begins with, not the longest: the later one never does anything, and its pages are sent where the earlier one leads.',
  remedy: 'Write the longer path first',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_alias.html#order'],
  bad: [
    {
      title: 'the shorter path first',
      files: {
        'site.conf': rewritingHost(conf`
          Redirect 301 /shop https://store.example.org/
          Redirect 301 «/shop/cart» https://basket.example.org/
        `),
      },
    },
    {
      title: 'the whole site first, in a .htaccess',
      files: rewritingDirectory(conf`
        Redirect permanent / https://new.example.org/
        RedirectPermanent «/status» https://status.example.org/
      `),
    },
  ],
  good: [
    {
      title: 'the longer path first, and paths that only begin alike',
      files: {
        'site.conf': rewritingHost(conf`
          Redirect 301 /shop/cart https://basket.example.org/
          Redirect 301 /shop https://store.example.org/
          Redirect 301 /shopping https://mall.example.org/
        `),
      },
    },
    {
      title: 'the same place in the end',
      files: {
        'site.conf': rewritingHost(conf`
          Redirect 301 /shop https://store.example.org/shop
          Redirect 301 /shop/cart https://store.example.org/shop/cart
        `),
      },
    },
    {
      title: 'in two virtual hosts, and under a condition',
      files: {
        'site.conf': conf`
          ${rewritingHost('Redirect 301 / https://store.example.org/')}
          <VirtualHost *:80>
              ServerName example.net
              <If "%{REMOTE_ADDR} == '192.0.2.1'">
                  Redirect 301 / https://store.example.net/
              </If>
              Redirect 301 /cart https://basket.example.net/
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const found = REDIRECTS.flatMap(name => everywhere(configuration, files, name).flatMap(read))
      if (found.length < 2) continue
      const earlier = new Map<unknown, PathRedirect[]>()
      for (const own of found.sort(inOrder)) {
        const { directive, path, target } = own
        const scope = scopeOf(directive)
        const before = earlier.get(scope) ?? []
        const covering = before.find(other => isPrefixOf(other.path, path))
        if (covering === undefined) {
          if (before.length < 200) before.push(own)
          earlier.set(scope, before)
          continue
        }
        const rest = path.slice(covering.path.length)
        if (covering.target + rest === target || covering.directive.source !== directive.source) continue
        yield {
          at: argumentPlace(directive, own.index),
          message:
            covering.path === path
              ? `the same path is redirected above, to \`${covering.target}\`, so this line does nothing`
              : `\`${covering.directive.name} ${covering.path}\` stands before it and matches everything below \`${path}\`, so this line does nothing`,
          related: [{ at: argumentPlace(covering.directive, covering.index), message: 'matches first' }],
        }
      }
    }
  },
})

function read(directive: ApacheDirective): readonly PathRedirect[] {
  const { parent } = directive
  if (parent !== null && !/^(?:VirtualHost|Directory)$/.test(parent.name)) return []
  const redirect = pathRedirect(directive)
  return redirect === null || !isSettled(redirect.target) ? [] : [redirect]
}

/** As they stand in a file; what stands in two files is never compared. */
function inOrder(one: PathRedirect, other: PathRedirect): number {
  return one.directive.start - other.directive.start
}
