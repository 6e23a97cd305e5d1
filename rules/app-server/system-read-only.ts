import { posix } from 'node:path'
import { placeOf } from '../../parsers/text/written-text.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { readOnlySystem } from '../_read-only-system.ts'
import { behindNginx, serviceUnit, WSGI } from './_examples.ts'
import { DATABASE, FILES, keptBy, UPLOADS, writtenBy } from './_written-files.ts'

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
const fastapi = (database: string, lines = 'ProtectSystem=«strict»'): Record<string, string> => ({
  ...behindNginx(serviceUnit('/usr/bin/uvicorn --port 8000 shop:app', `RuntimeDirectory=shop\n${lines}`)),
  'etc/shop/shop.py': conf`
    import os
    import sqlite3
    from pathlib import Path
    from fastapi import FastAPI
    ${database}
    app = FastAPI()
    @app.post('/notes')
    def add(text: str):
        with sqlite3.connect(DB) as db:
            db.execute('INSERT INTO notes VALUES (?)', (text,))
  `,
})
const flaskAlchemy = (url: string, lines = 'ProtectSystem=«strict»'): Record<string, string> => ({
  ...tree('/run/shop/shop.sock', lines, '', FLASK),
  'etc/shop/shop.py': conf`
    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy
    app = Flask(__name__)
    app.config['SQLALCHEMY_DATABASE_URI'] = ${url}
    db = SQLAlchemy(app)
    @app.post('/notes')
    def add():
        db.session.add(Note())
        db.session.commit()
        return '', 201
  `,
})
const node = (lines: string, script: string): Record<string, string> => ({
  ...behindNginx(serviceUnit('/usr/bin/node server.js', lines), {}, '127.0.0.1:3000'),
  'etc/shop/server.js': conf`
    const path = require('path')
    const express = require('express')
    const app = express()
    ${script}
    app.listen(3000, '127.0.0.1')
  `,
})
const BETTER = conf`
  const Database = require('better-sqlite3')
  const FILE = path.join(__dirname, 'data', 'shop.db')
  const db = new Database(FILE)
  app.post('/notes', (req, res) => db.prepare('INSERT INTO notes VALUES (?)').run(req.query.text))
`
const MULTER = conf`
  const multer = require('multer')
  app.post('/photos', multer({ dest: 'uploads/' }).single('photo'), (req, res) => res.sendStatus(201))
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
      title: 'a database of FastAPI',
      files: fastapi("DB = Path('/srv/shop/data') / 'shop.db'"),
    },
    {
      title: 'a database beside the module',
      files: fastapi("DB = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'shop.db')"),
    },
    {
      title: 'a database that a variable may name, which nobody sets',
      files: fastapi("DB = os.environ.get('SHOP_DB', 'data/shop.db')"),
    },
    { title: 'a URL of SQLAlchemy', files: flaskAlchemy("'sqlite:////srv/shop/shop.db'") },
    {
      title: 'a URL of Flask-SQLAlchemy without a directory',
      files: flaskAlchemy("'sqlite:///shop.db'"),
    },
    {
      title: 'a URL that the unit has',
      files: flaskAlchemy(
        "os.environ['DATABASE_URL']",
        'ProtectSystem=«strict»\nEnvironment=DATABASE_URL=sqlite:////srv/shop/shop.db',
      ),
    },
    { title: 'a database of Node.js', files: node('ProtectSystem=«strict»', BETTER) },
    { title: 'the directory that Multer makes', files: node('ProtectSystem=«strict»', MULTER) },
    {
      title: 'a log of another program',
      files: {
        'etc/systemd/system/shop-jobs.service': serviceUnit(
          '/usr/bin/celery -A shop worker --logfile=/var/log/celery/shop.log',
          'ProtectSystem=«strict»',
        ),
      },
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
    {
      title: 'a directory of the database that is open',
      files: fastapi(
        "DB = Path('/srv/shop/data') / 'shop.db'",
        'ProtectSystem=strict\nReadWritePaths=/srv/shop/data',
      ),
    },
    {
      title: 'a variable of the unit that names another one',
      files: fastapi(
        "DB = os.environ.get('SHOP_DB', 'data/shop.db')",
        'ProtectSystem=strict\nStateDirectory=shop\nEnvironment=SHOP_DB=/var/lib/shop/shop.db',
      ),
    },
    {
      title: 'a variable of a file that is not here',
      files: fastapi(
        "DB = os.environ.get('SHOP_DB', 'data/shop.db')",
        'ProtectSystem=strict\nEnvironmentFile=/etc/default/shop',
      ),
    },
    {
      title: 'a database that is given',
      files: fastapi("def open(DB='/srv/shop/shop.db'):\n    pass", 'ProtectSystem=strict'),
    },
    {
      title: 'a database that is read alone',
      files: {
        ...fastapi("DB = '/srv/shop/shop.db'", 'ProtectSystem=strict'),
        'etc/shop/shop.py': fastapi("DB = '/srv/shop/shop.db'")['etc/shop/shop.py']!.replace(
          'INSERT INTO notes VALUES (?)',
          'SELECT * FROM notes',
        ),
      },
    },
    {
      title: 'the instance of Flask, where a release keeps it',
      files: flaskAlchemy("'sqlite:///shop.db'", 'ProtectSystem=strict\nReadWritePaths=/etc/shop/instance'),
    },
    {
      title: 'a database of Node.js in memory',
      files: node('ProtectSystem=strict', BETTER.replace('(FILE)', "(':memory:')")),
    },
    {
      title: 'directories of Node.js that are open',
      files: node('ProtectSystem=strict\nReadWritePaths=/etc/shop', `${BETTER}\n${MULTER}`),
    },
    { title: 'the system alone, and Node.js', files: node('ProtectSystem=yes', MULTER) },
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
    yield* ofCommands(deployment)
    for (const program of deployment.programs) {
      if (program.kind !== 'app-server' || program.service === null) continue
      const system = readOnlySystem(program.service)
      if (system === null) continue
      for (const { path, at, kept, or = [] } of [...writtenBy(program), ...keptBy(deployment, program)]) {
        const forbidding = path.startsWith('/') ? system.forbidding(path) : null
        if (forbidding === null || or.some(each => system.forbidding(each) === null)) continue
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

/** Files that a command of a unit names for its log or its number; those of application servers are known better. */
function* ofCommands({ commands, programs }: Deployment): Iterable<RuleFinding> {
  const known = new Set(
    programs.flatMap(each =>
      each.kind === 'app-server' && FILES.has(each.server.program) ? [each.service] : [],
    ),
  )
  for (const { service, words, rest } of commands) {
    if (service === null || rest !== null || known.has(service)) continue
    const system = readOnlySystem(service)
    if (system === null) continue
    for (const [index, word] of words.entries()) {
      const [, option = null, joined] = OPTION.exec(word.text) ?? []
      const path = option === null ? null : (joined ?? words[index + 1]?.text ?? null)
      const forbidding = path === null || !/^\/[^%$]+$/.test(path) ? null : system.forbidding(path)
      if (path === null || forbidding === null) continue
      yield {
        at: forbidding,
        message: `\`${posix.basename(words[0]!.text)}\` may not make \`${path}\`, as no \`ReadWritePaths=\` names it: Read-only file system`,
        label: 'makes it read-only',
        related: [{ at: placeOf(word), message: 'made here' }],
        help: `Add \`ReadWritePaths=${posix.dirname(path)}\``,
      }
      break
    }
  }
}

const OPTION = /^(--(?:pid-?file|log-?file|error-?log(?:-?file)?|access-?log(?:-?file)?))(?:=(.*))?$/
