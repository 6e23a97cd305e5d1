import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/apache/queries/effective.ts'
import { htaccessFiles, htaccessReader } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { sectionsFor } from '../../src/servers/apache/queries/sections-for.ts'
import { rewriteRules } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { apacheMain } from '../_examples.ts'

const main = (options: string): string =>
  apacheMain(
    conf`
      Listen 80
      DocumentRoot /srv/www
      <Directory /srv/www>
          Options FollowSymLinks ${options}
          AllowOverride All
          Require all granted
      </Directory>
      AddType text/html .php
      TypesConfig /etc/mime.types
    `,
    ['rewrite', 'negotiation', 'mime', 'dir'],
  )
const FRONT = conf`
  RewriteEngine On
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteRule ^ index.php [L]
`

export default defineRule({
  summary: 'MultiViews takes URLs of the front controller',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `Options MultiViews`, mod_negotiation maps `/news/1` to `news.php` before the rules of `.htaccess` are read: the front controller never sees these URLs, and whoever wrote `!-f` finds that the file is there.',
  remedy: 'Take `MultiViews` out, or write `Options -MultiViews` into the `.htaccess`',
  references: ['https://httpd.apache.org/docs/2.4/content-negotiation.html#multiviews'],
  bad: [
    {
      title: 'a script beside the front controller',
      files: {
        'etc/apache2/apache2.conf': main('«MultiViews»'),
        'srv/www/.htaccess': FRONT,
        'srv/www/index.php': '',
        'srv/www/news.php': 'news',
      },
    },
  ],
  good: [
    {
      title: 'off',
      files: {
        'etc/apache2/apache2.conf': main(''),
        'srv/www/.htaccess': FRONT,
        'srv/www/index.php': '',
        'srv/www/news.php': 'news',
      },
    },
    {
      title: 'taken back in the file, as frameworks ship it',
      files: {
        'etc/apache2/apache2.conf': main('MultiViews'),
        'srv/www/.htaccess': conf`
          Options -MultiViews
          ${FRONT}
        `,
        'srv/www/index.php': '',
        'srv/www/news.php': 'news',
      },
    },
    {
      title: 'no other script whose name a URL could have',
      files: {
        'etc/apache2/apache2.conf': main('MultiViews'),
        'srv/www/.htaccess': FRONT,
        'srv/www/index.php': '',
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const { modules, modulesComplete, occurrences } = configuration
      if (modulesComplete && !modules.has('negotiation_module')) continue
      const isNamed = occurrences
        .get('options')
        ?.some(({ args }) => args.some(({ value }) => /multiviews$/i.test(value)))
      if (isNamed !== true) continue
      const files = filesOf(configuration)
      for (const { file, directory, virtualHost, overrides } of htaccessFiles(configuration, files)) {
        if (!overrides.known || !overrides.value.reads) continue
        const front = rewriteRules(file.children).find(
          ({ output, conditions, flags }) =>
            /\.php(?:\?|$|\/)/.test(output) &&
            !flags.has('R') &&
            conditions.some(({ test, negated }) => test === '-f' && negated),
        )
        if (front === undefined) continue
        const script = (files.list(directory.replace(/(?<=.)\/$/, '')) ?? []).find(
          ({ name, kind }) =>
            kind === 'file' && /\.php$/.test(name) && name !== 'index.php' && !front.output.includes(name),
        )
        if (script === undefined) continue
        const reader = htaccessReader(configuration, files, virtualHost)
        const levels = sectionsFor(
          configuration,
          virtualHost,
          { uri: '', file: directory, directory: true },
          reader,
        )
        const { directives, open } = effective(configuration, levels, 'Options')
        const line = directives.findLast(({ args }) => args.some(({ value }) => /multiviews$/i.test(value)))
        const index = line?.args.findIndex(({ value }) => /^\+?multiviews$/i.test(value)) ?? -1
        // A later line without a sign replaces all.
        const isLast =
          line !== undefined &&
          directives
            .slice(directives.indexOf(line) + 1)
            .every(({ args }) => /^[+-]/.test(args[0]?.value ?? ''))
        if (open !== null || line === undefined || index === -1 || !isLast) continue
        const name = script.name.replace(/\.php$/, '')
        yield {
          at: argumentPlace(line, index),
          message: `\`/${name}/…\` is answered by \`${script.name}\` and never gets to \`${front.output}\``,
          related: [{ at: namePlace(front.directive), message: 'comes too late' }],
        }
      }
    }
  },
})
