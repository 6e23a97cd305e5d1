import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { HTACCESS_MAIN, rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { denyingPatterns, isDeniedName } from './_denying.ts'

export default defineRule({
  summary: 'A dot that is not escaped denies names without an extension',
  severity: 'warning',
  otherSeverities: { info: 'where no name that many sites have is denied: `/mini` rather than `/blog`' },
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
          <FilesMatch «".(bak|config|inc|ini|log|sh|old)$"»>
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
      title: 'a directory of Git, and one of several words',
      files: rewritingDirectory(conf`
        RewriteRule «.git» - [F]
        RewriteRule «(\.env|.git|\.svn)» - [F]
      `),
    },
    {
      title: 'the condition of a rule for every path',
      files: rewritingDirectory(conf`
        RewriteCond %{REQUEST_URI} «.(?i:php|phtml|inc)$»
        RewriteRule .* - [F]
      `),
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
    {
      title: 'where the path begins, and what asks for more than the path',
      files: rewritingDirectory(conf`
        RewriteRule ^.git - [F]
        RewriteRule ^(.git|doxygen)/ - [F]
        RewriteCond %{REQUEST_URI} !.(jpg|log|png)$
        RewriteRule .* - [F]
        RewriteCond %{REQUEST_URI} .(php|inc)$
        RewriteCond %{REQUEST_METHOD} POST
        RewriteRule .* - [F]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const denying of denyingPatterns(configuration, filesOf(configuration))) {
        const { pattern, directive, index } = denying
        const escaped = pattern.replace(DOT, (_, before = '') => `${before}\\.`)
        if (escaped === pattern) continue
        const meant = { ...denying, pattern: escaped }
        const isHit = (each: string): boolean => isDeniedName(denying, each) && !isDeniedName(meant, each)
        const usual = USUAL_NAMES.find(isHit)
        const name = usual ?? NAMES.find(isHit)
        if (name === undefined) continue
        const at = argumentPlace(directive, index)
        const written = placeText(at)
        yield {
          at,
          ...(usual === undefined && { severity: 'info' }),
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

/** A dot before alternatives, before a word at the end, or before one of several words, which are extensions. */
const DOT = /(^|[^\\])\.(?=\((?!\?[=!<])|[a-z]+(?:\$|$))|(?<=[(|])()\.(?=[a-z]+[|)])/g

/** Words that pages are called by and that end as files do which are kept back: every other site has such a page. */
const USUAL_NAMES = ['blog', 'catalog', 'publish']
/** The same of few sites. */
const NAMES = ['mini', 'mysql', 'cmd', 'webconfig', 'zinc', 'digit', 'wasp']
