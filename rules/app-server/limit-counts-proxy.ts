import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { AppServerProgram, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

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

export default defineRule({
  summary: 'A limit of the application counts all clients as one',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`request.remote_addr` of Flask is the address that connected to gunicorn, and that is nginx, whatever `X-Forwarded-For` says: gunicorn leaves `REMOTE_ADDR` alone. With `get_remote_address` of Flask-Limiter for a key all clients share one limit; one of them uses it up, and the others get 429 Too Many Requests.',
  remedy:
    'Wrap the application, `app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)`, and let nginx send `X-Forwarded-For`',
  references: [
    'https://flask-limiter.readthedocs.io/en/stable/recipes.html#deploying-an-application-behind-a-proxy',
    'https://flask.palletsprojects.com/en/stable/deploying/proxy_fix/',
  ],
  unproven: 'Flask-Limiter is no package of Debian that the live tests install',
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
  ],
  good: [
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
    for (const connection of deployment.connections.http) {
      for (const target of connection.targets) {
        const program = serverBehind(target)
        const key = program === null ? null : keyOf(deployment, program)
        if (program === null || key === null || !isHttp(connection)) continue
        yield {
          at: key,
          message: '`get_remote_address` is the address of nginx, so all clients share one limit',
          label: 'one address for all',
          related: [{ at: namePlace(connection.pass), message: 'nginx connects here' }],
        }
      }
    }
  },
})

function isHttp({ protocol }: NginxConnection): boolean {
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
