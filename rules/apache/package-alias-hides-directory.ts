import { posix } from 'node:path'
import { askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { apacheMain } from '../_examples.ts'

const tree = (alias: string, lines = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName localhost
      ${alias}
      <Directory /usr/share/apache2/icons>
          Require all granted
      </Directory>
      <Directory /srv/www>
          Require all granted
      </Directory>
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    ['alias', 'authz_core', 'dir'],
  ),
  'srv/www/icons/logo.png': 'a logo\n',
})

export default defineRule({
  summary: 'An Alias of the package hides a directory of the site',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Packages bring an `Alias` for all virtual hosts: `/icons/` for the pictures of listings, `/javascript`, `/manual`. httpd maps aliases before it looks into the document root, so that a directory of the site with that name is never found: its files are answered with 404, or with those of the package.',
  remedy:
    'Call the directory otherwise, or disable what brings the `Alias`: `a2disconf javascript-common`, or the line itself',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_alias.html#order'],
  bad: [{ title: 'the pictures of listings', files: tree('Alias «/icons/» "/usr/share/apache2/icons/"') }],
  good: [
    { title: 'another directory', files: tree('Alias /manual/ "/usr/share/doc/apache2-doc/manual/"') },
    {
      title: 'an alias of the site comes before it',
      files: tree('Alias /icons/ "/usr/share/apache2/icons/"', 'Alias /icons/ /srv/www/icons/'),
    },
    {
      title: 'an alias to the files of the site',
      files: tree('Alias /icons/ "/srv/collected/icons/"'),
    },
  ],
  *check(deployment) {
    for (const asked of askedHosts(deployment)) {
      const { configuration } = asked
      const lines = (configuration.occurrences.get('alias') ?? []).filter(
        line => OF_PACKAGES.test(line.args[1]?.value ?? '') && virtualHostOf(configuration, line) === null,
      )
      const root = lines.length === 0 ? null : documentRoot(asked)
      if (root === null || !root.known) continue
      const files = deployment.filesOf(configuration)
      for (const line of lines) {
        const url = (line.args[0]?.value ?? '').replace(/\/$/, '')
        const directory = posix.join(fromBytes(root.value), url)
        const file = /^\/[\w-]+$/.test(url)
          ? files.list(directory)?.find(({ name, kind }) => kind === 'file' && /^[\w.-]+$/.test(name))
          : undefined
        if (file === undefined || files.kind(posix.join(line.args[1]?.value ?? '', file.name)) === 'file')
          continue
        const path = `${url}/${file.name}`
        if (!askHost(deployment, asked, path).steps.some(({ directive }) => directive === line)) continue
        yield {
          at: argumentPlace(line, 0),
          message: `\`${path}\` is looked for in \`${line.args[1]?.value}\`, and \`${directory}\` has it`,
          label: 'comes before the document root',
        }
      }
    }
  },
})

/** Directories that belong to packages. */
const OF_PACKAGES = /^\/usr\/(?:share|lib)\//
