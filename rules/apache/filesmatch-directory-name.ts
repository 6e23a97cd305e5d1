import { memoByKey } from '../../parsers/collections/memo.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { matchPattern } from '../../src/servers/apache/requests/match-pattern.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { denies, patternPlace } from '../_apache-sections.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          Require all granted
      </Directory>
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'A Files section that is to deny what lies in a directory',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 7.5,
  cwe: [863, 552],
  since: '0.1.0',
  why: '`<Files>` and `<FilesMatch>` compare the last name of the path alone: `^\\.git` denies `/.git` itself and lets `/.git/config` through, with the whole repository.',
  remedy: 'Write `<DirectoryMatch "/\\.git(/|$)">`, or `RedirectMatch 404 "/\\.git"`',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#files'],
  bad: [
    {
      title: 'a repository',
      files: {
        'site.conf': host(conf`
          <FilesMatch «"^\.git"»>
              Require all denied
          </FilesMatch>
        `),
      },
    },
    {
      title: 'by its plain name',
      files: {
        'site.conf': host(conf`
          <Files «.svn»>
              Require all denied
          </Files>
        `),
      },
    },
    {
      title: 'in a .htaccess',
      files: {
        '.htaccess': conf`
          <FilesMatch «"^\.git"»>
              Require all denied
          </FilesMatch>
        `,
      },
    },
  ],
  good: [
    {
      title: 'a rule of the .htaccess takes the path',
      files: {
        '.htaccess': conf`
          <Files ".git">
              Require all denied
          </Files>
          RedirectMatch 404 /\.git
        `,
      },
    },
    {
      title: 'the directory is denied too',
      files: {
        'site.conf': host(conf`
          <FilesMatch "^\.git">
              Require all denied
          </FilesMatch>
          <DirectoryMatch "/\.git(/|$)">
              Require all denied
          </DirectoryMatch>
        `),
      },
    },
    {
      title: 'a redirect takes the path',
      files: {
        'site.conf': host(conf`
          <FilesMatch "^\.git">
              Require all denied
          </FilesMatch>
          RedirectMatch 404 "/\.git"
        `),
      },
    },
    {
      title: 'a backend answers every path',
      files: {
        'site.conf': host(conf`
          <FilesMatch "^\.git">
              Require all denied
          </FilesMatch>
          ProxyPass / http://127.0.0.1:3000/
        `),
      },
    },
    {
      title: 'files that are named after git',
      files: {
        'site.conf': host(conf`
          <FilesMatch "^\.(gitignore|gitattributes|htaccess)$">
              Require all denied
          </FilesMatch>
        `),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      for (const { file } of htaccessFiles(configuration, deployment.filesOf(configuration))) {
        for (const { section, directory } of directoriesDenied(configuration, file.occurrences)) {
          if (OTHERS.some(other => file.occurrences.get(other)?.some(line => names(line, directory))))
            continue
          yield {
            at: patternPlace(section),
            message: `this denies \`${directory}\` and not \`${directory}/config\`: only the last name of a path is compared`,
            help: `write \`RedirectMatch 404 "/\\${directory}"\``,
          }
        }
      }
      for (const { section, directory } of directoriesDenied(configuration, configuration.occurrences)) {
        const host = virtualHostOf(configuration, section)
        const asked = askHost(deployment, { configuration, host }, `/${directory}/config`)
        // A backend that answers every path has no files here.
        const passes = directivesIn(configuration, host?.directive ?? null, 'proxypass')
        if (passes.some(({ args }) => args[0]?.value === '/' && args[1]?.value !== '!')) continue
        if (host !== null && (asked.end.kind === 'pass' || asked.end.kind === 'wsgi')) continue
        yield {
          at: patternPlace(section),
          message: `this denies \`/${directory}\` and not \`/${directory}/config\`: only the last name of a path is compared`,
        }
      }
    }
  },
})

const DIRECTORIES = ['.git', '.svn', '.hg']
const OTHERS = [
  'directory',
  'directorymatch',
  'location',
  'locationmatch',
  'redirectmatch',
  'redirect',
  'rewriterule',
  'rewritecond',
  'aliasmatch',
]

/** The sections that deny such a directory by its name, where no other line names it: who protects it does it there. */
function* directoriesDenied(
  configuration: ApacheConfiguration,
  occurrences: ApacheConfiguration['occurrences'],
): Iterable<{ readonly section: ApacheDirective; readonly directory: string }> {
  for (const section of ['files', 'filesmatch'].flatMap(name => occurrences.get(name) ?? [])) {
    const directory = DIRECTORIES.find(each => meansDirectory(section, each))
    if (directory !== undefined && denies(section) && !isNamedElsewhere(configuration, directory))
      yield { section, directory }
  }
}

/** True where the pattern names the directory, and takes its name. */
function meansDirectory(section: ApacheDirective, directory: string): boolean {
  const { kind, text } = sectionPattern(section)
  if (!text.includes(directory.slice(1))) return false
  if (kind !== 'regex') return text === directory || text === `${directory}*`
  return (
    matchPattern(toBytes(text), directory) !== null && matchPattern(toBytes(text), directory) !== undefined
  )
}

const isNamedElsewhere = memoByKey(({ occurrences }: ApacheConfiguration, directory: string): boolean =>
  OTHERS.some(other => occurrences.get(other)?.some(line => names(line, directory))),
)

/** True for a line that names the directory, or hidden names at large. */
function names({ args }: ApacheDirective, directory: string): boolean {
  return args.some(
    ({ value }) =>
      value.includes(directory.slice(1)) || /\/\\?\.(?![*+])|\(\^\|\/\)\\?\.|\[\/\]\\?\./.test(value),
  )
}
