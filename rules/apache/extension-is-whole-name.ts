import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { isAnchoredAtEnd, isAnchoredAtStart, literalStrings } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { servedHtaccess } from '../_examples.ts'
import { denies, patternPlace } from '../_apache-sections.ts'

const site = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': (servedHtaccess('')['etc/apache2/apache2.conf'] ?? '').replace(
    'DocumentRoot',
    'TypesConfig /etc/mime.types\nDocumentRoot',
  ),
  'srv/www/.htaccess': lines,
  'srv/www/dump.sql': 'the data',
})

export default defineRule({
  summary: 'A pattern for extensions is compared with the whole name of a file',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 5.3,
  cwe: [552],
  since: '0.1.0',
  why: '`<FilesMatch "^\\.(sql|bak)$">` is for files that are called `.sql` and nothing else. `dump.sql` is served to everybody.',
  remedy: 'Leave the `^` out: `<FilesMatch "\\.(sql|bak)$">`',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#filesmatch'],
  bad: [
    {
      title: 'copies and data',
      files: site(conf`
        <FilesMatch «"^\.(sql|bak|log)$"»>
            Require all denied
        </FilesMatch>
      `),
    },
  ],
  good: [
    {
      title: 'the end of a name',
      files: site(conf`
        <FilesMatch "\.(sql|bak|log)$">
            Require all denied
        </FilesMatch>
      `),
    },
    {
      title: 'scripts that are called by their extension alone, of Debian',
      files: site(conf`
        <FilesMatch "^\.ph(?:ar|p|ps|tml)$">
            Require all denied
        </FilesMatch>
      `),
    },
    {
      title: 'names that begin with a dot',
      files: site(conf`
        <FilesMatch "^\.(env|htaccess|gitignore|git)$">
            Require all denied
        </FilesMatch>
        <FilesMatch "^\.(sql|bak)$">
            ForceType text/plain
        </FilesMatch>
        <FilesMatch "(^\.env|\.(sql|bak|log))$">
            Require all denied
        </FilesMatch>
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const name of ['files', 'filesmatch']) {
        for (const section of everywhere(configuration, filesOf(configuration), name)) {
          const { kind, text } = sectionPattern(section)
          if (kind !== 'regex' || !text.startsWith('^') || !denies(section)) continue
          const tree = readPattern(text)
          if (tree === null || tree.problem !== null || !isAnchoredAtStart(tree) || !isAnchoredAtEnd(tree))
            continue
          const extension = literalStrings(tree)?.find(each => EXTENSIONS.test(each))
          if (extension === undefined) continue
          yield {
            at: patternPlace(section),
            message: `this is for a file called \`${extension}\`, and \`copy${extension}\` is served`,
            help: `leave the \`^\` out`,
          }
        }
      }
    }
  },
})

/** What ends the names of files and is no name by itself. */
const EXTENSIONS =
  /^\.(?:sql|bak|log|ini|sh|pem|key|ya?ml|lock|inc|dist|swp|old|orig|save|sqlite3?|db|tar|gz|tgz|zip|rar|twig|tpl|md|txt|json|xml|py|rb|pl|csv)$/i
