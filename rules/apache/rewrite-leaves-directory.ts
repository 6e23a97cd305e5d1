import { posix } from 'node:path'
import { type AskedHost, askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { lastLine } from '../../src/deployment/requests/last-line.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { isForHtaccess } from '../../src/servers/apache/htaccess-alone.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { htaccessFilesOf, type Htaccess } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRule } from '../../src/servers/apache/queries/rewriting.ts'
import { apacheMain } from '../_examples.ts'
import { HTACCESS_MAIN } from '../_rewriting-examples.ts'
import { ownAddress } from '../php/_own-address.ts'
import { fallbacksOutside } from './_fallback-outside.ts'

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

/** A web space of which no server is seen. */
const webSpace = (
  home: string,
  lines: string,
  more: Record<string, string> = {},
): Record<string, string> => ({
  'public_html/index.html': 'start page\n',
  'public_html/blog/index.php': "<?php require __DIR__ . '/wp-blog-header.php';\n",
  'public_html/blog/wp-config.php': `<?php\ndefine( 'WP_HOME', '${home}' );\n`,
  'public_html/blog/.htaccess': conf`
    # BEGIN WordPress
    <IfModule mod_rewrite.c>
    RewriteEngine On
    RewriteBase /
    RewriteRule ^index\.php$ - [L]
    RewriteCond %{REQUEST_FILENAME} !-f
    RewriteCond %{REQUEST_FILENAME} !-d
    ${lines}
    </IfModule>
    # END WordPress
  `,
  ...more,
})

/** An application beside the document root. */
const aliased = (target: string, more = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          Alias /tickets /srv/tickets/public
      </VirtualHost>
      <Directory /srv/tickets/public>
          FallbackResource ${target}
      </Directory>
      ${more}
    `,
    ['alias', 'dir'],
  ),
  'srv/www/index.html': 'start page\n',
  'srv/tickets/public/index.php': 'page\n',
})

export default defineRule({
  summary:
    'A rule for every page of a directory leads to a file outside of it that is not there, or is another’s',
  severity: 'error',
  otherSeverities: { warning: 'where the file is there, and is that of another site' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'The lines were written for a site of its own. Below a path of another one, `/index.php` and `RewriteBase /` mean the document root: the start page of the application still works, and every other page is 404.',
  remedy:
    'Write the path of the directory: `RewriteBase /blog/` and `RewriteRule . index.php [L]`, or `FallbackResource /blog/index.php`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritebase',
    'https://httpd.apache.org/docs/2.4/mod/mod_dir.html#fallbackresource',
  ],
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
    {
      title: 'WordPress that knows its directory, without a server in the audit',
      files: webSpace('https://www.example.org/blog', 'RewriteRule . «/index.php» [L]'),
    },
    {
      title: 'the same below a .htaccess of the document root',
      files: webSpace('https://www.example.org/blog/', 'RewriteRule . «/index.php» [L]', {
        'public_html/.htaccess': conf`Options -Indexes`,
      }),
    },
    {
      title: 'WordPress below another site, whose start page answers instead',
      files: webSpace('https://www.example.org/blog', 'RewriteRule . «/index.php» [L]', {
        'public_html/index.php': "<?php require __DIR__ . '/inc/page.php';\n",
      }),
    },
    { title: 'FallbackResource of an application behind an Alias', files: aliased('«/index.php»') },
    {
      title: 'FallbackResource behind an Alias, where the document root has another of that name',
      files: { ...aliased('«/index.php»'), 'srv/www/index.php': '<?php echo "start page";\n' },
    },
    {
      title: 'FallbackResource in a .htaccess below the document root',
      files: { ...site(''), 'srv/www/blog/.htaccess': 'FallbackResource «/index.php»\n' },
    },
  ],
  good: [
    { title: 'FallbackResource by its path', files: aliased('/tickets/index.php') },
    {
      title: 'FallbackResource to a script of the document root that starts the application',
      files: {
        ...aliased('/index.php'),
        'srv/www/index.php': "<?php require '/srv/tickets/public/index.php';\n",
      },
    },
    {
      title: 'FallbackResource of a directory below the document root, to its one script',
      files: {
        ...site(''),
        'srv/www/blog/.htaccess': 'FallbackResource /index.php\n',
        'srv/www/index.php': '<?php echo "start page";\n',
      },
    },
    {
      title: 'FallbackResource of a directory that is a site, too',
      files: aliased(
        '/index.php',
        conf`
          <VirtualHost *:80>
              ServerName tickets.example.org
              DocumentRoot /srv/tickets/public
          </VirtualHost>
        `,
      ),
    },
    {
      title: 'WordPress whose files alone are in the directory',
      files: webSpace('https://www.example.org/blog', 'RewriteRule . /index.php [L]', {
        'public_html/index.php': "<?php require __DIR__ . '/blog/wp-blog-header.php';\n",
      }),
    },
    {
      title: 'WordPress with its path, without a server in the audit',
      files: webSpace('https://www.example.org/blog', 'RewriteRule . /blog/index.php [L]'),
    },
    {
      title: 'a directory that is a site of its own',
      files: webSpace('https://blog.example.org', 'RewriteRule . /index.php [L]', {
        'public_html/.htaccess': conf`Options -Indexes`,
      }),
    },
    {
      title: 'an application behind a proxy that takes the path away',
      files: Object.fromEntries(
        Object.entries(webSpace('https://www.example.org/blog', 'RewriteRule . /index.php [L]'))
          .filter(([path]) => path !== 'public_html/index.html')
          .map(([path, text]) => [path.replace('public_html/blog', 'blog/src'), text]),
      ),
    },
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
    yield* fallbacksOutside(deployment)
    for (const asked of hostsHolding(deployment, ['rewriterule'])) {
      const { configuration, host } = asked
      const files = deployment.filesOf(configuration)
      for (const htaccess of htaccessFilesOf(configuration, files, host)) {
        if (!htaccess.file.occurrences.has('rewriterule')) continue
        const home = isAlone(configuration)
          ? homeAlone(files, htaccess.directory)
          : homeBelow(asked, htaccess.directory)
        if (home === null) continue
        const { url } = home
        const { steps } = askHost(
          deployment,
          asked,
          `${urlOfDirectory(asked, htaccess.directory) ?? '/'}${MISSING}`,
        )
        if (steps.some(({ kind }) => kind === 'alias')) continue
        const last = lastLine(steps, 'rewrite')
        if (last === null || last.source !== htaccess.file.source) continue
        const target = targetOf(placedRule(configuration, files, last), htaccess)
        if (target === null) continue
        const path = posix.join(home.root, target.url)
        const own = posix.join(htaccess.directory, posix.basename(target.url))
        if ((files.list(home.root) ?? []).length === 0 || files.kind(own) !== 'file') continue
        const isTaken = files.kind(path) !== null
        if (isTaken && !isOfOther(files, own, path)) continue
        // Without a server its paths are those of whoever runs the audit.
        const missing = isAlone(configuration) ? target.url : path
        const there = isAlone(configuration) ? `${url}${posix.basename(own)}` : own
        yield {
          at: argumentPlace(target.line, target.index),
          ...(isTaken && { severity: 'warning' as const }),
          message: `every page below \`${url}\` becomes \`${target.url}\`, ${isTaken ? 'which is that of another site' : `and there is no file \`${missing}\``}: the one here is \`${there}\``,
        }
      }
    }
  },
})

/**
 * True for the script of a WordPress in a directory, and one of the document root that is another's: that of a WordPress
 * which only keeps its files there includes them by the name of the directory.
 */
function isOfOther(files: FileSystem, own: string, path: string): boolean {
  const text = sourceAt(files, own)?.text ?? ''
  const other = sourceAt(files, path)?.text
  const directory = posix.basename(posix.dirname(own))
  return text.includes('wp-blog-header.php') && other !== undefined && !other.includes(directory)
}

/** Where the directory of a .htaccess lies. */
interface Home {
  /** The document root. */
  readonly root: string
  /** The path of the directory, with its last slash. */
  readonly url: string
}

function homeBelow(asked: AskedHost, directory: string): Home | null {
  const root = documentRoot(asked)
  const url = urlOfDirectory(asked, directory)
  return !root.known || url === null || url === '/' ? null : { root: root.value, url }
}

function isAlone({ main }: ApacheConfiguration): boolean {
  return main !== null && isForHtaccess(main)
}

/**
 * Where no server is seen, a directory may be the root of a site of its own. The application there says that it is not,
 * and the directory around it has a page of its own.
 */
function homeAlone(files: FileSystem, directory: string): Home | null {
  const own = ownAddress(files, directory.replace(/\/$/, ''))
  const url = own === null ? '/' : `${own.url.pathname.replace(/\/$/, '')}/`
  if (url === '/' || !directory.endsWith(url)) return null
  const root = directory.slice(0, -url.length)
  const isRoot = ['index.html', 'index.htm', 'index.php', '.htaccess', '.user.ini'].some(
    name => files.kind(`${root}/${name}`) === 'file',
  )
  return isRoot || /\/(?:public_html|htdocs|httpdocs)$/.test(root) ? { root, url } : null
}

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
