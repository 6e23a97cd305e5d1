import { changesPages } from '../_changed-pages.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type {
  ApacheConnection,
  Application,
  AppServerProgram,
  Connection,
  Deployment,
  NginxConnection,
  Target,
} from '../../src/deployment/model.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { type FrontLine, frontLine } from '../../src/deployment/front-lines.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import {
  apacheMain,
  djangoProject,
  modWsgiMain,
  nginxMain,
  nginxServer,
  virtualHost,
  wsgiApplication,
} from '../_examples.ts'
import { serviceUnit, WSGI } from './_examples.ts'

const nginx = (pass: string, lines = ''): string =>
  nginxMain(
    nginxServer(conf`
      location /shop/ {
          proxy_pass ${pass};
          proxy_set_header Host $host;
          ${lines}
      }
    `),
  )
const tree = (
  app: string,
  { pass = '«http://127.0.0.1:8000/»', command = '/usr/bin/gunicorn app:app', lines = '', headers = '' } = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx(pass, headers),
  'etc/systemd/system/shop.service': serviceUnit(command, lines),
  'etc/shop/app.py': app,
})
/** Apache in front of the same. */
const behindApache = (
  app: string,
  pass: string,
  { command = '/usr/bin/gunicorn app:app', lines = '' }: { command?: string; lines?: string } = {},
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ProxyPreserveHost On
          ${lines}
          ProxyPass ${pass}
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'proxy_html', 'headers'],
  ),
  'etc/systemd/system/shop.service': serviceUnit(command),
  'etc/shop/app.py': app,
})
const FLASK = conf`
  from flask import Flask, url_for
  app = Flask(__name__)

  @app.route("/")
  def index():
      return url_for("search")

  @app.route("/search")
  def search():
      return "found"
`
const FASTAPI = conf`
  from fastapi import FastAPI
  app = FastAPI()
`
const PLAIN = 'http://127.0.0.1:8000/'

export default defineRule({
  summary: 'nginx or Apache takes a prefix away that the application is not told of',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'The slash at the end of `proxy_pass` puts what is behind the prefix in its place, and so does `ProxyPass /shop/ http://127.0.0.1:8000/`. The application answers, and makes its links and redirects from the root: `/search` in place of `/shop/search`, which the web server sends elsewhere. `ProxyPassReverse` changes no link in a page, and no redirect that is a path. The documentation of FastAPI asks for `/openapi.json` at the root.',
  remedy:
    'Tell it the prefix: `SCRIPT_NAME` for gunicorn, `--root-path` for uvicorn, `FORCE_SCRIPT_NAME` for Django, or `X-Forwarded-Prefix` with `ProxyFix(x_prefix=1)`',
  references: [
    'https://docs.gunicorn.org/en/stable/faq.html#how-do-i-set-script-name',
    'https://fastapi.tiangolo.com/advanced/behind-a-proxy/',
    'https://flask.palletsprojects.com/en/stable/deploying/proxy_fix/',
    'https://docs.djangoproject.com/en/stable/ref/settings/#force-script-name',
  ],
  bad: [
    { title: 'Flask behind Apache', files: behindApache(FLASK, '/shop/ «http://127.0.0.1:8000/»') },
    {
      title: 'FastAPI behind a section of Apache',
      files: behindApache(FASTAPI, '/other http://127.0.0.1:9999/other', {
        command: '/usr/bin/uvicorn app:app',
        lines: conf`
          <Location /shop>
              ProxyPass «http://127.0.0.1:8000»
          </Location>
        `,
      }),
    },
    { title: 'Flask with links', files: tree(FLASK) },
    {
      title: 'FastAPI with its documentation',
      files: tree(FASTAPI, { command: '/usr/bin/uvicorn app:app' }),
    },
    {
      title: 'a header that ProxyFix is not told to read',
      files: tree(
        conf`
          ${FLASK}
          from werkzeug.middleware.proxy_fix import ProxyFix
          app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)
        `,
        { headers: 'proxy_set_header X-Forwarded-Prefix /shop;' },
      ),
    },
    {
      title: 'Django',
      files: {
        'etc/nginx/nginx.conf': nginx('«http://127.0.0.1:8000/»'),
        'etc/systemd/system/shop.service': serviceUnit('/usr/bin/gunicorn shop.wsgi'),
        'etc/shop/shop/wsgi.py': WSGI,
        'etc/shop/shop/settings.py': conf`ALLOWED_HOSTS = ["example.org"]`,
      },
    },
    {
      title: 'Django in mod_wsgi, mounted at the root',
      files: {
        'etc/nginx/nginx.conf': nginx('«http://127.0.0.1:9000/»'),
        'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
        ...djangoProject(),
      },
    },
  ],
  good: [
    {
      title: 'Apache that takes nothing away',
      files: behindApache(FLASK, '/shop/ http://127.0.0.1:8000/shop/'),
    },
    {
      title: 'Apache, and the root of the same application too',
      files: behindApache(FLASK, '/ http://127.0.0.1:8000/', {
        lines: 'ProxyPass /shop/ http://127.0.0.1:8000/',
      }),
    },
    {
      title: 'Apache that says the prefix',
      files: behindApache(FLASK, '/shop/ http://127.0.0.1:8000/', {
        lines: 'RequestHeader set X-Script-Name /shop',
      }),
    },
    {
      title: 'Apache that writes the links of pages anew',
      files: behindApache(FLASK, '/shop/ http://127.0.0.1:8000/', {
        lines: conf`
          ProxyHTMLEnable On
          ProxyHTMLURLMap / /shop/
        `,
      }),
    },
    {
      title: 'Apache, and the root path',
      files: behindApache(FASTAPI, '/shop/ http://127.0.0.1:8000/', {
        command: '/usr/bin/uvicorn app:app --root-path /shop',
      }),
    },
    {
      title: 'the variable SCRIPT_NAME',
      files: tree(FLASK, { pass: 'http://127.0.0.1:8000', lines: 'Environment=SCRIPT_NAME=/shop' }),
    },
    {
      title: 'the variable, with the prefix taken away',
      files: tree(FLASK, { pass: PLAIN, lines: 'Environment=SCRIPT_NAME=/shop' }),
    },
    {
      title: 'the root path',
      files: tree(FASTAPI, { pass: PLAIN, command: '/usr/bin/uvicorn app:app --root-path /shop' }),
    },
    {
      title: 'the root path, in the application',
      files: tree(FASTAPI.replace('FastAPI()', 'FastAPI(root_path="/shop")'), { pass: PLAIN }),
    },
    {
      title: 'FastAPI without documentation',
      files: tree(FASTAPI.replace('FastAPI()', 'FastAPI(openapi_url=None)'), { pass: PLAIN }),
    },
    {
      title: 'a header that ProxyFix reads',
      files: tree(
        conf`
          ${FLASK}
          from werkzeug.middleware.proxy_fix import ProxyFix
          app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_prefix=1)
        `,
        { pass: PLAIN, headers: 'proxy_set_header X-Forwarded-Prefix /shop;' },
      ),
    },
    {
      title: 'an application without links',
      files: tree('from flask import Flask\napp = Flask(__name__)\n', { pass: PLAIN }),
    },
    {
      title: 'Django in mod_wsgi, mounted at the prefix',
      files: {
        'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9000'),
        'etc/apache2/apache2.conf': modWsgiMain(
          virtualHost(wsgiApplication().replace('WSGIScriptAlias /', 'WSGIScriptAlias /shop')),
        ),
        ...djangoProject(),
      },
    },
    {
      title: 'Django in mod_wsgi that is told',
      files: {
        'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9000/'),
        'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
        ...djangoProject('FORCE_SCRIPT_NAME = "/shop"'),
      },
    },
    { title: 'nothing taken away', files: tree(FLASK, { pass: 'http://127.0.0.1:8000' }) },
    { title: 'an application that nobody knows', files: tree('from shop import app\n', { pass: PLAIN }) },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.all) {
      const way = strippedBy(connection)
      if (way === null || !('server' in connection || isAlone(deployment, connection))) continue
      if ('server' in connection) yield* untoldByApache(deployment, connection, way)
      yield* untold(deployment, way)
    }
  },
})

/** A line that replaces a prefix by `/`. */
interface Stripping {
  readonly line: FrontLine
  readonly prefix: string
  readonly at: Place
  readonly targets: readonly Target[]
}

/** The request headers that the server writes. */
type Sent = FrontLine['written']

/** The prefix that a line replaces by `/`; null where it replaces none. */
function strippedBy(connection: Connection): Stripping | null {
  const line = frontLine(connection)
  const { server, paths, url } = line
  if (paths === null || !/^\/[\w.~/-]*[\w.~-]\/?$/.test(paths.taken)) return null
  const { taken, sent } = paths
  if (server === 'nginx') {
    if (sent !== '/') return null
  } else {
    // Where one of the two has a slash alone, it is doubled or missing.
    if (!/^\/?$/.test(sent) || (sent === '/') !== taken.endsWith('/')) return null
    if (!connection.protocol.known || !/^https?$/.test(connection.protocol.value)) return null
  }
  const at = server === 'nginx' ? paths.at : (connection.targets[0]?.at ?? url)
  return { line, prefix: taken.replace(/\/$/, ''), at, targets: connection.targets }
}

/** Where Apache changes no pages, and no other line of it leads to the root of the same application. */
function isAlone(deployment: Deployment, { targets, host, from }: ApacheConnection): boolean {
  if (changesPages(from.configuration)) return false
  const atRoot = programsAtRoot(deployment).get(host ?? from.configuration)
  return !targets.some(target => atRoot?.has(serverBehind(target)))
}

/** Django in mod_wsgi behind such a line of nginx. */
function* untoldByApache(
  deployment: Deployment,
  connection: NginxConnection,
  { prefix, at }: Stripping,
): Iterable<RuleFinding> {
  for (const host of certainHosts(deployment, connection)) {
    for (const application of deployment.applicationsOf(host)) {
      if (isToldByApache(deployment, application, connection)) continue
      yield {
        at,
        message: `nginx strips \`${prefix}\`, and Django builds its links from \`/\`, where mod_wsgi mounts it`,
        label: `\`${prefix}\` is replaced by \`/\``,
        related: [{ at: argumentPlace(application.directive, 0), message: 'mounted here' }],
        help: `Mount it at the prefix, \`WSGIScriptAlias ${prefix}\`, and leave the slash of \`proxy_pass\` out; or set \`FORCE_SCRIPT_NAME = '${prefix}'\``,
      }
    }
  }
}

function* untold(
  deployment: Deployment,
  { line: { server, written: sent }, prefix, at, targets }: Stripping,
): Iterable<RuleFinding> {
  for (const target of targets) {
    const program = serverBehind(target)
    if (program === null) continue
    const problem = isTold(program, sent) ? null : problemOf(deployment, program, sent)
    if (problem === null) continue
    yield {
      at,
      message: `${server} takes \`${prefix}\` away, and ${problem}`,
      label: `\`${prefix}\` is replaced by \`/\``,
      related: [
        { at: program.server.at, message: 'the application is started here' },
        ...sent
          .filter(({ name }) => name === 'x-forwarded-prefix')
          .map(header => ({ at: header.at, message: `${server} sends the prefix here` })),
      ],
    }
  }
}

/** What each virtual host, or main server, proxies `/` to. */
const programsAtRoot = memo(({ connections }: Deployment): ReadonlyMap<object, ReadonlySet<unknown>> => {
  const found = new Map<object, Set<unknown>>()
  for (const { path, host, from, targets } of connections.apache) {
    if (path !== '/') continue
    const programs = found.get(host ?? from.configuration) ?? new Set()
    found.set(host ?? from.configuration, programs)
    for (const target of targets) programs.add(serverBehind(target))
  }
  return found
})

/** True for a script of mod_wsgi that may be told, or is no Django that is mounted at the root. */
function isToldByApache(
  deployment: Deployment,
  application: Application,
  connection: NginxConnection,
): boolean {
  const { alias, configuration } = application
  if (
    !alias.path.known ||
    alias.path.value !== '/' ||
    isToldByHeader(connection.headers.written, /script|prefix|x-forwarded-path|root-path/)
  )
    return true
  const facts = deployment.pythonOf(application)
  const script = facts === null ? null : sourceAt(deployment.filesOf(configuration), facts.path)
  if (facts === null || facts.settings === null || script === null) return true
  const { settings } = facts
  if (['FORCE_SCRIPT_NAME', 'USE_X_FORWARDED_PREFIX'].some(name => settings.get(name) !== null)) return true
  const lines = ['setenv', 'setenvif', 'wsgitrustedproxyheaders'].flatMap(
    name => configuration.occurrences.get(name) ?? [],
  )
  return (
    /SCRIPT_NAME/.test(script.code) ||
    lines.some(({ args }) => args.some(({ value }) => /script[-_]name/i.test(value)))
  )
}

/** True also where the prefix may be told, in a way that is not read here. */
function isTold(program: AppServerProgram, sent: Sent): boolean {
  const { server, environment } = program
  if (server.rootPath !== null || environment('SCRIPT_NAME') !== null) return true
  if (server.environment.some(({ name }) => /SCRIPT_NAME|ROOT_PATH|PREFIX/.test(name))) return true
  return isToldByHeader(sent, /script[-_]name|x-forwarded-path|x-original-uri|x-script|root-path/)
}

/** True for a header that an application, or something around it, may read the prefix from. */
function isToldByHeader(sent: readonly { readonly name: string }[], names: RegExp): boolean {
  return sent.some(({ name }) => names.test(name))
}

function problemOf(deployment: Deployment, program: AppServerProgram, headers: Sent): string | null {
  const sent = headers.some(({ name }) => name === 'x-forwarded-prefix')
  const loaded = deployment.moduleOf(program)
  if (loaded === null || loaded.source === null || loaded.source === 'missing') return null
  const { code } = loaded.source
  if (loaded.settings !== null) {
    const told = ['FORCE_SCRIPT_NAME', 'USE_X_FORWARDED_PREFIX'].some(
      name => loaded.settings?.get(name) !== null,
    )
    return told || sent || /SCRIPT_NAME/.test(code)
      ? null
      : 'Django makes its links from `/`: `FORCE_SCRIPT_NAME` is not set'
  }
  if (
    /root_path|SCRIPT_NAME|APPLICATION_ROOT|DispatcherMiddleware|ReverseProxied|Prefix(?:ed)?Middleware|x_prefix\s*=\s*[1-9]|\.mount\(/.test(
      code,
    )
  )
    return null
  if (/\bFastAPI\(/.test(code))
    return /(?:openapi|docs)_url\s*=\s*None|servers\s*=/.test(code)
      ? null
      : 'FastAPI is not told: its documentation asks for `/openapi.json` at the root'
  if (!/\bFlask\(/.test(code)) return null
  if (sent)
    return /\bProxyFix\(/.test(code)
      ? '`ProxyFix` is not told to read `X-Forwarded-Prefix`: `x_prefix` is 0 by default'
      : null
  return /\burl_for\(|\bredirect\(|\brender_template\(/.test(code) ? 'Flask makes its links from `/`' : null
}
