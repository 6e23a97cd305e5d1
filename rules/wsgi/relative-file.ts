import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Application, Deployment, PythonFacts } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { djangoProject, modWsgiMain, virtualHost, wsgiApplication } from '../_examples.ts'
import { loadedFiles } from '../app-server/_loaded-files.ts'
import { assignedValue } from '../django/_behind-nginx.ts'
import { literalPlace } from '../django/_literal-place.ts'
import { entryPlace, settingValue } from '../django/_setting-entries.ts'
import { configuredPath } from '../_python-path.ts'
import { relativeReads } from './_relative-reads.ts'

const tree = (settings: string, options = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication('shop', options))),
  ...djangoProject(settings),
})
const log = (name: string, more = ''): string => conf`
  LOGGING = {
      "version": 1,
      "handlers": {
          "file": {"class": "logging.FileHandler", "filename": ${name}${more}},
      },
      "loggers": {"django": {"handlers": ["file"]}},
  }
`
const sqlite = (name: string): string =>
  `DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ${name}}}\n`
const templates = (directories: string): string => conf`
  TEMPLATES = [
      {
          "BACKEND": "django.template.backends.django.DjangoTemplates",
          "DIRS": [${directories}],
          "APP_DIRS": True,
      },
  ]
`
const PAGES = { 'opt/shop/templates/home.html': '<h1>Shop</h1>\n' }
const flask = (module: string, options = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication('shop', options))),
  'opt/shop/shop/wsgi.py': 'from catalog import app as application\n',
  'opt/shop/catalog.py': module,
  'opt/shop/data/products.json': '[]\n',
})
const VIEW = conf`
  import json
  from flask import Flask, jsonify

  app = Flask(__name__)


  @app.get("/")
  def products():
      with open(«"data/products.json"») as file:
          return jsonify(json.load(file))
`

export default defineRule({
  summary: 'A file is named by a relative path, and mod_wsgi runs in another directory',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The current directory of mod_wsgi is `/`, and not that of `manage.py`: a log file `debug.log` is opened as `/debug.log`, `PermissionError`, so that Django does not start and every request is answered with 500; templates of `DIRS` are not found, `TemplateDoesNotExist`; SQLite finds no database, `unable to open database file`; `open("data/products.json")` of a view is `FileNotFoundError: [Errno 2] No such file or directory`. With `user=` it is the home of that user, `/var/www` of `www-data`.',
  remedy: 'Build the path from `BASE_DIR` or `__file__`, or give the `WSGIDaemonProcess` a `home=`',
  references: [
    'https://modwsgi.readthedocs.io/en/master/user-guides/application-issues.html#application-working-directory',
    'https://docs.djangoproject.com/en/stable/topics/logging/',
  ],
  bad: [
    { title: 'a log file', files: tree(log('«"debug.log"»')) },
    { title: 'SQLite', files: tree(sqlite('«"db.sqlite3"»')) },
    { title: 'SQLite, as www-data', files: tree(sqlite('«"db.sqlite3"»'), 'user=www-data') },
    { title: 'templates', files: { ...tree(templates('«"templates"»')), ...PAGES } },
    {
      title: 'templates, translations and uploads, by their project',
      files: {
        ...tree(conf`
          MEDIA_ROOT = «"shop/media/"»
          LOCALE_PATHS = («"shop/locale"»,)
        `),
        'opt/shop/shop/locale/pt/LC_MESSAGES/django.po': '',
        'opt/shop/shop/media/logo.txt': '',
      },
    },
    { title: 'a view of Flask, as www-data', files: flask(VIEW, 'user=www-data') },
    {
      title: 'a function that a module calls when it is imported',
      files: flask(conf`
        import csv
        from flask import Flask


        def prices():
            with open(«'data/products.json'», encoding="utf-8") as file:
                return file.read()


        app = Flask(__name__)
        PRICES = prices()
      `),
    },
    {
      title: 'a view of Django',
      files: {
        ...tree(''),
        'opt/shop/shop/urls.py': conf`
          from django.urls import path
          from . import views
          urlpatterns = [path("", views.index)]
        `,
        'opt/shop/shop/wsgi.py': conf`
          import os
          import shop.views
          from django.core.wsgi import get_wsgi_application
          os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
          application = get_wsgi_application()
        `,
        'opt/shop/shop/views.py': conf`
          from pathlib import Path
          from django.http import HttpResponse

          def index(request):
              return HttpResponse(Path(«"shop/notes.txt"»).read_text())
        `,
        'opt/shop/shop/notes.txt': 'notes\n',
      },
    },
  ],
  good: [
    {
      title: 'a path from the settings’ own directory',
      files: tree(conf`
        from pathlib import Path
        BASE_DIR = Path(__file__).resolve().parent.parent
        ${sqlite('BASE_DIR / "db.sqlite3"')}
      `),
    },
    {
      title: 'templates of the project by their path, of its directory, and of nowhere',
      files: {
        ...tree(conf`
          import os
          BASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
          ${templates('os.path.join(BASE_DIR, "templates"), "other"')}
        `),
        ...PAGES,
      },
    },
    {
      title: 'templates in the directory of the process',
      files: { ...tree(templates('"templates"'), 'home=/opt/shop'), ...PAGES },
    },
    { title: 'the directory of the project', files: tree(sqlite('"db.sqlite3"'), 'home=/opt/shop') },
    { title: 'the home of another user', files: tree(sqlite('"db.sqlite3"'), 'user=shop') },
    { title: 'the directory of Flask', files: flask(VIEW, 'user=www-data home=/opt/shop') },
    { title: 'the home of a user of whom nobody knows', files: flask(VIEW, 'user=shop') },
    {
      title: 'a file of the home of www-data',
      files: { ...flask(VIEW, 'user=www-data'), 'var/www/data/products.json': '[]\n' },
    },
    {
      title: 'a file that is written, one that is nowhere, and one by the path of the module',
      files: flask(conf`
        import os
        from flask import Flask

        app = Flask(__name__)
        HERE = os.path.dirname(__file__)


        @app.get("/")
        def products():
            with open("data/products.json", "w") as file:
                file.write("[]")
            with open("data/other.json") as file:
                file.read()
            with open(os.path.join(HERE, "data/products.json")) as file:
                return file.read()
      `),
    },
    {
      title: 'a command, what is tried, and what runs by itself alone',
      files: flask(conf`
        from flask import Flask

        app = Flask(__name__)


        @app.cli.command("seed")
        def seed():
            print(open("data/products.json").read())


        @app.get("/")
        def index():
            try:
                return open("data/products.json").read()
            except FileNotFoundError:
                return "[]"


        if __name__ == "__main__":
            print(open("data/products.json").read())
      `),
    },
    {
      title: 'a module that changes the directory',
      files: flask(conf`
        import os
        ${VIEW.replace(/[«»]/g, '')}
        os.chdir(os.path.dirname(__file__))
      `),
    },
    { title: 'in memory', files: tree(sqlite('":memory:"')) },
    {
      title: 'a file that is opened when there is something to write',
      files: tree(log('"debug.log"', ', "delay": True')),
    },
    { title: 'the log of Apache', files: tree(log('"/dev/stderr"')) },
    {
      title: 'settings that change the directory',
      files: tree(conf`
        import os
        os.chdir("/opt/shop")
        ${sqlite('"db.sqlite3"')}
      `),
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      yield* readByModules(deployment, application)
      const directory = directoryOf(application)
      const python = directory === null ? null : deployment.pythonOf(application)
      const settings = python?.settings ?? null
      if (directory === null || python === null || settings === null) continue
      const files = deployment.filesOf(application.configuration)
      const mayMove = [python.path, ...settings.files].some(path => {
        const read = files.read(path)
        return read.kind !== 'source' || /\bchdir\b/.test(read.source.code)
      })
      if (mayMove) continue
      const related = [{ at: namePlace(application.directive), message: 'runs the project' }]
      for (const { at, path, harm } of relativeFiles(settings)) {
        const meant = posix.join(directory, path)
        if (files.kind(meant) !== null) continue
        yield {
          at,
          message: `mod_wsgi runs in \`${directory}\`, so this is \`${meant}\`${harm}`,
          label: 'relative',
          related,
        }
      }
      const homes = homesOf(application, python)
      for (const { at, path, harm } of relativeDirectories(settings)) {
        const meant = posix.join(directory, path)
        if (files.kind(meant) !== null) continue
        if (!homes.some(home => files.kind(posix.join(home, path)) === 'directory')) continue
        yield {
          at,
          message: `mod_wsgi runs in \`${directory}\`, so this is \`${meant}\`: ${harm}`,
          label: 'relative',
          related,
        }
      }
    }
  },
})

/** Where the project may lie: what is on its path, and the directories around its script. */
function homesOf(application: Application, { path, script }: PythonFacts): readonly string[] {
  const own = posix.dirname(path)
  return [own, posix.dirname(own), ...script.path, ...(configuredPath(application) ?? [])].filter(
    home => posix.isAbsolute(home) && home !== '/',
  )
}

/** True where nothing gives the process another directory; with `user=` it is the home of that user. */
function runsInRoot({ processGroup, daemon }: Application): boolean {
  if (!processGroup.known) return false
  if (processGroup.value === '') return true
  return daemon !== null && !['home', 'user', 'chroot'].some(option => daemon.options.has(option))
}

/** Homes of accounts that a distribution makes for its web server. */
const HOMES: ReadonlyMap<string, string> = new Map([
  ['www-data', '/var/www'],
  ['apache', '/usr/share/httpd'],
  ['root', '/root'],
])

/** The directory that the process has, where it is none that somebody chose for the application. */
function directoryOf(application: Application): string | null {
  if (runsInRoot(application)) return '/'
  const { daemon } = application
  if (daemon === null || ['home', 'chroot'].some(option => daemon.options.has(option))) return null
  const user = daemon.options.get('user')?.value
  return user?.known === true ? (HOMES.get(user.value) ?? null) : null
}

/** Files of the project that its modules open by paths which lead elsewhere under mod_wsgi. */
function* readByModules(deployment: Deployment, application: Application): Iterable<RuleFinding> {
  const directory = directoryOf(application)
  const python = directory === null ? null : deployment.pythonOf(application)
  const configured = configuredPath(application)
  if (directory === null || python === null || configured === null) return
  const files = deployment.filesOf(application.configuration)
  const own = posix.dirname(python.path)
  const roots = [...configured, ...python.script.path, own].filter(root => posix.isAbsolute(root))
  const paths = loadedFiles(files, python.path, [...new Set(roots)])
  if (paths.some(path => /\bchdir\b/.test(sourceAt(files, path)?.code ?? ''))) return
  for (const path of paths)
    for (const read of relativeReads(files, path)) {
      const homes = [posix.dirname(path), ...roots].filter(root => root !== '/')
      if (files.kind(posix.join(directory, read.path)) !== null) continue
      if (!homes.some(root => files.kind(posix.join(root, read.path)) === 'file')) continue
      yield {
        at: read.at,
        message: `mod_wsgi runs in \`${directory}\`, so this is \`${posix.join(directory, read.path)}\`: No such file or directory`,
        label: 'relative',
        related: [
          { at: namePlace(application.daemon?.directive ?? application.directive), message: 'no `home=`' },
        ],
      }
    }
}

interface RelativeFile {
  readonly at: Place
  readonly path: string
  readonly harm: string
}

function* relativeFiles(settings: DjangoSettings): Iterable<RelativeFile> {
  const databases = settings.get('DATABASES')
  const own = databases?.known === true ? entryOf(databases.value, 'default') : null
  const name = entryOf(own, 'NAME')
  if (databases?.at != null && /\.sqlite3$/.test(textOf(entryOf(own, 'ENGINE'))) && isRelative(name))
    yield {
      at: literalPlace(settings, 'DATABASES', name) ?? assignedValue(databases.at),
      path: name,
      harm: ': unable to open database file',
    }
  const logging = settings.get('LOGGING')
  const handlers = logging?.known === true ? entryOf(logging.value, 'handlers') : null
  if (logging?.at == null || !(handlers instanceof Map)) return
  for (const handler of handlers.values()) {
    const path = entryOf(handler, 'filename')
    if (!/FileHandler$/.test(textOf(entryOf(handler, 'class'))) || !isRelative(path)) continue
    if (entryOf(handler, 'delay') !== null) continue
    yield {
      at: literalPlace(settings, 'LOGGING', path) ?? assignedValue(logging.at),
      path,
      harm: ', which Django may not open: every request is answered with 500',
    }
  }
}

/** Directories of the project that Django looks for when it answers. */
function* relativeDirectories(settings: DjangoSettings): Iterable<RelativeFile> {
  const templates = listOf(settings, 'TEMPLATES')
  for (const [index, engine] of templates.entries()) {
    const directories = entryOf(engine, 'DIRS')
    for (const [number, path] of (Array.isArray(directories) ? directories : []).entries()) {
      const at = isRelative(path) ? entryPlace(settings, 'TEMPLATES', [index, 'DIRS', number], 'value') : null
      if (at !== null) yield { at, path, harm: 'TemplateDoesNotExist, 500' }
    }
  }
  for (const [index, path] of listOf(settings, 'LOCALE_PATHS').entries()) {
    const at = isRelative(path) ? entryPlace(settings, 'LOCALE_PATHS', [index], 'value') : null
    if (at !== null) yield { at, path: textOf(path), harm: 'no text is translated' }
  }
  const media = settingValue(settings, 'MEDIA_ROOT')
  const at = isRelative(media) ? entryPlace(settings, 'MEDIA_ROOT', [], 'value') : null
  if (at !== null && isRelative(media))
    yield { at, path: media, harm: 'uploads end with PermissionError, and none that is there is found' }
}

function listOf(settings: DjangoSettings, name: string): readonly unknown[] {
  const value = settingValue(settings, name)
  return Array.isArray(value) ? value : []
}

function entryOf(value: unknown, key: string): unknown {
  return value instanceof Map ? (value.get(key) ?? null) : null
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isRelative(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.-][^:\0]*$/.test(value)
}
