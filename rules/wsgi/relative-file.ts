import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Application } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { djangoProject, modWsgiMain, virtualHost, wsgiApplication } from '../_examples.ts'
import { assignedValue } from '../django/_behind-nginx.ts'
import { literalPlace } from '../django/_literal-place.ts'

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

export default defineRule({
  summary: 'The settings name a file by a relative path, and mod_wsgi runs in another directory',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The current directory of mod_wsgi is `/`, and not that of `manage.py`: a log file `debug.log` is opened as `/debug.log`, `PermissionError`, so that Django does not start and every request is answered with 500; SQLite finds no database, `unable to open database file`.',
  remedy: 'Build the path from `BASE_DIR`, or give the `WSGIDaemonProcess` a `home=`',
  references: [
    'https://modwsgi.readthedocs.io/en/master/user-guides/application-issues.html#application-working-directory',
    'https://docs.djangoproject.com/en/stable/topics/logging/',
  ],
  bad: [
    { title: 'a log file', files: tree(log('«"debug.log"»')) },
    { title: 'SQLite', files: tree(sqlite('«"db.sqlite3"»')) },
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
    { title: 'the directory of the project', files: tree(sqlite('"db.sqlite3"'), 'home=/opt/shop') },
    { title: 'the home of another user', files: tree(sqlite('"db.sqlite3"'), 'user=shop') },
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
      if (!runsInRoot(application)) continue
      const python = deployment.pythonOf(application)
      const settings = python?.settings ?? null
      if (python === null || settings === null) continue
      const files = deployment.filesOf(application.configuration)
      const mayMove = [python.path, ...settings.files].some(path => {
        const read = files.read(path)
        return read.kind !== 'source' || /\bchdir\b/.test(read.source.code)
      })
      if (mayMove) continue
      for (const { at, path, isLog } of relativeFiles(settings)) {
        yield {
          at,
          message: isLog
            ? `mod_wsgi runs in \`/\`, so this is \`/${path}\`, which Django may not open: every request is answered with 500`
            : `mod_wsgi runs in \`/\`, so this is \`/${path}\`: unable to open database file`,
          label: 'relative',
          related: [{ at: namePlace(application.directive), message: 'runs the project' }],
        }
      }
    }
  },
})

/** True where nothing gives the process another directory; with `user=` it is the home of that user. */
function runsInRoot({ processGroup, daemon }: Application): boolean {
  if (!processGroup.known) return false
  if (processGroup.value === '') return true
  return daemon !== null && !['home', 'user', 'chroot'].some(option => daemon.options.has(option))
}

interface RelativeFile {
  readonly at: Place
  readonly path: string
  readonly isLog: boolean
}

function* relativeFiles(settings: DjangoSettings): Iterable<RelativeFile> {
  const databases = settings.get('DATABASES')
  const own = databases?.known === true ? entryOf(databases.value, 'default') : null
  const name = entryOf(own, 'NAME')
  if (databases?.at != null && /\.sqlite3$/.test(textOf(entryOf(own, 'ENGINE'))) && isRelative(name))
    yield {
      at: literalPlace(settings, 'DATABASES', name) ?? assignedValue(databases.at),
      path: name,
      isLog: false,
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
      isLog: true,
    }
  }
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
