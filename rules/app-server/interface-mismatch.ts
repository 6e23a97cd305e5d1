import type { AppServer } from '../../parsers/app-server/app-server.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import { madeApplication } from '../../src/deployment/django/made-application.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { namePlace } from '../../src/deployment/places.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { channelsOverWsgi } from './_channels-over-wsgi.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const FASTAPI = conf`
  from fastapi import FastAPI
  app = FastAPI()
`
const FLASK = conf`
  from flask import Flask
  app = Flask(__name__)
`
const FACTORY = conf`
  from flask import Flask
  def create_app(settings=None):
      return Flask(__name__)
`
const ROUTED = conf`
  from fastapi import FastAPI


  def create_app() -> FastAPI:
      app = FastAPI(title="Shop")

      @app.get("/healthz")
      def healthz():
          return {"status": "ok"}

      return app
`
const DJANGO = conf`
  from django.core.wsgi import get_wsgi_application
  app = get_wsgi_application()
`
const sockets = (pass: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:8000;
      }
      location /ws/ {
          ${pass}
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection "upgrade";
      }
    `),
  )
const tree = (command: string, module: string): Record<string, string> =>
  behindNginx(serviceUnit(command), { 'etc/shop/main.py': module })
/** An image that no compose file runs. */
const image = (command: string): Record<string, string> => ({
  Dockerfile: conf`
    FROM python:3.12-slim
    WORKDIR /app
    COPY main.py .
    CMD ${command}
  `,
  'main.py': FASTAPI,
})

const channels = (command: string, routes = '"websocket": URLRouter([]),'): Record<string, string> =>
  behindNginx(serviceUnit(command), {
    'etc/shop/main/__init__.py': '',
    'etc/shop/main/wsgi.py': conf`
      from django.core.wsgi import get_wsgi_application
      application = get_wsgi_application()
    `,
    'etc/shop/main/asgi.py': conf`
      from channels.routing import ProtocolTypeRouter, URLRouter
      from django.core.asgi import get_asgi_application
      application = ProtocolTypeRouter({
          "http": get_asgi_application(),
          ${routes}
      })
    `,
  })

/** The files of the package, in the root of a repository. */
const below = (name: string, files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).flatMap(([path, text]) =>
      path.startsWith(`etc/shop/${name}/`) ? [[path.slice('etc/shop/'.length), text]] : [],
    ),
  )

export default defineRule({
  summary: 'The application server speaks another interface than the application',
  severity: 'error',
  otherSeverities: {
    warning: 'where `asgi.py` has routes for WebSockets that nothing serves, and no server passes them on',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'WSGI and ASGI are two interfaces. A server that calls an application by the other one gets a `TypeError` for every request, `__call__() missing 1 required positional argument`, and the client 500 Internal Server Error. Over WSGI there are no WebSockets: their handshake is a request for a page that Django does not have.',
  remedy:
    'Start gunicorn with `-k uvicorn.workers.UvicornWorker` for ASGI (FastAPI, Starlette, Channels), and a WSGI server for Flask or `wsgi.py`',
  references: [
    'https://fastapi.tiangolo.com/deployment/server-workers/',
    'https://docs.djangoproject.com/en/stable/howto/deployment/asgi/',
    'https://flask.palletsprojects.com/en/stable/deploying/asgi/',
  ],
  bad: [
    {
      title: 'gunicorn’s own workers for FastAPI',
      files: tree('/usr/bin/gunicorn -b 127.0.0.1:8000 «main:app»', FASTAPI),
    },
    {
      title: 'a function that makes it',
      files: tree('/usr/bin/gunicorn -b 127.0.0.1:8000 "«main:create_app()»"', ROUTED),
    },
    {
      title: 'a name that a function of the module makes',
      files: tree(
        '/usr/bin/gunicorn --threads 4 -b 127.0.0.1:8000 «main:app»',
        `${ROUTED}\napp = create_app()\n`,
      ),
    },
    {
      title: 'a function that says what it returns',
      files: tree(
        '/usr/bin/gunicorn -b 127.0.0.1:8000 "«main:build(debug=False)»"',
        conf`
          from fastapi import FastAPI
          from .parts import assembled


          def build(
              debug: bool = False,
          ) -> FastAPI:
              app = assembled(debug)
              return app
        `,
      ),
    },
    {
      title: 'a function that makes Flask, for uvicorn',
      files: tree('/usr/bin/uvicorn --factory --port 8000 «main:create_app»', FACTORY),
    },
    {
      title: 'an image for FastAPI that starts gunicorn’s own workers',
      files: image('gunicorn -b 0.0.0.0:8000 «main:app»'),
    },
    {
      title: 'uvicorn for Flask',
      files: tree('/usr/bin/uvicorn --port 8000 «main:app»', FLASK),
    },
    {
      title: 'workers of uvicorn for Flask',
      files: tree('/usr/bin/gunicorn -b 127.0.0.1:8000 -k uvicorn.workers.UvicornWorker «main:app»', FLASK),
    },
    {
      title: 'daphne for the WSGI application of Django',
      files: tree(
        '/usr/bin/daphne -p 8000 «main:app»',
        conf`
          from django.core.wsgi import get_wsgi_application
          app = get_wsgi_application()
        `,
      ),
    },
    {
      title: 'WebSockets for the WSGI application of Django',
      files: {
        ...tree('/usr/bin/gunicorn -b 127.0.0.1:8000 main:app', DJANGO),
        'etc/nginx/nginx.conf': sockets('«proxy_pass» http://127.0.0.1:8000;'),
      },
    },
    {
      title: 'a factory that is not called',
      files: tree('/usr/bin/gunicorn -b 127.0.0.1:8000 «main:create_app»', FACTORY),
    },
    {
      title: 'routes of Channels that nothing serves',
      files: channels('/usr/bin/gunicorn -b 127.0.0.1:8000 «main.wsgi:application»'),
    },
    {
      title: 'the same in an image whose supervisord starts it in `/app`',
      files: {
        'deploy/supervisord.conf': conf`
          [program:web]
          directory=/app
          command=/opt/venv/bin/gunicorn «main.wsgi:application» --bind 127.0.0.1:8000

          [program:nginx]
          command=/usr/sbin/nginx -g "daemon off;"
        `,
        'deploy/nginx.conf': nginxServer(conf`
          location / {
              proxy_pass http://127.0.0.1:8000;
          }
        `),
        ...below('main', channels('')),
      },
    },
  ],
  good: [
    {
      title: 'routes of Channels that Daphne serves',
      files: {
        ...channels('/usr/bin/gunicorn -b 127.0.0.1:8000 main.wsgi:application'),
        'etc/systemd/system/sockets.service': serviceUnit('/usr/bin/daphne -p 8001 main.asgi:application'),
      },
    },
    {
      title: 'an asgi.py without routes of its own',
      files: channels('/usr/bin/gunicorn -b 127.0.0.1:8000 main.wsgi:application', ''),
    },
    {
      title: 'a function that makes it, for the workers of uvicorn',
      files: tree(
        '/usr/bin/gunicorn -k uvicorn.workers.UvicornWorker -b 127.0.0.1:8000 "main:create_app()"',
        ROUTED,
      ),
    },
    {
      title: 'a function that wraps what it makes, or makes one of two',
      files: {
        ...tree(
          '/usr/bin/gunicorn -b 127.0.0.1:8000 "main:create_app()"',
          ROUTED.replace('return app', 'app = ASGIMiddleware(app)\n    return app'),
        ),
        'etc/systemd/system/other.service': serviceUnit(
          '/usr/bin/gunicorn -b 127.0.0.1:8001 "other:create_app()"',
        ),
        'etc/shop/other.py': conf`
          def create_app(kind="flask"):
              if kind == "flask":
                  return Flask(__name__)
              return FastAPI()
        `,
      },
    },
    {
      title: 'an image for FastAPI whose workers are told by whoever runs it',
      files: image('gunicorn -b 0.0.0.0:8000 -k $WORKER_CLASS main:app'),
    },
    {
      title: 'WebSockets for another server',
      files: {
        ...tree('/usr/bin/gunicorn -b 127.0.0.1:8000 main:app', DJANGO),
        'etc/nginx/nginx.conf': sockets('proxy_pass http://127.0.0.1:8001;'),
      },
    },
    {
      title: 'workers of uvicorn for FastAPI',
      files: tree('/usr/bin/gunicorn -b 127.0.0.1:8000 -k uvicorn.workers.UvicornWorker main:app', FASTAPI),
    },
    { title: 'gunicorn for Flask', files: tree('/usr/bin/gunicorn -b 127.0.0.1:8000 main:app', FLASK) },
    {
      title: 'an adapter around it',
      files: tree(
        '/usr/bin/uvicorn --port 8000 main:app',
        conf`
          from asgiref.wsgi import WsgiToAsgi
          ${FLASK}
          app = WsgiToAsgi(app)
        `,
      ),
    },
    {
      title: 'uvicorn that is told',
      files: tree('/usr/bin/uvicorn --interface wsgi --port 8000 main:app', FLASK),
    },
    {
      title: 'a factory that is called',
      files: tree('/usr/bin/gunicorn -b 127.0.0.1:8000 "main:create_app()"', FACTORY),
    },
    {
      title: 'a function that is a WSGI application itself',
      files: tree(
        '/usr/bin/gunicorn -b 127.0.0.1:8000 main:app',
        conf`
          def app(environ, start_response):
              start_response("200 OK", [])
              return [b"here"]
        `,
      ),
    },
    {
      title: 'a factory, of which uvicorn finds out by itself',
      files: tree('/usr/bin/uvicorn --port 8000 main:create_app', FACTORY),
    },
  ],
  *check(deployment) {
    yield* webSockets(deployment)
    yield* channelsOverWsgi(deployment, program => {
      const loaded = interfaceOfServer(program.server) === 'wsgi' ? deployment.moduleOf(program) : null
      return loaded !== null && madeApplication(loaded, program.server) === 'get_wsgi_application'
    })
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { application, at } = program.server
      const spoken = interfaceOfServer(program.server)
      if (spoken === null || application?.known !== true) continue
      const loaded = deployment.moduleOf(program)
      const factory = loaded === null ? null : factoryOf(loaded, program.server)
      if (factory !== null) {
        yield {
          at: application.at ?? at,
          message: `\`${factory.name}\` makes an application and is none, and ${programName(program)} calls it with every request: TypeError: ${factory.name}() takes ${factory.takes} but 2 were given`,
          label: 'not called',
          related: [{ at: factory.at, message: 'the function' }],
          help: `Write \`"${application.value}()"\``,
        }
        continue
      }
      const made = loaded === null ? null : madeApplication(loaded, program.server)
      const own = made === null ? undefined : INTERFACES.get(made)
      if (own === undefined || own === spoken) continue
      const [asgi, wsgi] = ['an ASGI application', 'a WSGI application']
      yield {
        at: application.at ?? at,
        message: `\`${made}\` makes ${own === 'asgi' ? asgi : wsgi}, and ${programName(program)} calls it as ${spoken === 'asgi' ? asgi : wsgi}: every request is answered with 500`,
        label: `needs ${own === 'asgi' ? 'ASGI' : 'WSGI'}`,
        help:
          own === 'asgi'
            ? 'Start it with `-k uvicorn.workers.UvicornWorker`, or with uvicorn itself'
            : `Start it with gunicorn’s own workers, or uvicorn with \`--interface wsgi\``,
      }
    }
  },
})

/** Locations that pass an upgrade on to Django over WSGI, which answers it as any other request. */
function* webSockets({ connections, moduleOf, programs }: Deployment) {
  if (!programs.some(({ kind }) => kind === 'app-server')) return
  for (const connection of connections.nginx) {
    const { targets, pass, block, headers } = connection
    const program = targets.map(serverBehind).find(found => found !== null) ?? null
    // Sites have the header in `location /`, whatever is behind it.
    if (program === null || !PATH_OF_SOCKETS.test(block.args.at(-1)?.value ?? '')) continue
    const upgrade = headers.written.findLast(({ name }) => name === 'upgrade')
    if (upgrade === undefined || interfaceOfServer(program.server) !== 'wsgi') continue
    const loaded = moduleOf(program)
    if (loaded === null || madeApplication(loaded, program.server) !== 'get_wsgi_application') continue
    yield {
      at: namePlace(pass),
      message: `WebSockets end here: ${programName(program)} runs Django as a WSGI application, which answers the handshake with 404`,
      label: 'no ASGI behind it',
      related: [{ at: program.server.application?.at ?? program.server.at, message: 'the WSGI application' }],
      help: 'Run `asgi.py` with Daphne or uvicorn, and proxy this location to it',
    }
  }
}

const PATH_OF_SOCKETS = /^\^?\/(?:[\w-]+\/)*(?:wss?|web-?sockets?)(?:\/|\b)/i

interface Factory {
  readonly name: string
  readonly at: Place
  /** What Python says that it takes. */
  readonly takes: string
}

/** A function without what every WSGI application gets, the environment and the function that starts a response. */
function factoryOf({ script, attribute }: LoadedModule, { program, workerClass }: AppServer): Factory | null {
  if (program !== 'gunicorn' || (workerClass !== null && !workerClass.known)) return null
  if (workerClass?.known === true && !/^(?:sync|gthread|gevent|eventlet)$/.test(workerClass.value))
    return null
  const place = attribute === null ? undefined : script?.bound.get(attribute)
  if (place === undefined || attribute === null || script?.open === true) return null
  const text = placeText(place)
  const parameters = /^def\s+\w+\s*\(([^()]*)\)/.exec(text)?.[1]
  if (parameters === undefined) return null
  const names = parameters.split(',').filter(each => each.trim() !== '')
  if (names.length > 1 || names.some(each => !each.includes('=') || each.includes('*'))) return null
  const head = /^.*/.exec(text)![0]
  return {
    name: attribute,
    at: { ...place, end: place.start + head.length },
    takes: names.length === 0 ? '0 positional arguments' : 'from 0 to 1 positional arguments',
  }
}

type Interface = 'asgi' | 'wsgi'

/** What makes an application, by the last part of its name. */
const INTERFACES: ReadonlyMap<string, Interface> = new Map([
  ['FastAPI', 'asgi'],
  ['Starlette', 'asgi'],
  ['Quart', 'asgi'],
  ['Litestar', 'asgi'],
  ['ProtocolTypeRouter', 'asgi'],
  ['get_asgi_application', 'asgi'],
  ['Flask', 'wsgi'],
  ['get_wsgi_application', 'wsgi'],
])

/** Null where nobody tells, or where the server finds out by itself. */
function interfaceOfServer({ program, workerClass, complete, settings }: AppServer): Interface | null {
  switch (program) {
    case 'uvicorn':
      return settings.has('interface') ? null : 'asgi'
    case 'daphne':
      return 'asgi'
    case 'waitress':
      return 'wsgi'
    case 'gunicorn': {
      if (workerClass === null) return complete ? 'wsgi' : null
      if (!workerClass.known) return null
      if (/^(?:sync|gthread|gevent|eventlet)$/.test(workerClass.value)) return 'wsgi'
      return /^(?:uvicorn\.workers\.|uvicorn_worker\.|asgi$)/.test(workerClass.value) ? 'asgi' : null
    }
    default:
      return null
  }
}
