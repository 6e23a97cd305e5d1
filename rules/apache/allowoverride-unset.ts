import { parseApache } from '../../parsers/apache/parse.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { htaccessFiles, servingPlace } from '../../src/servers/apache/queries/htaccess.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      DocumentRoot /srv/www
      ${lines}
    `,
    ['dir'],
  )

export default defineRule({
  summary: 'A .htaccess file in a directory for which no AllowOverride is set',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without any `AllowOverride`, Apache still reads the file and lets nothing stand in it: each request to the directory is answered with 500. The documentation calls the default `None`, which would not read it.',
  remedy: 'Write `AllowOverride None` and move the lines into the section, or allow what the file needs',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#allowoverride'],
  bad: [
    {
      title: 'a document root outside the usual ones',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/www>
          Require all granted
          </Directory>
        `),
        'srv/www/.htaccess': conf`
          # ours
          «DirectoryIndex» start.html
        `,
      },
    },
    {
      title: 'a conditional is a line too',
      files: {
        'etc/apache2/apache2.conf': main(''),
        'srv/www/a/.htaccess': conf`
          <«IfModule» mod_rewrite.c>
          </IfModule>
        `,
      },
    },
  ],
  good: [
    {
      title: 'not read at all',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory />
          AllowOverride None
          </Directory>
        `),
        'srv/www/.htaccess': conf`DirectoryIndex start.html`,
      },
    },
    {
      title: 'allowed',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv>
          AllowOverride Indexes
          </Directory>
        `),
        'srv/www/.htaccess': conf`DirectoryIndex start.html`,
      },
    },
    {
      title: 'an application answers every path',
      files: {
        'etc/apache2/apache2.conf': main('WSGIScriptAlias / /srv/app/wsgi.py'),
        'srv/www/.htaccess': conf`DirectoryIndex start.html`,
      },
    },
    {
      title: 'nothing but comments in it',
      files: { 'etc/apache2/apache2.conf': main(''), 'srv/www/.htaccess': conf`# nothing` },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const htaccess of htaccessFiles(configuration, files)) {
        const { file, directory, overrides } = htaccess
        if (!overrides.known || !overrides.value.unset || overrides.value.list.size > 0) continue
        const first = parseApache(file.source).find(node => node.kind === 'directive' || node.kind === 'open')
        if (first === undefined || first.kind === 'comment') continue
        const served = servingPlace(configuration, htaccess)
        yield {
          at: { source: file.source, start: first.name.start, end: first.name.end },
          message: `no \`AllowOverride\` is set for ${directory} or a directory above it, so this line makes Apache answer every request there with 500`,
          related: served === null ? [] : [{ at: served, message: 'serves the directory' }],
        }
      }
    }
  },
})
