import { posix } from 'node:path'
import { mayBeInstalled } from '../../src/deployment/django/installed-project.ts'
import { isKeptByGit } from '../../src/deployment/is-absent.ts'
import type { PythonFacts } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { djangoInApache } from '../django/_examples.ts'
import { apacheMain } from '../_examples.ts'
import { configuredPath, holdsModule, withoutSlash } from '../_python-path.ts'

const script = (module: string, lines = ''): string => conf`
  import os
  ${lines}
  from django.core.wsgi import get_wsgi_application
  os.environ.setdefault("DJANGO_SETTINGS_MODULE", ${module})
  application = get_wsgi_application()
`
const tree = (module: string, files: Record<string, string> = {}, lines = ''): Record<string, string> => ({
  ...djangoInApache({}),
  'opt/shop/shop/wsgi.py': script(module, lines),
  ...files,
})

export default defineRule({
  summary: 'The WSGI script names settings that are not there',
  severity: 'error',
  otherSeverities: { warning: 'where the main file of the configuration is not in the audit' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The script names the settings as a module, and Python looks for it below the directories of its path. Where no file has that name, as after a project was renamed or its settings were parted, every request is answered with 500: `ModuleNotFoundError: No module named …`.',
  remedy: 'Name the module of the settings as it lies below the directory of the project: `shop.settings`',
  references: [
    'https://docs.djangoproject.com/en/stable/topics/settings/#designating-the-settings',
    'https://docs.djangoproject.com/en/stable/howto/deployment/wsgi/modwsgi/',
  ],
  bad: [
    { title: 'a module below one that is no package', files: tree('«"shop.settings.production"»') },
    {
      title: 'a module below one that is no package, in a checkout',
      files: tree('«"shop.settings.production"»', { 'opt/shop/.gitignore': conf`*.pyc` }),
    },
    { title: 'a module that nobody wrote', files: tree('«"shop.setings"»') },
    {
      title: 'a file that the package of the settings does not have',
      files: tree('«"shop.settings.prod"»', {
        'opt/shop/shop/settings.py': '',
        'opt/shop/shop/settings/__init__.py': '',
        'opt/shop/shop/settings/production.py': 'DEBUG = False\n',
      }),
    },
    { title: 'the name that the project had before', files: tree('«"mysite.settings"»') },
  ],
  good: [
    { title: 'the settings', files: tree('"shop.settings"') },
    {
      title: 'settings in a package',
      files: tree('"shop.settings.production"', {
        'opt/shop/shop/settings/__init__.py': '',
        'opt/shop/shop/settings/production.py': 'DEBUG = False\n',
      }),
    },
    {
      title: 'a directory that the script adds to the path, and that the audit lacks',
      files: tree('"mysite.settings"', {}, 'import sys; sys.path.insert(0, os.environ["PROJECT"])'),
    },
    {
      title: 'settings that git leaves out',
      files: tree('"shop.local_settings"', { '.gitignore': conf`local_settings.py` }),
    },
    {
      title: 'a project that is installed among the packages',
      files: tree('"mysite.settings"', {
        'opt/shop/setup.py': conf`from setuptools import setup`,
      }),
    },
    {
      title: 'the script of a project without anything else of it',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            WSGIDaemonProcess shop python-path=/srv/shop
            WSGIScriptAlias / /srv/shop/shop/wsgi.py process-group=shop application-group=%{GLOBAL}
          `,
          ['wsgi'],
        ),
        'srv/shop/shop/wsgi.py': script('"shop.settings"'),
        'srv/shop/requirements.txt': 'Django==4.2\n',
      },
    },
    {
      title: 'settings that are compiled',
      files: tree('"shop.production"', { 'opt/shop/shop/production.so': '' }),
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const path = configuredPath(application)
      const python = path === null ? null : deployment.pythonOf(application)
      const named = python?.script.settingsModule ?? null
      if (path === null || python === null || named === null) continue
      if (python.settings !== null || python.script.pathIsOpen) continue
      const files = deployment.filesOf(application.configuration)
      const searched = [...path, ...python.script.path].map(withoutSlash)
      const lacking = lackingIn(files, searched, named.name, python)
      if (lacking === null) continue
      yield {
        at: named.at,
        severity: application.configuration.main === null ? 'warning' : 'error',
        message: `\`${lacking}\` is not there, so every request is answered with 500: No module named '${lacking}'`,
        label: 'no such settings',
        related: [{ at: argumentPlace(application.directive, 1), message: 'runs the script' }],
      }
    }
  },
})

/** The first part of a dotted name that Python surely does not find; null where it is there, or may be elsewhere. */
function lackingIn(
  files: FileSystem,
  searched: readonly string[],
  module: string,
  python: PythonFacts,
): string | null {
  const [first = '', ...rest] = module.split('.')
  const home = searched.find(each => holdsModule(files, each, first))
  if (home === undefined) return isFormerName(files, searched, rest, python) ? first : null
  // Git may leave settings out, but none that would lie below a module.
  const mayBeIgnored = isKeptByGit(files) || isKeptByGit(files, home)
  let at = posix.join(home, first)
  let name = first
  for (const part of rest) {
    name += `.${part}`
    const entries = files.list(at)
    if (entries === null) return files.kind(`${at}.py`) === 'file' ? name : null
    if (!entries.some(each => each.name === part || each.name.startsWith(`${part}.`)))
      return mayBeIgnored || isExcerpt(files, at, python) ? null : name
    at = posix.join(at, part)
  }
  return null
}

/** True for a package of which only the script was brought: what else the project has there, nobody sees. */
function isExcerpt(files: FileSystem, directory: string, { path }: PythonFacts): boolean {
  const others = (files.list(directory) ?? []).filter(
    ({ name, kind }) => (kind === 'directory' || name.endsWith('.py')) && name !== '__pycache__',
  )
  return others.every(({ name }) => posix.join(directory, name) === path)
}

/** True where no directory of the path has the package, and that of the script has such settings: it was renamed. */
function isFormerName(
  files: FileSystem,
  searched: readonly string[],
  rest: readonly string[],
  { path }: PythonFacts,
): boolean {
  const own = posix.dirname(path)
  const project = posix.dirname(own)
  return (
    rest.length > 0 &&
    searched.includes(project) &&
    searched.every(each => files.list(each) !== null) &&
    files.kind(`${posix.join(own, ...rest)}.py`) === 'file' &&
    !mayBeInstalled(files, project)
  )
}
