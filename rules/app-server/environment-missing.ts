import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { placesIn } from '../../src/deployment/containers/places-in.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { type DemandedName, demandedNames, demandedOfEnviron } from './_demanded-names.ts'
import { loadedBy } from './_loaded-files.ts'
import { celeryWithoutVariables } from './_celery-environment.ts'
import { nginxServer } from '../_examples.ts'
import { behindNginx, serviceUnit, uwsgiApplication, WSGI } from './_examples.ts'

const project = (settings: string): Record<string, string> => ({
  'etc/shop/shop/__init__.py': '',
  'etc/shop/shop/wsgi.py': WSGI,
  'etc/shop/shop/settings.py': settings,
})
const SETTINGS = conf`
  import os
  SECRET_KEY = «os.environ["SHOP_KEY"]»
  DEBUG = False
`
const PLAIN = SETTINGS.replace(/[«»]/g, '')
/** The same started by an emperor of uWSGI, whose own environment no file shows. */
const vassal = (): Record<string, string> => {
  const { 'etc/uwsgi/apps-enabled/shop.ini': ini = '', ...files } = uwsgiApplication(
    'chdir = /etc/shop\nmodule = shop.wsgi',
  )
  return { ...files, 'etc/uwsgi/vassals/shop.ini': ini, ...project(PLAIN) }
}
const unit = (lines = ''): string => serviceUnit('/usr/bin/gunicorn shop.wsgi:application', lines)

const CELERY = conf`
  from celery import Celery
  app = Celery("shop")
  app.config_from_object("django.conf:settings", namespace="CELERY")
`
const worker = (lines: string): string => conf`
  [Service]
  WorkingDirectory=/etc/shop
  ${lines}
`
const BROKER = conf`
  import os
  SECRET_KEY = "abc"
  CELERY_BROKER_URL = os.environ.get("BROKER", "redis://localhost:6379/0")
`
/** A worker beside the application, of one image. */
const composed = (lines: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      redis:
        image: redis:7
      web:
        build: .
        command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
        environment:
          BROKER: redis://redis:6379/0
      worker:
        build: .
        ${lines}
  `,
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
    RUN pip install django gunicorn celery redis
  `,
  'shop/__init__.py': '',
  'shop/celery.py': CELERY,
  'shop/wsgi.py': WSGI,
  'shop/settings.py': BROKER,
})

/** A container whose variables stand in a file that only an example tells of. */
const ofExample = (variables: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        build: .
        command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
        env_file: .env.prod
  `,
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
  `,
  '.env.prod-sample': variables,
  'shop/__init__.py': '',
  'shop/wsgi.py': WSGI,
  'shop/settings.py': SETTINGS,
})

/** A container of an application without Django. */
const plain = (
  code: string,
  environment = 'LANG: C.UTF-8',
  application = 'main:app',
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        build: .
        command: gunicorn --bind 0.0.0.0:8000 "${application}"
        environment:
          ${environment}
  `,
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
  `,
  'main.py': code,
})
const FACTORY = conf`
  import os
  from flask import Flask


  def create_app():
      app = Flask(__name__)
      app.config["SECRET_KEY"] = «os.environ["SHOP_KEY"]»
      return app
`
const FIELDS = conf`
  from fastapi import FastAPI
  from pydantic_settings import BaseSettings


  class Settings(BaseSettings):
      «database_url»: str
      debug: bool = False


  settings = Settings()
  app = FastAPI()
`
const ENVIRON = conf`
  import environ
  env = environ.Env(DEBUG=(bool, False))
  SECRET_KEY = «env("SHOP_KEY")»
  DEBUG = env("DEBUG")
  CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://")}
`
const unmarked = (text: string): string => text.replace(/[«»]/g, '')

const withoutExample = ({
  '.env.prod-sample': _,
  ...files
}: Record<string, string>): Record<string, string> => files

export default defineRule({
  summary: 'The settings read a variable that nothing sets',
  severity: 'error',
  otherSeverities: { warning: 'where an example of the file of variables has it not' },
  confidence: 'high',
  since: '0.1.0',
  why: '`os.environ["NAME"]` is a KeyError where the variable is not set. A shell reads `.env` or a profile, and a unit, a container or supervisord does not: the workers stop while they boot, and nginx answers 502.',
  remedy:
    'Set it where the server is started: `EnvironmentFile=` or `Environment=` in the unit, `environment` in the compose file',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=',
    'https://docs.python.org/3/library/os.html#os.environ',
  ],
  bad: [
    { title: 'a unit without it', files: behindNginx(unit(), project(SETTINGS)) },
    {
      title: 'uWSGI as Debian starts it',
      files: { ...uwsgiApplication('chdir = /etc/shop\nmodule = shop.wsgi'), ...project(SETTINGS) },
    },
    {
      title: 'uWSGI with a file in which it is not',
      files: {
        ...uwsgiApplication(
          'for-readline = /etc/shop/shop.env\n  env = %(_)\nendfor =\nchdir = /etc/shop\nmodule = shop.wsgi',
        ),
        ...project(SETTINGS),
        'etc/shop/shop.env': 'OTHER=abc\n',
      },
    },
    {
      title: 'a variable by another name than in the file that is to be copied',
      files: ofExample('DJANGO_KEY=\n'),
    },
    {
      title: 'a unit of Celery without the variable of the other one',
      files: {
        ...behindNginx(unit('Environment=SHOP_KEY=abc'), project(PLAIN)),
        'etc/shop/shop/celery.py': CELERY,
        'etc/systemd/system/worker.service': worker('ExecStart=«/usr/bin/celery» -A shop worker'),
      },
    },
    { title: 'a factory of Flask', files: plain(FACTORY, undefined, 'main:create_app()') },
    { title: 'a field of pydantic-settings', files: plain(FIELDS) },
    {
      title: 'the body of a class',
      files: plain(conf`
        import os
        from flask import Flask


        class Config:
            DATABASE = (
                «os.environ["DATABASE_URL"]»
            )


        app = Flask(__name__)
        app.config.from_object(Config)
      `),
    },
    { title: 'django-environ', files: behindNginx(unit(), project(ENVIRON)) },
    {
      title: 'a container of Celery without the address of the broker',
      files: composed('command: «celery» -A shop worker'),
    },
  ],
  good: [
    {
      title: 'what the containers are given',
      files: plain(unmarked(FIELDS), 'database_url: postgres://db/shop'),
    },
    {
      title: 'a factory that nobody calls',
      files: plain(`${unmarked(FACTORY)}\n\napp = Flask(__name__)\n`),
    },
    {
      title: 'a file that pydantic-settings reads',
      files: plain(
        unmarked(FIELDS).replace('debug:', 'model_config = SettingsConfigDict(env_file=".env")\n    debug:'),
      ),
    },
    {
      title: 'a prefix',
      files: plain(
        unmarked(FIELDS).replace(
          'debug:',
          'model_config = SettingsConfigDict(env_prefix="SHOP_")\n    debug:',
        ),
        'SHOP_DATABASE_URL: postgres://db/shop',
      ),
    },
    {
      title: 'fields that are given when one is made',
      files: plain(unmarked(FIELDS).replace('Settings()', 'Settings(database_url="sqlite://")')),
    },
    {
      title: 'conditions, texts and comments',
      files: plain(conf`
        '''
        os.environ["IN_A_TEXT"]
        '''
        import os
        from flask import Flask

        # os.environ["IN_A_COMMENT"]
        app = Flask(__name__)
        debug = os.environ["DEBUG"] if "DEBUG" in os.environ else None
        if debug:
            mail = os.environ["MAIL"]
        try:
            key = os.environ["KEY"]
        except KeyError:
            key = ""
        os.environ["OWN"] = "1"
        own = os.environ["OWN"]


        @app.route("/")
        def index():
            return os.environ["LATE"]
      `),
    },
    {
      title: 'a factory that may return before',
      files: plain(
        unmarked(FACTORY).replace(
          '    app.config',
          '    if app.testing:\n        return app\n    app.config',
        ),
        undefined,
        'main:create_app()',
      ),
    },
    {
      title: 'django-environ that reads a file',
      files: behindNginx(
        unit(),
        project(unmarked(ENVIRON).replace('SECRET_KEY', 'environ.Env.read_env()\nSECRET_KEY')),
      ),
    },
    {
      title: 'django-environ with a default in the call',
      files: behindNginx(unit(), project(unmarked(ENVIRON).replace('SHOP_KEY")', 'SHOP_KEY", default="x")'))),
    },
    {
      title: 'a variable of the file that is to be copied',
      files: ofExample('SHOP_KEY=\n'),
    },
    {
      title: 'a file of variables of which no example is kept',
      files: { ...withoutExample(ofExample('')), '.env.test': '' },
    },
    {
      title: 'a unit of Celery with the variable',
      files: {
        ...behindNginx(unit('Environment=SHOP_KEY=abc'), project(PLAIN)),
        'etc/shop/shop/celery.py': CELERY,
        'etc/systemd/system/worker.service': worker(conf`
          Environment=SHOP_KEY=abc
          ExecStart=/usr/bin/celery -A shop worker
        `),
      },
    },
    {
      title: 'a unit of Celery for another project',
      files: {
        ...behindNginx(unit('Environment=SHOP_KEY=abc'), project(PLAIN)),
        'etc/shop/shop/celery.py': CELERY,
        'etc/systemd/system/worker.service': worker('ExecStart=/usr/bin/celery -A blog worker').replace(
          '/etc/shop',
          '/etc/blog',
        ),
      },
    },
    {
      title: 'the supervisord of an image, which whoever runs it gives variables',
      files: {
        Dockerfile: conf`
          FROM python:3.12-slim
          WORKDIR /app
          COPY . .
          CMD ["supervisord", "-c", "/app/deploy/supervisord.conf"]
        `,
        'deploy/supervisord.conf': conf`
          [program:web]
          directory=/app
          command=/opt/venv/bin/gunicorn shop.wsgi:application --bind 127.0.0.1:8000
        `,
        'deploy/nginx.conf': nginxServer('location / { proxy_pass http://127.0.0.1:8000; }'),
        'shop/__init__.py': '',
        'shop/wsgi.py': WSGI,
        'shop/settings.py': PLAIN,
      },
    },
    {
      title: 'a container of Celery with the address of the broker',
      files: composed(conf`
        command: celery -A shop worker
        environment:
          BROKER: redis://redis:6379/0
      `),
    },
    {
      title: 'a container of Celery whose command has the address of the broker',
      files: composed('command: celery -A shop -b redis://redis:6379/0 worker'),
    },
    {
      title: 'a container of Celery with a file of variables that is not in the audit',
      files: composed(conf`
        command: celery -A shop worker
        env_file: .env
      `),
    },
    {
      title: 'a broker that the settings know without a variable',
      files: {
        ...composed('command: celery -A shop worker'),
        'shop/settings.py': BROKER.replace('localhost', 'redis'),
      },
    },
    { title: 'an emperor of uWSGI, which may have it', files: vassal() },
    ...[
      'for-readline = /etc/shop/shop.env\n  env = %(_)\nendfor =',
      'for-glob = /etc/shop/*.env\n  env = %(_)\nendfor =',
      'envdir = /etc/shop/env',
    ].map(lines => ({
      title: `variables that uWSGI takes from a file: \`${lines.split('\n')[0]}\``,
      files: {
        ...uwsgiApplication(`${lines}\nchdir = /etc/shop\nmodule = shop.wsgi`),
        ...project(PLAIN),
        'etc/shop/shop.env': 'SHOP_KEY=abc\n',
      },
    })),
    { title: 'in the unit', files: behindNginx(unit('Environment=SHOP_KEY=abc'), project(PLAIN)) },
    {
      title: 'in a file of the unit',
      files: behindNginx(unit('EnvironmentFile=/etc/shop/.env'), {
        ...project(PLAIN),
        'etc/shop/.env': conf`SHOP_KEY=abc`,
      }),
    },
    {
      title: 'in a file that is not in the audit',
      files: behindNginx(unit('EnvironmentFile=/opt/shop.env'), project(PLAIN)),
    },
    {
      title: 'read from a file by the settings',
      files: behindNginx(unit(), project(`from dotenv import load_dotenv\nload_dotenv()\n${PLAIN}`)),
    },
    {
      title: 'a default',
      files: behindNginx(unit(), project(PLAIN.replace('["SHOP_KEY"]', '.get("SHOP_KEY", "x")'))),
    },
    {
      title: 'a condition around it',
      files: behindNginx(
        unit(),
        project('import os\nif "SHOP_KEY" in os.environ:\n    SECRET_KEY = os.environ["SHOP_KEY"]\n'),
      ),
    },
  ],
  *check(deployment) {
    yield* celeryWithoutVariables(deployment)
    for (const program of programsOfKind(deployment, 'app-server')) {
      if (isOfImage(program, deployment)) continue
      const missing = [
        ...(deployment.moduleOf(program)?.missing ?? []).map(each => ({
          ...each,
          says: `KeyError: '${each.name}'`,
        })),
        ...otherwiseMissing(program, deployment),
      ]
      const isOfExample = missing.length > 0 && isTold(program.machine.container)
      for (const { name, at, says } of missing) {
        yield {
          at,
          // Who copies an example may add to it.
          ...(isOfExample && ({ severity: 'warning', confidence: 'medium' } as const)),
          message: `nothing sets \`${name}\` where ${programName(program)} is started, so it cannot boot: \`${says}\``,
          label: 'not set',
          related: [{ at: program.server.at, message: 'started here without it' }],
        }
      }
    }
  },
})

/** What an application without settings of Django demands, and what these read by django-environ. */
function otherwiseMissing(program: AppServerProgram, deployment: Deployment): readonly DemandedName[] {
  const loaded = deployment.moduleOf(program)
  if (loaded === null || !isEnvironmentKnown(program)) return []
  const said = new Set<string>()
  return demandedBy(program, loaded, deployment).filter(({ name }) => {
    const isSet = [name, name.toLowerCase()].some(
      each =>
        program.server.environment.some(variable => variable.name === each) ||
        program.environment(each) !== null,
    )
    if (isSet || said.has(name)) return false
    said.add(name)
    return true
  })
}

function demandedBy(
  program: AppServerProgram,
  { settings, attribute, script }: LoadedModule,
  deployment: Deployment,
): readonly DemandedName[] {
  const { container, files } = program.machine
  if (settings !== null) return demandedOfEnviron(container?.files ?? files, settings.files)
  const read = script?.settingsModule == null ? loadedBy(deployment, program) : null
  const factory = /^(\w+)\(\)$/.exec(attribute ?? '')?.[1] ?? null
  return read === null ? [] : demandedNames(read.files, read.paths, factory)
}

/** An image that stands on Python's own sets nothing else; of a unit its lines are all. */
function isEnvironmentKnown({ machine: { container }, by, isSeen }: AppServerProgram): boolean {
  if (container === null) return by === 'systemd' && isSeen
  return container.image !== null && container.base === 'python' && container.service.complete
}

/** True for what the supervisord of an image starts: whoever runs the image gives it variables. */
function isOfImage({ machine, by, server }: AppServerProgram, deployment: Deployment): boolean {
  if (machine.container !== null || by !== 'supervisord') return false
  return deployment.containers().some(container => placesIn(container, server.at.source.path).length > 0)
}

/** True for a container whose variables only the example of a file tells. */
function isTold(container: Container | null): boolean {
  return (
    container?.service.envFiles.some(
      ({ path }) => path.known && sourceAt(container.hostFiles, path.value) === null,
    ) === true
  )
}
