import { groupBy } from '../../parsers/collections/group-by.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { placeText } from '../../parsers/text/source.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A redirect that a later rule rewrites to a page',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`[R]` alone does not end the rules. The next one that takes every path takes the address of the redirect too: Apache sends the page of the front controller with the status 301 and without a `Location`, and browsers stay where they are.',
  remedy: 'Write `[R=301,L]`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_r'],
  bad: [
    {
      title: 'before a front controller',
      files: {
        ...rewritingDirectory(conf`
          RewriteRule ^old-page$ https://www.example.org/new-page «[R=301]»
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule . /index.html [L]
        `),
        'srv/www/index.html': 'start page',
      },
    },
    {
      title: 'before one that puts the path into the query',
      files: {
        ...rewritingDirectory(conf`
          RewriteRule ^old-page$ /new-page «[R=301]»
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule ^(.*)$ index.html?url=$1 [QSA]
        `),
        'srv/www/index.html': 'start page',
      },
    },
    {
      title: 'before a script that finds the path behind its name, below a directory',
      files: {
        ...rewritingDirectory(conf`
          RewriteRule ^guide/old/(.*)$ guide/new/$1 «[R]»
          RewriteRule ^(.*) /show.php/shop/manual/$1 [L]
        `),
        'srv/www/show.php': '<?php echo "page";\n',
      },
    },
  ],
  good: [
    {
      title: 'before a page that is looked for by its name',
      files: rewritingDirectory(conf`
        RewriteRule ^old-page$ /new-page [R=301]
        RewriteRule ^(.*)$ /pages/$1 [L]
      `),
    },
    {
      title: 'the last rule for it',
      files: {
        ...rewritingDirectory(conf`
          RewriteRule ^old-page$ https://www.example.org/new-page [R=301,L]
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule . /index.html [L]
        `),
        'srv/www/index.html': 'start page',
      },
    },
    {
      title: 'rules for other paths behind it, and other redirects',
      files: rewritingDirectory(conf`
        RewriteRule ^old-page$ https://www.example.org/new-page [R=301]
        RewriteRule ^older-page$ https://www.example.org/new-page [R=301]
        RewriteCond %{REQUEST_URI} !^/old
        RewriteRule . /index.html [L]
      `),
    },
    {
      title: 'a virtual host, whose patterns begin with a slash',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/old-page$ https://www.example.org/new-page [R=301]
          RewriteRule ^/(.*)$ /index.html [L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const rules = placedRules(configuration, filesOf(configuration)).filter(
        ({ context }) => context === 'directory',
      )
      if (rules.length < 2) continue
      for (const inSection of groupBy(
        rules,
        ({ directive, htaccess }) => directive.parent ?? htaccess,
      ).values()) {
        if (inSection.some(({ skip, flags }) => skip > 0 || flags.has('C') || flags.has('N'))) continue
        const last = inSection.findLastIndex(takesRedirect)
        const taker = inSection[last]
        if (taker === undefined) continue
        for (const rule of inSection.slice(0, last)) {
          if (!goesOn(rule)) continue
          const at = argumentPlace(rule.directive, 2)
          const text = placeText(at)
          yield {
            at,
            message: `the rules go on behind this redirect, and \`RewriteRule ${taker.pattern}\` makes a page of it: 301 without a \`Location\``,
            related: [{ at: namePlace(taker.directive), message: 'takes the address of the redirect' }],
            ...propose('Add `L`', 'unsafe', [
              /^\[[^\]]+\]$/.test(text) ? replacePlace(at, text.replace(/\]$/, ',L]')) : null,
            ]),
          }
        }
      }
    }
  },
})

function goesOn({ flags, keepsUri, settled, isRefusal, status }: PlacedRule): boolean {
  if (!settled || keepsUri || isRefusal || !flags.has('R') || status < 300 || status > 399) return false
  return !['L', 'END', 'P', 'PT', 'F', 'G'].some(flag => flags.has(flag))
}

/** A rule that takes a whole URL as well as a path, and asks at most whether that is a file. */
function takesRedirect({
  pattern,
  negated,
  keepsUri,
  settled,
  flags,
  output,
  conditions,
}: PlacedRule): boolean {
  if (negated || keepsUri || !settled || flags.has('R') || flags.has('P')) return false
  if (!/^(?:\^|\.|\.\*|\^\.\*\$?|\^?\(\.[*+]\)\$?)$/.test(pattern) || !isOneScript(output)) return false
  return conditions.every(
    condition =>
      condition.negated &&
      /^-[fdl]$/.test(condition.test) &&
      /^%\{REQUEST_FILENAME\}$/i.test(condition.input),
  )
}

/** True for a target that is the same file whatever was asked for: what was matched is its query or follows it. */
function isOneScript(output: string): boolean {
  return !/^\w+:|[$%]/.test(output.replace(/\?.*$/s, '').replace(/(?<=\.php\/[^$%]*)\$[0-9]$/, ''))
}
