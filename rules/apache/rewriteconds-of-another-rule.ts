import { groupBy } from '../../parsers/collections/group-by.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { FILE_NAMES, isForEveryPath } from './_front-controller.ts'
import { frontController } from './_front-controller-examples.ts'

const CONDITIONS = conf`
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
`

export default defineRule({
  summary: 'The conditions of a front controller stand above another rule',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'A `RewriteCond` holds for the next `RewriteRule` alone. A rule that was put in between takes `!-f` and `!-d` for itself, and the rule for all pages has none: styles, scripts and pictures that are there are answered by the application.',
  remedy: 'Put the other rule above the conditions, so that they stand right above the rule for all pages',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'a rule between them',
      files: frontController(conf`
        ${CONDITIONS}
        RewriteRule ^sitemap$ /sitemap.xml [L]
        RewriteRule . «/index.html» [L]
      `),
    },
    {
      title: 'a redirect between them, in a .htaccess alone',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          ${CONDITIONS}
          RewriteRule ^old/(.*)$ /new/$1 [R=301,L]
          RewriteRule ^(.*)$ «index.php?q=$1» [L,QSA]
        `,
      },
    },
  ],
  good: [
    {
      title: 'conditions right above',
      files: frontController(conf`
        RewriteRule ^sitemap$ /sitemap.xml [L]
        ${CONDITIONS}
        RewriteRule . /index.html [L]
      `),
    },
    {
      title: 'conditions for each',
      files: frontController(conf`
        ${CONDITIONS}
        RewriteRule ^sitemap$ /sitemap.xml [L]
        ${CONDITIONS}
        RewriteRule . /index.html [L]
      `),
    },
    {
      title: 'files that are there were let through before',
      files: frontController(conf`
        RewriteCond %{REQUEST_FILENAME} -f
        RewriteRule ^ - [L]
        ${CONDITIONS}
        RewriteRule ^api/ /api.php [L]
        RewriteRule . /index.html [L]
      `),
    },
    {
      title: 'files were let through by their names',
      files: frontController(conf`
        RewriteRule \\.(?:css|js|png)$ - [L]
        ${CONDITIONS}
        RewriteRule ^api/ /api.php [L]
        RewriteRule . /index.html [L]
      `),
    },
    {
      title: 'missing files of one directory are refused, and one page is for all the rest',
      files: frontController(conf`
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteRule ^assets/ - [R=404,L]
        RewriteRule . /index.html [L]
      `),
    },
    {
      title: 'a rule for some paths behind it',
      files: frontController(conf`
        ${CONDITIONS}
        RewriteRule ^sitemap$ /sitemap.xml [L]
        RewriteRule ^shop/ /index.html [L]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const rules = placedRules(configuration, filesOf(configuration))
      for (const inSection of groupBy(
        rules,
        ({ directive, htaccess }) => directive.parent ?? htaccess,
      ).values()) {
        const [first] = inSection
        // Other fragments may bring rules between those at the top of a file.
        if (first?.directive.parent === null && first.htaccess === null && configuration.main === null)
          continue
        if (inSection.some(({ skip, flags }) => skip > 0 || flags.has('C') || flags.has('S'))) continue
        for (const [index, front] of inSection.entries()) {
          const before = inSection[index - 1]
          if (
            before === undefined ||
            front.conditions.length > 0 ||
            !isForEveryPath(front) ||
            !takesConditions(before)
          )
            continue
          if (inSection.slice(0, index).some(letsFilesThrough)) continue
          yield {
            at: argumentPlace(front.directive, 1),
            message: `no condition holds for this rule, so files that are there are answered by \`${front.output}\`, too`,
            related: [
              {
                at: namePlace(before.directive),
                message: 'the conditions above it hold for this rule alone',
              },
            ],
          }
        }
      }
    }
  },
})

/** A rule for some paths that has what keeps a front controller from files and directories. */
function takesConditions(rule: PlacedRule): boolean {
  const { conditions, keepsUri, pattern } = rule
  if (keepsUri || !/[\w/]/.test(pattern.replace(/\\[a-zA-Z]/g, ''))) return false
  const isFree = (test: string) =>
    conditions.some(each => each.test === test && each.negated && !each.orNext && FILE_NAMES.test(each.input))
  return isFree('-f') && isFree('-d')
}

/** A rule that ends the round for more than the script itself. */
function letsFilesThrough({ keepsUri, isRefusal, pattern, flags }: PlacedRule): boolean {
  const ends = flags.has('L') || flags.has('END')
  return keepsUri && !isRefusal && ends && !/^\^[\w/-]+\\?\.(?:php|html?)\$$/.test(pattern)
}
