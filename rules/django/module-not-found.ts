import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { type DjangoSettings, projectDirectory } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { isIgnored } from '../containers/_copied-sources.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { mayBeInstalled } from '../../src/deployment/django/installed-project.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { entryPlace, settingTexts, settingValue } from './_setting-entries.ts'

const project = (settings: string, more: Record<string, string> = {}): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org"]
      ROOT_URLCONF = "shop.urls"
      ${settings}
    `,
  }),
  'web/manage.py': conf`import os`,
  'web/shop/urls.py': conf`urlpatterns = []`,
  'web/shop/log.py': conf`
    class Log:
        def __init__(self, get_response):
            self.get_response = get_response
        def __call__(self, request):
            return self.get_response(request)
  `,
  ...more,
})

export default defineRule({
  summary: 'Settings of Django name a module that the project does not have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Django imports what its settings name: middleware and applications when it starts, the URLs with the first request. A file that was renamed or moved, or a name that is misspelt, ends every worker with `ModuleNotFoundError`, which nginx shows as 502, or every request with 500.',
  remedy: 'Name the module as it lies in the project',
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#root-urlconf'],
  bad: [
    {
      title: 'the URLs of a package that was renamed',
      files: {
        ...project(''),
        'web/requirements.txt': 'Django==5.2.1\ngunicorn==23.0.0\n',
        'web/shop/settings.py': conf`
          ALLOWED_HOSTS = ["example.org"]
          ROOT_URLCONF = «"mysite.urls"»
        `,
      },
    },
    { title: 'middleware', files: project('MIDDLEWARE = [«"shop.logging.Log"»]') },
    {
      title: 'in one of the lists that are put together',
      files: project(conf`
        OWN = [
            "shop.log.Log",
            «"shop.logging.Log"»,
        ]
        MIDDLEWARE = ["django.middleware.common.CommonMiddleware"] + OWN
        MIDDLEWARE += ["django.middleware.csrf.CsrfViewMiddleware"]
      `),
    },
    {
      title: 'middleware without the package that it lies in',
      files: project('MIDDLEWARE = ["shop.log.Log", «"core.pages.Redirect"»]', {
        'web/shop/core/__init__.py': '',
        'web/shop/core/pages.py': 'class Redirect: ...\n',
      }),
    },
    {
      title: 'the URLs',
      files: {
        ...project(''),
        'web/shop/settings.py': conf`
          ALLOWED_HOSTS = ["example.org"]
          ROOT_URLCONF = «"shop.url"»
        `,
      },
    },
    {
      title: 'an application',
      files: project('INSTALLED_APPS = ["django.contrib.contenttypes", «"shop.orders.apps.OrdersConfig"»]', {
        'web/shop/orders/__init__.py': '',
      }),
    },
    {
      title: 'a context processor',
      files: project(conf`
        TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"context_processors": [«"shop.context.basket"»]},
            },
        ]
      `),
    },
  ],
  good: [
    {
      title: 'the URLs of a package that is installed',
      files: {
        ...project(''),
        'web/requirements.txt': 'Django==5.2.1\nMy-Site==1.0\n',
        'web/shop/settings.py': conf`
          ALLOWED_HOSTS = ["example.org"]
          ROOT_URLCONF = "my_site.urls"
        `,
      },
    },
    {
      title: 'a package that is installed, and of whose name the project has a file',
      files: project('INSTALLED_APPS = ["shop.orders", "pipeline"]', {
        'web/requirements.txt': 'django-pipeline==4.0\n',
        'web/shop/orders/__init__.py': '',
        'web/shop/pipeline.py': 'PIPELINE = {}\n',
      }),
    },
    {
      title: 'modules of a directory that the settings put on the path',
      files: project(
        conf`
          import os, sys
          sys.path.insert(0, os.path.dirname(__file__))
          MIDDLEWARE = ["shop.log.Log", "core.pages.Redirect"]
        `,
        { 'web/shop/core/__init__.py': '', 'web/shop/core/pages.py': 'class Redirect: ...\n' },
      ),
    },
    {
      title: 'modules that are copied from samples, and one that git leaves out',
      files: project('INSTALLED_APPS = ["shop.keys"]\nMIDDLEWARE = ["shop.log_local.Log", "shop.own.Own"]', {
        'web/shop/log_local_example.py': 'class Log: ...\n',
        'web/shop/keys.sample.py': '',
        'web/.gitignore': '/shop/own.py\n',
      }),
    },
    { title: 'middleware of the project', files: project('MIDDLEWARE = ["shop.log.Log"]') },
    {
      title: 'a directory that is no package',
      files: project('INSTALLED_APPS = ["shop.orders"]', { 'web/shop/orders/models.py': '' }),
    },
    {
      title: 'a module of a package that is installed',
      files: project('MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware"]'),
    },
    {
      title: 'a module that was compiled',
      files: project('MIDDLEWARE = ["shop.guard.Guard"]', {
        'web/shop/guard.cpython-312-x86_64-linux-gnu.so': '',
      }),
    },
    {
      title: 'a package that lies in several places',
      files: project('MIDDLEWARE = ["shop.guard.Guard"]', {
        'web/shop/__init__.py': '__path__ = __import__("pkgutil").extend_path(__path__, __name__)\n',
      }),
    },
    {
      title: 'a part of a project, without its `manage.py`',
      files: djangoBehindNginx({
        settings: conf`
          ALLOWED_HOSTS = ["example.org"]
          ROOT_URLCONF = "shop.urls"
        `,
      }),
    },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) {
      const directory = projectDirectory(settings)
      // Where it lies the project is whole, and not some files of it.
      if (directory === null || files.kind(posix.join(directory, 'manage.py')) !== 'file') continue
      for (const { name, written, module, at, outcome } of namedModules(settings)) {
        const inside =
          outsideOfPackage(settings, files, directory, module) ??
          (name === 'ROOT_URLCONF' ? ofOwnPackage(settings, files, directory, module) : null)
        if (at === null || (inside === null && !isMissing(files, directory, module))) continue
        yield {
          at,
          ...(inside !== null && { help: `Write \`${inside}\`` }),
          message: `the project has no module \`${module}\`, so ${outcome}: No module named '${module}'`,
          label: written === module ? 'no such module' : `no module of this name`,
        }
      }
    }
  },
})

interface NamedModule {
  /** The setting. */
  readonly name: string
  readonly written: string
  readonly module: string
  readonly at: Place | null
  readonly outcome: string
}

function* namedModules(settings: DjangoSettings): Iterable<NamedModule> {
  const urls = settingValue(settings, 'ROOT_URLCONF')
  if (typeof urls === 'string')
    yield {
      name: 'ROOT_URLCONF',
      written: urls,
      module: urls,
      at: entryPlace(settings, 'ROOT_URLCONF', [], 'value'),
      outcome: 'every request is answered with 500',
    }
  for (const name of ['INSTALLED_APPS', 'MIDDLEWARE'] as const) {
    for (const [index, text] of (settingTexts(settings, name) ?? []).entries()) {
      if (text === null) continue
      yield {
        name,
        written: text,
        module: name === 'MIDDLEWARE' ? withoutLast(text) : text.replace(/\.[A-Z]\w*$/, ''),
        at: entryPlace(settings, name, [index], 'value'),
        outcome: 'Django does not start',
      }
    }
  }
  const engines = settingValue(settings, 'TEMPLATES')
  for (const [index, engine] of (Array.isArray(engines) ? (engines as readonly unknown[]) : []).entries()) {
    const options: unknown = engine instanceof Map ? engine.get('OPTIONS') : undefined
    const processors: unknown = options instanceof Map ? options.get('context_processors') : undefined
    for (const [each, text] of (Array.isArray(processors)
      ? (processors as readonly unknown[])
      : []
    ).entries())
      if (typeof text === 'string')
        yield {
          name: 'TEMPLATES',
          written: text,
          module: withoutLast(text),
          at: entryPlace(settings, 'TEMPLATES', [index, 'OPTIONS', 'context_processors', each], 'value'),
          outcome: 'every page of a template is answered with 500',
        }
  }
}

function withoutLast(dotted: string): string {
  return dotted.replace(/\.?\w+$/, '')
}

/**
 * The package of the project inside of which a module lies that is named as if it lay beside it: `core.middleware` of
 * `shop/core/middleware.py`; null where it may be found by that name.
 */
function outsideOfPackage(
  settings: DjangoSettings,
  files: FileSystem,
  directory: string,
  module: string,
): string | null {
  const [own = '', ...others] = settings.module.split('.')
  const [first = ''] = module.split('.')
  if (others.length === 0 || first === '' || first === own) return null
  const there = (files.list(directory) ?? []).some(
    ({ name }) => name === first || name.startsWith(`${first}.`),
  )
  const path = posix.join(directory, own, module.replaceAll('.', '/'))
  const lies = files.kind(`${path}.py`) === 'file' || files.kind(posix.join(path, '__init__.py')) === 'file'
  if (there || !lies || mayBeInstalled(files, directory) || isListed(files, directory, first)) return null
  // The project names others of its modules with the package in front, and puts nothing else on the path.
  const isUsual = ['INSTALLED_APPS', 'MIDDLEWARE'].some(name =>
    settingTexts(settings, name)?.some(text => text?.startsWith(`${own}.`) === true),
  )
  const mayBeOnPath = [...settings.files, posix.join(directory, 'manage.py')].some(each =>
    /sys\.path|site\.addsitedir/.test(sourceAt(files, each)?.code ?? 'sys.path'),
  )
  return isUsual && !mayBeOnPath ? `${own}.${module}` : null
}

/** Files in which a package that is installed would stand. */
const REQUIREMENTS =
  /^(?:requirements.*\.(?:txt|in)|Pipfile|pyproject\.toml|setup\.(?:py|cfg)|poetry\.lock|uv\.lock)$/

/** The URLs of the project, where the first part of the name is a package that nothing has: the project was renamed. */
function ofOwnPackage(
  settings: DjangoSettings,
  files: FileSystem,
  directory: string,
  module: string,
): string | null {
  const [own = '', ...others] = settings.module.split('.')
  const [first = '', ...rest] = module.split('.')
  if (others.length !== 1 || rest.length === 0 || first === own || first === '') return null
  const names = (files.list(directory) ?? []).map(({ name }) => name)
  if (names.some(name => name === first || name.startsWith(`${first}.`))) return null
  if (files.kind(`${posix.join(directory, own, ...rest)}.py`) !== 'file') return null
  // A package that is installed may have it: one that stands in no list of them is not.
  const isInstalled = isListed(files, directory, first) ?? true
  const scripts = [...settings.files, posix.join(directory, 'manage.py')]
  const mayBeOnPath = scripts.some(each =>
    /sys\.path|site\.addsitedir/.test(sourceAt(files, each)?.code ?? 'sys.path'),
  )
  return isInstalled || mayBeOnPath ? null : [own, ...rest].join('.')
}

/** True where a list of packages names one like this, or leads to other lists; null without a list. */
function isListed(files: FileSystem, directory: string, name: string): boolean | null {
  const lists = (files.list(directory) ?? []).filter(each => REQUIREMENTS.test(each.name))
  if (lists.length === 0) return null
  return lists.some(list => {
    const text = sourceAt(files, posix.join(directory, list.name))?.code.toLowerCase().replaceAll('-', '_')
    return text === undefined || text.includes(name.toLowerCase()) || /^\s*_[re]\b/m.test(text)
  })
}

/** What is kept to be copied to the module: `urls_example.py`. */
const SAMPLE = /[._-](?:example|sample|dist|template|default)s?(?:\.|$)/

/** True where a package of the project surely lacks a module; what another package has is not known. */
function isMissing(files: FileSystem, directory: string, module: string): boolean {
  let here = directory
  for (const [level, part] of module.split('.').entries()) {
    if (part === '') return false
    const names = files.list(here) ?? []
    const isFile = names.some(({ name, kind }) => kind !== 'directory' && name.startsWith(`${part}.`))
    const isDirectory = files.kind(posix.join(here, part)) === 'directory'
    if (!isFile && !isDirectory)
      return (
        level > 0 &&
        !names.some(({ name }) => name.startsWith(part) && SAMPLE.test(name)) &&
        !isIgnored(posix.join(here, `${part}.py`), files)
      )
    if (!isDirectory) return false
    here = posix.join(here, part)
    // Without one it may lie in several places, as it may where one says so.
    const script = sourceAt(files, posix.join(here, '__init__.py'))
    if (script === null || /__path__|pkgutil|pkg_resources/.test(script.code)) return false
  }
  return false
}
