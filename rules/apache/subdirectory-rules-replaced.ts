import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { type Htaccess, htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { matchPattern } from '../../src/servers/apache/requests/match-pattern.ts'
import { type RewriteRule, rewriteRules } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { toBytes } from '../../src/servers/regex.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
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
const ROOT = conf`
  RewriteEngine On
  RewriteRule \.(yaml|md|twig)$ - [F]
`

export default defineRule({
  summary: 'A .htaccess whose rewriting rules replace those that protect its directory',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 6.5,
  cwe: [863],
  since: '0.1.0',
  why: 'mod_rewrite does not merge: a `.htaccess` with `RewriteEngine` drops the rules of the directories above, and what they forbid is served there.',
  remedy:
    'Write `RewriteOptions Inherit` below `RewriteEngine On`, or forbid the files with `<FilesMatch>`, which holds below too',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriteoptions'],
  bad: [
    {
      title: 'files that the document root forbids',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'srv/www/.htaccess': ROOT,
        'srv/www/theme/.htaccess': conf`
          «RewriteEngine» On
          RewriteRule ^Makefile$ - [F]
        `,
        'srv/www/theme/theme.yaml': 'secret: 1',
      },
    },
  ],
  good: [
    {
      title: 'inherited',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'srv/www/.htaccess': ROOT,
        'srv/www/theme/.htaccess': conf`
          RewriteEngine On
          RewriteOptions Inherit
          RewriteRule ^Makefile$ - [F]
        `,
        'srv/www/theme/theme.yaml': 'secret: 1',
      },
    },
    {
      title: 'nothing there that the rules above forbid',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'srv/www/.htaccess': ROOT,
        'srv/www/theme/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^Makefile$ - [F]
        `,
        'srv/www/theme/theme.css': '',
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      const files = deployment.filesOf(configuration)
      const rewriting = htaccessFiles(configuration, files).filter(
        ({ file, overrides }) =>
          overrides.known && overrides.value.reads && file.occurrences.has('rewriteengine'),
      )
      for (const inner of rewriting) {
        const engine = inner.file.children.find(({ name }) => name === 'RewriteEngine')
        if (engine === undefined) continue
        for (const outer of rewriting) {
          if (outer === inner || !inner.directory.startsWith(outer.directory)) continue
          const lost = lostRefusal(deployment, configuration, files, outer, inner)
          if (lost === null) continue
          yield {
            at: namePlace(engine),
            message: `these rules replace those of \`${outer.directory}.htaccess\`, so \`${lost.url}\` is served`,
            related: [{ at: namePlace(lost.rule.directive), message: 'forbids it above' }],
          }
          break
        }
      }
    }
  },
})

/** A file of the inner directory that a rule of the outer one forbids, and that is served all the same. */
function lostRefusal(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  files: FileSystem,
  outer: Htaccess,
  inner: Htaccess,
): { readonly rule: RewriteRule; readonly url: string } | null {
  const refusals = rewriteRules(outer.file.children).filter(
    ({ isRefusal, conditions, negated, settled }) =>
      isRefusal && settled && !negated && conditions.length === 0,
  )
  if (refusals.length === 0) return null
  const asked = { configuration, host: inner.virtualHost }
  const base = urlOfDirectory(asked, inner.directory)
  if (base === null) return null
  for (const name of filesBelow(files, inner.directory)) {
    const path = toBytes(inner.directory.slice(outer.directory.length) + name)
    const rule = refusals.find(({ pattern, flags }) => {
      const match = matchPattern(pattern, path, flags.has('NC'))
      return match !== null && match !== undefined
    })
    if (rule === undefined) continue
    const url = base + name.split('/').map(encodeURIComponent).join('/')
    const { end } = askHost(deployment, asked, url)
    if (end.kind === 'file' && end.exists === true && end.status === 200) return { rule, url }
  }
  return null
}

const MOST_FILES = 200

/** Files of a directory and of those below it, a few of them, as relative paths. */
function filesBelow(files: FileSystem, directory: string): readonly string[] {
  const found: string[] = []
  const pending = ['']
  for (let at = pending.shift(); at !== undefined && found.length < MOST_FILES; at = pending.shift()) {
    for (const { name, kind } of files.list(posix.join(directory, at)) ?? []) {
      if (name === '.git' || name === 'node_modules') continue
      if (kind === 'directory') pending.push(`${at}${name}/`)
      else if (kind === 'file' && !name.startsWith('.ht')) found.push(at + name)
    }
  }
  return found
}
