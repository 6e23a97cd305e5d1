import { moduleOfProject } from '../../src/deployment/django/imported-names.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { MISSING, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { locationPath } from '../../src/deployment/requests/location-path.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { assignedValue } from './_behind-nginx.ts'
import { type DjangoConnection, djangoConnections, goesThrough } from './_connections.ts'
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

export default defineRule({
  summary: 'Django is told a prefix that nobody takes from the path',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `FORCE_SCRIPT_NAME` Django puts the prefix in front of every link that it makes, and leaves the path that it is asked for as it is. Where neither the proxy nor the server of the application takes the prefix away, no route matches what the links ask for: 404.',
  remedy:
    'Take the prefix away in nginx (`location /shop/ { proxy_pass http://127.0.0.1:8000/; }`), or mount the application there (`WSGIScriptAlias /shop …`, `SCRIPT_NAME=/shop` for gunicorn)',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#force-script-name',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
  ],
  bad: [
    { title: 'the location of the prefix, and nothing replaces it', files: inGunicorn({ site: below('') }) },
    { title: 'no location of the prefix', files: inGunicorn({ listen: '443 ssl', site: TLS }) },
    { title: 'mod_wsgi at the root', files: inModWsgi({ listen: '443 ssl', site: TLS }) },
  ],
  good: [
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
      return end.kind === 'backend' && end.connection === connection && end.uri === page
    return (
      end.kind === 'application' &&
      !/\/\/[^/]+\/./.test(connection.written) &&
      goesThrough(followed, connection)
    )
  })
}
