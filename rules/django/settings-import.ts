import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { isDjangoAtLeast } from '../../src/deployment/django/django-version.ts'
import { importedFile, importedNames, moduleOfProject } from '../../src/deployment/django/imported-names.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import { type DjangoSettings, projectDirectory } from '../../src/deployment/django/settings.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { djangoBehindProxyPass } from './_examples.ts'
import { modelsBehind, OF_DJANGO } from './_models-behind.ts'

const project = (settings: string, files: Record<string, string> = {}): Record<string, string> => ({
  ...djangoBehindProxyPass(
    conf`
      ${settings}
      ALLOWED_HOSTS = ["example.org", "127.0.0.1"]
      ROOT_URLCONF = "shop.urls"
    `,
    '',
    { tls: false },
  ),
  'opt/shop/manage.py': 'import django\n',
  'opt/shop/requirements.txt': 'Django==4.2.11\n',
  'opt/shop/shop/urls.py': 'urlpatterns = []\n',
  ...files,
})

const ORDERS = {
  'opt/shop/orders/__init__.py': '',
  'opt/shop/orders/models.py': conf`
    from django.db import models

    class Order(models.Model):
        paid = models.BooleanField()
  `,
}

export default defineRule({
  summary: 'An import of the settings fails',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Django reads its settings before everything else. Models need them, so a settings file that imports models, or what imports models, ends in `AppRegistryNotReady`. Python 3 looks for `base` of `from base import *` where it was started, and not beside the file that says so. And some functions are looked for where Django never had them: `get_random_secret_key` is in `django.core.management.utils`. No worker boots.',
  remedy:
    'Name models by their text, such as `"orders.Order"`, import them in functions, and begin the name of a module beside the file with a dot',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/applications/#troubleshooting',
    'https://docs.python.org/3/reference/import.html#package-relative-imports',
  ],
  bad: [
    { title: 'models of Django', files: project('from «django.contrib.sites.models» import Site') },
    { title: 'models of the project', files: project('from orders.models import «Order»', ORDERS) },
    {
      title: 'a module that leads to models',
      files: project('from orders.prices import «rate»', {
        ...ORDERS,
        'opt/shop/orders/prices.py': conf`
          from .models import Order
          rate = 2
        `,
      }),
    },
    {
      title: 'a file beside the settings, without its dot',
      files: project('from «base» import *', { 'opt/shop/shop/base.py': 'DEBUG = False\n' }),
    },
    {
      title: 'a function where Django never had it',
      files: project('from django.core.management import «get_random_secret_key»'),
    },
  ],
  good: [
    {
      title: 'a module without models',
      files: project('from orders.prices import rate', {
        'opt/shop/orders/__init__.py': '',
        'opt/shop/orders/prices.py': 'rate = 2\n',
      }),
    },
    {
      title: 'a file beside the settings',
      files: project('from .base import *', { 'opt/shop/shop/base.py': 'DEBUG = False\n' }),
    },
    {
      title: 'a module where the server is started',
      files: project('from base import *', {
        'opt/shop/base.py': 'DEBUG = False\n',
        'opt/shop/shop/base.py': 'DEBUG = False\n',
      }),
    },
    {
      title: 'a directory that the script adds',
      files: project('from base import *', {
        'opt/shop/shop/base.py': 'DEBUG = False\n',
        'opt/shop/shop/wsgi.py': conf`
          import os
          import sys
          sys.path.insert(0, "/opt/shop/shop")
          from django.core.wsgi import get_wsgi_application
          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
          application = get_wsgi_application()
        `,
      }),
    },
    {
      title: 'the function where it is',
      files: project('from django.core.management.utils import get_random_secret_key'),
    },
    {
      title: 'models that are imported when a function is called',
      files: project(
        conf`
          def rate():
              from orders.models import Order
              return Order.objects.count()
        `,
        ORDERS,
      ),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const loaded = deployment.moduleOf(program)
      if (loaded?.settings == null) continue
      const { container, files } = program.machine
      const fileSystem = container?.files ?? files
      yield* needingModels(loaded.settings, fileSystem)
      yield* neverThere(loaded.settings, fileSystem)
      yield* besideFile(loaded, loaded.settings, fileSystem)
    }
  },
})

interface Fault {
  readonly at: Place
  readonly message: string
  readonly label: string
  readonly help: string
}

/** Parts of Django that import models themselves. */
const WITH_MODELS: ReadonlySet<string> = new Set([
  'django.contrib.auth.backends',
  'django.contrib.auth.forms',
  'django.contrib.auth.admin',
])

function* needingModels(settings: DjangoSettings, files: FileSystem): Iterable<Fault> {
  const settingsFiles = ownFiles(settings)
  for (const path of settingsFiles) {
    for (const imported of importedNames(files, path)) {
      const own = OF_DJANGO.test(imported.module) || WITH_MODELS.has(imported.module) ? imported.module : null
      const next = own === null ? importedFile(files, settings, path, imported) : null
      const models =
        own ??
        (next === null || settingsFiles.has(next)
          ? null
          : modelsBehind(files, settings, next, new Set(settingsFiles)))
      if (models === null) continue
      const { source } = imported.at
      const start = source.text.lastIndexOf(imported.module, imported.at.start)
      const isModule = own !== null && start !== -1
      yield {
        at: isModule ? { source, start, end: start + imported.module.length } : imported.at,
        message: `this ${own === null ? `leads to \`${models}\`` : 'needs models'}, which need the settings, so Django does not start: AppRegistryNotReady: Apps aren't loaded yet`,
        label: 'models before the settings',
        help: 'Name a model by a text, or import it in the function that needs it',
      }
    }
  }
}

/** The files of which all names are settings, and not those of modules that they import something of. */
function ownFiles({ files, starImports }: DjangoSettings): ReadonlySet<string> {
  return new Set([...files.slice(0, 1), ...starImports.flatMap(({ found }) => found ?? [])])
}

/** Where each is, and where people look for it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'django.core.management.get_random_secret_key': 'django.core.management.utils',
  'django.utils.crypto.get_random_secret_key': 'django.core.management.utils',
  'django.conf.urls.path': 'django.urls',
  'django.urls.url': 'django.urls, as `re_path`',
}

function* neverThere(settings: DjangoSettings, files: FileSystem): Iterable<Fault> {
  for (const path of ownFiles(settings)) {
    for (const { module, name, at } of importedNames(files, path)) {
      const where = name === null ? undefined : ELSEWHERE[`${module}.${name}`]
      if (where === undefined) continue
      yield {
        at,
        message: `\`${module}\` has no \`${name}\`, so the settings cannot be loaded: ImportError: cannot import name '${name}'`,
        label: 'not there',
        help: `Import it from \`${where}\``,
      }
    }
  }
}

/** `from base import *` for `base.py` of the same directory, which Python 2 took so. */
function* besideFile(loaded: LoadedModule, settings: DjangoSettings, files: FileSystem): Iterable<Fault> {
  const { searchPath, script, module } = loaded
  if (searchPath === null || script === null || script.pathIsOpen) return
  for (const { module: imported, from, found, conditional, at } of settings.starImports) {
    const directory = posix.dirname(from)
    if (conditional || found === null || !/^\w+$/.test(imported)) continue
    if (posix.dirname(found) !== directory || [...searchPath, ...script.path].includes(directory)) continue
    if (isPathChanged(settings, files) || isDjangoAtLeast('2.0', settings, files) !== true) continue
    if (moduleOfProject(files, settings, imported) !== null) continue
    yield {
      at,
      message: `Python looks for \`${imported}\` in ${searchPath.map(each => `\`${each}\``).join(', ')}, and not beside this file, so \`${module}\` cannot be loaded: No module named '${imported}'`,
      label: 'no dot before it',
      help: `Write \`from .${imported} import *\``,
    }
  }
}

/** True where the settings, or what starts them by hand, say where Python looks besides. */
function isPathChanged(settings: DjangoSettings, files: FileSystem): boolean {
  const directory = projectDirectory(settings)
  return [...settings.files, ...(directory === null ? [] : [posix.join(directory, 'manage.py')])].some(path =>
    /\bsys\b[^\n]*\bpath\b|addsitedir/.test(sourceAt(files, path)?.code ?? ''),
  )
}
