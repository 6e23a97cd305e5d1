import { programName } from '../../src/deployment/destination-words.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Application, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { hasSeveralWorkers } from '../app-server/_several-workers.ts'
import { djangoProject, modWsgiMain } from '../_examples.ts'
import { djangoBehindNginx } from './_examples.ts'
import { rotatedLogs } from './_rotated-logs.ts'

const TIMED = '"class": «"logging.handlers.TimedRotatingFileHandler"», "when": "midnight"'
const BY_SIZE = '"class": «"logging.handlers.RotatingFileHandler"», "maxBytes": 1048576, "backupCount": 5'
const settings = (handler: string, { filters = '', handlers = '"file"' } = {}): string => conf`
  ALLOWED_HOSTS = ["example.org", "web"]
  LOGGING = {
      "version": 1,
      "filters": {"debug": {"()": "django.utils.log.RequireDebugTrue"}},
      "handlers": {
          "console": {"class": "logging.StreamHandler"},
          "file": {${handler}, "filename": "/var/log/shop/shop.log"${filters}},
      },
      "root": {"handlers": [${handlers}], "level": "INFO"},
  }
`
const gunicorn = (
  handler: string,
  { workers = '--workers 3', ...rest }: { workers?: string; filters?: string; handlers?: string } = {},
): Record<string, string> =>
  djangoBehindNginx({
    command: `gunicorn ${workers} --bind 0.0.0.0:8000 shop.wsgi`,
    settings: settings(handler, rest),
  })
const modWsgi = (processes: string, handler: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': modWsgiMain(conf`
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        WSGIDaemonProcess shop ${processes} threads=5
        WSGIProcessGroup shop
        WSGIScriptAlias / /opt/shop/shop/wsgi.py
    </VirtualHost>
  `),
  ...djangoProject(settings(handler)),
})

export default defineRule({
  summary: 'Each of several processes rotates the same log',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`RotatingFileHandler` and `TimedRotatingFileHandler` are made for one process. When one of several renames the file, the others go on writing to the renamed one, and rotate again when it is their turn: `TimedRotatingFileHandler` then removes the file of the day before, which holds most of its lines, or, since Python 3.13, leaves it and goes on writing to it; the other moves files out at the end too early. Lines are lost, or strewn over several files.',
  remedy:
    'Write to the console, or use `logging.handlers.WatchedFileHandler` and let logrotate rotate; `concurrent-log-handler` rotates for several processes',
  references: [
    'https://docs.python.org/3/howto/logging-cookbook.html#logging-to-a-single-file-from-multiple-processes',
    'https://docs.python.org/3/library/logging.handlers.html#watchedfilehandler',
  ],
  unproven: 'The lines are in another file, or in none, which no answer to a request shows',
  bad: [
    { title: 'four processes of mod_wsgi, at midnight', files: modWsgi('processes=4', TIMED) },
    { title: 'three workers of gunicorn, by size', files: gunicorn(BY_SIZE) },
    {
      title: 'workers by the number of processors',
      files: {
        ...gunicorn(TIMED, { workers: '--config gunicorn.conf.py' }),
        'web/gunicorn.conf.py': 'import multiprocessing\nworkers = multiprocessing.cpu_count() * 2 + 1\n',
      },
    },
  ],
  good: [
    { title: 'one process', files: modWsgi('processes=1', TIMED) },
    { title: 'one worker with threads', files: gunicorn(BY_SIZE, { workers: '--workers 1 --threads 8' }) },
    {
      title: 'logrotate',
      files: gunicorn('"class": "logging.handlers.WatchedFileHandler"'),
    },
    {
      title: 'a handler that locks',
      files: gunicorn(
        '"class": "concurrent_log_handler.ConcurrentRotatingFileHandler", "maxBytes": 1048576, "backupCount": 5',
      ),
    },
    { title: 'no size at which it rotates', files: gunicorn(BY_SIZE.replace('1048576', '0')) },
    { title: 'a handler that no logger has', files: gunicorn(TIMED, { handlers: '"console"' }) },
    { title: 'lines of DEBUG alone', files: gunicorn(TIMED, { filters: ', "filters": ["debug"]' }) },
    {
      title: 'a file for each process',
      files: gunicorn(TIMED, { filters: ', "filename": f"/var/log/shop/{os.getpid()}.log"' }),
    },
    {
      title: 'a number of workers that the environment decides',
      files: gunicorn(TIMED, { workers: '--workers $WORKERS' }),
    },
  ],
  *check(deployment) {
    for (const { settings: found, server, started } of severalProcesses(deployment))
      for (const { path, classAt, isUsed, rotates } of rotatedLogs(found)) {
        if (classAt === null || !isUsed || !rotates) continue
        yield {
          at: classAt,
          message: `each process of ${server} rotates \`${path}\` for itself, so lines of the others are lost, or go to an older file`,
          label: 'made for one process',
          related: [{ at: started, message: 'the processes are started here' }],
        }
      }
  },
})

interface Processes {
  readonly settings: DjangoSettings
  readonly server: string
  readonly started: Place
}

function* severalProcesses(deployment: Deployment): Iterable<Processes> {
  for (const program of programsOfKind(deployment, 'app-server')) {
    if (!program.isSeen || program.server.development || !hasSeveralWorkers(program)) continue
    const settings = deployment.moduleOf(program)?.settings ?? null
    const started = program.server.workers?.at ?? program.server.at
    if (settings !== null) yield { settings, server: programName(program), started }
  }
  for (const application of deployment.applications) {
    const started = startedSeveral(application)
    const settings = started === null ? null : (deployment.pythonOf(application)?.settings ?? null)
    if (started !== null && settings !== null) yield { settings, server: 'mod_wsgi', started }
  }
}

/** Where a group of several processes is declared. */
function startedSeveral({ daemon }: Application): Place | null {
  if (daemon?.processes.known !== true || daemon.processes.value < 2) return null
  return daemon.options.get('processes')?.at ?? daemon.at
}
