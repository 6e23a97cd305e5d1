import { mayBeInstalled } from '../../src/deployment/django/installed-project.ts'
import { posix } from 'node:path'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { djangoProject, modWsgiMain, virtualHost } from '../_examples.ts'
import { configuredPath, holdsModule, withoutSlash } from '../_python-path.ts'

const main = (daemon: string, alias = ' process-group=shop', before = ''): string =>
  modWsgiMain(conf`
    ${before}
    ${virtualHost(conf`
      ${daemon}
      WSGIScriptAlias / /opt/shop/shop/wsgi.py${alias}
      <Directory /opt/shop>
          Require all granted
      </Directory>
    `)}
  `)
const PROJECT = {
  ...djangoProject(),
  'opt/shop/shop/__init__.py': '',
  'opt/shop/manage.py': 'print("manage")',
}
const SCRIPT = { 'srv/wiki/wiki.wsgi': 'from wiki import app as application', 'srv/wiki/wiki.py': 'app = 1' }
const wiki = (options: string): string =>
  modWsgiMain(
    virtualHost(conf`
      WSGIDaemonProcess ${options}
      WSGIScriptAlias / /srv/wiki/wiki.wsgi process-group=wiki application-group=%{GLOBAL}
      <Directory /srv/wiki>
          Require all granted
      </Directory>
    `),
  )

export default defineRule({
  summary: 'Python finds no module of the project',
  severity: 'error',
  otherSeverities: {
    warning: 'where no daemon process runs it, and the main file of the configuration is not in the audit',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_wsgi puts neither the directory of the script nor that of the project on the path of Python: the first import of the project fails with `ModuleNotFoundError`, and every request is answered with 500. That `manage.py runserver` works shows nothing, for Python puts the directory of the program that it is started with on the path.',
  remedy:
    'Write `python-path=` with the directory of the project on the `WSGIDaemonProcess`, or `WSGIPythonPath` without one',
  references: ['https://docs.djangoproject.com/en/stable/howto/deployment/wsgi/modwsgi/'],
  bad: [
    {
      title: 'the environment alone',
      files: { 'etc/apache2/apache2.conf': main('WSGIDaemonProcess «shop» threads=15'), ...PROJECT },
    },
    {
      title: 'the path of another project',
      files: {
        'etc/apache2/apache2.conf': main('WSGIDaemonProcess «shop» python-path=/opt/other'),
        ...PROJECT,
        'opt/other/': '',
      },
    },
    {
      title: 'the package of the settings, without `manage.py`',
      files: {
        'etc/apache2/apache2.conf': main('WSGIDaemonProcess «shop» threads=15'),
        ...djangoProject(),
        'opt/shop/shop/__init__.py': '',
      },
    },
    {
      title: 'a script that adds the package itself',
      files: {
        'etc/apache2/apache2.conf': main('WSGIDaemonProcess «shop» threads=15'),
        ...PROJECT,
        'opt/shop/shop/wsgi.py': conf`
          import os, sys
          sys.path.append("/opt/shop/shop")
          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
          from django.core.wsgi import get_wsgi_application
          application = get_wsgi_application()
        `,
      },
    },
    {
      title: 'a module beside the script',
      files: { 'etc/apache2/apache2.conf': wiki('«wiki»'), ...SCRIPT },
    },
    {
      title: 'the directory above a project that has the name of its package',
      files: {
        'etc/apache2/apache2.conf': main('WSGIDaemonProcess «shop» python-path=/opt'),
        ...PROJECT,
      },
    },
    {
      title: 'in the processes of Apache',
      files: {
        'etc/apache2/apache2.conf': main('', '').replace(
          '/opt/shop/shop/wsgi.py',
          '«/opt/shop/shop/wsgi.py»',
        ),
        ...PROJECT,
      },
    },
  ],
  good: [
    {
      title: 'a package beside the script that has the name of an installed one, and not its modules',
      files: {
        'etc/apache2/apache2.conf': wiki('wiki'),
        'srv/wiki/wiki.wsgi': conf`
          from django.core.wsgi import get_wsgi_application
          application = get_wsgi_application()
        `,
        'srv/wiki/django/__init__.py': '',
        'srv/wiki/django/settings.py': 'DEBUG = False',
      },
    },
    {
      title: 'python-path',
      files: {
        'etc/apache2/apache2.conf': main('WSGIDaemonProcess shop python-path=/opt/shop/'),
        ...PROJECT,
      },
    },
    {
      title: 'home, which mod_wsgi puts on the path too',
      files: { 'etc/apache2/apache2.conf': main('WSGIDaemonProcess shop home=/opt/shop'), ...PROJECT },
    },
    {
      title: 'WSGIPythonPath',
      files: { 'etc/apache2/apache2.conf': main('', '', 'WSGIPythonPath /opt/shop'), ...PROJECT },
    },
    {
      title: 'a path that a variable fills in',
      files: {
        'etc/apache2/apache2.conf': main('WSGIDaemonProcess shop python-path=${PROJECT}'),
        ...PROJECT,
      },
    },
    {
      title: 'the script adds it, in plain words and in others',
      files: {
        'etc/apache2/apache2.conf': modWsgiMain(conf`
          ${virtualHost(conf`
            WSGIDaemonProcess wiki
            WSGIProcessGroup wiki
            WSGIScriptAlias /a /srv/wiki/a.wsgi
            WSGIScriptAlias /b /srv/wiki/b.wsgi
            <Directory /srv/wiki>
                Require all granted
            </Directory>
          `)}
        `),
        'srv/wiki/wiki.py': 'app = 1',
        'srv/wiki/a.wsgi': conf`
          import sys
          sys.path.insert(0, "/srv/wiki")
          from wiki import app as application
        `,
        'srv/wiki/b.wsgi': conf`
          import os, sys
          for each in os.environ["PATHS"].split(":"):
              sys.path.append(each)
          from wiki import app as application
        `,
      },
    },
    {
      title: 'a project that can be installed',
      files: {
        'etc/apache2/apache2.conf': main('WSGIDaemonProcess shop'),
        ...PROJECT,
        'opt/shop/pyproject.toml': '[project]\nname = "shop"',
      },
    },
    {
      title: 'a module that may be missing',
      files: {
        'etc/apache2/apache2.conf': wiki('wiki'),
        'srv/wiki/wiki.py': '',
        'srv/wiki/wiki.wsgi': conf`
          try:
              import wiki
          except ImportError:
              wiki = None
          def application(environ, start_response):
              start_response("200 OK", [])
              return [b"ran"]
        `,
      },
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const path = configuredPath(application)
      const python = path === null ? null : deployment.pythonOf(application)
      if (path === null || python === null || python.script.pathIsOpen) continue
      const files = deployment.filesOf(application.configuration)
      const configured = path.map(withoutSlash)
      const lacking = projectLacking(files, configured, python)
      if (lacking === null) continue
      const { daemon, directive, configuration } = application
      const name = daemon === null ? null : argumentPlace(daemon.directive, 0)
      const isOpen = isUnknownWord(lacking.directory)
      yield {
        at: name ?? argumentPlace(directive, 1),
        // `WSGIPythonPath` of a main file does not hold for a daemon process.
        severity: configuration.main === null && daemon === null ? 'warning' : 'error',
        message: `\`${lacking.module}\` lies in \`${isOpen ? lacking.directory.slice(1) : lacking.directory}\`, which is not on the path of Python, so \`import ${lacking.module}\` fails`,
        label: name === null ? 'no WSGIPythonPath is set' : 'no path of this process holds it',
        related: [
          { at: lacking.at, message: 'imported from here' },
          ...(name === null ? [] : [{ at: namePlace(directive), message: 'runs the script' }]),
        ],
        ...propose('Add the directory of the project', 'unsafe', [
          name === null || daemon?.options.has('python-path') || isOpen
            ? null
            : insertAfter(name, ` python-path=${lacking.directory}`),
        ]),
      }
    }
  },
})

interface Lacking {
  readonly module: string
  readonly directory: string
  readonly at: Place
}

/** Where packages are installed, which a project with `manage.py` is not. */
const PACKAGES = /(?:^|-packages)\/?$/

/** True for the one directory that has the settings of `shop.settings` in it, and is called `shop`. */
function isPackageOfSettings(files: FileSystem, directory: string, name: string): boolean {
  const [module = '', ...inside] = name.split('.')
  return (
    posix.basename(directory) === module &&
    inside.length > 0 &&
    files.kind(`${directory}/__init__.py`) === 'file' &&
    files.kind(`${posix.join(directory, ...inside)}.py`) === 'file'
  )
}

/**
 * True for a directory above a project of `startproject`, which has the name of its package: without `__init__.py` it is
 * one of another sort, that has no settings.
 */
function isOuterDirectory(
  files: FileSystem,
  directory: string,
  { module, directory: project }: Lacking,
  settings: { readonly name: string } | null,
): boolean {
  const [, ...inside] = settings?.name.split('.') ?? []
  const outer = posix.join(directory, module)
  const path = posix.join(outer, ...inside)
  return (
    inside.length > 0 &&
    outer === project &&
    files.kind(`${outer}.py`) === null &&
    files.kind(`${outer}/__init__.py`) === null &&
    files.kind(`${path}.py`) === null &&
    files.kind(path) === null
  )
}

/** False where the package beside the script is another one of this name: it lacks what is imported of it. */
function holdsAll(
  files: FileSystem,
  directory: string,
  module: string,
  imported: ReadonlySet<string>,
): boolean {
  return [...imported].every(
    name =>
      !name.startsWith(`${module}.`) ||
      holdsModule(
        files,
        posix.join(directory, ...name.split('.').slice(0, -1)),
        name.split('.').at(-1) ?? '',
      ),
  )
}

/** A module that lies beside the script or, of a project of Django, beside `manage.py`, and on no path. */
function projectLacking(
  files: FileSystem,
  configured: readonly string[],
  { path: script, script: said }: NonNullable<ReturnType<Deployment['pythonOf']>>,
): Lacking | null {
  const beside = posix.dirname(script)
  const project = posix.dirname(beside)
  const settings = said.settingsModule
  const candidates: Lacking[] = []
  if (settings !== null) {
    const [module = ''] = settings.name.split('.')
    for (const directory of [project, beside])
      if (files.kind(`${directory}/manage.py`) === 'file')
        candidates.push({ module, directory, at: settings.at })
    // The script lies in the package of its settings: what `startproject` makes, without `manage.py`.
    if (candidates.length === 0 && isPackageOfSettings(files, beside, settings.name))
      candidates.push({ module, directory: project, at: settings.at })
  } else {
    for (const [module, at] of said.packages)
      if (said.demanded.has(module) && holdsAll(files, beside, module, said.imported))
        candidates.push({ module, directory: beside, at })
  }
  const found = candidates.find(({ module, directory }) => holdsModule(files, directory, module))
  if (found === undefined) return null
  const { module, directory } = found
  if (mayBeInstalled(files, directory)) return null
  const path = [...configured, ...said.path.map(withoutSlash)]
  if (path.some(each => holdsModule(files, each, module) && !isOuterDirectory(files, each, found, settings)))
    return null
  // The package itself in `python-path` is another fault, `python-path-inside-package`.
  if (configured.includes(`${directory}/${module}`)) return null
  // A directory of the path that is not in the audit may hold a copy.
  return path.some(each => !PACKAGES.test(each) && files.kind(each) === null && !files.covers(each))
    ? null
    : found
}
