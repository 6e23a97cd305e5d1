import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { HTACCESS_MAIN } from '../_rewriting-examples.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directoryPath } from '../../src/servers/apache/queries/section-matches.ts'
import type { VirtualHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { effective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { isDenied } from '../../src/servers/apache/requests/access.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
          <Directory /srv/www>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
    ['dir', 'autoindex'],
  )

/** A section beside what the main server says of start pages. */
const section = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      DirectoryIndex index.html
      ${lines}
    `,
    ['dir', 'authz_host'],
  ),
  'srv/www/index.html': 'page',
})

export default defineRule({
  summary: 'DirectoryIndex names none of the start pages that are there',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'For a directory Apache looks for the names of `DirectoryIndex` alone. Where it finds none, it lists the directory, or answers 403: `AH01276: No matching DirectoryIndex`.',
  remedy: 'Name the page that is there: `DirectoryIndex index.php index.html`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_dir.html#directoryindex'],
  bad: [
    {
      title: 'another page',
      files: {
        'etc/apache2/apache2.conf': main('DirectoryIndex «index.html»'),
        'srv/www/index.htm': 'start page',
      },
    },
    {
      title: 'names parted by a comma',
      files: {
        'etc/apache2/apache2.conf': main('DirectoryIndex «index.htm,» index.php'),
        'srv/www/index.htm': 'start page',
      },
    },
    {
      title: 'a front controller that was renamed, in a .htaccess',
      files: {
        'etc/apache2/apache2.conf': HTACCESS_MAIN,
        'srv/www/.htaccess': conf`
          DirectoryIndex «app.htm»
        `,
        'srv/www/index.htm': 'start page',
      },
    },
    {
      title: 'in the section of the document root',
      files: section(conf`
        <Directory /srv/www>
            Require all granted
            DirectoryIndex «home.html»
        </Directory>
      `),
    },
  ],
  good: [
    {
      title: 'in the section of another directory',
      files: section(conf`
        <Directory /srv/www/shop>
            DirectoryIndex home.html
        </Directory>
      `),
    },
    {
      title: 'the page that is there',
      files: {
        'etc/apache2/apache2.conf': main('DirectoryIndex index.html index.htm'),
        'srv/www/index.htm': 'start page',
      },
    },
    {
      title: 'no page of that kind is there',
      files: {
        'etc/apache2/apache2.conf': main('DirectoryIndex index.html'),
        'srv/www/photo.txt': '',
      },
    },
    {
      title: 'a .htaccess whose name is there, or whose rules answer',
      files: {
        'etc/apache2/apache2.conf': HTACCESS_MAIN,
        'srv/www/.htaccess': conf`
          DirectoryIndex app.htm index.htm
        `,
        'srv/www/index.htm': 'start page',
        'srv/www/blog/.htaccess': conf`
          DirectoryIndex app.htm
          RewriteEngine On
          RewriteRule ^$ index.htm [L]
        `,
        'srv/www/blog/index.htm': 'posts',
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      const files = deployment.filesOf(configuration)
      for (const htaccess of htaccessFiles(configuration, files)) {
        const lines = htaccess.file.occurrences.get('directoryindex') ?? []
        const [line, ...others] = lines
        if (line === undefined || others.length > 0 || line.parent !== null) continue
        if (!htaccess.overrides.known || !htaccess.overrides.value.reads) continue
        const { directory, virtualHost } = htaccess
        const page = startPage(files, directory.replace(/(?<=.)\/$/, ''))
        const names = line.args.map(({ value }) => value)
        if (page === null || !names.every(name => /^[\w-]+\.\w+$/.test(name))) continue
        if (names.some(name => files.kind(directory + name) !== null)) continue
        const asked = { configuration, host: virtualHost }
        const url = urlOfDirectory(asked, directory)
        if (url === null || !isMissing(askHost(deployment, asked, url, { client: null }).end)) continue
        yield {
          at: argumentPlace(line, 0),
          confidence: 'medium',
          message: `\`${page}\` is there and is not among these names, none of which is, so \`${url}\` is a listing or a 403`,
        }
      }
    }
    for (const asked of hostsHolding(deployment, ['directoryindex'])) {
      const { configuration, host } = asked
      const root = directivesIn(configuration, host?.directive ?? null, 'documentroot').at(-1)?.args[0]?.value
      if (root === undefined || !root.startsWith('/') || !isSettled(root)) continue
      const files = deployment.filesOf(configuration)
      const page = startPage(files, root)
      if (page === null) continue
      const ofRoot = linesOfRoot(configuration, host, root)
      const { directives, open } =
        ofRoot.length > 0
          ? { directives: ofRoot, open: null }
          : effective(configuration, serverLevels(host), 'DirectoryIndex')
      const line = directives.at(-1)
      if (line === undefined || open !== null) continue
      const comma = line.args.find(({ value }) => value.endsWith(','))
      const names = directives.flatMap(({ args }) => args.map(({ value }) => value))
      if (comma === undefined && names.some(name => files.kind(`${root}/${name}`) !== null)) continue
      if (!isMissing(askHost(deployment, asked, '/', { client: null }).end)) continue
      yield {
        at: argumentPlace(line, comma === undefined ? 0 : line.args.indexOf(comma)),
        message: `\`${page}\` is there, and is not among these names, so \`/\` is a listing or a 403`,
        ...(comma === undefined ? {} : { help: 'part the names by blanks' }),
      }
    }
  },
})

/** The names that the section of a document root has for it, which replace those of the server. */
function linesOfRoot(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  root: string,
): readonly ApacheDirective[] {
  const sections = directivesIn(configuration, host?.directive ?? null, 'directory').filter(
    ({ args, name }) => name === 'Directory' && directoryPath(args[0]?.value ?? '') === directoryPath(root),
  )
  return sections.flatMap(({ children }) =>
    children.filter(({ name, args }) => /^directoryindex$/i.test(name) && args[0]?.value !== 'disabled'),
  )
}

/** Of a repository nobody knows what it lacks: a name that is not there may be made elsewhere. */
function isMissing(end: ReturnType<typeof askHost>['end']): boolean {
  return (
    (end.kind === 'file' && end.exists !== true) ||
    (end.kind === 'handler' && end.name === 'autoindex') ||
    (end.kind === 'response' && (end.status === 403 || end.status === 404) && !isDenied(end))
  )
}

/** The page that a directory is surely meant to begin with. */
function startPage(files: FileSystem, root: string): string | null {
  if (files.kind(root) !== 'directory') return null
  const names = (files.list(root) ?? []).flatMap(({ name, kind }) => (kind === 'file' ? [name] : []))
  return ['index.php', 'index.html', 'index.htm'].find(name => names.includes(name)) ?? null
}
