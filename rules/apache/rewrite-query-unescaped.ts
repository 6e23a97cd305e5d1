import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { mayHold } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

const FRONT = { 'srv/www/index.txt': 'front controller' }

export default defineRule({
  summary: 'A decoded path is put into a query as it is, so a path with a space is refused',
  severity: 'info',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'mod_rewrite matches the decoded path. Since 2.4.56 httpd answers with 403 where what it makes of that is a query with a space or a control character (AH10411): `/tag/open%20source` is forbidden, and so is every page, file and search with a space in its name. `&`, `+` and `#` of a path are taken for the query’s own.',
  remedy:
    'Add the flag `B`, which escapes what is put in, or take the path from `REQUEST_URI` in the application',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_b'],
  bad: [
    {
      title: 'a front controller',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^(.*)$ «index.txt?path=$1» [QSA,L]
        `),
        ...FRONT,
      },
    },
    {
      title: 'a parameter of the server',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/tag/([^/]+)/([0-9]+)$ «/tags.php?name=$1&page=$2» [L]
        `),
      },
    },
    {
      title: 'the whole path, and a redirect that escapes nothing',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/find/ «/search.php?from=%{REQUEST_URI}» [L]
        `),
        'other.conf': rewritingHost(conf`
          RewriteRule ^/go/(.*)$ «/search.php?q=$1» [NE,R=302,L]
        `),
      },
    },
  ],
  good: [
    {
      title: 'escaped',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^(.*)$ index.txt?path=$1 [B,QSA,L]
        `),
        ...FRONT,
      },
    },
    {
      title: 'what has no space, a redirect, and a path',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/tag/([\w-]+)/([0-9]+)$ /tags.php?name=$1&page=$2 [L]
          RewriteRule ^/find/(.*)$ /search.php?q=$1 [R=302,L]
          RewriteRule ^/ask/(.*)$ https://example.net/?q=$1 [L]
          RewriteRule ^/app/(.*)$ /index.php/$1 [L]
          RewriteRule ^/page/([^/\s]+)$ /page.php?name=$1 [L]
          RewriteCond %{REQUEST_URI} ^/[a-z/]+$
          RewriteRule ^/(.*)$ /index.php?path=$1 [L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const rule of placedRules(configuration, filesOf(configuration))) {
        const put = rule.settled ? whatIsPut(rule) : null
        if (put === null) continue
        yield {
          at: argumentPlace(rule.directive, 1),
          message: `\`${put}\` is put into the query as it is, so a path with a space is answered with 403`,
          also: `\`${put}\` as it is`,
          cause: rule.htaccess?.file.source ?? rule.directive.parent ?? configuration,
        }
      }
    }
  },
})

/** `$1` that may hold a space, or the variable of the path; null where all is escaped, or nothing of the path put in. */
function whatIsPut(rule: PlacedRule): string | null {
  const { output, flags, keepsUri, negated, pattern, conditions } = rule
  const query = output.indexOf('?')
  if (query === -1 || keepsUri || flags.has('B')) return null
  // What leads to another URL is escaped on its way.
  const isRedirect = flags.has('R') || (/^\w+:\/\//.test(output) && !flags.has('P'))
  if (isRedirect && !flags.has('NE')) return null
  // Perhaps it lets no space pass.
  if (
    conditions.some(({ negated: not, input, test }) => !not && !test.startsWith('-') && OF_PATH.test(input))
  )
    return null
  const text = output.slice(query).replaceAll(/\$\{[^}]*\}/g, '')
  const variable = /%\{(?:REQUEST_URI|REQUEST_FILENAME)\}/i.exec(text)?.[0]
  if (variable !== undefined) return variable
  const groups = negated ? [] : [...text.matchAll(/\$(\d)/g)]
  if (groups.length === 0) return null
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null) return null
  const SPACE = 32
  return (
    groups.find(([, group]) => mayHold(tree, SPACE, group === '0' ? undefined : Number(group)))?.[0] ?? null
  )
}

const OF_PATH = /^(?:%\{(?:REQUEST_URI|REQUEST_FILENAME|THE_REQUEST)\}|\$\d)/i
