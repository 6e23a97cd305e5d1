import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { matchPattern } from '../../src/servers/apache/requests/match-pattern.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { placeText } from '../../parsers/text/source.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { keepsOut } from '../_apache-sections.ts'

export default defineRule({
  summary: 'A RewriteRule refuses hidden files of the directories below, and not of its own',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 5.3,
  cwe: [538],
  since: '0.1.0',
  why: 'In `<Directory>` and in `.htaccess`, mod_rewrite compares the path below the directory, which does not begin with a slash. `/\\.git` is in `app/.git/config`, but `/.git/config` is compared as `.git/config`: it is sent to everybody.',
  remedy: 'Let the path begin there too: `(^|/)\\.git`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriterule'],
  bad: [
    {
      title: 'a repository',
      files: rewritingDirectory('RewriteRule «/\\.git» - [F]'),
    },
    {
      title: 'every hidden file, and with what stands in front',
      files: rewritingDirectory(conf`
        RewriteRule «^(.*)/\.svn/» - [R=404,L]
        RewriteRule «/[.]» - [F,L]
      `),
    },
    {
      title: 'a file, in a section',
      files: {
        'site.conf': conf`
          <Directory /srv/www>
              RewriteEngine On
              RewriteRule «.*/\.env$» - [F]
          </Directory>
        `,
      },
    },
  ],
  good: [
    {
      title: 'where the path begins too',
      files: rewritingDirectory(conf`
        RewriteRule (^|/)\.git - [F]
        RewriteRule \.svn - [F]
        RewriteRule ^(.*/)?\.env$ - [F]
      `),
    },
    {
      title: 'a directory, or an extension, of which no slash comes before the dot',
      files: rewritingDirectory('RewriteRule ^(app|tmp)\\/|\\.ini$ - [R=404]'),
    },
    {
      title: 'a virtual host, where the path has its slash',
      files: { 'site.conf': rewritingHost('RewriteRule /\\.git - [F]') },
    },
    {
      title: 'two lines, and another module',
      files: rewritingDirectory(conf`
        RewriteRule ^\.git - [F]
        RewriteRule /\.git - [F]
        RewriteRule /\.svn/ - [F]
        RedirectMatch 404 /\.svn/
        RewriteRule /\.env$ - [F]
        <FilesMatch "^\.env">
            Require all denied
        </FilesMatch>
      `),
    },
    {
      title: 'every path becomes one below a directory, where the rule meets it',
      files: rewritingDirectory(conf`
        RewriteRule /\.git - [F]
        RewriteRule ^(.*)$ public/$1 [L]
      `),
    },
    {
      title: 'what is no hidden file, and an answer that is none',
      files: rewritingDirectory(conf`
        RewriteRule /cache/ - [F]
        RewriteRule /\.htaccess$ - [F]
        RewriteRule /\.git /index.html [L]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const rules = placedRules(configuration, files).filter(({ context }) => context === 'directory')
      const refusing = rules.filter(({ isRefusal, settled }) => isRefusal && settled)
      for (const rule of refusing) {
        const name = NAMES.find(each => !takes(rule, each) && takes(rule, `${ANY_DIRECTORY}/${each}`))
        if (name === undefined || rules.some(other => keepsFrom(other, name))) continue
        if (isRefusedElsewhere(configuration, files, name)) continue
        const at = argumentPlace(rule.directive, 0)
        const text = placeText(at)
        const widened = text.replace(/^("?)(?:\^?(?:\(\.\*\)|\.\*))?\//, '$1(^|/)')
        yield {
          at,
          message: `\`/${name}\` is not refused: it is compared as \`${name}\`, in which there is no slash before the dot`,
          ...propose('Let the path begin there too', 'unsafe', [
            widened === text || /\$\d/.test(rule.output) ? null : replacePlace(at, widened),
          ]),
        }
      }
    }
  },
})

/** Hidden files that are often left in what is served. `.htaccess` is none: the package of a server denies it. */
const NAMES = ['.git/config', '.svn/entries', '.svn/wc.db', '.hg/hgrc', '.env', '.gitignore', '.DS_Store']

/** One that no pattern names. */
const ANY_DIRECTORY = 'a1b2c3'

function takes({ pattern, negated, flags }: PlacedRule, path: string): boolean {
  return (matchPattern(toBytes(pattern), toBytes(path), flags.has('NC')) != null) !== negated
}

/** True for a rule that refuses a file, or makes another path of it: in doubt too. */
function keepsFrom(rule: PlacedRule, name: string): boolean {
  if (!takes(rule, name)) return false
  if (rule.keepsUri) return rule.isRefusal
  if (rule.flags.has('R')) return rule.conditions.length === 0
  return !rule.conditions.some(({ test, negated }) => negated && /^-[fs]$/.test(test))
}

/** True where a line of another module may refuse it: in doubt too. */
function isRefusedElsewhere(configuration: ApacheConfiguration, files: FileSystem, name: string): boolean {
  const [first = name] = name.split('/')
  const isAbout = (text: string): boolean =>
    text.includes(first.slice(1)) ||
    [`/${name}`, first, name.replace(/^.*\//, '')].some(
      each => matchPattern(toBytes(text), toBytes(each), false) != null,
    )
  const sections = ['files', 'filesmatch', 'directory', 'directorymatch', 'location', 'locationmatch']
  return (
    sections.some(each =>
      everywhere(configuration, files, each).some(section =>
        /match$/i.test(section.name) ||
        section.args[0]?.value === '~' ||
        section.args[0]?.value.startsWith('.')
          ? keepsOut(section) && section.args.some(({ value }) => isAbout(value))
          : false,
      ),
    ) ||
    everywhere(configuration, files, 'redirectmatch').some(
      ({ args }) => /^[45]\d\d$/.test(args[0]?.value ?? '') && isAbout(args[1]?.value ?? ''),
    )
  )
}
