import { posix } from 'node:path'
import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { shownFrom } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { behindNginx, serviceUnit, uwsgiApplication, WSGI } from './_examples.ts'
import { settingsNotFound } from './_settings-not-found.ts'

const FLASK = {
  'etc/shop/web.py': conf`
    from flask import Flask
    app = Flask(__name__)
  `,
}
const uwsgi = (lines: string, files: Record<string, string>): Record<string, string> => ({
  ...uwsgiApplication(lines),
  ...files,
})

const supervised = (lines: string): Record<string, string> => ({
  ...behindNginx('', { 'etc/shop/shop/__init__.py': '', 'etc/shop/shop/wsgi.py': WSGI }),
  'etc/systemd/system/shop.service': '',
  'etc/supervisor/supervisord.conf': conf`
    [supervisord]
    logfile=/var/log/supervisor/supervisord.log
    ${lines}
    [include]
    files=/etc/supervisor/conf.d/*.conf
  `,
  'etc/supervisor/conf.d/shop.conf': conf`
    [program:shop]
    command=/etc/shop/venv/bin/gunicorn «shop.wsgi:application» --bind 127.0.0.1:8000
  `,
})

/** A unit beside the application that it starts, in a repository. */
const repository = (module: string): Record<string, string> => ({
  'deploy/shop.service': conf`
    [Service]
    User=shop
    WorkingDirectory=/home/shop/site
    ExecStart=/home/shop/site/env/bin/uwsgi --ini shop.ini
  `,
  'shop.ini': conf`
    [uwsgi]
    module = ${module}
    master = true
    socket = shop.sock
  `,
  'wsgi.py': conf`
    from flask import Flask
    app = Flask(__name__)
  `,
})

const inDirectory = (words: string): Record<string, string> =>
  behindNginx(serviceUnit(`/usr/bin/gunicorn ${words}`), {
    'etc/shop/backend/manage.py': 'import os\n',
    'etc/shop/backend/config/__init__.py': '',
    'etc/shop/backend/config/wsgi.py': WSGI.replace('shop.settings', 'config.settings'),
    'etc/shop/backend/config/settings.py': 'DEBUG = False\n',
  })

/** As `django-admin startproject shop` makes it. */
const STARTED = {
  'etc/sites/shop/manage.py': 'import os\n',
  'etc/sites/shop/shop/__init__.py': '',
  'etc/sites/shop/shop/wsgi.py': WSGI,
  'etc/sites/shop/shop/settings.py': 'DEBUG = False\n',
}

const settingsOfUnit = (module: string): Record<string, string> =>
  behindNginx(
    serviceUnit('/usr/bin/gunicorn shop.wsgi:application', `Environment=DJANGO_SETTINGS_MODULE=${module}`),
    {
      'etc/shop/shop/__init__.py': '',
      'etc/shop/shop/wsgi.py': WSGI,
      'etc/shop/shop/settings/__init__.py': '',
      'etc/shop/shop/settings/production.py': 'DEBUG = False\n',
    },
  )

export default defineRule({
  summary: 'An application server cannot load its application',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'gunicorn, uvicorn, Daphne and waitress import a module by its dotted name, as `import shop.wsgi` would, and take one name from it. With a path, or a module that does not have the name, every worker stops while it boots, and nginx answers 502 Bad Gateway.',
  remedy:
    'Write the module with dots and the name of the application behind a colon: `shop.wsgi:application`',
  references: [
    'https://docs.gunicorn.org/en/stable/run.html#gunicorn',
    'https://www.uvicorn.org/#command-line-options',
    'https://docs.djangoproject.com/en/stable/howto/deployment/wsgi/gunicorn/',
  ],
  bad: [
    {
      title: 'a project in a directory of its own, of which the script alone is found',
      files: inDirectory('«backend.config.wsgi»'),
    },
    {
      title: 'a package that was renamed',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn «shop.store.app:app»'), {
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/web/__init__.py': '',
        'etc/shop/shop/web/app.py': FLASK['etc/shop/web.py'],
      }),
    },
    {
      title: 'the same in an image, where a shell starts supervisord by a relative file',
      files: {
        Dockerfile: conf`
          FROM python:3.12
          WORKDIR /srv/shop
          COPY . .
          CMD service nginx start && supervisord -c supervisord.conf
        `,
        'nginx.conf': nginxMain(nginxServer('return 204;')),
        'supervisord.conf': conf`
          [supervisord]
          nodaemon=true
          [program:shop]
          command=gunicorn --bind 127.0.0.1:8000 «shop.store.app:app»
        `,
        'shop/__init__.py': '',
        'shop/web/__init__.py': '',
        'shop/web/app.py': FLASK['etc/shop/web.py'],
      },
    },
    {
      title: 'a package by the name that tutorials give it',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn «app.app:create_app()»'), {
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/app.py':
          'from flask import Flask\n\n\ndef create_app():\n    return Flask(__name__)\n',
      }),
    },
    {
      title: 'settings of a package that was renamed',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application'), {
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/wsgi.py': WSGI.replace('"shop.settings"', '«"mysite.settings"»'),
        'etc/shop/shop/settings.py': 'DEBUG = False\n',
      }),
    },
    {
      title: 'no callable for uWSGI, whose file lies above the unit that names it',
      files: repository('«wsgi»'),
    },
    {
      title: 'a path',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn «/etc/shop/app:app»')),
    },
    {
      title: 'the settings by their path',
      files: behindNginx(
        serviceUnit(
          '/usr/bin/gunicorn shop.wsgi:application',
          'Environment=DJANGO_SETTINGS_MODULE=«shop/settings.py»',
        ),
      ),
    },
    {
      title: 'a package of another name than the only one of the project',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn «myproject.wsgi:application»'), {
        'etc/shop/manage.py': 'import os\n',
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/wsgi.py': WSGI,
        'etc/shop/shop/settings.py': 'DEBUG = False\n',
      }),
    },
    {
      title: 'a path, for supervisord',
      files: {
        ...behindNginx(''),
        'etc/systemd/system/shop.service': '',
        'etc/supervisor/conf.d/shop.conf': conf`
          [program:shop]
          command=/usr/bin/uvicorn «src/app.py:app» --port 8000
          directory=/etc/shop
        `,
      },
    },
    {
      title: 'the package of a project in place of its wsgi module',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn --workers 3 «shop»'), {
        'etc/shop/shop/__init__.py': conf`VERSION = "1.0"`,
        'etc/shop/shop/wsgi.py': WSGI,
      }),
    },
    {
      title: 'a module without an attribute, which uvicorn does not guess',
      files: behindNginx(serviceUnit('/usr/bin/uvicorn «app»'), { 'etc/shop/app.py': conf`app = make()` }),
    },
    {
      title: 'a module that the package does not have',
      files: behindNginx(
        serviceUnit('/usr/bin/gunicorn «shop.wgsi»:application'.replace('»:application', ':application»')),
        {
          'etc/shop/shop/__init__.py': '',
          'etc/shop/shop/wsgi.py': WSGI,
        },
      ),
    },
    {
      title: 'a dot in place of the colon',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn «shop.wsgi.application»'), {
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/wsgi.py': WSGI,
      }),
    },
    {
      title: 'a dot in place of the colon, for uWSGI',
      files: uwsgi(
        conf`
          chdir = /etc/shop
          module = «shop.wsgi.application»
        `,
        { 'etc/shop/shop/__init__.py': '', 'etc/shop/shop/wsgi.py': WSGI },
      ),
    },
    {
      title: 'started in the package, and not in the directory that holds it',
      files: behindNginx(
        conf`
          [Service]
          WorkingDirectory=«/etc/shop/shop»
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
        { 'etc/shop/shop/__init__.py': '', 'etc/shop/shop/wsgi.py': WSGI },
      ),
    },
    {
      title: 'started above the project',
      files: behindNginx(
        conf`
          [Service]
          WorkingDirectory=«/etc/sites»
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
        { 'etc/sites/shop-project/shop/__init__.py': '', 'etc/sites/shop-project/shop/wsgi.py': WSGI },
      ),
    },
    {
      title: 'started above a project of `startproject`, whose directory has the name of its package',
      files: behindNginx(
        conf`
          [Service]
          WorkingDirectory=«/etc/sites»
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
        STARTED,
      ),
    },
    {
      title: 'the same, where nobody says a directory',
      files: behindNginx(
        conf`
          [Service]
          ExecStart=/etc/sites/venv/bin/gunicorn «shop.wsgi:application»
        `,
        STARTED,
      ),
    },
    {
      title: 'uWSGI above such a project',
      files: uwsgi(
        conf`
          chdir = «/etc/sites»
          module = shop.wsgi:application
        `,
        STARTED,
      ),
    },
    {
      title: 'the same, with an environment of another name and a file of variables',
      files: behindNginx(
        conf`
          [Service]
          EnvironmentFile=/etc/shop.env
          ExecStart=/etc/shop/shopenv/bin/gunicorn «shop.wsgi:application»
        `,
        { 'etc/shop/shop/__init__.py': '', 'etc/shop/shop/wsgi.py': WSGI },
      ),
    },
    {
      title: 'systemd starts it in `/`, where nobody says a directory',
      files: behindNginx(
        conf`
          [Service]
          ExecStart=/etc/shop/venv/bin/gunicorn «shop.wsgi:application»
        `,
        { 'etc/shop/shop/__init__.py': '', 'etc/shop/shop/wsgi.py': WSGI },
      ),
    },
    {
      title: 'so does supervisord',
      files: supervised(''),
    },
    {
      title: 'uWSGI in the package of a project',
      files: uwsgi(
        conf`
          chdir = «/etc/shop/shop»
          module = shop.wsgi:application
        `,
        { 'etc/shop/shop/__init__.py': '', 'etc/shop/shop/wsgi.py': WSGI },
      ),
    },
    {
      title: 'uWSGI, which takes `application` where nobody says another name',
      files: uwsgi(
        conf`
          chdir = /etc/shop
          module = «web»
        `,
        FLASK,
      ),
    },
    {
      title: 'settings that a unit names under another name',
      files: settingsOfUnit('«shop.settings.prod»'),
    },
    {
      title: 'settings by a name that is misspelt',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi'), {
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/wsgi.py': WSGI.replace('"shop.settings"', '«"shop.setings"»'),
        'etc/shop/shop/settings.py': 'DEBUG = False\n',
      }),
    },
    {
      title: 'settings under another name',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi'), {
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/wsgi.py': WSGI.replace('"shop.settings"', '«"shop.settings.prod"»'),
        'etc/shop/shop/settings/__init__.py': '',
        'etc/shop/shop/settings/production.py': 'DEBUG = False\n',
      }),
    },
  ],
  good: [
    {
      title: 'the settings of Django by their path, for the program that took them',
      files: behindNginx(
        serviceUnit('/usr/bin/gunicorn_django --bind 127.0.0.1:8000 /opt/shop/shop/settings.py'),
      ),
    },
    {
      title: 'a module of a package that may be installed',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn platform.app:app'), {
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/app.py': FLASK['etc/shop/web.py'],
      }),
    },
    {
      title: 'a directory of the name of its package, in which the project is started',
      files: behindNginx(
        conf`
          [Service]
          WorkingDirectory=/etc/sites/shop
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
        STARTED,
      ),
    },
    {
      title: 'a package that has the module itself, beside a project inside of it',
      files: behindNginx(
        conf`
          [Service]
          WorkingDirectory=/etc/sites
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
        { ...STARTED, 'etc/sites/shop/wsgi.py': WSGI },
      ),
    },
    {
      title: 'a project in a directory of its own, which the command goes to',
      files: inDirectory('--chdir /etc/shop/backend config.wsgi'),
    },
    {
      title: 'a project in a directory that the script puts on the path',
      files: {
        ...inDirectory('backend.config.wsgi'),
        'etc/shop/backend/config/wsgi.py': conf`
          import os, sys
          from django.core.wsgi import get_wsgi_application
          sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))
          os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
          application = get_wsgi_application()
        `,
      },
    },
    { title: 'settings that a unit names', files: settingsOfUnit('shop.settings.production') },
    {
      title: 'settings that a unit names and that the script overrides',
      files: {
        ...settingsOfUnit('shop.settings.prod'),
        'etc/shop/shop/wsgi.py': conf`
          import os
          from django.core.wsgi import get_wsgi_application
          os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings.production"
          application = get_wsgi_application()
        `,
      },
    },
    {
      title: 'settings that a unit names, and that a repository does not keep',
      files: settingsOfUnit('shop.settings.live'),
    },
    { title: 'the callable for uWSGI, whose file lies above its unit', files: repository('wsgi:app') },
    {
      title: 'a file of variables, and the directory in the path of Python',
      files: behindNginx(
        conf`
          [Service]
          EnvironmentFile=/etc/shop.env
          Environment=PYTHONPATH=/etc/shop
          ExecStart=/etc/shop/venv/bin/gunicorn shop.wsgi:application
        `,
        { 'etc/shop/shop/__init__.py': '', 'etc/shop/shop/wsgi.py': WSGI },
      ),
    },
    { title: 'supervisord has a directory of its own', files: supervised('directory=/etc/shop') },
    {
      title: 'a project that is installed into the environment',
      files: { ...supervised(''), 'etc/shop/pyproject.toml': '[project]\nname = "shop"\n' },
    },
    {
      title: 'settings of a package that may be installed',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application'), {
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/wsgi.py': WSGI.replace('"shop.settings"', '"platform.settings"'),
      }),
    },
    {
      title: 'settings in a package',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi'), {
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/wsgi.py': WSGI.replace('"shop.settings"', '"shop.settings.production"'),
        'etc/shop/shop/settings/__init__.py': '',
        'etc/shop/shop/settings/production.py': 'DEBUG = False\n',
      }),
    },
    {
      title: 'the module',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application'), {
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/wsgi.py': WSGI,
      }),
    },
    {
      title: 'a module whose attribute is the default',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi'), {
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/wsgi.py': WSGI,
      }),
    },
    {
      title: 'a factory',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn "app:create_app()"'), {
        'etc/shop/app.py': conf`
          def create_app():
              return None
        `,
      }),
    },
    {
      title: 'a package that is not the project’s, which has two of its own',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn myproject.wsgi:application'), {
        'etc/shop/manage.py': 'import os\n',
        'etc/shop/shop/__init__.py': '',
        'etc/shop/shop/wsgi.py': WSGI,
        'etc/shop/admin/__init__.py': '',
        'etc/shop/admin/wsgi.py': WSGI,
      }),
    },
    {
      title: 'a package that imports its application from a module',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn shop'), {
        'etc/shop/shop/__init__.py': conf`from shop.wsgi import *`,
      }),
    },
    {
      title: 'an installed package, which no file of the audit has',
      files: behindNginx(serviceUnit('/usr/bin/gunicorn installed.wsgi:application')),
    },
    {
      title: 'uWSGI, which takes a file',
      files: behindNginx(serviceUnit('/usr/bin/uwsgi --http-socket :8000 --wsgi-file /etc/shop/app.py')),
    },
    {
      title: 'uWSGI with the name of the application',
      files: uwsgi(
        conf`
          chdir = /etc/shop
          module = web
          callable = app
        `,
        FLASK,
      ),
    },
    {
      title: 'uWSGI with a file, and the name of the application',
      files: uwsgi(
        conf`
          chdir = /etc/shop
          wsgi-file = web.py
          callable = app
        `,
        FLASK,
      ),
    },
    {
      title: 'a package that is installed in place',
      files: behindNginx(
        conf`
          [Service]
          WorkingDirectory=/etc/shop/shop
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
        {
          'etc/shop/setup.py': 'from setuptools import setup\nsetup(name="shop")\n',
          'etc/shop/shop/__init__.py': '',
          'etc/shop/shop/wsgi.py': WSGI,
        },
      ),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      yield* settingsNotFound(deployment, program)
      const { application, at } = program.server
      const fault = application?.known === true ? faultOf(deployment, program, application.value) : null
      if (application === null || fault === null) continue
      yield {
        at: fault.at ?? application.at ?? at,
        message: fault.message,
        label: fault.label,
        related:
          fault.at == null || application.at === null ? [] : [{ at: application.at, message: 'the module' }],
        ...(fault.help === null ? {} : { help: fault.help }),
      }
    }
  },
})

interface Fault {
  /** Null where the name of the application has to change. */
  readonly at?: Place | null
  readonly message: string
  readonly label: string
  readonly help: string | null
}

/** Those that import a module by its name, and what they take from it where nothing is said. */
const DEFAULTS: Readonly<Record<string, string | null>> = {
  gunicorn: 'application',
  uvicorn: null,
  daphne: null,
  waitress: null,
  uwsgi: 'application',
}

function faultOf(deployment: Deployment, program: AppServerProgram, written: string): Fault | null {
  const kind = program.server.program
  if (!Object.hasOwn(DEFAULTS, kind)) return null
  const name = programName(program)
  const [module = '', attribute] = written.split(':')
  if (kind !== 'uwsgi' && (module.includes('/') || /\.py$/.test(module)))
    return {
      message: `\`${module}\` is a path, and ${name} imports a module: \`No module named '${module}'\``,
      label: 'no name of a module',
      help: moduleOf(program, module, attribute ?? DEFAULTS[kind] ?? 'app'),
    }
  if (attribute === undefined && DEFAULTS[kind] === null && kind !== 'waitress')
    return {
      message: `\`${written}\` names no application, and ${name} takes \`module:attribute\` alone`,
      label: 'no attribute',
      help: null,
    }
  const loaded = deployment.moduleOf(program)
  if (loaded === null || loaded.source === null) return null
  const harm = kind === 'uwsgi' ? 'answers every request with 500' : 'cannot boot'
  const looked = (loaded.searchPath ?? []).map(each => shownFrom(each, deployment.within))
  if (loaded.source === 'missing' && loaded.near !== null) {
    const directory = program.server.directory ?? program.directory
    // Of a directory without `__init__.py` Python makes a package, in which the module is missed.
    const [first = ''] = module.split('.')
    const near = shownFrom(loaded.near, deployment.within)
    const isOuter = (loaded.searchPath ?? []).some(each => posix.join(each, first) === loaded.near)
    return {
      at: directory?.at ?? null,
      message: `${name} looks for \`${module}\` in \`${looked.join(':')}\`, and it lies in \`${near}\`: No module named '${isOuter ? module : first}'`,
      label: 'not the directory of the module',
      help: `Start ${name} in \`${near}\``,
    }
  }
  if (loaded.source === 'missing' && loaded.inside !== null)
    return {
      message: `\`${loaded.inside}\` is a module and no package, so ${name} ${harm}: No module named '${module}'; '${loaded.inside}' is not a package`,
      label: 'no module inside of a module',
      help: `Write \`${loaded.inside}:${module.slice(loaded.inside.length + 1)}\``,
    }
  if (loaded.source === 'missing' && loaded.other !== null) {
    const missing = missingPart(module, loaded.other)
    return {
      message: `the project has no package \`${missing}\`, so ${name} ${harm}: No module named '${missing}'`,
      label: 'no such package',
      help: `Write \`${loaded.other}\``,
    }
  }
  if (loaded.source === 'missing')
    return {
      message: `no module \`${module}\` is in ${looked.join(' or ')}, so ${name} ${harm}`,
      label: 'no such module',
      help: null,
    }
  const wanted = /^[A-Za-z_]\w*/.exec(attribute ?? DEFAULTS[kind] ?? '')?.[0]
  const { script, source } = loaded
  if (wanted === undefined || script === null || script.open || script.names.has(wanted)) return null
  // A module of the package may be what is named: `shop.app` of `from shop import app`.
  const isPackage = source.path.endsWith('/__init__.py')
  return {
    message:
      kind === 'uwsgi'
        ? `\`${module}\` has no \`${wanted}\`, so uWSGI answers every request with 500: no python application found`
        : `\`${module}\` has no \`${wanted}\`, so ${name} cannot boot: \`Failed to find attribute '${wanted}' in '${module}'\``,
    label: isPackage ? 'a package without an application' : 'no such name in it',
    help: isPackage
      ? `Name the module of the package that makes the application, such as \`${module}.wsgi:application\``
      : null,
  }
}

/** A module up to the first part that is called otherwise in another one. */
function missingPart(module: string, other: string): string {
  const [parts, others] = [module.split('.'), other.split('.')]
  const at = parts.findIndex((part, index) => part !== others[index])
  return parts.slice(0, at + 1).join('.')
}

/** The dotted name of a file below the directory of the server. */
function moduleOf({ server, directory }: AppServerProgram, path: string, attribute: string): string | null {
  const base = server.directory ?? directory
  if (base?.known !== true) return null
  const inside = posix.relative(base.value, posix.resolve(base.value, path.replace(/\.py$/, '')))
  if (inside.startsWith('..') || !/^[\w/]+$/.test(inside)) return null
  return `Write \`${inside.replaceAll('/', '.')}:${attribute}\``
}
