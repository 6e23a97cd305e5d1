import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { isAnchoredAtStart, literalPrefix } from '../../src/servers/pcre/pattern-facts.ts'
import { APACHE_OPTIONS, readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { apacheMain } from '../_examples.ts'

/** A pattern that can only match a path with its first slash; `^/?` can match without. */
function wantsSlash(rule: ApacheDirective): boolean {
  const tree = readPattern(rule.args[0]?.value ?? '', APACHE_OPTIONS)
  return tree !== null && isAnchoredAtStart(tree) && literalPrefix(tree).startsWith('/')
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
        if (!wantsSlash(rule)) continue
        yield {
          at: argumentPlace(rule, 0),
          message: `\`${rule.args[0]?.value}\` begins with a slash, and the path that it is compared with here never does`,
        }
      }
    }
  },
})
