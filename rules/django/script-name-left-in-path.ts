import { isUwsgi, type UwsgiServer } from '../../parsers/app-server/uwsgi.ts'
import { moduleOfProject } from '../../src/deployment/django/imported-names.ts'
import type { AppServerProgram, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { MISSING, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { locationPath } from '../../src/deployment/requests/location-path.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveValue } from '../../src/servers/nginx/queries/effective.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { uwsgiApplication, WSGI } from '../app-server/_examples.ts'
import { assignedValue } from './_behind-nginx.ts'
import { type DjangoConnection, djangoConnections, djangoInServers, goesThrough } from './_connections.ts'
import { djangoBehindNginx, djangoInApache, TLS } from './_examples.ts'

const SETTINGS = conf`
  ALLOWED_HOSTS = ["example.org"]
  ROOT_URLCONF = "shop.urls"
  FORCE_SCRIPT_NAME = «"/shop"»
`
const inGunicorn = (
  parts: Partial<Parameters<typeof djangoBehindNginx>[0]> = {},
  route = 'orders/',
): Record<string, string> => ({
  ...djangoBehindNginx({ settings: SETTINGS, ...parts }),
  'web/shop/urls.py': conf`
    from django.http import HttpResponse
    from django.urls import path
    urlpatterns = [path("${route}", lambda request: HttpResponse("orders"))]
  `,
})
const below = (slash: string): string => conf`
  location /shop/ {
      proxy_pass http://web:8000${slash};
      proxy_set_header Host $host;
  }
`
const inModWsgi = (parts: Parameters<typeof djangoInApache>[0] = {}): Record<string, string> =>
  djangoInApache({ settings: 'FORCE_SCRIPT_NAME = «"/shop"»', ...parts })

/** nginx in front of Debian’s uWSGI, with a location of the prefix. */
const inUwsgi = (parameters: string, lines = 'module = shop.wsgi', script = WSGI): Record<string, string> => {
  const files = uwsgiApplication(`chdir = /etc/shop\nplugins = python3\n${lines}`)
  return {
    ...files,
    'etc/nginx/nginx.conf': files['etc/nginx/nginx.conf']!.replace('location /', 'location /shop').replace(
      /(?=[ ]*uwsgi_pass)/,
      `${parameters}\n`,
    ),
    'etc/shop/shop/__init__.py': '',
    'etc/shop/shop/wsgi.py': script,
    'etc/shop/shop/settings.py': conf`
      ALLOWED_HOSTS = ["example.org"]
      ROOT_URLCONF = "shop.urls"
    `,
    'etc/shop/shop/urls.py': conf`
      from django.http import HttpResponse
      from django.urls import path
      urlpatterns = [path("orders/", lambda request: HttpResponse("orders"))]
    `,
  }
}
const TOLD = 'uwsgi_param SCRIPT_NAME /shop;'

export default defineRule({
  summary: 'Django is told a prefix that nobody takes from the path',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `FORCE_SCRIPT_NAME`, or the `SCRIPT_NAME` that nginx sends to uWSGI, Django puts the prefix in front of every link that it makes, and leaves the path that it is asked for as it is. Where neither the proxy nor the server of the application takes the prefix away, no route matches what the links ask for: 404.',
  remedy:
    'Take the prefix away in nginx (`location /shop/ { proxy_pass http://127.0.0.1:8000/; }`), or mount the application there (`WSGIScriptAlias /shop …`, `SCRIPT_NAME=/shop` for gunicorn, `manage-script-name = true` with `mount = /shop=shop.wsgi:application` for uWSGI)',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#force-script-name',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
    'https://uwsgi-docs.readthedocs.io/en/latest/Nginx.html#hosting-multiple-apps-in-the-same-process-aka-managing-script-name-and-path-info',
  ],
  bad: [
    { title: 'the location of the prefix, and nothing replaces it', files: inGunicorn({ site: below('') }) },
    { title: 'no location of the prefix', files: inGunicorn({ listen: '443 ssl', site: TLS }) },
    { title: 'mod_wsgi at the root', files: inModWsgi({ listen: '443 ssl', site: TLS }) },
    { title: 'uWSGI that nginx tells the prefix', files: inUwsgi('uwsgi_param SCRIPT_NAME «/shop»;') },
  ],
  good: [
    {
      title: 'uWSGI takes it away',
      files: inUwsgi('', 'manage-script-name = true\nmount = /shop=shop.wsgi:application'),
    },
    {
      title: 'uWSGI takes it away, which nginx tells too',
      files: inUwsgi(TOLD, 'manage-script-name = true\nmount = /shop=shop.wsgi:application'),
    },
    { title: 'the modifier that takes it away', files: inUwsgi(`${TOLD} uwsgi_modifier1 30;`) },
    { title: 'nginx changes the path', files: inUwsgi(`${TOLD} rewrite ^/shop(/.*)$ $1 break;`) },
    {
      title: 'nginx sends another path',
      files: inUwsgi(`${TOLD} set $path /orders/; uwsgi_param PATH_INFO $path;`),
    },
    {
      title: 'a route of uWSGI changes the path',
      files: inUwsgi(TOLD, 'module = shop.wsgi\nroute-run = fixpathinfo:'),
    },
    {
      title: 'the script takes it away',
      files: inUwsgi(TOLD, 'module = shop.wsgi', `${WSGI}\n# environ["PATH_INFO"] without its prefix\n`),
    },
    { title: 'nginx takes it away', files: inGunicorn({ site: below('/') }) },
    {
      title: 'gunicorn takes it away',
      files: inGunicorn({ site: below(''), environment: 'environment: {SCRIPT_NAME: /shop}' }),
    },
    {
      title: 'workers of ASGI, for which Django takes it away',
      files: inGunicorn({
        site: below(''),
        command: 'gunicorn --bind 0.0.0.0:8000 -k uvicorn.workers.UvicornWorker shop.asgi:application',
      }),
    },
    { title: 'the routes begin with it', files: inGunicorn({ site: below('') }, 'shop/orders/') },
    { title: 'the root of the site', files: inGunicorn({ settings: SETTINGS.replace('"/shop"', '"/"') }) },
    {
      title: 'mod_wsgi at the prefix',
      files: Object.fromEntries(
        Object.entries(inModWsgi({ listen: '443 ssl', site: TLS })).map(([path, text]) => [
          path,
          text.replace('WSGIScriptAlias / ', 'WSGIScriptAlias /shop '),
        ]),
      ),
    },
    { title: 'what a proxy in front of nginx may take away', files: inGunicorn() },
  ],
  *check(deployment) {
    yield* toldUwsgi(deployment)
    for (const each of djangoConnections(deployment)) {
      const { settings, connection } = each
      const forced = settings.get('FORCE_SCRIPT_NAME')
      if (forced?.known !== true || forced.at === null || typeof forced.value !== 'string') continue
      const prefix = forced.value.replace(/\/+$/, '')
      if (!/^\/[\w./-]+$/.test(prefix) || takesPrefix(each) || routesBeginWith(each, prefix)) continue
      if (!isSeenWhole(deployment, connection, prefix) || !isLeft(deployment, each, prefix)) continue
      yield {
        at: assignedValue(forced.at),
        message: `Django links to \`${prefix}/…\`, and the prefix is still in the path when it is asked for that: 404`,
        label: 'put in front of every link',
        related: [{ at: argumentPlace(connection.pass, 0), message: 'proxied with its path as it is' }],
      }
    }
  },
})

/**
 * nginx sends `SCRIPT_NAME`, and uWSGI passes it on beside the whole path: `manage-script-name` with a `mount`, the
 * modifier 30 and routes are what take it away there.
 */
function* toldUwsgi(deployment: Deployment): Iterable<RuleFinding> {
  for (const each of djangoInServers(deployment)) {
    const { connection, runner } = each
    const { server } = runner.program
    if (connection.pass.name !== 'uwsgi_pass' || !isUwsgi(server) || mayTakePrefix(server)) continue
    const sent = scriptNameSent(connection)
    const prefix = sent?.args[1]?.value.replace(/\/+$/, '') ?? ''
    if (sent === null || !/^\/[\w./-]+$/.test(prefix) || routesBeginWith(each, prefix)) continue
    if (readsPath(deployment, runner.program) || !isLeft(deployment, each, prefix)) continue
    yield {
      at: argumentPlace(sent, 1),
      message: `uWSGI is told the prefix \`${prefix}\`, and leaves it in \`PATH_INFO\` too, so Django has no route for what is asked for: 404`,
      label: 'not taken from the path',
      related: [{ at: server.at, message: 'no `manage-script-name` with a `mount` here' }],
      help: `Write \`manage-script-name = true\` and \`mount = ${prefix}=…\` in place of the module, and leave \`SCRIPT_NAME\` out`,
    }
  }
}

/** True of options of uWSGI by which the path may be changed, or of one of which not all are known. */
function mayTakePrefix({ options, complete }: UwsgiServer): boolean {
  return (
    !complete || options.some(({ name }) => /manage-script-name|route|rewrite|path-?info|modifier/.test(name))
  )
}

/** The line that sends the prefix, where the path is sent beside it as nginx has it; null otherwise. */
function scriptNameSent({ server, block }: NginxConnection): NginxDirective | null {
  const set = requestParameters(server.configuration, block, 'uwsgi')
  if (!set.known || !set.value.complete) return null
  const modifier = effectiveValue(server.configuration, block, 'uwsgi_modifier1', '0')
  const sent = (wanted: string) => set.value.headers.findLast(({ name }) => name === wanted)
  const path = sent('PATH_INFO')?.value ?? ''
  if (!modifier.known || modifier.value !== '0' || !/^\$(?:document_)?uri$/.test(path)) return null
  return sent('SCRIPT_NAME')?.directive ?? null
}

/** True of a script that may change the path before Django reads it. */
function readsPath(deployment: Deployment, program: AppServerProgram): boolean {
  const source = deployment.moduleOf(program)?.source
  return source == null || source === 'missing' || /PATH_INFO|SCRIPT_NAME/.test(source.code)
}

/** True where no proxy in front of nginx takes the prefix away: clients come by TLS, or the location is that of the prefix. */
function isSeenWhole(deployment: Deployment, { server, block }: NginxConnection, prefix: string): boolean {
  const own = block.name === 'location' ? locationPath(block) : null
  return own?.startsWith(prefix) === true || (server.tls && takesClients(deployment, server))
}

/** True where what runs Django may take the prefix away: by `SCRIPT_NAME`, an alias, or ASGI, of which Django does so. */
function takesPrefix({ runner }: DjangoConnection): boolean {
  if (runner.kind === 'mod_wsgi') {
    const { path } = runner.application.alias
    return !path.known || path.value !== '/'
  }
  const { server, environment } = runner.program
  const isPlain =
    server.workerClass === null ||
    (server.workerClass.known && /^g?(?:sync|thread|event)/.test(server.workerClass.value))
  return server.program !== 'gunicorn' || !isPlain || environment('SCRIPT_NAME') !== null
}

function routesBeginWith({ settings, machine }: DjangoConnection, prefix: string): boolean {
  const urls = settings.get('ROOT_URLCONF')
  if (urls?.known !== true || typeof urls.value !== 'string') return true
  const source = moduleOfProject(machine.container?.files ?? machine.files, settings, urls.value)?.source
  return source == null || source.code.includes(`${prefix.slice(1)}/`)
}

/** True where a client who asks for a page below the prefix gets to Django, and the path is what the client asked for. */
function isLeft(deployment: Deployment, { connection, runner }: DjangoConnection, prefix: string): boolean {
  if (connection.headers.written.some(({ name }) => /^script[-_]name$/.test(name))) return false
  const page = `${prefix}/${MISSING}`
  return requestsToServer(deployment, connection.server, page).some(request => {
    const followed = probe(deployment, request)
    const { end } = followed
    if (runner.kind === 'app-server')
      return (
        end.kind === 'backend' &&
        end.connection === connection &&
        (end.uri ?? sentAsItIs(connection, page)) === page
      )
    return (
      end.kind === 'application' &&
      !/\/\/[^/]+\/./.test(connection.written) &&
      goesThrough(followed, connection)
    )
  })
}

/** What uWSGI is sent as the path: the request's own where no line rewrites it; null where one may. */
function sentAsItIs({ server, block, pass }: NginxConnection, page: string): string | null {
  const rewrites = [server.directive, block].some(({ children }) =>
    children.some(({ name }) => name === 'rewrite' || name === 'if'),
  )
  return pass.name === 'uwsgi_pass' && !rewrites ? page : null
}
