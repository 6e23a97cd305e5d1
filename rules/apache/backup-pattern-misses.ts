import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { filesApplies, sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { HTACCESS_MAIN, rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { type DenyingPattern, denyingPatterns, isDeniedName } from './_denying.ts'
import { keepsOut } from '../_apache-sections.ts'

const site = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': HTACCESS_MAIN,
  'srv/www/.htaccess': lines,
  'srv/www/index.php~': 'the password',
  'srv/www/index.php.orig': 'the password',
})
const denied = (pattern: string): string => conf`
  <FilesMatch ${pattern}>
      Require all denied
  </FilesMatch>
`

export default defineRule({
  summary: 'A pattern against backup copies misses what editors leave',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 5.3,
  cwe: [530],
  since: '0.1.0',
  why: 'An editor keeps the copy of `index.php` as `index.php~`. In `\\.(bak|swp|~)$` a dot is asked for before each of the words, and in `\\.orig\\.save` a `|` is left out: the copy is served as text, with the passwords in it.',
  remedy:
    'Take the `~` out of the group of extensions, `(\\.(bak|swp)|~)$`, and write a `|` between two of them',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#filesmatch'],
  bad: [
    {
      title: 'among the extensions',
      files: site(denied('«"\\.(bak|config|sql|ini|log|sh|swp|~)$"»')),
    },
    {
      title: 'a rewriting rule, and a redirect with a status that is none',
      files: {
        ...rewritingDirectory('RewriteRule «\\.(?:~|bak)$» - [F]'),
        'site.conf': rewritingHost('RedirectMatch 404 «\\.(old|~)$»'),
      },
    },
    {
      title: 'denied as each of two releases of httpd denies',
      files: {
        '.htaccess': conf`
          <FilesMatch «"\.php(~|\.bak|\.orig\.save)$"»>
              <IfModule mod_authz_core.c>
                  Require all denied
              </IfModule>
              <IfModule !mod_authz_core.c>
                  Order allow,deny
              </IfModule>
          </FilesMatch>
        `,
      },
    },
    {
      title: 'two extensions without a bar between them',
      files: site(denied('«"\\.inc$|\\.php(~|\\.sw[op]|\\.bak|\\.orig\\.save)$"»')),
    },
  ],
  good: [
    {
      title: 'beside the extensions',
      files: site(denied('"(^#.*#|\\.(bak|conf|dist|orig|sh|sql|sw[op])|~)$"')),
    },
    {
      title: 'behind the extensions, and two of them one after the other',
      files: site(denied('"\\.(inc|php)(~|\\.bak|\\.orig|\\.save|\\.tar\\.gz|\\.orig\\.save)?$"')),
    },
    {
      title: 'another line denies them',
      files: site(conf`
        ${denied('"\\.(bak|~)$"')}
        ${denied('"~$"')}
      `),
    },
    {
      title: 'a section of files by a wildcard denies them, and what is no denial',
      files: site(conf`
        <Files "*~">
            Require all denied
        </Files>
        ${denied('"\\.(bak|~)$"')}
        <FilesMatch "\\.(old|~)$">
            ForceType text/plain
        </FilesMatch>
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const all = [...denyingPatterns(configuration, files)]
      const sections = everywhere(configuration, files, 'files').filter(keepsOut)
      for (const denying of all) {
        const missed = missedBy(denying)
        if (missed === null || all.some(other => takes(other, missed.name))) continue
        if (sections.some(section => filesApplies(sectionPattern(section), missed.name) !== false)) continue
        yield {
          at: argumentPlace(denying.directive, denying.index),
          message: `this denies \`${missed.instead}\`, and \`${missed.name}\` is served`,
        }
      }
    }
  },
})

interface Missed {
  /** A copy that is meant, and what the pattern takes in its place. */
  readonly name: string
  readonly instead: string
}

/** The copy of a script that a pattern names and does not match. */
function missedBy(denying: DenyingPattern): Missed | null {
  const { pattern } = denying
  const candidates: Missed[] = [
    ...(pattern.includes('~') ? [{ name: `${SCRIPT}~`, instead: `${SCRIPT}.~` }] : []),
    ...[...pattern.matchAll(GLUED)].map(([, first = '', second = '']) => ({
      name: `${SCRIPT}.${first}`,
      instead: `${SCRIPT}.${first}.${second}`,
    })),
  ]
  return candidates.find(({ name, instead }) => takes(denying, instead) && !takes(denying, name)) ?? null
}

/** By the name of the file, or by its path. */
function takes(denying: DenyingPattern, name: string): boolean {
  return isDeniedName(denying, name) || isDeniedName(denying, `/${name}`)
}

const SCRIPT = 'index.php'

/** Two endings of copies, one right behind the other, as one of several words. */
const GLUED = /\|\\\.(bak|old|orig|save|swp)\\\.(bak|old|orig|save|swp)(?=[|)])/g
