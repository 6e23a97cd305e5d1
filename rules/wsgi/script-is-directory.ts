import { posix } from 'node:path'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { modWsgiMain } from '../_examples.ts'

const MAIN = modWsgiMain()
const tree = (alias: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': `${MAIN}${conf`
    <VirtualHost *:9000>
        ServerName example.org
        WSGIDaemonProcess app
        WSGIScriptAlias ${alias} process-group=app
        <Directory /etc/app>
            Require all granted
        </Directory>
    </VirtualHost>
  `}`,
  'etc/app/shop/__init__.py': '',
  'etc/app/shop/settings.py': conf`DEBUG = False`,
  'etc/app/shop/wsgi.py': conf`
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"shop"]
  `,
})

export default defineRule({
  summary: 'WSGIScriptAlias names the directory of a script in place of the script',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Behind the name of a directory mod_wsgi looks for the first part of the path: `/` is 404 or 403, `/shop/` is looked for as a file `shop`, and `/settings.py` runs the settings as a script. The application answers at `/wsgi.py/` alone.',
  remedy: 'Name the file: `WSGIScriptAlias / /srv/shop/shop/wsgi.py`',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIScriptAlias.html'],
  bad: [
    { title: 'the package of a project', files: tree('/ «/etc/app/shop»') },
    { title: 'with a slash at its end', files: tree('/ «/etc/app/shop/»') },
    {
      title: 'the directory that holds the package',
      files: tree('/ «/etc/app»'),
    },
  ],
  good: [
    { title: 'the script', files: tree('/ /etc/app/shop/wsgi.py') },
    {
      title: 'a directory of scripts below a path of its own',
      files: tree('/scripts/ /etc/app/shop/'),
    },
    { title: 'a directory of which nothing is known', files: tree('/ /srv/other') },
  ],
  *check({ applications, filesOf }) {
    for (const { alias, configuration, directive } of applications) {
      if (alias.regex || !alias.script.known || directive.args[0]?.value !== '/') continue
      const written = alias.script.value
      const script = scriptBelow(filesOf(configuration), written)
      if (script === null) continue
      yield {
        at: argumentPlace(directive, 1),
        message: `\`${written}\` is a directory, so the application answers at \`/${posix.relative(written, script)}/\` alone, and not at \`/\``,
        label: 'no script',
        help: `Write \`${script}\``,
      }
    }
  },
})

/** The one `wsgi.py` in a directory or in a package of it; null where there is none, or several. */
function scriptBelow(files: FileSystem, directory: string): string | null {
  if (files.kind(directory) !== 'directory') return null
  const own = posix.join(directory, 'wsgi.py')
  if (files.kind(own) === 'file') return own
  const inside = (files.list(directory) ?? [])
    .map(({ name }) => posix.join(directory, name, 'wsgi.py'))
    .filter(path => files.kind(path) === 'file')
  return inside.length === 1 ? (inside[0] ?? null) : null
}
