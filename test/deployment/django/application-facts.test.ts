import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { frontsOf } from '../../../src/deployment/fronts-of.ts'
import { type RequestTimeout, requestTimeoutOf } from '../../../rules/timeouts/_request-timeout.ts'
import { postgresOf } from '../../../rules/sizing/_postgres-clients.ts'
import {
  directoryOfUrl,
  mayRouteToFiles,
  servesOwnStaticFiles,
} from '../../../src/deployment/django/static-settings.ts'
import { deploymentOf } from '../../rules/audit-files.ts'

function site(options: string, settings = '', postgres: Readonly<Record<string, string>> = {}) {
  const deployment = deploymentOf({
    'etc/nginx/nginx.conf':
      'events {\n}\nhttp {\n  server {\n    listen 80;\n    server_name example.org;\n    location / { proxy_pass http://127.0.0.1:9000; proxy_set_header Host $host; }\n  }\n  server {\n    listen 80;\n    server_name other.example.org;\n    location / { proxy_pass http://127.0.0.1:9001; }\n  }\n}\n',
    'etc/apache2/apache2.conf': `LoadModule mpm_worker_module m.so\nLoadModule wsgi_module m.so\nTimeout 90\nListen 127.0.0.1:9000\n<VirtualHost 127.0.0.1:9000>\n  ServerName example.org\n  WSGIDaemonProcess app ${options}\n  WSGIScriptAlias / /opt/shop/shop/wsgi.py process-group=app\n</VirtualHost>\n`,
    'opt/shop/shop/wsgi.py':
      'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"\napplication = None\n',
    'opt/shop/shop/settings.py': settings,
    ...postgres,
  })
  const [application] = deployment.applications
  if (application === undefined) throw new Error('the text has an application')
  const python = deployment.pythonOf(application)?.settings
  if (python === null || python === undefined) throw new Error('the settings are read')
  return { deployment, application, settings: python }
}

test('the shorter of what Apache waits and what mod_wsgi lets run', () => {
  for (const [options, seconds, ends] of [
    ['', 90, false],
    ['request-timeout=30', 30, true],
    ['request-timeout=120', 90, false],
    ['socket-timeout=20 request-timeout=30', 20, false],
  ] as const) {
    const patience = patienceAt(options)
    assert.equal([patience?.seconds, patience?.ends], [seconds, ends], options)
  }
  assert.is(patienceAt('request-timeout=${LIMIT}'), null)
})

function patienceAt(options: string): RequestTimeout | null {
  const { application } = site(options)
  const { host } = application
  return host === null ? null : requestTimeoutOf(application, host)
}

test('the servers of nginx in front of an application', () => {
  const { application, deployment } = site('')
  const names = [...frontsOf(deployment, application).keys()].map(({ names }) => names[0]?.name)
  assert.equal(names, ['example.org'])
  assert.equal(application.host?.names, ['example.org'])
})

test('URLs and directories of Django, as it reads them', () => {
  const read = (text: string) => {
    const found = directoryOfUrl(site('', text).settings, 'STATIC')
    return found === null ? null : [found.url, found.directory]
  }
  assert.equal(read('STATIC_URL = "static/"\nSTATIC_ROOT = "/srv/static/"\n'), ['/static/', '/srv/static'])
  assert.equal(read('STATIC_URL = "/s"\nSTATIC_ROOT = "/srv/static"\n'), ['/s/', '/srv/static'])
  assert.is(read('STATIC_URL = "//cdn.example.net/"\nSTATIC_ROOT = "/srv/static"\n'), null)
  assert.is(read('import os\nSTATIC_URL = "/static/"\nSTATIC_ROOT = os.environ["ROOT"]\n'), null)
})

test('whether an application serves its static files', () => {
  const read = (text: string) => servesOwnStaticFiles(site('', text).settings)
  assert.is(read(''), false)
  assert.is(read('MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]\n'), true)
  assert.is(read('MIDDLEWARE = ["a.B", some_name]\n'), undefined)
  assert.is(read('from .base import *\n'), undefined)
})

test('whether URLs may lead to Django’s own view of files', () => {
  const read = (settings: string, urls: Readonly<Record<string, string>>) => {
    const { deployment, application, settings: read } = site('', settings, urls)
    return mayRouteToFiles(deployment.filesOf(application.configuration), read)
  }
  const named = 'ROOT_URLCONF = "shop.urls"\n'
  assert.is(read(named, { 'opt/shop/shop/urls.py': 'urlpatterns = []\n' }), false)
  assert.is(read(named, { 'opt/shop/shop/urls.py': 'from django.views.static import serve\n' }), true)
  assert.is(read(named, {}), true)
  assert.is(read('', { 'opt/shop/shop/urls.py': 'urlpatterns = []\n' }), true)
})

test('the PostgreSQL that an application is on', () => {
  const postgres = {
    'etc/postgresql/15/main/postgresql.conf': 'port = 5432\n',
    'etc/postgresql/15/other/postgresql.conf': 'port = 5433\nmax_connections = 50\n',
  }
  const read = (more: string) => {
    const text = `DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", ${more}}}\n`
    const { deployment, application, settings } = site('', text, postgres)
    const { machine } = deployment.programOf(application.configuration)
    return postgresOf(deployment, settings, machine)?.free ?? null
  }
  assert.is(read(''), 97)
  assert.is(read('"HOST": "localhost", "PORT": 5433'), 47)
  assert.is(read('"PORT": "6432"'), null)
  assert.is(read('"HOST": "10.0.0.5"'), null)
  assert.is(read('"HOST": HOST'), null)
  assert.is(read('"OPTIONS": {"pool": True}'), null)
})

test.run()
