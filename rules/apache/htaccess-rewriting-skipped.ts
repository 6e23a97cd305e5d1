import { parseApache } from '../../parsers/apache/parse.ts'
import type { ApacheLineNode } from '../../parsers/apache/syntax.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Source } from '../../parsers/text/source.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const main = (modules: readonly string[]): string =>
  apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          AllowOverride All
      </Directory>
    `,
    ['dir', ...modules],
  )

const RULES = conf`
  <IfModule «mod_rewrite.c»>
      RewriteEngine On
      RewriteCond %{REQUEST_FILENAME} !-f
      RewriteRule . /index.html [L]
  </IfModule>
`

export default defineRule({
  summary: 'The rules of a .htaccess are passed over, because mod_rewrite is not loaded',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'WordPress, Joomla and others put their rules into `<IfModule mod_rewrite.c>`. Without the module nobody says anything: the start page works, and every other URL is a 404.',
  remedy: 'Load the module: `a2enmod rewrite`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html'],
  bad: [
    {
      title: 'an image of PHP that does not load it',
      files: {
        Dockerfile: conf`
          FROM php:8.3-apache
          COPY . /var/www/html
        `,
        '.htaccess': conf`
          <IfModule «mod_rewrite.c»>
              RewriteEngine On
              RewriteCond %{REQUEST_FILENAME} !-f
              RewriteRule ^ index.php [L]
          </IfModule>
        `,
        'index.php': '<?php',
      },
    },
    {
      title: 'the rules of a front controller',
      files: {
        'etc/apache2/apache2.conf': main([]),
        'srv/www/.htaccess': RULES,
        'srv/www/index.html': 'start page',
      },
    },
  ],
  good: [
    {
      title: 'the module is loaded',
      files: {
        'etc/apache2/apache2.conf': main(['rewrite']),
        'srv/www/.htaccess': RULES,
        'srv/www/index.html': 'start page',
      },
    },
    {
      title: 'another way where it is not',
      files: {
        'etc/apache2/apache2.conf': main([]),
        'srv/www/.htaccess': conf`
          ${RULES}
          <IfModule !mod_rewrite.c>
              ErrorDocument 404 /index.html
          </IfModule>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const { modules, occurrences } = configuration
      if (modules.has('rewrite_module') || occurrences.has('fallbackresource')) continue
      if (configuration.main === null || !isWhole(configuration)) continue
      for (const { file, overrides } of htaccessFiles(configuration, filesOf(configuration))) {
        if (!overrides.known || !overrides.value.reads || file.source.template) continue
        const section = skippedRules(file.source)
        const word = section?.words[0]
        if (word === undefined || file.occurrences.has('fallbackresource')) continue
        yield {
          at: { source: file.source, start: word.start, end: word.end },
          message: '`rewrite_module` is not loaded, so no rule in here is applied',
        }
      }
    }
  },
})

/** The first section for mod_rewrite with a rule in it; null where another one says what is done without. */
function skippedRules(source: Source): ApacheLineNode | null {
  const around: ApacheLineNode[] = []
  let found: ApacheLineNode | null = null
  for (const node of parseApache(source)) {
    if (node.kind === 'comment') continue
    const name = node.name.value.toLowerCase()
    if (node.kind === 'open') {
      if (name === 'ifmodule' && /^!(?:mod_rewrite\.c|rewrite_module)$/.test(node.words[0]?.value ?? ''))
        return null
      around.push(node)
    } else if (node.kind === 'close') around.pop()
    else if (name === 'rewriterule')
      found ??=
        around.find(each => /^(?:mod_rewrite\.c|rewrite_module)$/.test(each.words[0]?.value ?? '')) ?? null
  }
  return found
}
