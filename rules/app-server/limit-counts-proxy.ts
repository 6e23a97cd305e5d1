import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { AppServerProgram, Connection, Deployment } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, nginxMain, proxiedServer } from '../_examples.ts'
import { type DjangoBehindFront, djangoBehindFronts } from '../django/_connections.ts'
import { settingTexts } from '../django/_setting-entries.ts'
import { firstInProject } from '../django/_project-sources.ts'
import { behindNginx, serviceUnit, WSGI } from './_examples.ts'

const flask = (lines: string, command = '/usr/bin/gunicorn app:app'): Record<string, string> =>
  behindNginx(serviceUnit(command), {
    'etc/shop/app.py': conf`
      from flask import Flask
      from flask_limiter import Limiter
      from flask_limiter.util import get_remote_address

      app = Flask(__name__)
      ${lines}
    `,
  })

/** Django with django-ratelimit behind what nginx connects to. */
const django = (
  view: string,
  { settings = '', command = '--bind unix:/run/shop/shop.sock', address = 'unix:/run/shop/shop.sock' } = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer('', address)),
  'etc/systemd/system/shop.service': serviceUnit(`/usr/bin/gunicorn ${command} shop.wsgi`),
  'etc/shop/shop/__init__.py': '',
  'etc/shop/shop/wsgi.py': WSGI,
  'etc/shop/shop/settings.py': conf`
    SECRET_KEY = "shop"
    ALLOWED_HOSTS = ["example.org"]
    MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    ${settings}
  `,
  'etc/shop/shop/views.py': conf`
    from django_ratelimit.decorators import ratelimit

    ${view}
    def login(request):
        ...
  `,
})

/** Apache in front of the same. */
const apache = (files: Record<string, string>, pass: string): Record<string, string> => {
  const { 'etc/nginx/nginx.conf': _, ...others } = files
  return {
    ...others,
    'etc/apache2/apache2.conf': apacheMain(
      conf`
        Listen 80
        <VirtualHost *:80>
            ServerName example.org
            ProxyPreserveHost On
            ProxyPass / ${pass}
        </VirtualHost>
      `,
      ['headers', 'proxy', 'proxy_http', 'proxy_uwsgi'],
    ),
  }
}

export default defineRule({
  summary: 'A limit of the application counts all clients as one',
  severity: 'warning',
  otherSeverities: { error: 'where django-ratelimit finds no address at all, and refuses every request' },
  confidence: 'high',
  since: '0.1.0',
  why: '`request.remote_addr` of Flask is the address that connected to gunicorn, and that is nginx or Apache, whatever `X-Forwarded-For` says: gunicorn leaves `REMOTE_ADDR` alone. With `get_remote_address` of Flask-Limiter for a key all clients share one limit; one of them uses it up, and the others get 429 Too Many Requests. So it is with the key `ip` of django-ratelimit; and where gunicorn listens on a Unix socket, the peer has no address: `REMOTE_ADDR` is empty, and django-ratelimit raises `ImproperlyConfigured: IP address in REMOTE_ADDR is empty`.',
  remedy:
    'Wrap the application, `app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)`, and let nginx send `X-Forwarded-For`, which Apache does by itself; for django-ratelimit name `HTTP_X_REAL_IP` in `RATELIMIT_IP_META_KEY`, the header in which nginx sends `$remote_addr`, and Apache with `RequestHeader set X-Real-IP expr=%{REMOTE_ADDR}`',
  references: [
    'https://flask-limiter.readthedocs.io/en/stable/recipes.html#deploying-an-application-behind-a-proxy',
    'https://flask.palletsprojects.com/en/stable/deploying/proxy_fix/',
    'https://django-ratelimit.readthedocs.io/en/stable/security.html#client-ip-address',
  ],
  unproven: 'Neither Flask-Limiter nor django-ratelimit is a package of Debian that the live tests install',
  bad: [
    {
      title: 'Flask-Limiter',
      files: flask('limiter = Limiter(«get_remote_address», app=app, default_limits=["200 per day"])'),
    },
    {
      title: 'by its name',
      files: flask('limiter = Limiter(app=app, key_func=«get_remote_address»)'),
    },
    {
      title: 'ProxyFix that leaves the address alone',
      files: flask(conf`
        from werkzeug.middleware.proxy_fix import ProxyFix
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=1)
        Limiter(«get_remote_address», app=app)
      `),
    },
    {
      title: 'django-ratelimit, and a Unix socket that has no addresses',
      files: django('@ratelimit(«key="ip"», rate="5/m", block=True)'),
    },
    {
      title: 'django-ratelimit, and the address of nginx',
      files: django("@ratelimit(group='login', «key='user_or_ip'», rate='5/m')", {
        command: '--bind 127.0.0.1:8000',
        address: '127.0.0.1:8000',
      }),
    },
    {
      title: 'Flask-Limiter behind Apache',
      files: apache(flask('Limiter(«get_remote_address», app=app)'), 'http://127.0.0.1:8000/'),
    },
    {
      title: 'django-ratelimit behind Apache, and a Unix socket',
      files: apache(
        django('@ratelimit(«key="ip"», rate="5/m")'),
        '"unix:/run/shop/shop.sock|http://localhost/"',
      ),
    },
  ],
  good: [
    {
      title: 'Apache, and ProxyFix',
      files: apache(
        flask(conf`
          from werkzeug.middleware.proxy_fix import ProxyFix
          app.wsgi_app = ProxyFix(app.wsgi_app)
          Limiter(get_remote_address, app=app)
        `),
        'http://127.0.0.1:8000/',
      ),
    },
    {
      title: 'uWSGI, which Apache tells the address',
      files: apache(
        behindNginx(serviceUnit('/usr/bin/uwsgi --socket 127.0.0.1:8000 --module app:app'), {
          'etc/shop/app.py': flask('Limiter(get_remote_address, app=app)')['etc/shop/app.py']!,
        }),
        'uwsgi://127.0.0.1:8000/',
      ),
    },
    {
      title: 'django-ratelimit that reads a header of nginx',
      files: django('@ratelimit(key="ip", rate="5/m")', {
        settings: 'RATELIMIT_IP_META_KEY = "HTTP_X_REAL_IP"',
      }),
    },
    {
      title: 'django-ratelimit with another key',
      files: django('@ratelimit(key="header:x-real-ip", rate="5/m")'),
    },
    {
      title: 'django-ratelimit that is off',
      files: django('@ratelimit(key="ip", rate="5/m")', { settings: 'RATELIMIT_ENABLE = False' }),
    },
    {
      title: 'a middleware that sets the address',
      files: {
        ...django('@ratelimit(key="ip", rate="5/m")', {
          settings: 'MIDDLEWARE += ["shop.middleware.client"]',
        }),
        'etc/shop/shop/middleware.py': conf`
          def client(get_response):
              def middleware(request):
                  request.META["REMOTE_ADDR"] = request.META["HTTP_X_REAL_IP"]
                  return get_response(request)
              return middleware
        `,
      },
    },
    {
      title: 'a package that sets the address',
      files: django('@ratelimit(key="ip", rate="5/m")', {
        settings: 'MIDDLEWARE += ["x_forwarded_for.middleware.XForwardedForMiddleware"]',
      }),
    },
    {
      title: 'a worker of uvicorn, which reads the header',
      files: django('@ratelimit(key="ip", rate="5/m")', {
        command: '-k uvicorn.workers.UvicornWorker --bind 127.0.0.1:8000',
        address: '127.0.0.1:8000',
      }),
    },
    {
      title: 'ProxyFix',
      files: flask(conf`
        from werkzeug.middleware.proxy_fix import ProxyFix
        app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1)
        Limiter(get_remote_address, app=app)
      `),
    },
    {
      title: 'a key of its own',
      files: flask('limiter = Limiter(lambda: request.headers["X-Real-IP"], app=app)'),
    },
    {
      title: 'a function of the same name',
      files: flask(conf`
        def get_remote_address():
            return request.access_route[0]
        limiter = Limiter(get_remote_address, app=app)
      `),
    },
    {
      title: 'uWSGI, which nginx tells the address',
      files: behindNginx(serviceUnit('/usr/bin/uwsgi --socket 127.0.0.1:8000 --module app:app')),
    },
  ],
  *check(deployment) {
    yield* ofDjango(deployment)
    for (const connection of deployment.connections.all) {
      for (const target of connection.targets) {
        const program = serverBehind(target)
        const key = program === null ? null : keyOf(deployment, program)
        if (program === null || key === null || !isHttp(connection)) continue
        const { server, at } = frontLine(connection)
        yield {
          at: key,
          message: `\`get_remote_address\` is the address of ${server}, so all clients share one limit`,
          label: 'one address for all',
          related: [{ at, message: `${server} connects here` }],
        }
      }
    }
  },
})

function isHttp({ protocol }: Connection): boolean {
  return protocol.known && protocol.value === 'http'
}

/** Where the limits of an application of gunicorn ask for the address that connected. */
function keyOf(deployment: Deployment, program: AppServerProgram): Place | null {
  if (program.server.program !== 'gunicorn') return null
  const source = deployment.moduleOf(program)?.source ?? null
  if (source === null || source === 'missing') return null
  const code = withoutComments(source.code)
  if (!/\bFlask\(/.test(code) || asksForMore(code)) return null
  const match = /\bLimiter\((?:[^()]*?[\s,=])?(get_remote_address)\b/.exec(code)
  return match === null ? null : placeIn(source, match.index + match[0].length - 'get_remote_address'.length)
}

/** True where the application, or something around it, may set the address by a header. */
function asksForMore(code: string): boolean {
  const fix = /\bProxyFix\(([^)]*)\)/.exec(code)
  if (fix !== null) return !/\bx_for\s*=\s*0\b/.test(fix[1] ?? '')
  return /ReverseProx|wsgi_app\s*=|middleware|\bREMOTE_ADDR\b|def get_remote_address|X-(?:Forwarded-For|Real-IP)/i.test(
    code,
  )
}

function placeIn(source: Source, start: number): Place {
  return { source, start, end: start + 'get_remote_address'.length }
}

/** The limits of django-ratelimit that ask for the address that connected. */
function* ofDjango(deployment: Deployment) {
  for (const found of djangoBehindFronts(deployment)) {
    const { connection, settings, machine, runner } = found
    if (!isHttp(connection) || !readsAddressOfPeer(found)) continue
    const files = machine.container?.files ?? machine.files
    if (firstInProject(files, settings, /\bREMOTE_ADDR\b|\bRATELIMIT_IP_META_KEY\b/) !== null) continue
    const at = firstInProject(files, settings, KEY, ({ text }) => IMPORTS.test(text))
    if (at === null) continue
    const isUnix = runner.target.address.kind === 'unix'
    const { server, at: line } = frontLine(connection)
    yield {
      at,
      ...(isUnix && { severity: 'error' as const }),
      message: isUnix
        ? '`REMOTE_ADDR` is empty, as gunicorn listens on a Unix socket: django-ratelimit raises `ImproperlyConfigured: IP address in REMOTE_ADDR is empty`, and the answer is 500'
        : `\`REMOTE_ADDR\` is the address of ${server}, so all clients share one limit`,
      label: isUnix ? 'no address' : 'one address for all',
      related: [{ at: line, message: `${server} connects here` }],
      help: `Name \`HTTP_X_REAL_IP\` in \`RATELIMIT_IP_META_KEY\` of the settings, and let ${server} send it: ${
        server === 'nginx'
          ? '`proxy_set_header X-Real-IP $remote_addr;` in nginx'
          : '`RequestHeader set X-Real-IP expr=%{REMOTE_ADDR}`'
      }`,
    }
  }
}

const IMPORTS = /^\s*(?:from|import)\s+(?:django_)?ratelimit\b/m
const KEY = /(?<=\bratelimit\((?:[^()]*?,\s*)?)key\s*=\s*(["'])(?:user_or_)?ip\1/

/** Packages that may set the address by a header. */
const SETS_ADDRESS = /forward|xff|proxy|real|(?:^|[._])ip|ipware/i

function isOn(settings: DjangoSettings): boolean {
  const enabled = settings.get('RATELIMIT_ENABLE')
  return enabled === null || (enabled.known && enabled.value === true)
}

/** True where the address of a request is that of the peer of gunicorn, and the limits are surely on. */
function readsAddressOfPeer({ settings, runner }: DjangoBehindFront): boolean {
  const { server } = runner.program
  const { workerClass } = server
  const isOfWsgi =
    workerClass === null ||
    (workerClass.known && /^(?:sync|gthread|gevent|eventlet)$/.test(workerClass.value))
  return (
    server.program === 'gunicorn' &&
    isOfWsgi &&
    !settings.names.has('RATELIMIT_IP_META_KEY') &&
    isOn(settings) &&
    settingTexts(settings, 'MIDDLEWARE')?.every(
      name => name !== null && (/^django\./.test(name) || !SETS_ADDRESS.test(name)),
    ) === true
  )
}
