import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { effective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
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

export default defineRule({
  summary: 'DirectoryIndex names none of the start pages that are there',
  severity: 'warning',
  confidence: 'high',
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
  ],
  good: [
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
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['directoryindex'])) {
      const { configuration, host } = asked
      const root = directivesIn(configuration, host?.directive ?? null, 'documentroot').at(-1)?.args[0]?.value
      if (root === undefined || !root.startsWith('/') || !isSettled(root)) continue
      const files = deployment.filesOf(configuration)
      const page = startPage(files, root)
      if (page === null) continue
      const { directives, open } = effective(configuration, serverLevels(host), 'DirectoryIndex')
      const line = directives.at(-1)
      if (line === undefined || open !== null) continue
      const comma = line.args.find(({ value }) => value.endsWith(','))
      const names = directives.flatMap(({ args }) => args.map(({ value }) => value))
      if (comma === undefined && names.some(name => files.kind(`${root}/${name}`) !== null)) continue
      const { end } = askHost(deployment, asked, '/', { client: null })
      // Of a repository nobody knows what it lacks: a name that is not there may be made elsewhere.
      const isMissing =
        (end.kind === 'file' && end.exists !== true) ||
        (end.kind === 'handler' && end.name === 'autoindex') ||
        (end.kind === 'response' &&
          (end.status === 403 || end.status === 404) &&
          end.reason !== 'access is denied')
      if (!isMissing) continue
      yield {
        at: argumentPlace(line, comma === undefined ? 0 : line.args.indexOf(comma)),
        message: `\`${page}\` is there, and is not among these names, so \`/\` is a listing or a 403`,
        ...(comma === undefined ? {} : { help: 'part the names by blanks' }),
      }
    }
  },
})

/** The page that a directory is surely meant to begin with. */
function startPage(files: FileSystem, root: string): string | null {
  if (files.kind(root) !== 'directory') return null
  const names = (files.list(root) ?? []).flatMap(({ name, kind }) => (kind === 'file' ? [name] : []))
  return ['index.php', 'index.html', 'index.htm'].find(name => names.includes(name)) ?? null
}
