import type { Place, Source } from '../../parsers/text/source.ts'
import { acmeWebroots } from '../../src/deployment/acme-challenges.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { everywhere, htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { linesBeside, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { matchPattern } from '../../src/servers/apache/requests/match-pattern.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { keepsOut, patternPlace } from '../_apache-sections.ts'

export default defineRule({
  summary: 'A rule against hidden files takes `.well-known` with them',
  severity: 'info',
  otherSeverities: {
    warning:
      'where the pattern is meant to leave `.well-known` out, and does not, or a section of files denies what is rewritten',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Below `/.well-known/` stand files that others ask for: the challenge by which Let’s Encrypt renews a certificate (`acme-challenge`), `security.txt`, and what links a site to its app. A rule for every name that begins with a dot answers them with 403 too.',
  remedy:
    'Leave it out: `RewriteRule "(^|/)\\.(?!well-known/)" - [F]`, `RedirectMatch 404 "/\\.(?!well-known/)"`',
  references: [
    'https://www.rfc-editor.org/rfc/rfc8615',
    'https://letsencrypt.org/docs/challenge-types/#http-01-challenge',
  ],
  bad: [
    {
      title: 'a rewriting rule',
      files: rewritingDirectory('RewriteRule «(^|/)\\.» - [F]'),
    },
    {
      title: 'a redirect of the server',
      files: { 'site.conf': rewritingHost('RedirectMatch 404 «/\\..*$»') },
    },
    {
      title: 'every name without an extension with them',
      files: rewritingDirectory('RewriteRule «^(?!installer)(\\.?[^\\.]+)$» - [F]'),
    },
    {
      title: 'the slash is part of the exception, and stands before the dot',
      files: {
        'site.conf': rewritingHost('RedirectMatch 403 «^/?\\.(?!/well-known/acme-challenge/[\\w-]{43}$)»'),
      },
    },
    {
      title: 'a section of files, and a rule by which the application answers',
      files: rewritingDirectory(conf`
        <FilesMatch «"^\."»>
            Require all denied
        </FilesMatch>
        RewriteRule ^\.well-known/carddav /remote.php [L]
      `),
    },
    {
      title: 'a section of files, and a rule that leaves it out',
      files: {
        '.htaccess': conf`
          <FilesMatch «"\.(inc|sql)$|^(\..*|Entries)$"»>
              <IfModule mod_authz_core.c>
                  Require all denied
              </IfModule>
              <IfModule !mod_authz_core.c>
                  Order allow,deny
              </IfModule>
          </FilesMatch>
          RewriteEngine On
          RewriteCond %{REQUEST_URI} !^/\.well-known
          RewriteRule "(^|/)\." - [F]
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^ index.php [L]
        `,
      },
    },
  ],
  good: [
    {
      title: 'a section of files that leaves it out, or one of which the directory is there',
      files: {
        ...rewritingDirectory(conf`
          <FilesMatch "^\.(?!well-known)">
              Require all denied
          </FilesMatch>
          RewriteRule ^\.well-known/carddav /remote.php [L]
        `),
        'srv/api/.htaccess': conf`
          <FilesMatch "^\.">
              Require all denied
          </FilesMatch>
          RewriteEngine On
          RewriteRule ^\.well-known/ - [L]
        `,
        'srv/api/.well-known/security.txt': 'Contact: mailto:security@example.org',
      },
    },
    {
      title: 'a section of files, and files alone below it',
      files: rewritingDirectory(conf`
        <FilesMatch "^\.">
            Require all denied
        </FilesMatch>
      `),
    },
    {
      title: 'left out',
      files: rewritingDirectory('RewriteRule (^|/)\\.(?!well-known/) - [F]'),
    },
    {
      title: 'left out by the server',
      files: { 'site.conf': rewritingHost('RedirectMatch 404 "/\\.(?!well-known/)"') },
    },
    {
      title: 'a condition, and a rule before',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_URI} !^/\.well-known/
          RewriteRule (^|/)\. - [F]
        `),
      },
    },
    {
      title: 'below a directory of the site',
      files: {
        ...rewritingDirectory('RewriteRule ^old$ /new [R=301,L]'),
        'srv/www/api/.htaccess': conf`
          RewriteEngine On
          RewriteRule (^|/)\. - [F]
        `,
      },
    },
    {
      title: 'a rule for it before, and names that are no directory of it',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/\.well-known/ - [L]
          RewriteRule /\. - [F]
          RedirectMatch 404 /\.(git|svn)
          RedirectMatch 404 \.sql$
        `),
      },
    },
  ],
  *check({ apache, filesOf, machines }) {
    // Whose challenge it is, another rule tells more exactly.
    if (machines.some(({ files }) => acmeWebroots(files).length > 0)) return
    for (const configuration of apache) {
      const files = filesOf(configuration)
      yield* deniedBeforeRewriting(configuration, files)
      const denied = [...denying(configuration, files)].filter(({ pattern, leads }) =>
        takesIt(pattern, leads),
      )
      if (denied.length === 0) continue
      const nested = nestedFiles(configuration, files)
      const isElsewhere = isNamed(configuration, files)
      for (const { pattern, at } of denied) {
        if (nested.has(at.source)) continue
        const isMeant = pattern.includes('well-known')
        if (!isMeant && isElsewhere) continue
        yield {
          at,
          ...(isMeant ? { severity: 'warning' as const } : {}),
          message: isMeant
            ? `\`/.well-known/acme-challenge/…\` is denied all the same: what \`(?!\` is compared with begins behind the dot`
            : `this denies \`/.well-known/\` too, where challenges for certificates and \`security.txt\` are`,
        }
      }
    }
  },
})

/**
 * The sections of files that deny `.well-known` where no such directory is: then it is the name of what is asked for, and
 * access is checked before the rules of a directory are.
 */
function* deniedBeforeRewriting(
  configuration: ApacheConfiguration,
  files: FileSystem,
): Generator<RuleFinding> {
  const rules = placedRules(configuration, files).filter(
    ({ directory, settled, pattern, isRefusal, conditions }) =>
      directory !== null &&
      settled &&
      [pattern, ...(isRefusal ? conditions.map(each => each.pattern) : [])].some(each =>
        each.includes('well-known'),
      ),
  )
  for (const rule of rules) {
    const { directory, isRefusal, keepsUri, directive } = rule
    if (directory === null || files.kind(directory) !== 'directory') continue
    if (files.kind(`${directory}.well-known`) !== null) continue
    for (const section of ['files', 'filesmatch'].flatMap(name => linesBeside(configuration, rule, name))) {
      const { kind, text } = sectionPattern(section)
      if (kind !== 'regex' || !keepsOut(section) || !isOfHiddenNames(text)) continue
      const rewrites = !isRefusal && !keepsUri
      yield {
        at: patternPlace(section),
        ...(rewrites ? { severity: 'warning' as const } : {}),
        message: `without a directory \`.well-known\`, \`/.well-known/…\` is denied before ${rewrites ? 'the rule for it' : 'the rule that leaves it out'} is asked`,
        related: [
          { at: argumentPlace(directive, 0), message: rewrites ? 'rewritten here' : 'left out here' },
        ],
      }
    }
  }
}

function isOfHiddenNames(pattern: string): boolean {
  const takes = (name: string): boolean => matchPattern(toBytes(pattern), name) != null
  return takes('.well-known') && takes('.hidden') && !takes('index.html')
}

interface Denying {
  readonly pattern: string
  /** What a path begins with where the pattern sees it. */
  readonly leads: '' | '/'
  readonly at: Place
}

/** The expressions about a dot whose matches are answered with 403 or 404. */
function* denying(configuration: ApacheConfiguration, files: FileSystem): Generator<Denying> {
  for (const line of everywhere(configuration, files, 'redirectmatch')) {
    const [status = '', pattern = ''] = line.args.map(({ value }) => value)
    if (/^4\d\d$/.test(status) && pattern.includes('\\.') && isSettled(pattern))
      yield { pattern, leads: '/', at: argumentPlace(line, 1) }
  }
  for (const rule of placedRules(configuration, files)) {
    const { pattern, negated, isRefusal, conditions, directive, settled, context } = rule
    if (!isRefusal || negated || !settled || !pattern.includes('\\.') || context === 'other') continue
    // A file that is there meets these.
    if (!conditions.every(({ test, negated: not }) => !not && /^-[fds]$/.test(test))) continue
    yield { pattern, leads: context === 'server' ? '/' : '', at: argumentPlace(directive, 0) }
  }
}

const TOKEN = 'x'.repeat(43)

/** True for a pattern of hidden names at large that the challenge is among. */
function takesIt(pattern: string, leads: string): boolean {
  const matches = (path: string): boolean => matchPattern(toBytes(pattern), toBytes(leads + path)) != null
  return (
    matches(`.well-known/acme-challenge/${TOKEN}`) &&
    matches('.hidden/file') &&
    !matches('index.html') &&
    !matches('images/picture.png')
  )
}

/** The `.htaccess` files of directories inside of what is served, where no `/.well-known/` lies. */
function nestedFiles(configuration: ApacheConfiguration, files: FileSystem): ReadonlySet<Source> {
  return new Set(
    htaccessFiles(configuration, files)
      .filter(({ directory, virtualHost }) => {
        const root = directivesIn(configuration, virtualHost?.directive ?? null, 'documentroot').at(-1)
        return root?.args[0]?.value.replace(/\/*$/, '/') !== directory
      })
      .map(({ file }) => file.source),
  )
}

const NAMING = [
  'rewriterule',
  'rewritecond',
  'alias',
  'aliasmatch',
  'proxypass',
  'proxypassmatch',
  'location',
  'locationmatch',
  'directory',
  'redirectmatch',
]

/** True where some other line is about it: a way for the challenge by hand. */
function isNamed(configuration: ApacheConfiguration, files: FileSystem): boolean {
  return NAMING.some(name =>
    everywhere(configuration, files, name).some(({ args }) =>
      args.some(({ value }) => /well-known|acme-challenge/.test(value)),
    ),
  )
}
