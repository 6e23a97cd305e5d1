import { programName } from '../../src/deployment/destination-words.ts'
import type { WsgiScript } from '../../src/deployment/django/settings.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { AppServerProgram, Application } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const flask = (key: string, command = '/usr/bin/gunicorn --workers 4 web:app'): Record<string, string> =>
  behindNginx(serviceUnit(command, 'Environment=SHOP_KEY=one-key-for-all'), {
    'etc/shop/web.py': conf`
      import os
      from flask import Flask
      app = Flask(__name__)
      ${key}
      @app.route("/")
      def start():
          return repr(app.secret_key)
    `,
  })

export default defineRule({
  summary: 'Every process of an application makes up a secret key of its own',
  severity: 'warning',
  otherSeverities: { info: 'where all processes get the same one, until the next start' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Sessions, CSRF tokens and password resets are signed with the secret key. Each worker loads the application for itself, so a random key differs from worker to worker: the next request of a client is answered by another one, which throws its session away. Logins come and go, and forms fail with `The CSRF session token is missing`. After every start all sessions are lost.',
  remedy: 'Make one key, keep it outside of the code, and read it: `os.environ["SECRET_KEY"]`',
  references: [
    'https://flask.palletsprojects.com/en/stable/config/#SECRET_KEY',
    'https://docs.djangoproject.com/en/stable/ref/settings/#secret-key',
    'https://docs.gunicorn.org/en/stable/settings.html#preload-app',
  ],
  bad: [
    { title: 'Flask with four workers', files: flask('app.secret_key = «os.urandom(24)»') },
    {
      title: 'in its configuration',
      files: flask('import secrets\napp.config["SECRET_KEY"] = «secrets.token_hex(16)»'),
    },
    {
      title: 'Django',
      files: djangoBehindNginx({
        command: 'gunicorn --workers 3 --bind 0.0.0.0:8000 shop.wsgi',
        settings: conf`
          from django.core.management.utils import get_random_secret_key
          ALLOWED_HOSTS = ["example.org"]
          SECRET_KEY = «get_random_secret_key()»
        `,
      }),
    },
    {
      title: 'one worker, whose key ends with it',
      files: flask('app.secret_key = «os.urandom(24)»', '/usr/bin/gunicorn web:app'),
    },
  ],
  good: [
    { title: 'a key of the environment', files: flask('app.secret_key = os.environ["SHOP_KEY"]') },
    {
      title: 'a key that is made up where none is set',
      files: flask('app.secret_key = os.environ.get("SHOP_KEY") or os.urandom(24)'),
    },
    {
      title: 'for development alone',
      files: flask('if app.debug:\n    app.secret_key = os.urandom(24)'),
    },
    {
      title: 'another random value',
      files: flask('app.config["BOOT_ID"] = os.urandom(8)\napp.secret_key = os.environ["SHOP_KEY"]'),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const loaded = deployment.moduleOf(program)
      const found = loaded === null ? null : randomKey(loaded.script, loaded.settings)
      if (found === null || !program.isSeen || program.server.development) continue
      const several = loadsSeveralTimes(program)
      yield {
        ...found,
        ...(!several && { severity: 'info' as const }),
        message: several
          ? `each worker of ${programName(program)} makes up a key of its own, so what one of them signs the others refuse`
          : 'after every start there is another key, and all sessions are lost',
        label: 'another value in every process',
        related: [{ at: program.server.workers?.at ?? program.server.at, message: 'started here' }],
      }
    }
    for (const application of deployment.applications) {
      const python = deployment.pythonOf(application)
      const found = python === null ? null : randomKey(python.script, python.settings)
      if (found === null) continue
      const several = hasSeveralProcesses(application)
      yield {
        ...found,
        ...(!several && { severity: 'info' as const }),
        message: several
          ? 'each process of mod_wsgi makes up a key of its own, so what one of them signs the others refuse'
          : 'after every start there is another key, and all sessions are lost',
        label: 'another value in every process',
        related: [{ at: application.alias.pathAt, message: 'mod_wsgi loads it here' }],
      }
    }
  },
})

const MAKERS =
  /^(?:os\.urandom|urandom|secrets\.token_(?:hex|bytes|urlsafe)|token_(?:hex|bytes|urlsafe)|uuid\.uuid4|(?:utils\.)?get_random_secret_key|Fernet\.generate_key)$/
const KEYS = /^(?:\w+\.secret_key|\w+\.config\[SECRET_KEY\])$/

/** Where the one line that sets the key makes it up; null where it does not, or nobody knows. */
function randomKey(script: WsgiScript | null, settings: DjangoSettings | null): { at: Place } | null {
  const assigned = settings?.expressionOf('SECRET_KEY') ?? null
  if (assigned !== null) {
    const { expression, source } = assigned
    return expression.kind === 'call' && MAKERS.test(expression.callee)
      ? { at: { source, start: expression.start, end: expression.end } }
      : null
  }
  for (const [target, callee] of script?.made ?? []) {
    const place = KEYS.test(target) && MAKERS.test(callee) ? script?.bound.get(target) : undefined
    if (place === undefined) continue
    const equals = place.source.code.indexOf('=', place.start)
    const start = equals + 1 + /^\s*/.exec(place.source.code.slice(equals + 1))![0].length
    return { at: { ...place, start } }
  }
  return null
}

/** True where several processes surely load the application each for itself. */
function loadsSeveralTimes({ server, environment }: AppServerProgram): boolean {
  const { program, workers, settings } = server
  if (program !== 'gunicorn' && program !== 'uvicorn' && program !== 'hypercorn') return false
  const preload = settings.get('preload_app')
  if (preload !== undefined && !(preload.known && preload.value === false)) return false
  if (workers !== null) return workers.known && workers.value > 1
  const fact = environment('WEB_CONCURRENCY')
  return fact?.known === true && Number(fact.value) > 1
}

function hasSeveralProcesses({ daemon }: Application): boolean {
  return daemon?.processes?.known === true && daemon.processes.value > 1
}
