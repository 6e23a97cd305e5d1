import { isUwsgi } from '../../parsers/app-server/uwsgi.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { applicationThread, runsThreads } from './_application-threads.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { hasItsOwnOptions } from './_uwsgi-emperors.ts'

/** Counts by itself, and tells the count to whoever asks. */
const COUNTER = /* @__PURE__ */ conf`
  import threading
  import time

  seconds = 0

  def count():
      global seconds
      while True:
          time.sleep(0.05)
          seconds += 1

  «threading.Thread»(target=count, daemon=True).start()

  def application(environ, start_response):
      start_response("200 OK", [])
      return [b"it counts" if seconds > 5 else b"it stands still"]
`
const SCHEDULER = /* @__PURE__ */ conf`
  from apscheduler.schedulers.background import BackgroundScheduler
  from flask import Flask
  application = Flask(__name__)
  scheduler = BackgroundScheduler()
  scheduler.add_job(print, "interval", minutes=5)
  «scheduler.start»()
`
const SENTRY = /* @__PURE__ */ conf`
  import sentry_sdk
  from flask import Flask
  «sentry_sdk.init»(dsn="https://key@o1.ingest.sentry.io/1")
  application = Flask(__name__)
`
const plain = (script: string): string => script.replace(/[«»]/g, '')
const ini = (lines: string): string => conf`
  [uwsgi]
  plugins = python3
  http-socket = 127.0.0.1:8000
  chdir = /etc/shop
  module = web
  ${lines}
`
const tree = (script: string, lines = ''): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini'), {
    'etc/shop/uwsgi.ini': ini(lines),
    'etc/shop/web.py': script,
  })
const vassal = (options: string, script = COUNTER): Record<string, string> =>
  behindNginx(serviceUnit(`/opt/uwsgi/bin/uwsgi --emperor /etc/uwsgi/vassals ${options}`), {
    'etc/uwsgi/vassals/shop.ini': ini('lazy-apps = true'),
    'etc/shop/web.py': script,
  })

export default defineRule({
  summary: 'uWSGI does not run the threads of the application',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `enable-threads` (or `threads`) uWSGI does not start the threads of Python: it keeps the interpreter’s lock (GIL) while it waits for a request, and a thread that the application has started stands still until then. The values that it fetches are hours old, jobs of APScheduler are not done, events of Sentry are not sent. The development server runs them.',
  remedy:
    'Set `enable-threads = true`; with several workers `lazy-apps = true` besides, where each of them needs the thread, which else runs in the master alone',
  references: [
    'https://uwsgi-docs.readthedocs.io/en/latest/ThingsToKnow.html',
    'https://uwsgi-docs.readthedocs.io/en/latest/WSGIquickstart.html#a-note-on-python-threads',
    'https://apscheduler.readthedocs.io/en/3.x/faq.html#how-can-i-use-apscheduler-with-uwsgi',
  ],
  bad: [
    { title: 'a thread', files: tree(COUNTER) },
    { title: 'a scheduler', files: tree(SCHEDULER, 'master = true') },
    { title: 'Sentry', files: tree(SENTRY) },
    { title: 'a thread in a file of an emperor', files: vassal('') },
    {
      title: 'a thread of a module that is imported',
      files: {
        ...tree('from rates import rates\napplication = print\n'),
        'etc/shop/rates.py': conf`
          from threading import Thread
          rates = {}
          refresher = Thread(target=rates.update, name="rates", daemon=True)
          refresher.daemon = True
          «refresher.start»()
        `,
      },
    },
  ],
  good: [
    { title: 'threads on', files: tree(plain(COUNTER), 'enable-threads = true') },
    { title: 'threads for requests', files: tree(plain(COUNTER), 'threads = 2') },
    { title: 'greenlets', files: tree(plain(COUNTER), 'gevent = 100') },
    {
      title: 'a variable of the unit',
      files: {
        ...tree(plain(COUNTER)),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini',
          'Environment=UWSGI_ENABLE_THREADS=1',
        ),
      },
    },
    { title: 'options that are elsewhere', files: tree(plain(COUNTER), 'ini = /etc/shop/base.ini') },
    {
      title: 'an emperor that turns them on',
      files: vassal('--vassal-set enable-threads=true', plain(COUNTER)),
    },
    {
      title: 'a thread that the module waits for',
      files: tree(conf`
        import threading
        loading = threading.Thread(target=print)
        loading.start()
        loading.join()
        application = print
      `),
    },
    {
      title: 'a thread where the module is the program',
      files: tree(conf`
        import threading
        if __name__ == "__main__":
            threading.Thread(target=print).start()
        application = print
      `),
    },
    {
      title: 'gunicorn',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn -b 127.0.0.1:8000 web'), {
        'etc/shop/web.py': plain(COUNTER),
      }),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { server } = program
      if (!isUwsgi(server) || runsThreads(server) || !hasItsOwnOptions(deployment, program)) continue
      const thread = applicationThread(deployment, program)
      if (thread === null) continue
      yield {
        at: thread.at,
        message: `uWSGI runs no threads of the application without \`enable-threads\`, so ${thread.harm}`,
        label: 'a thread that does not run',
        related: [{ at: server.at, message: 'uWSGI' }],
        help: 'Add `enable-threads = true` to uWSGI',
      }
    }
  },
})
