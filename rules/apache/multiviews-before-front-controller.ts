import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { directorySectionsOf } from '../../src/servers/apache/queries/directory-sections.ts'
import { effective } from '../../src/servers/apache/queries/effective.ts'
import { htaccessFiles, htaccessReader } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { sectionsFor } from '../../src/servers/apache/queries/sections-for.ts'
import {
  type VirtualHost,
  virtualHosts,
  virtualHostSection,
} from '../../src/servers/apache/queries/virtual-hosts.ts'
import { type RewriteRule, rewriteRules } from '../../src/servers/apache/requests/rewrite/rules.ts'
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
    ['rewrite', 'negotiation', 'mime', 'dir', 'headers'],
  )
/** A script of its own for some URLs. */
const PRODUCTS = conf`
  RewriteEngine On
  RewriteRule ^product/([0-9]+)/?$ product.php?id=$1 [L,QSA]
  Header set X-Query "expr=%{QUERY_STRING}" "expr=-n %{QUERY_STRING}"
`

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
    {
      title: 'a rule for the name of a script',
      files: {
        'etc/apache2/apache2.conf': main('«MultiViews»'),
        'srv/www/.htaccess': PRODUCTS,
        'srv/www/product.php': 'product',
      },
    },
  ],
  good: [
    {
      title: 'a rule for the name of a script, and off',
      files: {
        'etc/apache2/apache2.conf': main(''),
        'srv/www/.htaccess': PRODUCTS,
        'srv/www/product.php': 'product',
      },
    },
    {
      title: 'a rule for another name than that of its script',
      files: {
        'etc/apache2/apache2.conf': main('MultiViews'),
        'srv/www/.htaccess': PRODUCTS.replace('^product', '^shop'),
        'srv/www/product.php': 'product',
      },
    },
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
      for (const { lines, directory, virtualHost } of ruledDirectories(configuration, files)) {
        const hidden = hiddenRule(rewriteRules(lines), files, directory)
        if (hidden === null) continue
        const { rule, script } = hidden
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
        yield {
          at: argumentPlace(line, index),
          message: `\`/${script.replace(/\.php$/, '')}/…\` is answered by \`${script}\` and never gets to \`${rule.output}\``,
          related: [{ at: namePlace(rule.directive), message: 'comes too late' }],
        }
      }
    }
  },
})

interface RuledDirectory {
  readonly lines: readonly ApacheDirective[]
  readonly directory: string
  readonly virtualHost: VirtualHost | null
}

/** The directories that have rules of their own, in their `.htaccess` or in `<Directory>`. */
function ruledDirectories(configuration: ApacheConfiguration, files: FileSystem): readonly RuledDirectory[] {
  const ofFiles = htaccessFiles(configuration, files).flatMap(
    ({ file, directory, virtualHost, overrides }) =>
      overrides.known && overrides.value.reads ? [{ lines: file.children, directory, virtualHost }] : [],
  )
  const ofSections = [null, ...virtualHosts(configuration)].flatMap(virtualHost =>
    directorySectionsOf(configuration, virtualHost).flatMap(({ section, directory }) =>
      directivesIn(configuration, section, 'rewriterule').length > 0 &&
      virtualHostSection(section) === (virtualHost?.directive ?? null)
        ? [{ lines: section.children, directory, virtualHost }]
        : [],
    ),
  )
  return [...ofFiles, ...ofSections]
}

/** A rule that MultiViews comes before, and the script that it finds instead. */
function hiddenRule(
  rules: readonly RewriteRule[],
  files: FileSystem,
  directory: string,
): { readonly rule: RewriteRule; readonly script: string } | null {
  const names = (files.list(directory.replace(/(?<=.)\/$/, '')) ?? []).flatMap(({ name, kind }) =>
    kind === 'file' && /\.php$/.test(name) ? [name] : [],
  )
  for (const rule of rules) {
    const { output, conditions, flags, directive } = rule
    if (flags.has('R') || !/\.php(?:\?|$|\/)/.test(output)) continue
    // The rule of one script, which is called as the URLs are.
    const own = /^\^?\/?([\w-]+)\/\(/.exec(directive.args[0]?.value ?? '')?.[1]
    const called = names.find(name => name === `${own}.php` && output.includes('?'))
    if (called !== undefined) return { rule, script: called }
    if (!conditions.some(({ test, negated }) => test === '-f' && negated)) continue
    const other = names.find(name => name !== 'index.php' && !output.includes(name))
    if (other !== undefined) return { rule, script: other }
  }
  return null
}
