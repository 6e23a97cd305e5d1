import { groupBy } from '../../parsers/collections/group-by.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import type { RewriteCondition } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { FILE_NAMES, isForEveryPath } from './_front-controller.ts'
import { frontController } from './_front-controller-examples.ts'

const tree = (rules: string): Record<string, string> => ({
  ...frontController(
    rules,
    conf`
      <FilesMatch "^\.ht">
          Require all denied
      </FilesMatch>
    `,
  ),
  'srv/www/index.html': 'every page',
})

export default defineRule({
  summary: 'A front controller is for the files that are there, and for no page',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`-f` holds for a file that is there. Without the `!` the rule takes styles, scripts and pictures, which the application answers with a page, and leaves every page that is no file to httpd, which answers 404.',
  remedy: 'Write `!-f`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'without its sign',
      files: tree(conf`
        RewriteCond %{REQUEST_FILENAME} «-f»
        RewriteRule ^(.*)$ /index.html [L]
      `),
    },
    {
      title: 'for directories, where the sign of the second condition is lost',
      files: tree(conf`
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteCond %{REQUEST_FILENAME} «-d»
        RewriteRule ^(.*)$ /index.html [L]
      `),
    },
    {
      title: 'in a .htaccess alone, beside directories that are left out',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{REQUEST_FILENAME} «-f»
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule . index.php [L]
        `,
      },
    },
  ],
  good: [
    {
      title: 'directories alone, with a page for those without one',
      files: tree(conf`
        RewriteCond %{REQUEST_FILENAME}/index.html !-f
        RewriteCond %{REQUEST_FILENAME} -d
        RewriteRule ^(.*)$ /index.html [L]
      `),
    },
    {
      title: 'with its sign',
      files: tree(conf`
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteRule ^(.*)$ /index.html [L]
      `),
    },
    {
      title: 'files that a script sends, and pages by another rule',
      files: tree(conf`
        RewriteCond %{REQUEST_FILENAME} -f
        RewriteRule ^(.*)$ /index.html?file=$1 [L]
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteRule . /index.html [L]
      `),
    },
    {
      title: 'files that the script of their directory sends',
      files: tree(conf`
        RewriteCond %{REQUEST_FILENAME} -f
        RewriteRule ^(.+)$ /index.html?file=$1 [L]
      `),
    },
    {
      title: 'a script that is for files alone',
      files: tree(conf`
        RewriteCond %{REQUEST_FILENAME} -f
        RewriteRule ^(.*)$ /send.php [L]
      `),
    },
    {
      title: 'what is there is left as it is',
      files: tree(conf`
        RewriteCond %{REQUEST_FILENAME} -f [OR]
        RewriteCond %{REQUEST_FILENAME} -d
        RewriteRule ^ - [L]
        RewriteRule ^ /index.html [L]
      `),
    },
    {
      title: 'one condition of several that are enough',
      files: tree(conf`
        RewriteCond %{REQUEST_FILENAME} -f [OR]
        RewriteCond %{REQUEST_URI} !\.css$
        RewriteRule ^ /index.html [L]
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
        const fronts = inSection.filter(isForEveryPath)
        const [front] = fronts
        // Where two rules are for every path, one is for files and the other one for the rest.
        if (front === undefined || fronts.length > 1 || !/(?:^|\/)index\.(?:php|html?)/.test(front.output))
          continue
        // A directory whose files one script sends, each by its name.
        if (front.conditions.length === 1 && /[?&=]\$1|%\{/.test(front.output)) continue
        const meant = front.conditions.find((each, index) => isForFiles(each, front, index))
        if (meant === undefined) continue
        const at = argumentPlace(meant.directive, 1)
        yield {
          at,
          message:
            meant.test === '-d'
              ? `\`${front.output}\` answers for directories alone, and every page that is none is answered with 404`
              : `\`${front.output}\` answers for the files that are there, and every page that is no file is answered with 404`,
          related: [{ at: argumentPlace(front.directive, 1), message: 'the rule for every page' }],
          ...propose(`Write \`!${meant.test}\``, 'unsafe', [replacePlace(at, `!${meant.test}`)]),
        }
      }
    }
  },
})

/** A test that a path is a file, which no `[OR]` joins with another condition. */
function isForFiles(
  { test, negated, orNext, input }: RewriteCondition,
  { conditions }: PlacedRule,
  index: number,
): boolean {
  const isAlone = !orNext && conditions[index - 1]?.orNext !== true
  // Of directories alone, beside what leaves files to httpd: `-d` is `!-d` without its sign.
  const isForDirectories =
    test === '-d' &&
    conditions.some(other => other.test === '-f' && other.negated && FILE_NAMES.test(other.input))
  return (test === '-f' || isForDirectories) && !negated && isAlone && FILE_NAMES.test(input)
}
