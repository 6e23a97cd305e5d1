import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { askHost, originOf, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { type Htaccess, htaccessFiles, htaccessOfHosts } from '../../src/servers/apache/queries/htaccess.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { matchPattern } from '../../src/servers/apache/requests/match-pattern.ts'
import type { ApacheOutcome } from '../../src/servers/apache/requests/outcome.ts'
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
const TO_TLS = conf`
  RewriteEngine On
  RewriteCond %{HTTPS} off
  RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
`
const FRONT = conf`
  RewriteEngine On
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteRule ^ index.php [L]
`

export default defineRule({
  summary: 'A .htaccess whose rewriting rules replace those that protect its directory',
  severity: 'warning',
  otherSeverities: { info: 'where no page of the directory goes without TLS' },
  confidence: 'high',
  securitySeverity: 6.5,
  cwe: [863],
  since: '0.1.0',
  why: 'mod_rewrite does not merge: a `.htaccess` with `RewriteEngine` drops the rules of the directories above: what they forbid is served there, and no request is redirected to HTTPS.',
  remedy:
    'Write `RewriteOptions InheritBefore` below `RewriteEngine On`, forbid files with `<FilesMatch>`, which holds below too, and redirect to HTTPS in the virtual host of port 80',
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
    {
      title: 'an application below a site that redirects to HTTPS',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'srv/www/.htaccess': TO_TLS,
        'srv/www/shop/.htaccess': FRONT.replace('RewriteEngine', '«RewriteEngine»'),
        'srv/www/shop/index.php': '<?php echo "shop";',
        'srv/www/shop/about.html': 'about',
      },
    },
    {
      title: 'HTTPS by the header of a proxy, and pictures alone: advice',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTP:X-Forwarded-Proto} !https
          RewriteRule (.*) https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
        `,
        'srv/www/media/.htaccess': conf`
          «RewriteEngine» On
          RewriteRule ^old\.png$ new.png [L]
        `,
        'srv/www/media/new.png': 'picture',
      },
    },
  ],
  good: [
    {
      title: 'HTTPS first, by the rules above or by its own',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'srv/www/.htaccess': TO_TLS,
        'srv/www/shop/.htaccess': FRONT.replace(
          'RewriteEngine On',
          'RewriteEngine On\nRewriteOptions InheritBefore',
        ),
        'srv/www/shop/about.html': 'about',
        'srv/www/blog/.htaccess': FRONT.replace(
          'RewriteEngine On',
          'RewriteEngine On\nRewriteCond %{HTTPS} off\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]',
        ),
        'srv/www/blog/about.html': 'about',
      },
    },
    {
      title: 'a directory that the rules above lead to',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'srv/www/.htaccess': conf`
          ${TO_TLS}
          RewriteRule ^(.*)$ public/$1 [L]
        `,
        'srv/www/public/.htaccess': FRONT,
        'srv/www/public/about.html': 'about',
      },
    },
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
          const plain = lost === null ? lostRedirect(deployment, configuration, files, outer, inner) : null
          const rule = lost?.rule ?? plain?.rule
          if (rule === undefined) continue
          const replaced = `these rules replace those of \`${outer.directory}.htaccess\``
          yield {
            at: namePlace(engine),
            ...(plain?.isOfPages === false && { severity: 'info' as const }),
            message:
              lost !== null
                ? `${replaced}, so \`${lost.url}\` is served`
                : `${replaced}, so \`http://…${plain?.url ?? ''}\` is not redirected to HTTPS`,
            related: [
              {
                at: namePlace(rule.directive),
                message: lost !== null ? 'forbids it above' : 'redirects above',
              },
            ],
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

interface LostRedirect {
  readonly rule: RewriteRule
  readonly url: string
  readonly isOfPages: boolean
}

/** A URL of the inner directory that is answered without TLS, where the outer directory redirects every request to it. */
function lostRedirect(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  files: FileSystem,
  outer: Htaccess,
  inner: Htaccess,
): LostRedirect | null {
  const rules = rewriteRules(outer.file.children)
  const rule = rules.find(
    ({ output, settled, isRefusal }) => settled && !isRefusal && output.startsWith('https://'),
  )
  const below = inner.directory.slice(outer.directory.length)
  // Where the rules above lead into the directory, they have redirected before.
  if (rule === undefined || rules.some(({ output }) => output.replace(/^\//, '').startsWith(below)))
    return null
  const names = filesBelow(files, inner.directory)
  const name = names.find(each => /\.(?:php|html?)$/.test(each)) ?? names[0]
  if (name === undefined) return null
  for (const { virtualHost: host, directory } of htaccessOfHosts(configuration, files)) {
    if (directory !== inner.directory) continue
    const asked = { configuration, host }
    const base = urlOfDirectory(asked, inner.directory)
    const above = urlOfDirectory(asked, outer.directory)
    if (base === null || above === null || originOf(asked).scheme === 'https') continue
    const redirected = askHost(deployment, asked, above + MISSING)
    const url = base + name.split('/').map(encodeURIComponent).join('/')
    const { end, steps } = askHost(deployment, asked, url)
    if (!leadsToTls(redirected) || steps.some(({ kind }) => kind === 'doubt')) continue
    if (end.kind === 'response' || end.kind === 'unknown') continue
    return { rule, url, isOfPages: /\.(?:php|html?)$/.test(name) }
  }
  return null
}

function leadsToTls({ end }: ApacheOutcome): boolean {
  return end.kind === 'response' && end.location?.startsWith('https://') === true
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
