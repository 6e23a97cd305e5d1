import { moduleOfProject } from '../../src/deployment/django/imported-names.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { ClientRequest } from '../../src/deployment/requests/answer.ts'
import { urlOf } from '../../src/deployment/requests/follow-redirects.ts'
import { requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { usesMiddleware } from './_behind-nginx.ts'
import { djangoConnections } from './_connections.ts'
import { djangoBehindNginx, djangoWithoutNginx } from './_examples.ts'
import { djangoSites } from './_sites.ts'

const SETTINGS = conf`
  ALLOWED_HOSTS = ["example.org"]
  ROOT_URLCONF = "shop.urls"
  MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
`
const tree = (site: string, settings = SETTINGS, route = 'orders/'): Record<string, string> => ({
  ...djangoBehindNginx({ settings, site }),
  'web/shop/urls.py': conf`
    from django.http import HttpResponse
    from django.urls import path
    urlpatterns = [path("${route}", lambda request: HttpResponse("orders"))]
  `,
})
/** mod_wsgi to which clients come without nginx. */
const inModWsgi = (apache: string): Record<string, string> => ({
  ...djangoWithoutNginx({ settings: 'MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]', apache }),
  'opt/shop/shop/urls.py': tree('')['web/shop/urls.py']!,
})

export default defineRule({
  summary: 'nginx or Apache takes the last slash away, and Django puts it back',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The routes of Django end with a slash, and `CommonMiddleware` redirects `/orders` to `/orders/`. Where the web server redirects `/orders/` to `/orders`, the two send the client to and fro for ever: `ERR_TOO_MANY_REDIRECTS`.',
  remedy: 'Leave the slash to Django, or write its routes without one and set `APPEND_SLASH = False`',
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#append-slash'],
  bad: [
    {
      title: 'a redirect of the server',
      files: tree('«rewrite» ^/(.+)/$ /$1 permanent;'),
    },
    {
      title: 'a rule of Apache',
      files: inModWsgi(conf`
        RewriteEngine On
        «RewriteRule» ^/(.+)/$ /$1 [R=301,L]
      `),
    },
  ],
  good: [
    {
      title: 'a rule of Apache that adds the slash',
      files: inModWsgi(conf`
        RewriteEngine On
        RewriteRule ^/(.+[^/])$ /$1/ [R=301,L]
      `),
    },
    { title: 'no redirect', files: tree('') },
    { title: 'a redirect of other paths', files: tree('rewrite ^/(blog/.+)/$ /$1 permanent;') },
    {
      title: 'Django leaves the path as it is',
      files: tree('rewrite ^/(.+)/$ /$1 permanent;', `${SETTINGS}APPEND_SLASH = False\n`),
    },
    {
      title: 'routes without a slash',
      files: tree('rewrite ^/(.+)/$ /$1 permanent;', SETTINGS, 'orders'),
    },
  ],
  *check(deployment) {
    for (const { connection, settings, machine } of djangoConnections(deployment)) {
      const { container, files } = machine
      const request = (path: string) => requestsToServer(deployment, connection.server, path)
      yield* redirectedBack(deployment, { settings, files: container?.files ?? files, request })
    }
    for (const { asked, settings, files, requests: request } of djangoSites(deployment))
      if (asked !== null) yield* redirectedBack(deployment, { settings, files, request })
  },
})

interface Asked {
  readonly settings: DjangoSettings
  readonly files: FileSystem
  readonly request: (path: string) => readonly ClientRequest[]
}

function* redirectedBack(deployment: Deployment, { settings, files, request }: Asked): Iterable<RuleFinding> {
  const route = appendedRoute(settings, files)
  if (route === null) return
  for (const asked of request(`/${route.path}`)) {
    const { end } = probe(deployment, asked)
    if (end.kind !== 'redirect' || end.at === null || !isWithoutSlash(asked, end.location)) continue
    const next = probe(deployment, { ...asked, target: asked.target.slice(0, -1) })
    if (next.end.kind !== 'backend' && next.end.kind !== 'application') continue
    yield {
      at: end.at,
      message: `${end.by === 'apache' ? 'Apache' : 'nginx'} redirects \`/${route.path}\` to \`/${route.path.slice(0, -1)}\`, which Django redirects back, for ever`,
      label: 'takes the slash away',
      related: [{ at: route.at, message: 'the route ends with a slash' }],
    }
    return
  }
}

/** A route of the project that Django redirects to, where its slash is missing. */
function appendedRoute(
  settings: DjangoSettings,
  files: FileSystem,
): { readonly path: string; readonly at: Place } | null {
  if (settings.get('APPEND_SLASH') !== null) return null
  if (usesMiddleware(settings, 'django.middleware.common.CommonMiddleware') !== true) return null
  const urls = settings.get('ROOT_URLCONF')
  if (urls?.known !== true || typeof urls.value !== 'string') return null
  const source = moduleOfProject(files, settings, urls.value)?.source ?? null
  const match = /^[^#\n]*?\bpath\(\s*['"]([\w-]+\/)['"]/m.exec(source?.code ?? '')
  if (source === null || match === null) return null
  const [whole, path = ''] = match
  const start = match.index + whole.length - path.length - 1
  return { path, at: { source, start, end: start + path.length } }
}

function isWithoutSlash(request: ClientRequest, location: string): boolean {
  const asked = new URL(urlOf(request))
  const next = URL.canParse(location, asked.href) ? new URL(location, asked) : null
  return (
    next?.host === asked.host && next.protocol === asked.protocol && `${next.pathname}/` === asked.pathname
  )
}
