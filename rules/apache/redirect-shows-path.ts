import type { FileSystem } from '../../src/files/file-system.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { rewritingDirectory } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A redirect shows the path on the disk',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'In `.htaccess` and `<Directory>` httpd puts the directory in front of a target without a slash, which is right for a file. With `[R]` that is the URL to which clients are sent: `http://example.org/var/www/html/news.html`, which is 404 and names the directory.',
  remedy: 'Begin the target with a slash, or write `RewriteBase /`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritebase'],
  bad: [
    {
      title: 'a page beside it',
      files: rewritingDirectory('RewriteRule ^aktuelles$ «news.html» [R=301,L]'),
    },
    {
      title: 'a suffix that is taken away, in a .htaccess alone',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{THE_REQUEST} \.html
          RewriteRule ^(.+)\.html$ «$1» [R=301,L]
        `,
      },
    },
  ],
  good: [
    {
      title: 'a slash, a whole URL, RewriteBase, and a file',
      files: {
        ...rewritingDirectory(conf`
          RewriteRule ^a$ /news.html [R=301,L]
          RewriteRule ^b$ https://example.org/news.html [R=301,L]
          RewriteCond %{SERVER_PORT}>s ^(443>(s)|\d+>s)$
          RewriteRule ^index\.php$ http%2://%{HTTP_HOST}/ [R,L]
          RewriteRule ^c$ news.html [L]
          RewriteRule ^d(/.*)$ $1 [R=301,L]
          RewriteRule ^(?:de|fr)(/.*)$ $1 [R=301,L]
          RewriteRule ^e$ %{REQUEST_URI}/ [R=301,L]
          RewriteRule ^f$ - [R=404]
        `),
        'srv/www/shop/.htaccess': conf`
          RewriteEngine On
          RewriteBase /shop/
          RewriteRule ^old$ new.html [R=301,L]
        `,
      },
    },
    {
      title: 'RewriteBase of the directory above',
      files: {
        ...rewritingDirectory('RewriteBase /'),
        'srv/www/shop/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^old$ new.html [R=301,L]
        `,
      },
    },
    {
      title: 'RewriteBase of a section',
      files: {
        'site.conf': conf`
          <Directory /srv/www>
              RewriteEngine On
              RewriteBase /
              RewriteRule ^old$ new.html [R=301,L]
          </Directory>
        `,
      },
    },
    {
      title: 'a line that no directory has',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              RewriteEngine On
              RewriteRule ^/old$ new.html [R=301,L]
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const rule of placedRules(configuration, files)) {
        if (rule.context !== 'directory' || !showsPath(rule)) continue
        if (hasBase(configuration, files, rule)) continue
        const { directive, output, htaccess } = rule
        // Where a lone `.htaccess` lies on its server nobody knows.
        const directory = configuration.modulesComplete ? (htaccess?.directory ?? '/…/') : '/…/'
        yield {
          at: argumentPlace(directive, 1),
          message: `the redirect leads to \`${directory}${output}\`: httpd puts the directory on the disk in front of a target without a slash`,
          label: 'no slash in front',
        }
      }
    }
  },
})

/** True for a redirect to what follows a directory: a name, or a group with which the path begins. */
function showsPath({ flags, isRefusal, keepsUri, settled, negated, output, pattern }: PlacedRule): boolean {
  if (!flags.has('R') || isRefusal || keepsUri || !settled) return false
  // httpd looks for a scheme once the groups are filled in: `http%2://…`.
  if (/^(?:[a-z\d+.-]|[$%]\d|%\{[^{}]*\})+:/i.test(output)) return false
  if (/^[\w.]/.test(output)) return true
  return !negated && /^\$1/.test(output) && /^\^?\((?!\?)/.test(pattern)
}

/** True where `RewriteBase` may hold: written beside the rule, in a directory above, or by the server. */
function hasBase(
  configuration: ApacheConfiguration,
  files: FileSystem,
  { htaccess, directive }: PlacedRule,
): boolean {
  const ofServer = configuration.occurrences.get('rewritebase') ?? []
  if (ofServer.some(({ parent, source }) => parent !== null || source === directive.source)) return true
  return (
    htaccess !== null &&
    htaccessFiles(configuration, files).some(
      other => htaccess.directory.startsWith(other.directory) && other.file.occurrences.has('rewritebase'),
    )
  )
}
