import { moduleOfProject } from '../../src/deployment/django/imported-names.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { RequestEnd } from '../../src/deployment/requests/answer.ts'
import { followRequest } from '../../src/deployment/requests/follow-request.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, djangoProject } from '../_examples.ts'
import { assignedValue } from './_behind-nginx.ts'
import { djangoBehindNginx } from './_examples.ts'
import { settingValue } from './_setting-entries.ts'
import { type DjangoSite, djangoSites } from './_sites.ts'

const SETTINGS = ['LOGIN_URL', 'LOGIN_REDIRECT_URL', 'LOGOUT_REDIRECT_URL'] as const

const URLS = conf`
  from django.conf import settings
  from django.http import HttpResponse
  from django.shortcuts import redirect
  from django.urls import path
  urlpatterns = [
      path("", lambda request: redirect(settings.LOGIN_URL)),
      path("login/", lambda request: HttpResponse("login"), name="login"),
  ]
`
const inApache = (
  lines: string,
  { more = '', alias = '/inventory', urls = URLS } = {},
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${more}
          WSGIDaemonProcess shop python-path=/opt/shop
          WSGIScriptAlias ${alias} /opt/shop/shop/wsgi.py process-group=shop application-group=%{GLOBAL}
          <Directory /opt/shop>
              Require all granted
          </Directory>
          <Directory /srv/www>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
    ['alias', 'wsgi'],
  ),
  'srv/www/index.html': '<title>Start</title>\n',
  ...djangoProject(lines),
  'opt/shop/shop/__init__.py': '',
  'opt/shop/shop/urls.py': urls,
})
const behindNginx = (lines: string, site = '', environment = ''): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org"]
      ROOT_URLCONF = "shop.urls"
      ${lines}
    `,
    environment,
  }),
  'nginx/site.conf': conf`
    server {
        listen 80;
        server_name example.org;
        location /inventory/ {
            proxy_pass http://web:8000;
            proxy_set_header Host $host;
        }
        ${site}
    }
  `,
  'web/shop/urls.py': URLS,
})
const TOLD = 'environment: {SCRIPT_NAME: /inventory}'
const START = conf`
  location / {
      return 404;
  }
`

export default defineRule({
  summary: 'Django redirects to a path without the prefix of the project',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Django puts `SCRIPT_NAME` in front of the links that it makes from names of URLs, and of `STATIC_URL` where that is relative. `LOGIN_URL`, `LOGIN_REDIRECT_URL` and `LOGOUT_REDIRECT_URL` with a path go out as they are written: the browser asks for it at the root of the host, where another site or nothing answers. `runserver`, which has no prefix, shows nothing of it.',
  remedy: 'Write the name of the URL, `LOGIN_URL = "login"`, or put the prefix in front of the path',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#login-url',
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIScriptAlias.html',
  ],
  bad: [
    { title: 'mod_wsgi below a prefix', files: inApache('LOGIN_URL = «"/login/"»') },
    {
      title: 'routes of a module that is included',
      files: {
        ...inApache('LOGIN_URL = «"/login"»', {
          urls: conf`
            from django.urls import include, path
            urlpatterns = [path("", include("django.contrib.auth.urls"))]
          `,
        }),
      },
    },
    {
      title: 'gunicorn with SCRIPT_NAME',
      files: behindNginx('LOGIN_REDIRECT_URL = «"/login/"»', START, TOLD),
    },
    {
      title: 'a prefix that the settings force',
      files: behindNginx(
        conf`
          FORCE_SCRIPT_NAME = "/inventory"
          LOGIN_URL = «"/login/"»
        `,
        START,
      ),
    },
  ],
  good: [
    { title: 'the name of the URL', files: inApache('LOGIN_URL = "login"') },
    { title: 'the prefix in front', files: inApache('LOGIN_URL = "/inventory/login/"') },
    { title: 'no prefix', files: inApache('LOGIN_URL = "/login/"', { alias: '/' }) },
    { title: 'another host', files: inApache('LOGIN_URL = "https://login.example.org/login/"') },
    {
      title: 'the login of a portal, and no such route of its own',
      files: inApache('LOGIN_URL = "/portal/login/"'),
    },
    {
      title: 'Apache sends it on',
      files: inApache('LOGIN_URL = "/login/"', { more: 'Redirect /login/ /inventory/login/' }),
    },
    {
      title: 'Apache mounts it there too',
      files: inApache('LOGIN_URL = "/login/"', {
        more: 'WSGIScriptAlias /login /opt/shop/shop/wsgi.py process-group=shop application-group=%{GLOBAL}',
      }),
    },
    {
      title: 'a location that brings it to the project',
      files: behindNginx(
        'LOGIN_URL = "/login/"',
        conf`
          location /login/ {
              proxy_pass http://web:8000/inventory/login/;
          }
        `,
        TOLD,
      ),
    },
    { title: 'nginx tells nobody of a prefix', files: behindNginx('LOGIN_URL = "/login/"', START) },
  ],
  *check(deployment) {
    for (const site of djangoSites(deployment)) {
      const { settings, prefix } = site
      if (prefix === null || prefix === '') continue
      for (const name of SETTINGS) {
        const fact = settings.get(name)
        if (fact?.known !== true || fact.at === null || typeof fact.value !== 'string') continue
        const path = fact.value
        if (!/^\/[\w-]+(?:\/[\w./-]*)?$/.test(path) || isBelow(path, prefix) || !hasRoute(site, path))
          continue
        const answer = answerAtRoot(deployment, site, path)
        if (answer === null) continue
        yield {
          at: assignedValue(fact.at),
          message: `the project stands below \`${prefix}\`, and \`${name}\` sends the browser to \`${path}\`, ${answer}`,
          label: 'no prefix is put in front of it',
          related: [{ at: site.at, message: `below \`${prefix}\`` }],
          help: `Write the name of the URL, or \`${name} = "${prefix}${path}"\``,
        }
      }
    }
  },
})

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`)
}

/** True where a route of the project begins as the path does, so that it is meant for the project. */
function hasRoute({ settings, files }: DjangoSite, path: string): boolean {
  const urls = settingValue(settings, 'ROOT_URLCONF')
  const root = typeof urls === 'string' ? moduleOfProject(files, settings, urls)?.source : undefined
  if (root === undefined) return false
  const [, first = ''] = path.split('/')
  const isRoute = (text: string): boolean => new RegExp(`["'^]${first}(?:/|["'$])`).test(text)
  if (isRoute(root.text)) return true
  // Those that a module adds at the root: path("", include("accounts.urls")).
  return [...root.text.matchAll(/\(\s*r?(["'])\^?\1\s*,\s*include\(\s*["']([\w.]+)["']/g)].some(
    ([, , module = '']) => {
      if (module === 'django.contrib.auth.urls') return /^log(?:in|out)$/.test(first)
      const own = moduleOfProject(files, settings, module)
      const source = own === null ? null : sourceAt(files, own.path)
      return source !== null && isRoute(source.text)
    },
  )
}

/** What answers at the root in place of the project, as the end of a sentence; null where that may be the project. */
function answerAtRoot(deployment: Deployment, { requests, runner }: DjangoSite, path: string): string | null {
  // What the audit does not have is no page: the route is one of the project. A server of plain HTTP that sends everybody to TLS says nothing of the path.
  const ends = requests(path)
    .map(request => followRequest(deployment, request, { assume: () => null }).end)
    .filter(({ kind, at }) => kind !== 'redirect' || at === null)
  const answers = ends.map(end => answerOf(end, runner))
  return answers.includes(null) ? null : (answers[0] ?? null)
}

function answerOf(end: RequestEnd, runner: DjangoSite['runner']): string | null {
  switch (end.kind) {
    case 'status':
      return end.status === 404 ? 'which is 404' : null
    case 'file':
      return end.exists === null ? 'which is no file of the site' : null
    case 'application':
      return 'alias' in runner && runner.alias.script.known && runner.alias.script.value !== end.script
        ? 'where another application answers'
        : null
    case 'backend': {
      const program = serverBehind(end.target)
      return program !== null && program !== runner ? 'where another application answers' : null
    }
    default:
      return null
  }
}
