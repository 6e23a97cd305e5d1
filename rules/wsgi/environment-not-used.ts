import { posix } from 'node:path'
import type { Application, Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { modWsgiMain, virtualHost } from '../_examples.ts'

const main = (options: string): string =>
  modWsgiMain(
    virtualHost(conf`
      WSGIDaemonProcess «shop» ${options}
      WSGIScriptAlias / /srv/shop/app.wsgi process-group=shop application-group=%{GLOBAL}
      <Directory /srv/shop>
          Require all granted
      </Directory>
    `),
  )
const FILES = {
  'srv/shop/app.wsgi': conf`
    from pyramid.paster import get_app
    application = get_app("/srv/shop/production.ini", "main")
  `,
  'srv/env/pyvenv.cfg': 'home = /usr/bin',
  'srv/env/lib/python3.11/site-packages/pyramid/__init__.py': '',
}

export default defineRule({
  summary: 'A package of a virtual environment that mod_wsgi is not told of',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: 'The package that the script imports lies in a virtual environment, and neither `python-home` nor `python-path` nor the script names it: the import fails with `ModuleNotFoundError`, unless the system has the package too.',
  remedy: 'Write `python-home=` with the root of the environment on the `WSGIDaemonProcess`',
  references: ['https://modwsgi.readthedocs.io/en/master/user-guides/virtual-environments.html'],
  unproven: 'a package that the system lacks would have to be installed',
  bad: [
    {
      title: 'an environment beside',
      files: { 'etc/apache2/apache2.conf': main('python-path=/srv/shop'), ...FILES },
    },
  ],
  good: [
    {
      title: 'python-home names it',
      files: { 'etc/apache2/apache2.conf': main('python-home=/srv/env').replace(/[«»]/g, ''), ...FILES },
    },
    {
      title: 'the script adds its packages',
      files: {
        'etc/apache2/apache2.conf': main('').replace(/[«»]/g, ''),
        ...FILES,
        'srv/shop/app.wsgi': conf`
          import site
          site.addsitedir("/srv/env/lib/python3.11/site-packages")
          from pyramid.paster import get_app
          application = get_app("/srv/shop/production.ini", "main")
        `,
      },
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const { daemon, directive, configuration } = application
      if (configuration.occurrences.has('wsgipythonhome') || configuration.occurrences.has('wsgipythonpath'))
        continue
      if (daemon?.options.has('python-home')) continue
      const path = daemon?.options.get('python-path')?.value
      if (path !== undefined && (!path.known || path.value.includes('-packages'))) continue
      const found = lacking(deployment, application)
      if (found === null) continue
      yield {
        at: daemon === null ? argumentPlace(directive, 1) : argumentPlace(daemon.directive, 0),
        message: `\`${found.name}\`, which the script imports, lies in \`${found.environment}\`, and nothing names this environment`,
        help: `Write \`python-home=${found.environment}\` on the \`WSGIDaemonProcess\``,
        related: [
          { at: found.at, message: 'imported here' },
          { at: namePlace(directive), message: 'runs the script' },
        ],
      }
    }
  },
})

/** A package that the script imports and that one environment near it has. */
function lacking(deployment: Deployment, application: Application) {
  const python = deployment.pythonOf(application)
  if (python === null || python.script.open || python.script.path.some(each => each.includes('-packages')))
    return null
  const files = deployment.filesOf(application.configuration)
  const environments = environmentsNear(files, posix.dirname(python.path))
  const [only] = environments
  if (only === undefined || environments.length > 1) return null
  for (const [name, at] of python.script.packages) {
    if (hasPackage(files, only, name)) return { name, at, environment: only }
  }
  return null
}

/** The environments in the directories above, two of them, and beside those. */
function environmentsNear(files: FileSystem, directory: string): readonly string[] {
  const found = new Set<string>()
  let at = directory
  for (let step = 0; step < 3 && at !== '/'; step++, at = posix.dirname(at)) {
    for (const { name, kind } of files.list(at) ?? []) {
      const path = posix.join(at, name)
      if (kind === 'directory' && files.kind(`${path}/pyvenv.cfg`) === 'file') found.add(path)
    }
  }
  return [...found]
}

function hasPackage(files: FileSystem, environment: string, name: string): boolean {
  return (files.list(`${environment}/lib`) ?? []).some(({ name: version }) => {
    const entries = files.list(`${environment}/lib/${version}/site-packages`) ?? []
    return entries.some(
      entry =>
        entry.name === name ||
        entry.name === `${name}.py` ||
        new RegExp(`^${name}-[^-]*\\.dist-info$`, 'i').test(entry.name),
    )
  })
}
