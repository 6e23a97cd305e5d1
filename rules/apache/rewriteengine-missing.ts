import { memo } from '../../parsers/collections/memo.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { isForHtaccess } from '../../src/servers/apache/htaccess-alone.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { virtualHostOf, virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const MAIN = apacheMain(
  conf`
    Listen 80
    DocumentRoot /srv/www
    <Directory /srv/www>
        AllowOverride All
        Require all granted
    </Directory>
  `,
  ['rewrite'],
)
const host = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
      </VirtualHost>
    `,
    ['rewrite'],
  )

export default defineRule({
  summary: 'Rewriting rules where the engine is off',
  severity: 'warning',
  otherSeverities: {
    info: 'in a `.htaccess` of a few rules alone, which may be lines to add to another one',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`RewriteEngine` is off by default. Without the line Apache reads the rules and passes over them: no redirect, no front controller, and nothing in the log.',
  remedy: 'Write `RewriteEngine On` above the rules',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriteengine'],
  bad: [
    {
      title: 'rules to add to a file',
      files: {
        '.htaccess': conf`
          RewriteCond %{HTTP:Authorization} ^(.+)$
          «RewriteRule» .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
        `,
      },
    },
    {
      title: 'in a virtual host',
      files: { 'etc/apache2/apache2.conf': host('«RewriteRule» ^/old$ /new [R]') },
    },
    {
      title: 'in a virtual host whose main file is not here',
      files: {
        'site.conf.j2': conf`
          <VirtualHost *:443>
              ServerName {{ name }}
              RewriteMap seen txt:/etc/apache2/seen.map
              RewriteCond \${seen:%{HTTP_COOKIE}} =0
              «RewriteRule» ^ - [F]
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a .htaccess alone',
      files: {
        '.htaccess': conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          «RewriteRule» ^ index.php [L]
        `,
      },
    },
    {
      title: 'in .htaccess',
      files: { 'etc/apache2/apache2.conf': MAIN, 'srv/www/.htaccess': conf`«RewriteRule» ^old$ /new [R]` },
    },
  ],
  good: [
    {
      title: 'on, in the virtual host or for all of them',
      files: {
        'etc/apache2/apache2.conf': host(conf`
          RewriteEngine On
          RewriteRule ^/old$ /new [R]
        `),
      },
    },
    {
      title: 'a virtual host that includes a file, and one that has it on in a part of a template',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              Include /etc/apache2/rewriting.conf
              RewriteRule ^/old$ /new [R]
          </VirtualHost>
        `,
        'other.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ name }}
              <IfModule mod_rewrite.c>
                  RewriteEngine On
              </IfModule>
              RewriteRule ^/old$ /new [R]
          </VirtualHost>
        `,
      },
    },
    {
      title: 'on in the main server, whose state is inherited',
      files: {
        'etc/apache2/apache2.conf': conf`
          RewriteEngine On
          ${host('RewriteRule ^/old$ /new [R]')}
        `,
      },
    },
    {
      title: 'turned off by hand',
      files: {
        'etc/apache2/apache2.conf': host(conf`
          RewriteEngine Off
          RewriteRule ^/old$ /new [R]
        `),
      },
    },
    {
      title: 'on in a file of the directory above',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'srv/www/.htaccess': conf`RewriteEngine On`,
        'srv/www/shop/.htaccess': conf`RewriteRule ^old$ /new [R]`,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const { main, unread = [] } = configuration
      if (main === null) yield* offInHosts(configuration, filesOf(configuration))
      if (main === null || (unread.length > 0 && !isForHtaccess(main))) continue
      // A server that nobody has here may turn it on for the whole directory, which hardly any does.
      const doubt = isForHtaccess(main) ? ({ confidence: 'medium' } as const) : {}
      const files = filesOf(configuration)
      const inFiles = htaccessFiles(configuration, files)
      for (const rule of placedRules(configuration, files)) {
        if (
          rule.htaccess === null
            ? isDecided(configuration, rule.directive)
            : isDecidedIn(configuration, rule, inFiles)
        )
          continue
        const isLines = isForHtaccess(main) && rule.htaccess !== null && holdsRulesAlone(rule.htaccess)
        yield {
          at: namePlace(rule.directive),
          ...(isLines && { severity: 'info' as const }),
          cause: rule.htaccess?.file.source ?? rule.directive.parent ?? configuration,
          message: 'nothing turns `RewriteEngine` on here, so this rule is never applied',
          ...doubt,
        }
      }
    }
  },
})

/**
 * Of a virtual host whose main file is not here: that may turn the engine on for all of them, which hardly any does, and so
 * may what the host includes.
 */
function* offInHosts(configuration: ApacheConfiguration, files: FileSystem): Generator<RuleFinding> {
  for (const { directive, htaccess } of placedRules(configuration, files)) {
    const host = virtualHostOf(configuration, directive)?.directive ?? null
    if (htaccess !== null || host === null || directive.parent !== host) continue
    if (isDecided(configuration, directive) || bringingHosts(configuration).has(host)) continue
    yield {
      at: namePlace(directive),
      cause: host,
      confidence: 'medium',
      message:
        'nothing turns `RewriteEngine` on in this virtual host, so this rule is not applied unless the main server does',
    }
  }
}

/** Virtual hosts that bring lines of a file or of a macro. */
const bringingHosts = memo(
  ({ executed = [] }: ApacheConfiguration): ReadonlySet<ApacheDirective | null> =>
    new Set(
      executed.filter(({ name }) => /^(?:include|includeoptional|use)$/i.test(name)).map(virtualHostSection),
    ),
)

type Files = ReturnType<typeof htaccessFiles>

/** True where some line says whether the engine runs: in the scope itself, or in one that it takes the state from. */
/** True for a few rules and their conditions, which a manual tells people to add to a file that they have. */
function holdsRulesAlone({ file: { occurrences } }: NonNullable<PlacedRule['htaccess']>): boolean {
  const rules = occurrences.get('rewriterule') ?? []
  return rules.length <= 6 && [...occurrences.keys()].every(name => /^rewrite(?:rule|cond)$/.test(name))
}

function isDecided(configuration: ApacheConfiguration, rule: ApacheDirective): boolean {
  const host = virtualHostOf(configuration, rule)?.directive ?? null
  const { parent } = rule
  const isServer = parent === null || parent === host
  if (isServer)
    return [host, null].some(scope => directivesIn(configuration, scope, 'rewriteengine').length > 0)
  // Sections of directories give their state to those below.
  return (configuration.occurrences.get('rewriteengine') ?? []).some(
    line => line.parent !== null && line.parent !== host,
  )
}

function isDecidedIn(configuration: ApacheConfiguration, { htaccess }: PlacedRule, files: Files): boolean {
  if (htaccess === null) return true
  const inSections = configuration.occurrences.get('rewriteengine') ?? []
  if (inSections.some(({ parent }) => parent !== null && parent.name !== 'VirtualHost')) return true
  return files.some(
    ({ directory, file }) =>
      htaccess.directory.startsWith(directory) && file.occurrences.has('rewriteengine'),
  )
}
