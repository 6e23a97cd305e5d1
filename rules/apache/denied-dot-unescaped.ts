import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { matchPattern } from '../../src/servers/apache/requests/match-pattern.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { HTACCESS_MAIN, rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { keepsOut, patternIndex } from './_sections.ts'

export default defineRule({
  summary: 'A dot that is not escaped denies names without an extension',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'In a regular expression `.` is any character: `.(log|ini|sh)$` is meant for extensions and takes the ends of names too, so that `/blog`, `/mini` and `/publish` are answered with 403.',
  remedy: 'Escape the dot: `\\.(log|ini|sh)$`',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#filesmatch'],
  bad: [
    {
      title: 'backups and sources',
      files: {
        'etc/apache2/apache2.conf': HTACCESS_MAIN,
        'srv/www/.htaccess': conf`
          <FilesMatch «".(bak|config|sql|ini|log|sh|swp)$"»>
              Require all denied
          </FilesMatch>
        `,
      },
    },
    {
      title: 'denied as httpd 2.2 denies',
      files: {
        'site.conf': rewritingHost(conf`
          <FilesMatch «".(bak|config|inc|ini|log|sh|~)$"»>
              Order allow,deny
              Deny from all
              Satisfy All
          </FilesMatch>
        `),
      },
    },
    {
      title: 'a rewriting rule that forbids',
      files: rewritingDirectory('RewriteRule «.(log|sql)$» - [F,NC]'),
    },
    {
      title: 'a redirect with a status that is none',
      files: { 'site.conf': rewritingHost('RedirectMatch 404 «.(ini|yml)$»') },
    },
  ],
  good: [
    {
      title: 'the dot is escaped, or stands in brackets',
      files: {
        'etc/apache2/apache2.conf': HTACCESS_MAIN,
        'srv/www/.htaccess': conf`
          <FilesMatch "\.(bak|config|sql|ini|log|sh|swp)$">
              Require all denied
          </FilesMatch>
          <FilesMatch "[.](log|sql)$">
              Require all denied
          </FilesMatch>
          RedirectMatch 404 \.(ini|yml)$
        `,
      },
    },
    {
      title: 'no name ends so, and what is not denied',
      files: {
        'etc/apache2/apache2.conf': HTACCESS_MAIN,
        'srv/www/.htaccess': conf`
          <FilesMatch ".(htaccess|htpasswd|swp)$">
              Require all denied
          </FilesMatch>
          <FilesMatch ".(log|sh)$">
              ForceType text/plain
          </FilesMatch>
          <FilesMatch ".*log$">
              Require all denied
          </FilesMatch>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const { pattern, caseless, directive, index } of denying(configuration, filesOf(configuration))) {
        const escaped = pattern.replace(DOT, (_, before: string, dots: string) => `${before}\\${dots}`)
        if (escaped === pattern) continue
        const name = NAMES.find(each => matches(pattern, each, caseless) && !matches(escaped, each, caseless))
        if (name === undefined) continue
        const at = argumentPlace(directive, index)
        const written = placeText(at)
        yield {
          at,
          message: `\`.\` is any character here, so \`/${name}\` is denied too`,
          ...propose('Escape the dot', 'unsafe', [
            written.includes(pattern)
              ? replacePlace(
                  at,
                  written.replace(pattern, () => escaped),
                )
              : null,
          ]),
        }
      }
    }
  },
})

/** A dot before alternatives, which are extensions. */
const DOT = /(^|[^\\])(\.\((?!\?[=!<]))/g

/** Words that pages are called by and that end as files do which are kept back. */
const NAMES = ['blog', 'catalog', 'publish', 'mini', 'mysql', 'cmd', 'webconfig', 'zinc', 'digit']

interface Denying {
  readonly pattern: string
  readonly caseless: boolean
  readonly directive: ApacheDirective
  /** Of the argument that is the pattern. */
  readonly index: number
}

/** The expressions whose matches are answered with 403 and its like. */
function* denying(configuration: ApacheConfiguration, files: FileSystem): Generator<Denying> {
  for (const name of ['files', 'filesmatch']) {
    for (const section of everywhere(configuration, files, name)) {
      const { kind, text } = sectionPattern(section)
      if (kind === 'regex' && text.includes('.(') && keepsOut(section))
        yield {
          pattern: text,
          caseless: false,
          directive: section,
          index: patternIndex(section),
        }
    }
  }
  for (const line of everywhere(configuration, files, 'redirectmatch')) {
    const [status = '', pattern = ''] = line.args.map(({ value }) => value)
    if (/^4\d\d$/.test(status) && pattern.includes('.('))
      yield { pattern, caseless: false, directive: line, index: 1 }
  }
  for (const { pattern, negated, isRefusal, conditions, directive, settled, flags } of placedRules(
    configuration,
    files,
  )) {
    if (pattern.includes('.(') && isRefusal && settled && !negated && conditions.length === 0)
      yield { pattern, caseless: flags.has('NC'), directive, index: 0 }
  }
}

function matches(pattern: string, name: string, caseless: boolean): boolean {
  const match = matchPattern(toBytes(pattern), name, caseless)
  return match !== null && match !== undefined
}
