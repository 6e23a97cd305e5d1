import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { insertBefore, propose } from '../../src/deployment/edits.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { HTACCESS_MAIN, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A section takes a regular expression for a plain name',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: '`<Files>`, `<Directory>` and `<Location>` know `*`, `?` and `[…]` alone. `^`, `$` and `(a|b)` are letters to them that no name holds, so that the section applies to nothing: what it denies is served.',
  remedy: 'Write `<FilesMatch>`, `<DirectoryMatch>` or `<LocationMatch>`, or `~` before the expression',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#filesmatch'],
  bad: [
    {
      title: 'types of files',
      files: {
        'site.conf': rewritingHost(conf`
          <Files «"\.(env|log|sql)$"»>
              Require all denied
          </Files>
        `),
      },
    },
    {
      title: 'a beginning, in a .htaccess',
      files: {
        'etc/apache2/apache2.conf': HTACCESS_MAIN,
        'srv/www/.htaccess': conf`
          <Files «^config»>
              Require all denied
          </Files>
        `,
      },
    },
    {
      title: 'a path of URLs',
      files: {
        'site.conf': rewritingHost(conf`
          <Location «"/(admin|manager)"»>
              Require all denied
          </Location>
        `),
      },
    },
  ],
  good: [
    {
      title: 'a tilde, the other section, wildcards, and names that are odd',
      files: {
        'site.conf': rewritingHost(conf`
          <Files ~ "\.(env|log|sql)$">
              Require all denied
          </Files>
          <FilesMatch "^config">
              Require all denied
          </FilesMatch>
          <Files "*.sql">
              Require all denied
          </Files>
          <Files ".*">
              Require all denied
          </Files>
          <Files "copy (1).txt">
              Require all denied
          </Files>
          <Directory "/srv/www/*/[a-z]*">
              Require all denied
          </Directory>
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const name of ['files', 'directory', 'location']) {
        for (const section of everywhere(configuration, files, name)) {
          const part = literalPart(section, name)
          if (part === null) continue
          const at = argumentPlace(section, 0)
          yield {
            at,
            message: `\`<${section.name}>\` takes \`${part}\` for letters of a name, so the section applies to nothing`,
            ...propose('Write `~` before the expression', 'unsafe', [
              readPattern(section.args[0]?.value ?? '')?.problem === null ? insertBefore(at, '~ ') : null,
            ]),
          }
        }
      }
    }
  },
})

/** What of the name only a regular expression has; null where it may be a name. */
function literalPart({ args }: ApacheDirective, name: string): string | null {
  const [word] = args
  if (word === undefined || word.value === '~' || args.length > 1 || !isSettled(word.value)) return null
  const { value } = word
  // `location-no-slash` has the paths that begin with something else.
  if (name === 'location' && !value.startsWith('/')) return null
  if (name !== 'location' && value.startsWith('^')) return '^'
  if (/[^\\]\$$/.test(value)) return '$'
  return /\([^()]*\|[^()]*\)/.exec(value)?.[0] ?? null
}
