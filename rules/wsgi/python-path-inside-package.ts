import { posix } from 'node:path'
import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoProject, modWsgiMain, virtualHost } from '../_examples.ts'

const main = (path: string): string =>
  modWsgiMain(
    virtualHost(conf`
      WSGIDaemonProcess shop ${path}
      WSGIScriptAlias / /opt/shop/shop/wsgi.py process-group=shop application-group=%{GLOBAL}
      <Directory /opt/shop>
          Require all granted
      </Directory>
    `),
  )

export default defineRule({
  summary: 'python-path names the package and not the directory that holds it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Python looks for `shop/settings.py` below each directory of the path: with the package itself on it, the import fails with “No module named ‘shop’”, and every request is answered with 500.',
  remedy: 'Name the directory above, the one of `manage.py`',
  references: ['https://docs.djangoproject.com/en/stable/howto/deployment/wsgi/modwsgi/'],
  bad: [
    {
      title: 'one directory too deep',
      files: {
        'etc/apache2/apache2.conf': main('python-path=«/opt/shop/shop»'),
        ...djangoProject(),
        'opt/shop/shop/__init__.py': '',
      },
    },
  ],
  good: [
    {
      title: 'the directory of manage.py',
      files: {
        'etc/apache2/apache2.conf': main('python-path=/opt/shop'),
        ...djangoProject(),
        'opt/shop/shop/__init__.py': '',
      },
    },
    {
      title: 'both, in either order',
      files: {
        'etc/apache2/apache2.conf': main('python-path=/opt/shop/shop:/opt/shop'),
        ...djangoProject(),
        'opt/shop/shop/__init__.py': '',
      },
    },
    {
      title: 'home is on the path as well',
      files: {
        'etc/apache2/apache2.conf': main('python-path=/opt/shop/shop home=/opt/shop'),
        ...djangoProject(),
        'opt/shop/shop/__init__.py': '',
      },
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const { daemon, configuration } = application
      const script = deployment.pythonOf(application)?.script
      const option = daemon?.options.get('python-path')
      if (script?.settingsModule == null || option === undefined || !option.value.known || daemon == null)
        continue
      const home = daemon.options.get('home')
      const path = [...option.value.value.split(':'), ...script.path].map(withoutSlash)
      if (home !== undefined) path.push(home.value.known ? withoutSlash(home.value.value) : '/')
      const [name = ''] = script.settingsModule.name.split('.')
      const files = deployment.filesOf(configuration)
      const inside = path.find(
        directory => posix.basename(directory) === name && files.kind(`${directory}/__init__.py`) === 'file',
      )
      if (inside === undefined) continue
      const holds = (directory: string): boolean =>
        files.kind(`${directory}/${name}`) !== null ||
        files.kind(`${directory}/${name}.py`) !== null ||
        directory === '/'
      if (path.some(holds) || !option.value.value.includes(inside)) continue
      const at = option.valueAt
      const text = placeText(at)
      yield {
        at,
        message: `\`${inside}\` is the package \`${name}\` itself, so \`import ${script.settingsModule.name}\` fails`,
        related: [{ at: script.settingsModule.at, message: 'imported from here' }],
        ...propose('Name the directory above', 'unsafe', [
          text === inside || text === `${inside}/` ? replacePlace(at, posix.dirname(inside)) : null,
        ]),
      }
    }
  },
})

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, '')
}
