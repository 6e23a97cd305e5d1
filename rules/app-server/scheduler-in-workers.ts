import { isUwsgi } from '../../parsers/app-server/uwsgi.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { runsThreads } from './_application-threads.ts'
import { isLoadedOnce } from './_loaded-once.ts'
import { schedulerInFactory, schedulerStarted } from './_schedulers.ts'

const FLASK = /* @__PURE__ */ conf`
  from apscheduler.schedulers.background import BackgroundScheduler
  from flask import Flask
  app = Flask(__name__)
  scheduler = BackgroundScheduler()
  scheduler.add_job(print, "interval", minutes=5)
  scheduler.start()
`
const FASTAPI = /* @__PURE__ */ conf`
  from apscheduler.schedulers.asyncio import AsyncIOScheduler
  from fastapi import FastAPI
  app = FastAPI()
  scheduler = AsyncIOScheduler()

  @app.on_event("startup")
  async def start():
      scheduler.add_job(print, "interval", minutes=5)
      scheduler.start()
`
/** An application that a function makes, and a scheduler of a module of its own. */
const factory = (lines: string, module = ''): Record<string, string> => ({
  ...tree(
    '/usr/bin/gunicorn -c /etc/shop/gunicorn.conf.py',
    conf`
      from flask import Flask
      from extensions import scheduler

      def create_app():
          app = Flask(__name__)
          scheduler.init_app(app)
          ${lines}
          return app
      ${module}
    `,
  ),
  'etc/shop/extensions.py': conf`
    from flask_apscheduler import APScheduler
    scheduler = APScheduler()
  `,
  'etc/shop/gunicorn.conf.py': conf`
    bind = "127.0.0.1:8000"
    workers = «4»
    wsgi_app = "shop:create_app()"
  `,
})
const tree = (command: string, script = FLASK): Record<string, string> =>
  behindNginx(serviceUnit(command), { 'etc/shop/shop.py': script })
const uwsgi = (lines: string, script = FLASK): Record<string, string> => ({
  ...tree('/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini', script),
  'etc/shop/uwsgi.ini': conf`
    [uwsgi]
    plugins = python3
    http-socket = 127.0.0.1:8000
    module = shop:app
    master = true
    ${lines}
  `,
})

export default defineRule({
  summary: 'A scheduler inside of the application runs in each of its workers',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'APScheduler is a thread of the process that starts it. Where the application starts it and several workers load the application, each of them has one, and every job is done as many times: mails go out four times.',
  remedy: 'Start the scheduler in a process of its own, or one worker with threads',
  references: [
    'https://apscheduler.readthedocs.io/en/3.x/faq.html#how-do-i-share-a-single-job-store-among-one-or-more-worker-processes',
  ],
  unproven: 'The machines of the live tests have no APScheduler',
  bad: [
    { title: 'gunicorn', files: tree('/usr/bin/gunicorn -w «4» -b 127.0.0.1:8000 shop:app') },
    { title: 'uvicorn', files: tree('/usr/bin/uvicorn --workers «2» --port 8000 shop:app', FASTAPI) },
    { title: 'a function that makes the application', files: factory('scheduler.start()') },
    {
      title: 'uWSGI whose workers each load the application',
      files: uwsgi('processes = «4»\nenable-threads = true\nlazy-apps = true'),
    },
  ],
  good: [
    { title: 'one worker', files: tree('/usr/bin/gunicorn -w 1 --threads 8 -b 127.0.0.1:8000 shop:app') },
    {
      title: 'the master loads the application, and its threads stay there',
      files: tree('/usr/bin/gunicorn --preload -w 4 -b 127.0.0.1:8000 shop:app'),
    },
    {
      title: 'a function that starts it where a variable says so',
      files: factory('if app.config["SCHEDULER"]:\n    scheduler.start()'),
    },
    {
      title: 'a function that ends before',
      files: factory('if app.testing:\n    return app\nscheduler.start()'),
    },
    {
      title: 'a function that nothing calls here',
      files: factory('', 'def run():\n    scheduler.start()'),
    },
    {
      title: 'a lock that one worker gets',
      files: tree('/usr/bin/gunicorn -w 4 -b 127.0.0.1:8000 shop:app', `import fcntl\n${FLASK}`),
    },
    {
      title: 'a scheduler that is started under a condition',
      files: tree(
        '/usr/bin/gunicorn -w 4 -b 127.0.0.1:8000 shop:app',
        FLASK.replace('scheduler.start()', 'if __name__ == "__main__":\n    scheduler.start()'),
      ),
    },
    {
      title: 'a scheduler that FastAPI starts under a condition',
      files: tree(
        '/usr/bin/uvicorn --workers 2 --port 8000 shop:app',
        FASTAPI.replace('    scheduler.start()', '    if is_leader():\n          scheduler.start()'),
      ),
    },
    {
      title: 'uWSGI that runs no threads, which is another fault',
      files: uwsgi('processes = 4\nlazy-apps = true'),
    },
    { title: 'uWSGI with threads', files: uwsgi('processes = 4\nenable-threads = true') },
    { title: 'uWSGI with threads for requests', files: uwsgi('threads = 2') },
    {
      title: 'no scheduler',
      files: tree('/usr/bin/gunicorn -w 4 -b 127.0.0.1:8000 shop:app', 'app = print\n'),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { server } = program
      if (!program.isSeen || server.development) continue
      const source = deployment.moduleOf(program)?.source ?? null
      const own = source === null || source === 'missing' ? null : schedulerStarted(source)
      const started = own ?? schedulerInFactory(deployment, program)
      if (started === null) continue
      // Where uWSGI runs no threads, none of its workers does a job.
      if (isUwsgi(server) && !runsThreads(server)) continue
      const { workers } = server
      if (workers?.known !== true || workers.value < 2 || isLoadedOnce(program)) continue
      yield {
        at: workers.at ?? server.at,
        message: `each of the ${workers.value} workers of ${programName(program)} starts the scheduler of the application, and every job is done ${workers.value} times`,
        label: 'more than one',
        related: [{ at: started, message: 'started here' }],
      }
    }
  },
})
