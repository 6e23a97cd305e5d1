import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { refusals } from '../../src/servers/apache/queries/overrides.ts'
import { apacheMain } from '../_examples.ts'

const main = (override: string): string =>
  apacheMain(
    conf`
      Listen 80
      DocumentRoot /srv/www
      <Directory /srv/www>
      AllowOverride ${override}
      </Directory>
    `,
    ['rewrite'],
  )

export default defineRule({
  summary: 'A directive in .htaccess that AllowOverride does not let stand there',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Apache does not pass over a line that may not stand in `.htaccess`: it answers every request to the directory, and to all below it, with 500.',
  remedy: 'Allow its class with `AllowOverride`, or move the line into the server’s own files',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#allowoverride'],
  bad: [
    {
      title: 'rules for rewriting where only access may be overridden',
      files: {
        'etc/apache2/apache2.conf': main('AuthConfig'),
        'srv/www/.htaccess': conf`
          «RewriteEngine» On
          Require all granted
        `,
      },
    },
    {
      title: 'an option that is not in the list',
      files: {
        'etc/apache2/apache2.conf': main('Options=Indexes'),
        'srv/www/.htaccess': conf`Options -Indexes «+FollowSymLinks»`,
      },
    },
    {
      title: 'what may stand in no such file',
      files: {
        'etc/apache2/apache2.conf': main('All'),
        'srv/www/.htaccess': conf`«DocumentRoot» /srv`,
      },
    },
  ],
  good: [
    {
      title: 'allowed by its class, and by its name',
      files: {
        'etc/apache2/apache2.conf': main('FileInfo\nAllowOverrideList Options'),
        'srv/www/.htaccess': conf`
          RewriteEngine On
          Options -Indexes
        `,
      },
    },
    {
      title: 'passed over on demand',
      files: {
        'etc/apache2/apache2.conf': main('AuthConfig Nonfatal=Override'),
        'srv/www/.htaccess': conf`RewriteEngine On`,
      },
    },
    {
      title: 'never read',
      files: { 'etc/apache2/apache2.conf': main('None'), 'srv/www/.htaccess': conf`RewriteEngine On` },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const { file, overrides } of htaccessFiles(configuration, files)) {
        if (!overrides.known || overrides.value.unset) continue
        // The first one is what httpd stumbles over; the others come to light with its repair.
        const [first] = refusals(file.children, overrides.value)
        if (first === undefined) continue
        const { directive, wanted, option } = first
        const lacks =
          wanted.length === 0
            ? 'may stand in no `.htaccess`'
            : option === null
              ? `needs \`AllowOverride ${wanted.join('` or `')}\``
              : 'is not among the options that `AllowOverride Options=` lists'
        const { start, end } = option ?? { start: directive.nameStart, end: directive.nameEnd }
        yield {
          at: { source: file.source, start, end },
          message: `\`${option === null ? directive.name : `Options ${option.value}`}\` ${lacks}, so Apache answers every request below this directory with 500`,
          related:
            overrides.value.at === null ? [] : [{ at: overrides.value.at, message: 'what is allowed there' }],
        }
      }
    }
  },
})
