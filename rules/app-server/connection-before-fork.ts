import { isUwsgi } from '../../parsers/app-server/uwsgi.ts'
import type { Place } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { connectionBeforeFork } from './_forked-connections.ts'
import { isLoadedOnce, preloadedBy } from './_loaded-once.ts'
import { hasItsOwnOptions, isOfUnseenEmperor } from './_uwsgi-emperors.ts'

const FLASK = /* @__PURE__ */ conf`
  from flask import Flask
  from database import connection

  app = Flask(__name__)

  @app.get("/parts")
  def parts():
      with connection.cursor() as cursor:
          cursor.execute("SELECT name FROM parts")
          return {"parts": cursor.fetchall()}
`
const PSYCOPG = /* @__PURE__ */ conf`
  import os
  import psycopg2

  connection = psycopg2.connect(os.environ["DATABASE_URL"])
`
/** Tables are made while the module is loaded. */
const ENGINE = /* @__PURE__ */ conf`
  import os
  from sqlalchemy import create_engine
  from sqlalchemy.orm import declarative_base, sessionmaker

  engine = create_engine(os.environ["DATABASE_URL"], pool_pre_ping=True)
  Session = sessionmaker(bind=engine)
  Base = declarative_base()
`
const WITH_ENGINE = /* @__PURE__ */ conf`
  from flask import Flask
  from database import Base, Session, engine

  app = Flask(__name__)
  Base.metadata.create_all(engine)

  @app.get("/parts")
  def parts():
      with Session() as session:
          return {"parts": session.execute("SELECT name FROM parts").all()}
`
const URL_OF_POSTGRES = 'Environment=DATABASE_URL=postgresql://shop@127.0.0.1/shop'
const gunicorn = (
  options: string,
  script = FLASK,
  database = PSYCOPG,
  url = URL_OF_POSTGRES,
): Record<string, string> =>
  behindNginx(serviceUnit(`/usr/bin/gunicorn ${options} -b 127.0.0.1:8000 shop:app`, url), {
    'etc/shop/shop.py': script,
    'etc/shop/database.py': database,
  })
const uwsgi = (lines: string, script = FLASK, database = PSYCOPG): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini', URL_OF_POSTGRES), {
    'etc/shop/uwsgi.ini': conf`
      [uwsgi]
      plugins = python3
      http-socket = 127.0.0.1:8000
      chdir = /etc/shop
      module = shop:app
      master = true
      ${lines}
    `,
    'etc/shop/shop.py': script,
    'etc/shop/database.py': database,
  })
const FACTORY = /* @__PURE__ */ conf`
  from flask import Flask
  from flask_sqlalchemy import SQLAlchemy

  db = SQLAlchemy()

  def create_app():
      app = Flask(__name__)
      app.config["SQLALCHEMY_DATABASE_URI"] = "mysql+pymysql://shop@127.0.0.1/shop"
      db.init_app(app)
      with app.app_context():
          db.create_all()
      return app

  app = create_app()
`

/** A file of a directory that an emperor looks into. */
const ofEmperor = (script: string, workers: string): Record<string, string> => ({
  'etc/nginx/sites-available/shop': conf`
    server {
        listen 80;
        location / {
            include uwsgi_params;
            uwsgi_pass unix:/run/shop.sock;
        }
    }
  `,
  'etc/uwsgi/vassals/shop.ini': conf`
    [uwsgi]
    chdir = /srv/shop
    module = shop:app
    socket = /run/shop.sock
    processes = ${workers}
  `,
  'srv/shop/shop.py': script,
})

export default defineRule({
  summary: 'The workers share a connection that was opened before they were forked',
  severity: 'warning',
  otherSeverities: { info: 'for PyMongo, which copes with most of it' },
  confidence: 'high',
  since: '0.1.0',
  why: 'uWSGI loads the application in one process and forks its workers from it, and so does gunicorn with `--preload`. A connection that a module opens at its top, or that an engine of SQLAlchemy has in its pool by then, is one socket in all of them: each reads what another has asked for. Under load some requests fail with `SSL error: decryption failed or bad record mac` or `Packet sequence number wrong`, and some get the rows of another one. With one process all is well.',
  remedy:
    'Let each worker load the application (`lazy-apps = true` of uWSGI, no `--preload`), or open the connection in it: in a function with `@postfork`, in `post_fork`, at the first request; after `engine.dispose()` an engine opens new ones',
  references: [
    'https://uwsgi-docs.readthedocs.io/en/latest/articles/TheArtOfGracefulReloading.html#preforking-vs-lazy-apps-vs-lazy',
    'https://docs.sqlalchemy.org/en/20/core/pooling.html#using-connection-pools-with-multiprocessing-or-os-fork',
    'https://www.psycopg.org/docs/usage.html#thread-and-process-safety',
    'https://pymongo.readthedocs.io/en/stable/faq.html#is-pymongo-fork-safe',
  ],
  unproven: 'The machines of the live tests have no database that Python connects to',
  bad: [
    { title: 'psycopg2, and uWSGI', files: uwsgi('processes = «4»') },
    { title: 'psycopg2, and gunicorn that loads the application first', files: gunicorn('-w 4 «--preload»') },
    { title: 'the pool of an engine of SQLAlchemy', files: uwsgi('processes = «2»', WITH_ENGINE, ENGINE) },
    {
      title: 'an engine that reads something at once',
      files: uwsgi(
        'processes = «2»',
        WITH_ENGINE.replace(
          'Base.metadata.create_all(engine)\n',
          'with engine.connect() as c:\n    names = c.execute("SELECT name FROM shops").all()\n',
        ),
        ENGINE,
      ),
    },
    { title: 'tables of Flask-SQLAlchemy', files: uwsgi('workers = «2»', FACTORY) },
    {
      title: 'a file in the place of a module',
      files: {
        ...uwsgi(''),
        'etc/shop/uwsgi.ini': conf`
          [uwsgi]
          plugins = python3
          http-socket = 127.0.0.1:8000
          chdir = /etc/shop
          wsgi-file = shop.py
          callable = app
          processes = «4»
        `,
      },
    },
    {
      title: 'a file of gunicorn',
      files: {
        ...gunicorn('-c gunicorn.conf.py'),
        'etc/shop/gunicorn.conf.py': 'workers = 4\npreload_app = «True»\n',
      },
    },
    {
      title: 'a channel of RabbitMQ',
      files: gunicorn(
        '-w 4 «--preload»',
        conf`
          import pika
          from flask import Flask
          app = Flask(__name__)
          connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1"))
          channel = connection.channel()

          @app.post("/orders")
          def order():
              channel.basic_publish(exchange="", routing_key="orders", body=b"1")
              return ""
        `,
      ),
    },
    {
      title: 'a producer of Kafka',
      files: uwsgi(
        'processes = «4»',
        conf`
          from flask import Flask
          from kafka import KafkaProducer
          app = Flask(__name__)
          producer = KafkaProducer(bootstrap_servers="127.0.0.1:9092")

          @app.post("/orders")
          def order():
              producer.send("orders", b"1")
              return ""
        `,
      ),
    },
    {
      title: 'PyMongo',
      files: uwsgi(
        'processes = «4»',
        FLASK,
        'from pymongo import MongoClient\nclient = MongoClient()\nconnection = client.shop\n',
      ),
    },
    {
      title: 'a file whose emperor is not here',
      files: ofEmperor(FACTORY.replace('mysql+pymysql', 'postgresql'), '«4»'),
    },
  ],
  good: [
    {
      title: 'a file whose emperor is not here, and workers that load the application',
      files: ofEmperor(FACTORY, '4\nlazy-apps = true'),
    },
    { title: 'workers that load the application', files: uwsgi('processes = 4\nlazy-apps = true') },
    { title: 'one process', files: uwsgi('threads = 4') },
    { title: 'gunicorn without it', files: gunicorn('-w 4') },
    { title: 'one worker', files: gunicorn('-w 1 --preload') },
    {
      title: 'an engine that has connected to nothing yet',
      files: uwsgi('processes = 4', WITH_ENGINE.replace('Base.metadata.create_all(engine)\n', ''), ENGINE),
    },
    {
      title: 'an engine whose connections are closed after use',
      files: uwsgi(
        'processes = 4',
        WITH_ENGINE,
        `from sqlalchemy.pool import NullPool\n${ENGINE.replace('pool_pre_ping=True', 'poolclass=NullPool')}`,
      ),
    },
    {
      title: 'an engine that forgets its connections',
      files: uwsgi(
        'processes = 4',
        WITH_ENGINE.replace('create_all(engine)\n', 'create_all(engine)\nengine.dispose()\n'),
        ENGINE,
      ),
    },
    {
      title: 'an engine of SQLite',
      files: gunicorn('-w 4 --preload', WITH_ENGINE, ENGINE, 'Environment=DATABASE_URL=sqlite:///shop.db'),
    },
    {
      title: 'an engine of which nobody knows where it leads',
      files: gunicorn('-w 4 --preload', WITH_ENGINE, ENGINE, ''),
    },
    {
      title: 'a hook that opens it anew',
      files: {
        ...gunicorn('-c gunicorn.conf.py'),
        'etc/shop/gunicorn.conf.py': conf`
          workers = 4
          preload_app = True

          def post_fork(server, worker):
              import database
              database.connection = database.connect()
        `,
      },
    },
    {
      title: 'a connection that each worker opens',
      files: uwsgi(
        'processes = 4',
        FLASK,
        conf`
          import os
          import psycopg2
          from uwsgidecorators import postfork

          connection = psycopg2.connect(os.environ["DATABASE_URL"])

          @postfork
          def connect():
              global connection
              connection = psycopg2.connect(os.environ["DATABASE_URL"])
        `,
      ),
    },
    {
      title: 'a connection of the function that uses it',
      files: uwsgi(
        'processes = 4',
        FLASK.replace('from database import connection\n', 'import psycopg2\n').replace(
          'with connection.cursor()',
          'connection = psycopg2.connect("dbname=shop")\n      with connection.cursor()',
        ),
      ),
    },
    {
      title: 'a connection that the module closes',
      files: uwsgi(
        'processes = 4',
        FLASK.replace('with connection.cursor() as cursor:\n', 'if True:\n'),
        `${PSYCOPG}cursor = connection.cursor()\ncursor.execute("SELECT 1")\nconnection.close()\n`,
      ),
    },
    {
      title: 'a connection where the module is the program',
      files: uwsgi(
        'processes = 4',
        FLASK,
        PSYCOPG.replace('connection =', 'if __name__ == "__main__":\n    connection ='),
      ),
    },
    {
      title: 'Redis, whose client sees that it is in another process',
      files: uwsgi('processes = 4', FLASK, 'import redis\nconnection = redis.Redis()\nconnection.ping()\n'),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { workers } = program.server
      if (!program.isSeen || workers?.known !== true || workers.value < 2) continue
      const at = forkedAfterLoading(deployment, program)
      const connection = at === null ? null : connectionBeforeFork(deployment, program)
      if (at === null || connection === null) continue
      yield {
        at,
        ...(!connection.breaks && { severity: 'info' as const }),
        ...(isOfUnseenEmperor(deployment, program) && { confidence: 'medium' as const }),
        message: `${programName(program)} loads the application before it forks ${workers.value} workers, which ${connection.harm}`,
        label: isUwsgi(program.server) ? 'forked with an open connection' : 'loaded before the workers',
        related: [{ at: connection.at, message: 'opened while it is loaded' }],
        help: isUwsgi(program.server)
          ? 'Add `lazy-apps = true`, or open the connection after the fork'
          : 'Leave out the preloading, or open the connection in `post_fork`',
      }
    }
  },
})

/** What has a server fork several workers of an application that it has loaded; null where something may be done in between. */
function forkedAfterLoading(deployment: Deployment, program: AppServerProgram): Place | null {
  const { server } = program
  if (isUwsgi(server))
    return isLoadedOnce(program) &&
      (hasItsOwnOptions(deployment, program) || isOfUnseenEmperor(deployment, program))
      ? (server.workers?.at ?? server.at)
      : null
  if (!server.complete || server.sources.some(({ code }) => /\bpost_fork\b|\bpost_worker_init\b/.test(code)))
    return null
  return preloadedBy(program)
}
