import { serverBehind } from '../../src/deployment/server-behind.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { ClientRequest, FollowedRequest } from '../../src/deployment/requests/answer.ts'
import { probe, probeRedirects } from '../../src/deployment/requests/probe.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { assignedValue, usesMiddleware } from './_behind-nginx.ts'
import { djangoBehindNginx, djangoBehindProxyPass, djangoWithoutNginx } from './_examples.ts'
import { type DjangoSite, djangoSites } from './_sites.ts'

const settings = (value = '«True»', middleware = 'common.CommonMiddleware'): string => conf`
  ALLOWED_HOSTS = [".example.org"]
  ROOT_URLCONF = "shop.urls"
  MIDDLEWARE = ["django.middleware.${middleware}"]
  PREPEND_WWW = ${value}
`
const redirecting = (target: string, name = 'www.example.org'): string => conf`
  server {
      listen 80;
      server_name ${name};
      return 301 ${target}$request_uri;
  }
`
const behindNginx = (outer: string, parts: Partial<Parameters<typeof djangoBehindNginx>[0]> = {}) => {
  const files = djangoBehindNginx({ settings: settings(), ...parts })
  return {
    ...files,
    'nginx/site.conf': `${outer}${files['nginx/site.conf']}`,
    'web/shop/urls.py': conf`
      from django.http import HttpResponse
      from django.urls import path
      urlpatterns = [path("", lambda request: HttpResponse("shop"))]
    `,
  }
}
const inModWsgi = (apache: string, value = '«True»'): Record<string, string> =>
  djangoWithoutNginx({
    settings: conf`
      MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
      PREPEND_WWW = ${value}
    `,
    apache: conf`
      ServerAlias www.example.org
      ${apache}
    `,
  })
const TAKEN_AWAY = conf`
  RewriteEngine On
  RewriteCond %{HTTP_HOST} ^www\.(.+)$ [NC]
  RewriteRule ^ http://%1%{REQUEST_URI} [R=301,L]
`

export default defineRule({
  summary: 'nginx or Apache takes `www.` away, and Django puts it back',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `PREPEND_WWW`, `CommonMiddleware` redirects every request for `example.org` to `www.example.org`. Where the web server redirects that name to the one without `www.`, the two send the client to and fro for ever: `ERR_TOO_MANY_REDIRECTS`.',
  remedy:
    'Let one of the two decide: take `PREPEND_WWW` out of the settings, or turn the redirect of the server',
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#prepend-www'],
  bad: [
    { title: 'a server of nginx', files: behindNginx(redirecting('http://example.org')) },
    { title: 'a rule of Apache in front of mod_wsgi', files: inModWsgi(TAKEN_AWAY) },
    {
      title: 'a rule of Apache that proxies',
      files: djangoBehindProxyPass(settings(), ['ProxyPreserveHost On', TAKEN_AWAY], { tls: false }),
    },
  ],
  good: [
    {
      title: 'a redirect to the name with `www.`',
      files: behindNginx(redirecting('http://www.example.org', 'old.example.org'), {
        settings: settings('True'),
      }),
    },
    {
      title: 'Django leaves the name as it is',
      files: behindNginx(redirecting('http://example.org'), { settings: settings('False') }),
    },
    {
      title: 'nothing in Django that redirects',
      files: behindNginx(redirecting('http://example.org'), {
        settings: settings('True', 'security.SecurityMiddleware'),
      }),
    },
    {
      title: 'another name that Django is asked for',
      files: behindNginx(redirecting('http://example.org'), {
        settings: settings('True'),
        headers: 'proxy_set_header Host www.example.org;',
      }),
    },
    { title: 'mod_wsgi answers by both names', files: inModWsgi('', 'True') },
    {
      title: 'a redirect of one path',
      files: inModWsgi('RedirectMatch ^/old/ http://example.org/', 'True'),
    },
  ],
  *check(deployment) {
    for (const site of djangoSites(deployment)) {
      const prepend = site.settings.get('PREPEND_WWW')
      if (prepend?.known !== true || prepend.value !== true || prepend.at === null || !site.keepsName)
        continue
      if (usesMiddleware(site.settings, 'django.middleware.common.CommonMiddleware') !== true) continue
      for (const request of site.requests('/')) {
        const back = redirectedBack(deployment, site, request)
        if (back === null) continue
        yield {
          at: assignedValue(prepend.at),
          message: `Django redirects \`${request.host}\` to \`www.${request.host}\`, which ${back.by} redirects back, for ever`,
          label: 'puts `www.` in front',
          related: [{ at: back.at, message: 'takes it away again' }],
        }
        break
      }
    }
  },
})

interface Redirect {
  readonly by: string
  readonly at: Place
}

/** What sends the name with `www.` to the one of a request that Django answers; null where nothing does. */
function redirectedBack(deployment: Deployment, site: DjangoSite, request: ClientRequest): Redirect | null {
  const { host } = request
  if (host.startsWith('www.') || !isAnsweredBy(site, probe(deployment, request))) return null
  const { requests, end } = probeRedirects(deployment, { ...request, host: `www.${host}` })
  const [first] = requests
  const last = requests.at(-1)
  if (end.kind !== 'answered' || first === undefined || last === undefined) return null
  if (last.request.host !== host || !isAnsweredBy(site, last)) return null
  const { end: redirect } = first
  if (redirect.kind !== 'redirect' || redirect.at === null) return null
  return { by: redirect.by === 'apache' ? 'Apache' : 'nginx', at: redirect.at }
}

function isAnsweredBy({ runner }: DjangoSite, { end }: FollowedRequest): boolean {
  if ('server' in runner) return end.kind === 'backend' && serverBehind(end.target) === runner
  return end.kind === 'application'
}
