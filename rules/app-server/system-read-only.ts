import { posix } from 'node:path'
import { isBelow } from '../../parsers/text/is-below.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import type { DjangoSettings, WsgiScript } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { directoryOfUrl, keepsUploadsInFiles } from '../../src/deployment/django/static-settings.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Fact } from '../../src/servers/fact.ts'
import { readOnlySystem } from '../_read-only-system.ts'
import { entryPlace } from '../django/_setting-entries.ts'
import { behindNginx, serviceUnit, WSGI } from './_examples.ts'

const tree = (bind: string, lines: string, options = '', application = 'shop.wsgi'): Record<string, string> =>
  behindNginx(
    serviceUnit(
      `/usr/bin/gunicorn --bind unix:${bind} ${options} ${application}`,
      `RuntimeDirectory=shop\n${lines}`,
    ),
    {},
    `unix:${bind}`,
  )

const withSettings = (settings: string): Record<string, string> => ({
  'etc/shop/shop/__init__.py': '',
  'etc/shop/shop/wsgi.py': WSGI,
  'etc/shop/shop/settings.py': settings,
})
const withUploads = withSettings(conf`
  MEDIA_URL = '/media/'
  MEDIA_ROOT = '/srv/shop/media'
`)
const FLASK = 'shop:app'
const uploads = (directory: string) => ({
  'etc/shop/shop.py': conf`
    import os
    from flask import Flask, request
    app = Flask(__name__)
    app.config['UPLOAD_FOLDER'] = ${directory}
    @app.post('/photos')
    def upload():
        request.files['photo'].save(os.path.join(app.config['UPLOAD_FOLDER'], 'photo.jpg'))
        return '', 201
  `,
})
const SQLITE = conf`
  DATABASES = {
      'default': {
          'ENGINE': 'django.db.backends.sqlite3',
          'NAME': '/srv/shop/data/db.sqlite3',
      }
  }
`
const LOGGING = conf`
  LOGGING = {
      'version': 1,
      'handlers': {
          'console': {'class': 'logging.StreamHandler'},
          'file': {'class': 'logging.handlers.RotatingFileHandler', 'filename': '/var/log/shop/django.log'},
      },
  }
`

export default defineRule({
  summary: 'A unit makes files read-only that its application server writes',
  severity: 'error',
  otherSeverities: { warning: 'for the database and the uploads, which only who saves something writes' },
  confidence: 'high',
  since: '0.1.0',
  why: 'With `ProtectSystem=strict` a service may write below `/dev`, `/proc` and `/sys`, in the directories that systemd makes for it, and in what `ReadWritePaths=` names. `full` leaves `/etc`, `/usr` and `/boot` alone, `ReadOnlyPaths=` what it names, and `DynamicUser=` is as strict. The application server stops with `Read-only file system` where it makes its socket, its log or the file with its number elsewhere, and Django where a handler of `LOGGING` opens its file. SQLite reads, and every page that saves something answers 500: `attempt to write a readonly database`. Its journal lies beside the file, so the directory has to be open.',
  remedy: 'Name the directory in `ReadWritePaths=`, or let `RuntimeDirectory=` and `LogsDirectory=` make one',
  references: ['https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#ProtectSystem='],
  unproven: 'The live tests start no systemd, which makes the files read-only',
  bad: [
    {
      title: 'a socket beside the application',
      files: tree('/srv/shop/shop.sock', 'ProtectSystem=«strict»'),
    },
    {
      title: 'a log',
      files: tree('/run/shop/shop.sock', 'ProtectSystem=«strict»', '--error-logfile /var/log/shop/error.log'),
    },
    {
      title: 'the directory of uploads',
      files: { ...tree('/run/shop/shop.sock', 'ProtectSystem=«strict»'), ...withUploads },
    },
    {
      title: 'the uploads of Flask',
      files: {
        ...tree('/run/shop/shop.sock', 'ProtectSystem=«strict»', '', FLASK),
        ...uploads("'/srv/shop/media'"),
      },
    },
    {
      title: 'the uploads of Flask beside the module',
      files: {
        ...tree('/run/shop/shop.sock', 'ProtectSystem=«strict»', '', FLASK),
        ...uploads("os.path.join(os.path.dirname(os.path.abspath(__file__)), 'media')"),
      },
    },
    {
      title: 'the database of Django',
      files: { ...tree('/run/shop/shop.sock', 'ProtectSystem=«strict»'), ...withSettings(SQLITE) },
    },
    {
      title: 'a database in a directory that the unit closes',
      files: { ...tree('/run/shop/shop.sock', 'ReadOnlyPaths=«/srv/shop»'), ...withSettings(SQLITE) },
    },
    {
      title: 'a log of Django',
      files: { ...tree('/run/shop/shop.sock', 'ProtectSystem=«strict»'), ...withSettings(LOGGING) },
    },
    {
      title: 'a file below /etc',
      files: tree('/run/shop/shop.sock', 'ProtectSystem=«full»', '--pid /etc/shop/shop.pid'),
    },
    {
      title: 'an account of its own',
      files: tree('/run/shop/shop.sock', 'DynamicUser=«yes»', '--error-logfile /srv/shop/error.log'),
    },
    {
      title: 'a log of uWSGI',
      files: behindNginx(
        serviceUnit(
          '/usr/bin/uwsgi --http-socket 127.0.0.1:8000 --plugin python3 --module shop --logto /var/log/shop.log',
          'ProtectSystem=«strict»',
        ),
      ),
    },
  ],
  good: [
    {
      title: 'the directory of the database and that of the log open',
      files: {
        ...tree('/run/shop/shop.sock', 'ProtectSystem=strict\nReadWritePaths=/srv/shop/data -/var/log/shop'),
        ...withSettings(`${SQLITE}\n${LOGGING}`),
      },
    },
    {
      title: 'a database in the directory of its state',
      files: {
        ...tree('/run/shop/shop.sock', 'DynamicUser=yes\nStateDirectory=shop'),
        ...withSettings(SQLITE.replace('/srv/shop/data', '/var/lib/shop')),
      },
    },
    {
      title: 'an open directory below a closed one',
      files: {
        ...tree('/run/shop/shop.sock', 'ReadOnlyPaths=/srv/shop\nReadWritePaths=/srv/shop/data'),
        ...withSettings(SQLITE),
      },
    },
    {
      title: 'a database whose path the environment has',
      files: {
        ...tree('/run/shop/shop.sock', 'ProtectSystem=strict'),
        ...withSettings(conf`
          import os
          DATABASES = {
              'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': os.environ['SHOP_DB']},
          }
        `),
      },
    },
    {
      title: 'a database in memory, and another server’s',
      files: {
        ...tree('/run/shop/shop.sock', 'ProtectSystem=strict'),
        ...withSettings(conf`
          DATABASES = {
              'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': '/srv/shop'},
              'cache': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'},
          }
        `),
      },
    },
    {
      title: 'a directory of the uploads of Flask that is open',
      files: {
        ...tree('/run/shop/shop.sock', 'ProtectSystem=strict\nReadWritePaths=/etc/shop/media', '', FLASK),
        ...uploads("'media'"),
      },
    },
    {
      title: 'a directory of Flask that the environment has',
      files: {
        ...tree('/run/shop/shop.sock', 'ProtectSystem=strict', '', FLASK),
        ...uploads("os.environ['SHOP_MEDIA']"),
      },
    },
    {
      title: 'a directory of Flask from which files are sent alone',
      files: {
        ...tree('/run/shop/shop.sock', 'ProtectSystem=strict', '', FLASK),
        'etc/shop/shop.py': uploads("'/srv/shop/media'")['etc/shop/shop.py'].replace('.save(', '.read('),
      },
    },
    { title: 'its own directory', files: tree('/run/shop/shop.sock', 'ProtectSystem=strict') },
    {
      title: 'a directory that the unit names',
      files: tree('/srv/shop/shop.sock', 'ProtectSystem=strict\nReadWritePaths=/srv/shop'),
    },
    {
      title: 'a log below one of its own, or to the journal',
      files: tree(
        '/run/shop/shop.sock',
        'ProtectSystem=strict\nLogsDirectory=shop',
        '--access-logfile /var/log/shop/access.log --error-logfile -',
      ),
    },
    {
      title: 'directories of its own in quotes, with a link, and by the name of the unit',
      files: tree(
        '/run/shop/shop.sock',
        'ProtectSystem=strict\nLogsDirectory="shop:shop-logs"\nCacheDirectory=%p',
        '--error-logfile /var/log/shop/error.log --pid /var/cache/shop/shop.pid',
      ),
    },
    {
      title: 'uploads that lie elsewhere',
      files: {
        ...tree('/run/shop/shop.sock', 'ProtectSystem=strict\nReadWritePaths=/srv/shop/media'),
        ...withUploads,
      },
    },
    { title: 'the system alone', files: tree('/srv/shop/shop.sock', 'ProtectSystem=full') },
  ],
  *check(deployment) {
    for (const program of deployment.programs) {
      if (program.kind !== 'app-server' || program.service === null) continue
      const system = readOnlySystem(program.service)
      if (system === null) continue
      for (const { path, at, kept } of [...writtenBy(program), ...keptBy(deployment, program)]) {
        const forbidding = path.startsWith('/') ? system.forbidding(path) : null
        if (forbidding === null) continue
        yield {
          at: forbidding,
          ...(kept !== undefined && { severity: 'warning' as const }),
          message: `${programName(program)} may not ${kept ?? 'make'} \`${path}\`, as no \`ReadWritePaths=\` names it: ${kept === DATABASE ? 'attempt to write a readonly database' : 'Read-only file system'}`,
          label: 'makes it read-only',
          related: [{ at, message: kept === undefined ? 'made here' : 'written there' }],
          help: `Add \`ReadWritePaths=${kept === UPLOADS ? path : posix.dirname(path)}\``,
        }
        break
      }
    }
  },
})

const UPLOADS = 'keep uploads in'
const DATABASE = 'write'

interface Written {
  readonly path: string
  readonly at: Place
  /** What the application does with it when it is used; left out for what is made at the start. */
  readonly kept?: typeof UPLOADS | typeof DATABASE
}

/** What the application itself writes, by its settings of Django. */
function keptBy(deployment: Deployment, program: AppServerProgram): readonly Written[] {
  const loaded = deployment.moduleOf(program)
  const settings = loaded?.settings ?? null
  if (settings !== null) return [...logsOf(settings), ...databaseOf(settings), ...uploadsOf(settings)]
  return loaded?.script == null ? [] : uploadsOfFlask(loaded.script, program)
}

/** `UPLOAD_FOLDER`, as the documentation of Flask calls it, in a module that saves what is uploaded. */
function uploadsOfFlask({ config }: WsgiScript, { directory }: AppServerProgram): readonly Written[] {
  const written = config.get('UPLOAD_FOLDER')
  if (written?.known !== true || written.at === null || typeof written.value !== 'string') return []
  const { source } = written.at
  const home = directory?.known === true ? directory.value : null
  if (!/\.save\(/.test(source.code)) return []
  // What is made of the path of the file holds where the file lies on the machine as it does here.
  const isLiteral =
    placeText(written.at).includes(written.value) || (home !== null && isBelow(source.path, home))
  const path = written.value.startsWith('/')
    ? written.value
    : home === null
      ? null
      : posix.resolve(home, written.value)
  return path === null || !isLiteral ? [] : [{ path, at: written.at, kept: UPLOADS }]
}

/** Handlers of `LOGGING` open their files when Django starts. */
function logsOf(settings: DjangoSettings): readonly Written[] {
  const handlers = itemsOf(settings.get('LOGGING'), 'handlers')
  return handlers.flatMap(([name, handler]): Written[] => {
    const path = handler.get('filename')
    if (!/(?:^|\.)\w*FileHandler$/.test(String(handler.get('class'))) || handler.get('delay') !== undefined)
      return []
    const at = entryPlace(settings, 'LOGGING', ['handlers', name, 'filename'], 'value')
    return typeof path === 'string' && at !== null ? [{ path, at }] : []
  })
}

/** SQLite writes its journal beside the file, so that the directory has to be open. */
function databaseOf(settings: DjangoSettings): readonly Written[] {
  return itemsOf(settings.get('DATABASES'), null).flatMap(([name, database]): Written[] => {
    const path = database.get('NAME')
    if (name !== 'default' || !/\.(?:sqlite3|spatialite)$/.test(String(database.get('ENGINE')))) return []
    const at = entryPlace(settings, 'DATABASES', [name, 'NAME'], 'value')
    return typeof path === 'string' && at !== null ? [{ path, at, kept: DATABASE }] : []
  })
}

/** Entries of a setting, or of one of its entries, that have entries themselves. */
function itemsOf(
  fact: Fact<unknown> | null,
  key: string | null,
): readonly (readonly [string, ReadonlyMap<unknown, unknown>])[] {
  if (fact?.known !== true || !(fact.value instanceof Map)) return []
  const held: unknown = key === null ? fact.value : fact.value.get(key)
  if (!(held instanceof Map)) return []
  return [...held].flatMap(([name, value]: [unknown, unknown]) =>
    typeof name === 'string' && value instanceof Map ? [[name, value] as const] : [],
  )
}

/** Where the application keeps what its users upload, as nginx hands it out from there. */
function uploadsOf(settings: DjangoSettings): readonly Written[] {
  const media = directoryOfUrl(settings, 'MEDIA')
  if (media?.directoryAt == null || !keepsUploadsInFiles(settings)) return []
  return [{ path: media.directory, at: media.directoryAt, kept: UPLOADS }]
}

/** The files that an application server makes: its sockets, its logs and the file with its number. */
function writtenBy({ server, sockets }: AppServerProgram): readonly Written[] {
  const made: Written[] = []
  for (const { endpoint, at, unit } of sockets)
    if (unit === null && endpoint.known && endpoint.value.address.kind === 'unix')
      made.push({ path: endpoint.value.address.path, at })
  for (const name of FILES.get(server.program) ?? []) {
    const path = server.settings.get(name)
    if (path?.known === true && path.at !== null && typeof path.value === 'string')
      made.push({ path: path.value, at: path.at })
  }
  return made
}

/** Settings that name a file which is opened for writing at the start. */
const FILES: ReadonlyMap<string, readonly string[]> = new Map([
  ['gunicorn', ['errorlog', 'accesslog', 'pidfile']],
  ['uwsgi', ['pidfile', 'pidfile2', 'safe-pidfile', 'logto', 'logto2', 'daemonize']],
])
