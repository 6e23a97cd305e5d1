import { posix } from 'node:path'
import { programName } from '../../src/deployment/destination-words.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { AppServerProgram, Application, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { loadedBy, loadedFiles } from './_loaded-files.ts'
import { isLoadedOnce } from './_loaded-once.ts'
import { randomKeyIn } from './_random-keys.ts'
import { hasSeveralWorkers } from './_several-workers.ts'

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

/** Flask in a package, whose factory takes its settings from elsewhere. */
const factory = (lines: string, more: Readonly<Record<string, string>> = {}): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn --workers 4 wsgi:app'), {
    'etc/shop/wsgi.py': conf`
      from shop import create_app
      app = create_app()
    `,
    'etc/shop/shop/__init__.py': conf`
      import os
      import secrets
      from flask import Flask
      def create_app():
          app = Flask(__name__)
          ${lines}
          return app
    `,
    ...more,
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
      title: 'in the function that makes the application',
      files: factory('app.config["SECRET_KEY"] = «os.urandom(24).hex()»'),
    },
    {
      title: 'among other settings',
      files: factory(conf`
        app.config.from_mapping(
            DATABASE=os.path.join(app.instance_path, "shop.sqlite"),
            SECRET_KEY=«secrets.token_hex(16)»,
        )
      `),
    },
    {
      title: 'a class of settings',
      files: factory('app.config.from_object("config.Config")', {
        'etc/shop/config.py': conf`
          import os
          class Config:
              SECRET_KEY = «os.urandom(32)»
              TESTING = False
        `,
      }),
    },
    {
      title: 'a name of its own, with as many workers as the machine has cores',
      files: {
        ...flask('KEY = «os.urandom(24)»\napp.secret_key = KEY', '/usr/bin/gunicorn web:app'),
        'etc/shop/gunicorn.conf.py': conf`
          import multiprocessing
          workers = multiprocessing.cpu_count() * 2 + 1
        `,
      },
    },
    {
      title: 'the sessions of Starlette',
      files: behindNginx(serviceUnit('/usr/bin/uvicorn --workers 4 --port 8000 web:app'), {
        'etc/shop/web.py': conf`
            import secrets
            from fastapi import FastAPI
            from starlette.middleware.sessions import SessionMiddleware
            app = FastAPI()
            app.add_middleware(SessionMiddleware, secret_key=«secrets.token_urlsafe(32)»)
          `,
      }),
    },
    {
      title: 'tokens that are signed',
      files: behindNginx(serviceUnit('/usr/bin/uvicorn --workers 4 --port 8000 web:app'), {
        'etc/shop/web.py': conf`
            from fastapi import FastAPI
            from auth import token
            app = FastAPI()
            app.get("/token")(token)
          `,
        'etc/shop/auth.py': conf`
            import secrets
            import jwt
            SECRET_KEY = «secrets.token_hex(32)»
            def token():
                return jwt.encode({"sub": "shop"}, SECRET_KEY, algorithm="HS256")
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
      title: 'a key that a file replaces',
      files: factory(
        'app.config.from_mapping(SECRET_KEY=os.urandom(16))\napp.config.from_pyfile("shop.cfg")',
      ),
    },
    {
      title: 'a key that another module replaces',
      files: factory('app.secret_key = os.urandom(16)', {
        'etc/shop/wsgi.py': conf`
          import os
          from shop import create_app
          app = create_app()
          app.secret_key = os.environ["KEY"]
        `,
      }),
    },
    {
      title: 'a class of settings that no one loads, and one that reads the environment',
      files: factory('app.config.from_object("config.Production")', {
        'etc/shop/config.py': conf`
          import os
          class Base:
              SECRET_KEY = os.urandom(32)
          class Production(Base):
              SECRET_KEY = os.environ["KEY"]
        `,
      }),
    },
    {
      title: 'sessions in a store, by a name that nothing signs',
      files: factory('from flask_session import Session\napp.secret_key = os.urandom(16)\nSession(app)'),
    },
    {
      title: 'another random value',
      files: flask('app.config["BOOT_ID"] = os.urandom(8)\napp.secret_key = os.environ["SHOP_KEY"]'),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      if (!program.isSeen || program.server.development) continue
      const at = keyOfProgram(deployment, program)
      if (at === null) continue
      const several = hasSeveralWorkers(program) && !isLoadedOnce(program)
      yield {
        at,
        ...(!several && { severity: 'info' as const }),
        message: several
          ? `each worker of ${programName(program)} makes up a key of its own, so what one of them signs the others refuse`
          : 'after every start there is another key, and all sessions are lost',
        label: 'another value in every process',
        related: [{ at: program.server.workers?.at ?? program.server.at, message: 'started here' }],
      }
    }
    for (const application of deployment.applications) {
      const at = keyOfApplication(deployment, application)
      if (at === null) continue
      const several = hasSeveralProcesses(application)
      yield {
        at,
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

function keyOfProgram(deployment: Deployment, program: AppServerProgram): Place | null {
  const loaded = deployment.moduleOf(program)
  if (loaded === null) return null
  if (loaded.settings !== null) return keyOfDjango(loaded.settings)
  const read = loadedBy(deployment, program)
  const factory = /^(\w+)\(/.exec(loaded.attribute ?? '')?.[1] ?? null
  return read === null ? null : randomKeyIn(read.files, read.paths, factory)
}

function keyOfApplication(deployment: Deployment, application: Application): Place | null {
  const python = deployment.pythonOf(application)
  if (python === null) return null
  if (python.settings !== null) return keyOfDjango(python.settings)
  const files = deployment.filesOf(application.configuration)
  const configured = ['python-path', 'home'].flatMap(option => {
    const value = application.daemon?.options.get(option)?.value
    return value?.known === true ? value.value.split(':') : []
  })
  const roots = [posix.dirname(python.path), ...python.script.path, ...configured]
  return randomKeyIn(files, loadedFiles(files, python.path, roots.filter(posix.isAbsolute)), null)
}

const MAKERS =
  /^(?:os\.urandom|urandom|secrets\.token_(?:hex|bytes|urlsafe)|token_(?:hex|bytes|urlsafe)|uuid\.uuid4|(?:utils\.)?get_random_secret_key|Fernet\.generate_key)$/

/** Where the one line that sets the key makes it up; null where it does not, or nobody knows. */
function keyOfDjango(settings: DjangoSettings): Place | null {
  const assigned = settings.expressionOf('SECRET_KEY')
  if (assigned === null) return null
  const { expression, source } = assigned
  return expression.kind === 'call' && MAKERS.test(expression.callee)
    ? { source, start: expression.start, end: expression.end }
    : null
}

function hasSeveralProcesses({ daemon }: Application): boolean {
  return daemon?.processes?.known === true && daemon.processes.value > 1
}
