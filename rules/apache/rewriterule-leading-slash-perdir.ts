import type { PcreSequence, PcreTree } from '../../parsers/pcre/tree.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { isAnchoredAtStart, literalPrefix } from '../../src/servers/pcre/pattern-facts.ts'
import { APACHE_OPTIONS, readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { apacheMain } from '../_examples.ts'

/**
 * What of a pattern can only match a path with its first slash: all of it, or one of its alternatives. `^/?` can
 * match without, and `(/admin|admin)` is written for both.
 */
function wantsSlash(pattern: string): string | null {
  const tree = readPattern(pattern, APACHE_OPTIONS)
  if (tree === null) return null
  if (isAnchoredAtStart(tree) && literalPrefix(tree).startsWith('/')) return pattern
  const firsts = firstAlternatives(tree)
  const texts = firsts.map(({ start, end }) => pattern.slice(start, end))
  const idle = firsts.findIndex(
    (alternative, index) =>
      /^\/./.test(literalPrefix({ ...tree, alternatives: [alternative] })) &&
      !texts.includes(texts[index]!.slice(1)),
  )
  return texts[idle] ?? null
}

/** The alternatives of the group with which a pattern begins behind its `^`. */
function firstAlternatives({ alternatives }: PcreTree): readonly PcreSequence[] {
  return alternatives.flatMap(({ items: [anchor, first] }) =>
    anchor?.kind === 'assertion' && anchor.at === 'subject-start' && first?.kind === 'group'
      ? first.alternatives
      : [],
  )
}

export default defineRule({
  summary: 'A RewriteRule for a path with its first slash where Apache has taken the slash away',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'In `<Directory>` and in `.htaccess`, mod_rewrite compares the path below the directory, which does not begin with a slash: the rule never matches.',
  remedy: 'Take the slash away, or write `^/?` where the rule is used in both places',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriterule'],
  bad: [
    {
      title: 'in a directory',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          DocumentRoot /srv/www
          <Directory /srv/www>
          RewriteEngine On
          RewriteRule «^/old» /new [R]
          </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'one of several alternatives',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule «^(lib|/var/cache|log)/» - [F]
        `,
      },
    },
    {
      title: 'in a .htaccess that the first of two virtual hosts does not read',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            Listen 443
            <VirtualHost *:80>
                ServerName example.org
                DocumentRoot /var/www/site
                Redirect permanent / https://example.org/
                <Directory /var/www/site>
                    AllowOverride None
                </Directory>
            </VirtualHost>
            <VirtualHost *:443>
                ServerName example.org
                DocumentRoot /var/www/site
                <Directory /var/www/site>
                    AllowOverride All
                </Directory>
            </VirtualHost>
          `,
          ['rewrite', 'alias'],
        ),
        'var/www/site/.htaccess': conf`
          RewriteEngine On
          RewriteRule «^/old» /new [R]
        `,
      },
    },
  ],
  good: [
    {
      title: 'without the slash, or either way',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          DocumentRoot /srv/www
          <Directory /srv/www>
          RewriteEngine On
          RewriteRule ^old /new [R]
          RewriteRule ^/?older /new [R]
          RewriteRule ^(/|a)x /new [R]
          RewriteRule ^(/lib|lib|/?log)/ - [F]
          </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'in a virtual host, where the slash is there',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          RewriteEngine On
          RewriteRule ^/old /new [R]
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const inDirectories = (configuration.occurrences.get('rewriterule') ?? []).filter(
        ({ parent }) => parent?.name === 'Directory' && sectionPattern(parent).kind !== 'regex',
      )
      const inFiles = htaccessFiles(configuration, files).flatMap(({ file, overrides }) =>
        overrides.known && overrides.value.reads
          ? file.children.filter(({ name }) => name.toLowerCase() === 'rewriterule')
          : [],
      )
      for (const rule of [...inDirectories, ...inFiles]) {
        const text = wantsSlash(rule.args[0]?.value ?? '')
        if (text === null) continue
        yield {
          at: argumentPlace(rule, 0),
          message: `\`${text}\` begins with a slash, and the path that it is compared with here never does`,
        }
      }
    }
  },
})
