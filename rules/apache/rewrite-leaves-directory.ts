import { posix } from 'node:path'
import { askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { htaccessFilesOf, type Htaccess } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRule } from '../../src/servers/apache/queries/rewriting.ts'
import { HTACCESS_MAIN } from '../_rewriting-examples.ts'

const site = (lines: string, more: Record<string, string> = {}): Record<string, string> => ({
  'etc/apache2/apache2.conf': HTACCESS_MAIN,
  'srv/www/index.html': 'start page\n',
  'srv/www/blog/index.php': '<?php echo "page";\n',
  'srv/www/blog/.htaccess': conf`
    RewriteEngine On
    ${lines}
  `,
  ...more,
})
const UNLESS_FILE = conf`
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
`

export default defineRule({
  summary: 'A rule for every page of a directory leads to a file outside of it that is not there',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The lines were written for a site of its own. Below a path of another one, `/index.php` and `RewriteBase /` mean the document root: the start page of the application still works, and every other page is 404.',
  remedy: 'Write the path of the directory: `RewriteBase /blog/` and `RewriteRule . index.php [L]`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritebase'],
  bad: [
    {
      title: 'a front controller that was moved into a directory',
      files: site(conf`
        RewriteBase /
        RewriteRule ^index\.php$ - [L]
        ${UNLESS_FILE}
        RewriteRule . «/index.php» [L]
      `),
    },
    {
      title: 'RewriteBase, and a name without a slash',
      files: site(conf`
        RewriteBase «/»
        ${UNLESS_FILE}
        RewriteRule ^(.*)$ index.php?p=$1 [L,QSA]
      `),
    },
  ],
  good: [
    {
      title: 'the path of the directory',
      files: site(conf`
        RewriteBase /blog/
        ${UNLESS_FILE}
        RewriteRule . index.php [L]
      `),
    },
    {
      title: 'one for the whole site',
      files: site(
        conf`
          RewriteBase /
          ${UNLESS_FILE}
          RewriteRule . /index.php [L]
        `,
        { 'srv/www/index.php': '<?php echo "page";\n' },
      ),
    },
    {
      title: 'the .htaccess above leads back',
      files: site(
        conf`
          ${UNLESS_FILE}
          RewriteRule . /index.php [L]
        `,
        {
          'srv/www/.htaccess': conf`
            RewriteEngine On
            RewriteRule ^index\.php$ blog/index.php [L]
          `,
        },
      ),
    },
    {
      title: 'no file beside it, and one page alone',
      files: site(conf`
        ${UNLESS_FILE}
        RewriteRule ^old$ /index.php [L]
        ${UNLESS_FILE}
        RewriteRule ^shop/ /shop.php [L]
      `),
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['rewriterule'])) {
      const { configuration, host } = asked
      const files = deployment.filesOf(configuration)
      const root = documentRoot(asked)
      if (!root.known) continue
      for (const htaccess of htaccessFilesOf(configuration, files, host)) {
        const url = urlOfDirectory(asked, htaccess.directory)
        if (url === null || url === '/' || !htaccess.file.occurrences.has('rewriterule')) continue
        const { steps } = askHost(deployment, asked, `${url}${MISSING}`)
        if (steps.some(({ kind }) => kind === 'alias')) continue
        const last = steps.findLast(({ kind }) => kind === 'rewrite')?.directive
        if (last == null || last.source !== htaccess.file.source) continue
        const target = targetOf(placedRule(configuration, files, last), htaccess)
        if (target === null) continue
        const path = posix.join(root.value, target.url)
        const own = posix.join(htaccess.directory, posix.basename(target.url))
        if ((files.list(root.value) ?? []).length === 0) continue
        if (files.kind(path) !== null || files.kind(own) !== 'file') continue
        yield {
          at: argumentPlace(target.line, target.index),
          message: `every page below \`${url}\` becomes \`${target.url}\`, and there is no file \`${path}\`: the one here is \`${own}\``,
        }
      }
    }
  },
})

interface RewriteTarget {
  /** A file at the top of the document root. */
  readonly url: string
  /** The argument that makes it one. */
  readonly line: ApacheDirective
  readonly index: number
}

/** The file to which a rule of a directory leads, where that is one of the document root. */
function targetOf(rule: PlacedRule | undefined, { file }: Htaccess): RewriteTarget | null {
  if (rule === undefined || !rule.settled) return null
  const { 1: slash, 2: name } = /^(\/?)([\w-]+\.\w+)(?:\?.*)?$/.exec(rule.output) ?? []
  if (name === undefined) return null
  if (slash === '/') return { url: `/${name}`, line: rule.directive, index: 1 }
  const base = file.occurrences.get('rewritebase')?.at(-1)
  return base?.args[0]?.value === '/' ? { url: `/${name}`, line: base, index: 0 } : null
}
