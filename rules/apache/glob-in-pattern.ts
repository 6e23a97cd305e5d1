import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { lostToGlob } from '../_globs.ts'
import { HTACCESS_MAIN, rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { pathPatterns } from './_path-patterns.ts'

const directory = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': HTACCESS_MAIN,
  'srv/www/.htaccess': lines,
})

export default defineRule({
  summary: 'A regular expression in which a `*` is meant as in the names of files',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'In a regular expression `*` repeats what stands before it: `wp-config*.php` asks for `wp-confi`, any number of `g`, one character and `php`, so `wp-config-old.php` is not matched, and what the line forbids is served.',
  remedy: 'Write `[^/]*` for the rest of a name, or `.*` for any path',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#filesmatch',
    'https://httpd.apache.org/docs/2.4/rewrite/intro.html#regex',
  ],
  bad: [
    {
      title: 'whatever begins with a name',
      files: directory(conf`
        <FilesMatch «"wp-config*.php"»>
            Require all denied
        </FilesMatch>
      `),
    },
    {
      title: 'dumps, by the older section',
      files: {
        'site.conf': rewritingHost(conf`
          <Files ~ «"^backup-*\.(sql|zip)$"»>
              Require all denied
          </Files>
        `),
      },
    },
    {
      title: 'scripts of a directory',
      files: rewritingDirectory('RewriteRule «^uploads/*.php$» - [F]'),
    },
    {
      title: 'in a condition',
      files: rewritingDirectory(conf`
        RewriteCond %{REQUEST_URI} «^/files/*\.php$»
        RewriteRule ^ - [F]
      `),
    },
    {
      title: 'one of several directories',
      files: {
        'site.conf': rewritingHost(conf`
          <DirectoryMatch «"^/srv/www/*/private"»>
              Require all denied
          </DirectoryMatch>
          RedirectMatch 404 «^/modules/*/tests/»
        `),
      },
    },
  ],
  good: [
    {
      title: 'the rest of a name, and any path',
      files: directory(conf`
        <FilesMatch "wp-config[^/]*\.php">
            Require all denied
        </FilesMatch>
        <FilesMatch "^(?:backup-.*|[a-z]*|(?:ab)*|\d*)\.sql$">
            Require all denied
        </FilesMatch>
      `),
    },
    {
      title: 'sections that know `*` as names do',
      files: {
        'site.conf': rewritingHost(conf`
          <Files "wp-config*.php">
              Require all denied
          </Files>
          <Directory "/srv/www/*/private">
              Require all denied
          </Directory>
        `),
      },
    },
    {
      title: 'whatever begins so, slashes at the end, and a letter that may be missing',
      files: rewritingDirectory(conf`
        RewriteRule ^blog/* /news/ [R=301,L]
        RewriteRule ^shop/*$ /store/ [R=301,L]
        RewriteRule ^pages*\.html$ /all [R=301,L]
      `),
    },
    {
      title: 'in what is no path',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP_USER_AGENT} crawler-*.example
        RewriteRule ^ - [F]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const { pattern, caseless, at } of pathPatterns(configuration, filesOf(configuration))) {
        const lost = lostToGlob(pattern, caseless)
        if (lost === null) continue
        yield {
          at,
          message: `\`*\` repeats what stands before it, and is no wildcard: \`${lost}\` does not match`,
          label: 'not any name',
        }
      }
    }
  },
})
