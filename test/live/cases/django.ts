import { setTimeout } from 'node:timers/promises'
import type { LiveCase } from '../live-case.ts'
import type { LiveRequest, LiveResponse } from '../request.ts'

const HTTP = { url: 'http://example.org/' } as const
const HTTPS = { url: 'https://example.org/' } as const

const PAGE_OF_SHOP = {
  'opt/shop/shop/urls.py':
    "from django.http import HttpResponse\nfrom django.urls import path\n\nurlpatterns = [path('page', lambda request: HttpResponse(request.scheme))]\n",
}

/** Django's own page. */
const isRefused: LiveCase['harm'] = ({ response }) =>
  response.status === 400 && response.body.includes('<h1>Bad Request (400)</h1>')

/** What the workers answer in the session that a first answer began; they start one after the other. */
const answersInSession = async (
  { headers }: LiveResponse,
  request: (wanted: LiveRequest) => Promise<LiveResponse>,
): Promise<ReadonlySet<string>> => {
  const cookie = /sessionid=\w+/.exec(String(headers['set-cookie']))?.[0] ?? ''
  const seen = new Set<string>()
  for (let round = 0; round < 20 && !seen.has('new'); round++) {
    const asked = Array.from({ length: 5 }, () => request({ ...HTTP, headers: { Cookie: cookie } }))
    for (const { body } of await Promise.all(asked)) seen.add(body)
    await setTimeout(50)
  }
  return seen
}

/** What the first of two projects counts when a browser comes back from the second. */
const visitsAfterOther = async (
  { headers }: LiveResponse,
  request: (wanted: LiveRequest) => Promise<LiveResponse>,
): Promise<string> => {
  const jar = new Map<string, string>()
  const keep = (set: LiveResponse['headers'][string]): void => {
    for (const [, name = '', value = ''] of String(set ?? '').matchAll(/(\w+)=([^;,]+);/g))
      jar.set(name, value)
  }
  const ask = async (path: string): Promise<string> => {
    const cookies = ['sessionid', 'wiki_sessionid'].flatMap(name =>
      jar.has(name) ? `${name}=${jar.get(name)}` : [],
    )
    const answer = await request({
      url: `http://example.org/${path}/`,
      headers: { Cookie: cookies.join('; ') },
    })
    keep(answer.headers['set-cookie'])
    return answer.body
  }
  keep(headers['set-cookie'])
  await ask('wiki')
  return ask('shop')
}

/** An upload, whose URL is the answer, and what a request for that URL shows. */
const UPLOADED: Pick<LiveCase, 'request' | 'harm' | 'sound'> = {
  request: { url: 'http://example.org/upload' },
  harm: async ({ response, request }) =>
    (await request({ url: `http://example.org${response.body}` })).status === 403,
  sound: async ({ response, request }) =>
    (await request({ url: `http://example.org${response.body}` })).body === 'big',
}

export const cases: readonly LiveCase[] = [
  {
    rule: 'django/cache-before-sessions',
    shows: 'the second client gets the page of the first',
    examples: { bad: 'both behind the sessions', good: 'around all others' },
    files: {
      'web/shop/urls.py': [
        'from django.http import HttpResponse',
        'from django.urls import path',
        'def account(request):',
        '    name = request.session.setdefault("name", request.headers["X-Name"])',
        '    return HttpResponse(name)',
        'urlpatterns = [path("", account)]',
        '',
      ].join('\n'),
    },
    smaller: { 'ALLOWED_HOSTS =': 'ROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS =' },
    request: { ...HTTP, headers: { 'X-Name': 'alice' } },
    harm: async ({ request }) => (await request({ ...HTTP, headers: { 'X-Name': 'bob' } })).body === 'alice',
    sound: async ({ request }) => (await request({ ...HTTP, headers: { 'X-Name': 'bob' } })).body === 'bob',
  },
  {
    rule: 'django/handler-without-setup',
    shows: 'the first model that the URLs need is imported before the applications',
    examples: { bad: 'the handler, imported', good: 'the function for it' },
    files: {
      'web/shop/urls.py': [
        'from django.contrib.auth.models import User',
        'from django.http import HttpResponse',
        'from django.urls import path',
        'urlpatterns = [path("", lambda request: HttpResponse(User.__name__))]',
        '',
      ].join('\n'),
    },
    smaller: { 'ALLOWED_HOSTS =': 'ROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS =' },
    request: HTTP,
    harm: ({ response }) => response.status === 500,
    sound: ({ response }) => response.status === 200 && response.body === 'User',
  },
  {
    rule: 'django/settings-refused',
    shows: 'without a session before it, the middleware of users fails with every request',
    examples: { bad: 'users before their session', good: 'sessions first' },
    request: HTTP,
    harm: ({ response }) => response.status === 500,
    sound: ({ response }) => response.report?.host !== undefined,
  },
  {
    rule: 'django/settings-refused',
    shows: 'gunicorn cannot boot a project with an application that is listed twice',
    examples: { bad: 'an application that is listed twice', good: 'each application once' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report?.host !== undefined,
  },
  {
    rule: 'django/settings-refused',
    shows: 'SQLite takes no option of PostgreSQL',
    examples: { bad: 'an option of PostgreSQL', good: 'an option of SQLite' },
    files: {
      'web/shop/urls.py': [
        'from django.db import connection',
        'from django.http import HttpResponse',
        'from django.urls import path',
        'def count(request):',
        '    connection.ensure_connection()',
        '    return HttpResponse("connected")',
        'urlpatterns = [path("", count)]',
        '',
      ].join('\n'),
    },
    smaller: { 'ALLOWED_HOSTS =': 'ROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS =' },
    request: HTTP,
    harm: ({ response }) => response.status === 500,
    sound: ({ response }) => response.body === 'connected',
  },
  {
    rule: 'django/setting-not-read',
    shows: 'without ALLOWED_HOSTS Django answers 400',
    examples: { bad: 'a letter too few', good: 'the name' },
    request: HTTP,
    harm: isRefused,
    sound: ({ response }) => response.report?.host === 'example.org',
  },
  {
    rule: 'django/import-removed',
    shows: 'gunicorn cannot boot a project whose models import a module that is gone',
    examples: { bad: 'a module that is gone', good: 'models for the Django of today' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'django/env-file-not-found',
    shows: 'django-environ passes over a file that is not there, and gunicorn cannot boot',
    examples: { bad: 'beside the settings', good: 'beside the settings, where it is' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report?.host === 'example.org',
  },
  {
    rule: 'django/imported-before-setup',
    shows: 'gunicorn cannot boot a script that imports users first',
    examples: { bad: 'a module that needs users', good: 'below the line that loads them' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report?.host === 'example.org',
  },
  {
    rule: 'django/join-drops-base',
    shows: 'the directory is one of the file system',
    examples: { bad: 'os.path.join', good: 'below the project' },
    files: {
      'opt/shop/shop/urls.py': [
        'from django.conf import settings',
        'from django.http import HttpResponse',
        'from django.urls import path',
        'urlpatterns = [path("", lambda request: HttpResponse(settings.STATIC_ROOT))]',
        '',
      ].join('\n'),
    },
    smaller: { 'ALLOWED_HOSTS =': 'ROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS =' },
    request: HTTP,
    harm: ({ response }) => response.body === '/static',
    sound: ({ response }) => /\/shop\/static\/$/.test(response.body),
  },
  {
    rule: 'django/health-check-refused',
    shows: 'Django answers 400 to a request for localhost',
    examples: { bad: 'curl', good: 'a host that is allowed' },
    request: { ...HTTP, headers: { Host: 'localhost' } },
    harm: isRefused,
    sound: ({ response }) => response.report?.host === 'localhost',
  },
  {
    rule: 'django/upload-mode-unreadable',
    shows: 'nginx may not read what was uploaded',
    examples: { bad: 'a mode for the owner alone', good: 'a mode for all' },
    files: {
      'opt/shop/shop/urls.py': [
        'from django.core.files.base import ContentFile',
        'from django.core.files.storage import default_storage',
        'from django.http import HttpResponse',
        'from django.urls import path',
        'def upload(request):',
        '    return HttpResponse(default_storage.url(default_storage.save("a.txt", ContentFile(b"big"))))',
        'urlpatterns = [path("upload", upload)]',
        '',
      ].join('\n'),
    },
    ...UPLOADED,
  },
  {
    rule: 'django/upload-mode-unreadable',
    shows: 'what was large enough for a temporary file keeps its mode',
    examples: { bad: 'no mode, and an account of its own', good: 'a mode for all' },
    files: {
      'opt/shop/shop/urls.py': [
        'from django.core.files.storage import default_storage',
        'from django.core.files.uploadedfile import TemporaryUploadedFile',
        'from django.http import HttpResponse',
        'from django.urls import path',
        'def upload(request):',
        '    file = TemporaryUploadedFile("a.txt", "text/plain", 3, None)',
        '    file.write(b"big")',
        '    file.seek(0)',
        '    return HttpResponse(default_storage.url(default_storage.save("a.txt", file)))',
        'urlpatterns = [path("upload", upload)]',
        '',
      ].join('\n'),
    },
    ...UPLOADED,
  },
  {
    rule: 'django/health-check-redirected',
    shows: 'a request of plain HTTP for the address of a check is sent to https',
    examples: { bad: 'urllib', good: 'the path left out' },
    request: { url: 'http://example.org/healthz', headers: { Host: '127.0.0.1' } },
    harm: ({ response }) => response.headers.location === 'https://127.0.0.1/healthz',
    sound: ({ response }) => response.report?.host === '127.0.0.1',
  },
  {
    rule: 'django/remote-user-not-passed',
    shows: 'the name that Apache has checked is in no variable of Django',
    examples: { bad: 'a password of Apache', good: 'a middleware of its own for the header' },
    // The middleware itself wants a database.
    smaller: { 'AUTHENTICATION_BACKENDS =': 'MIDDLEWARE = []\nAUTHENTICATION_BACKENDS =' },
    request: { ...HTTP, headers: { Authorization: 'Basic YW5uYTpzZWNyZXQ=' } },
    harm: ({ response }) => response.status === 200 && response.body === 'nobody',
    sound: ({ response }) => response.body === 'anna',
  },
  {
    rule: 'django/host-not-allowed',
    examples: { bad: 'another name', good: 'the name' },
    shows: 'Django answers 400 to a name that it does not have',
    request: HTTP,
    harm: isRefused,
    sound: ({ response }) => response.report?.host === 'example.org',
  },
  {
    rule: 'django/host-not-allowed',
    shows: 'without Host nginx sends the name of the upstream',
    examples: { bad: 'the name of the upstream', good: 'the name of the upstream, allowed' },
    request: HTTP,
    harm: isRefused,
    sound: ({ response }) => response.report?.host === 'web:8000',
  },
  {
    rule: 'django/host-not-allowed',
    shows: 'without ProxyPreserveHost Apache sends the address of the backend',
    examples: {
      bad: 'the address of the backend, which Apache sends',
      good: 'the address of the backend, allowed',
    },
    request: HTTP,
    harm: isRefused,
    sound: ({ response }) => response.status !== 0 && response.status !== 400,
  },
  {
    rule: 'django/host-not-allowed',
    shows: 'mod_wsgi runs a project that has no name of the virtual host',
    examples: {
      bad: 'a name of the virtual host in which mod_wsgi runs it',
      good: 'mod_wsgi, and the names',
    },
    request: { url: 'http://example.org:9000/' },
    harm: ({ response }) => response.status === 400,
    sound: ({ response }) => response.status !== 0 && response.status !== 400,
  },
  {
    rule: 'django/ssl-redirect-loop',
    shows: 'Apache tells no scheme, and https is redirected to itself',
    examples: { bad: 'Apache does not tell it', good: 'Apache tells it' },
    request: HTTPS,
    harm: ({ response }) => response.status === 301 && response.headers.location === 'https://example.org/',
    sound: ({ response }) => response.status !== 0 && response.status !== 301,
  },
  {
    rule: 'django/ssl-redirect-loop',
    shows: 'Django in mod_wsgi answers TLS with a redirect to the same address',
    examples: {
      bad: 'mod_wsgi, nothing said and nothing read',
      good: 'sent to mod_wsgi, and read by Apache',
    },
    files: PAGE_OF_SHOP,
    request: { url: 'https://example.org/page' },
    harm: ({ response }) =>
      response.status === 301 && response.headers.location === 'https://example.org/page',
    sound: ({ response }) => response.status === 200 && response.body === 'https',
  },
  {
    rule: 'django/host-not-allowed',
    shows: 'Django in mod_wsgi refuses the name that nginx sends',
    examples: {
      bad: 'a name that nginx in front of mod_wsgi serves',
      good: 'the names that nginx in front of mod_wsgi serves',
    },
    files: PAGE_OF_SHOP,
    request: { url: 'http://example.org/page' },
    harm: isRefused,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'django/static-not-served',
    examples: {
      bad: 'all is proxied to mod_wsgi',
      good: 'an alias of the directory of a project in mod_wsgi',
    },
    shows: 'Django in mod_wsgi answers 404 for a file that it has collected',
    request: { url: 'http://example.org/static/site.css' },
    harm: ({ response }) => response.status === 404 && response.body.includes('Not Found'),
    sound: ({ response }) => response.body.includes('body {}'),
  },
  {
    rule: 'django/script-name-left-in-path',
    examples: { bad: 'the location of the prefix, and nothing replaces it', good: 'nginx takes it away' },
    shows: 'Django has no route for the page to which it links',
    request: { url: 'http://example.org/shop/orders/' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.status === 200 && response.body === 'orders',
  },
  {
    rule: 'django/script-name-left-in-path',
    examples: { bad: 'uWSGI that nginx tells the prefix', good: 'uWSGI takes it away' },
    shows: 'uWSGI leaves the prefix in the path',
    request: { url: 'http://example.org/shop/orders/' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.status === 200 && response.body === 'orders',
  },
  {
    rule: 'django/slash-removed',
    shows: 'nginx redirects what Django redirects back',
    examples: { bad: 'a redirect of the server', good: 'no redirect' },
    request: { url: 'http://example.org/orders/' },
    harm: ({ response }) =>
      response.status === 301 && String(response.headers.location).endsWith('example.org/orders'),
    sound: ({ response }) => response.status === 200 && response.body.includes('orders'),
  },
  {
    rule: 'django/www-removed',
    shows: 'Django redirects what nginx redirects back',
    examples: { bad: 'a server of nginx', good: 'Django leaves the name as it is' },
    request: { url: 'http://example.org/' },
    harm: ({ response }) =>
      response.status === 301 && String(response.headers.location).endsWith('//www.example.org/'),
    sound: ({ response }) => response.status === 200 && response.body.includes('shop'),
  },
  {
    rule: 'django/allowed-host-not-named',
    examples: { bad: 'the address, and the stock site', good: 'the domain' },
    shows: 'the default server answers for the domain that Django allows',
    files: PAGE_OF_SHOP,
    request: { url: 'http://shop.example.org/page' },
    harm: ({ response }) => response.status === 404 && response.headers.server?.includes('nginx') === true,
    sound: ({ response }) => response.body === 'http',
  },
  {
    rule: 'django/allowed-host-not-named',
    examples: { bad: 'a virtual host of Apache', good: 'a virtual host with the domain' },
    shows: 'the first virtual host answers for the domain that Django allows',
    files: PAGE_OF_SHOP,
    request: { url: 'http://shop.example.org/page' },
    harm: ({ response }) => response.status === 404 || response.status === 403,
    sound: ({ response }) => response.body === 'http',
  },
  {
    rule: 'django/host-with-underscore',
    examples: { bad: 'a service', good: 'the Host of the client' },
    shows: 'Django refuses a name with an underscore, though every host is allowed',
    request: HTTP,
    harm: isRefused,
    sound: ({ response }) => response.report?.host === 'example.org',
  },
  {
    rule: 'django/ssl-redirect-loop',
    examples: { bad: 'a header that Django is not told to trust', good: 'sent and trusted' },
    shows: 'https is redirected to itself',
    request: HTTPS,
    harm: ({ response }) => response.status === 301 && response.headers.location === 'https://example.org/',
    sound: ({ response }) => response.report?.scheme === 'https',
  },
  {
    rule: 'django/ssl-redirect-loop',
    shows: 'gunicorn tells Django the scheme, where it trusts nginx',
    examples: { bad: 'a header that nginx does not send', good: 'gunicorn trusts the header of every proxy' },
    request: HTTPS,
    harm: ({ response }) => response.status === 301 && response.headers.location === 'https://example.org/',
    sound: ({ response }) => response.report?.scheme === 'https',
  },
  {
    rule: 'django/ssl-redirect-loop',
    examples: {
      bad: 'nginx in front has no TLS, and says so',
      good: 'the scheme that a proxy in front says',
    },
    shows: 'what a proxy in front got by TLS is redirected to itself',
    request: { ...HTTP, headers: { 'X-Forwarded-Proto': 'https' } },
    harm: ({ response }) => response.status === 301 && response.headers.location === 'https://example.org/',
    sound: ({ response }) => response.report?.scheme === 'https',
  },
  {
    rule: 'django/debug-on',
    shows: 'an error shows the code and the settings, for False is a text',
    examples: { bad: 'the text False', good: 'a comparison' },
    request: { url: 'http://example.org/fails' },
    harm: ({ response }) => response.body.includes('ROOT_URLCONF'),
    sound: ({ response }) => response.status === 500 && !response.body.includes('ROOT_URLCONF'),
  },
  {
    rule: 'django/proxy-ssl-header-forgeable',
    examples: { bad: 'nginx does not set it', good: 'nginx sets it' },
    shows: 'a client says https over plain HTTP, and Django believes it',
    request: { ...HTTP, headers: { 'X-Forwarded-Proto': 'https' } },
    harm: ({ response }) => response.report?.scheme === 'https',
    sound: ({ response }) => response.report?.scheme === 'http',
  },
  {
    rule: 'django/proxy-ssl-header-forgeable',
    shows: 'nor does it help to repeat what the client says',
    examples: { bad: 'nginx repeats what the client says', good: 'nginx removes it' },
    request: { ...HTTP, headers: { 'X-Forwarded-Proto': 'https' } },
    harm: ({ response }) => response.report?.scheme === 'https',
    sound: ({ response }) => response.report?.scheme === 'http',
  },
  {
    rule: 'django/static-not-served',
    examples: { bad: 'all is proxied to Django', good: 'an alias of the directory' },
    shows: 'without DEBUG Django has no page for a static file',
    files: { 'srv/shop/static/site.css': 'body { }\n' },
    request: { url: 'http://example.org/static/site.css' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.body === 'body { }\n',
  },
  {
    rule: 'django/static-not-served',
    shows: 'the files lie where Django collects them, and nginx looks elsewhere',
    examples: { bad: 'another directory', good: 'a root above it' },
    files: { 'srv/shop/static/site.css': 'body { }\n' },
    request: { url: 'http://example.org/static/site.css' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.body === 'body { }\n',
  },
  {
    rule: 'django/static-not-served',
    shows: 'nor has it one for an upload',
    examples: { bad: 'uploads that nobody serves', good: 'uploads from their directory' },
    files: { 'srv/shop/media/a.txt': 'uploaded\n' },
    request: { url: 'http://example.org/media/a.txt' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.body === 'uploaded\n',
  },
  {
    rule: 'django/proxy-ssl-header-misspelt',
    examples: { bad: 'the name of the header', good: 'the name in META' },
    shows: 'https is redirected to itself',
    request: HTTPS,
    harm: ({ response }) => response.status === 301 && response.headers.location === 'https://example.org/',
    sound: ({ response }) => response.report?.scheme === 'https',
  },
  {
    rule: 'django/sessions-in-process',
    shows: 'some workers do not know the session that another one began',
    examples: { bad: 'the cache that Django has by itself', good: 'one worker' },
    files: {
      'web/shop/urls.py': [
        'from django.http import HttpResponse',
        'from django.urls import path',
        'def start(request):',
        '    seen = request.session.get("seen", "new")',
        '    request.session["seen"] = "known"',
        '    return HttpResponse(seen)',
        'urlpatterns = [path("", start)]',
        '',
      ].join('\n'),
    },
    smaller: { 'ALLOWED_HOSTS =': 'ROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS =' },
    request: HTTP,
    harm: async ({ response, request }) => (await answersInSession(response, request)).has('new'),
    sound: async ({ response, request }) =>
      [...(await answersInSession(response, request))].join() === 'known',
  },
  {
    rule: 'django/environ-misspelt',
    shows: 'gunicorn boots no worker with settings that ask os for its environment',
    examples: { bad: 'another name', good: 'a variable that is compared' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report?.host !== undefined,
  },
  {
    rule: 'django/name-undefined',
    shows: 'gunicorn boots no worker with settings that read a name before it is there',
    examples: { bad: 'a module that is not imported', good: 'a module that is imported' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report?.host !== undefined,
  },
  {
    rule: 'django/settings-not-python',
    shows: 'gunicorn boots no worker with the marks of a merge in the settings',
    examples: { bad: 'marks of a merge', good: 'as it is meant' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report?.host !== undefined,
  },
  {
    rule: 'django/comma-missing',
    shows: 'a name that is joined to the next one is not allowed',
    examples: { bad: 'two hosts', good: 'a comma behind each' },
    request: HTTP,
    harm: isRefused,
    sound: ({ response }) => response.report?.host !== undefined,
  },
  {
    rule: 'django/setting-type',
    shows: 'gunicorn boots no worker with a time zone that is a tuple',
    examples: { bad: 'a comma behind a text', good: 'the values themselves' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report?.host !== undefined,
  },
  {
    rule: 'django/setting-type',
    shows: 'Django answers 500 for a host behind a list in ALLOWED_HOSTS',
    examples: {
      bad: 'a list of hosts behind another one',
      good: 'permissions in octal, and hosts that are split',
    },
    request: { ...HTTP, headers: { Host: 'localhost' } },
    harm: ({ response }) => response.status === 500,
    sound: ({ response }) => response.report?.host === 'localhost',
  },
  {
    rule: 'django/middleware-missing',
    shows: 'Django redirects nothing to https without its middleware',
    examples: { bad: 'a redirect to https', good: 'the middleware is there' },
    request: HTTP,
    harm: ({ response }) => response.report?.host !== undefined,
    sound: ({ response }) =>
      response.status === 301 && String(response.headers.location).startsWith('https://'),
  },
  {
    rule: 'django/module-not-found',
    shows: 'gunicorn cannot boot a project whose middleware is not there',
    examples: { bad: 'middleware', good: 'middleware of the project' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    // The project has no pages, and Django says so.
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'django/static-root-unset',
    shows: 'the container ends before gunicorn is started',
    examples: { bad: 'where the container starts', good: 'with it' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    // The project has no pages, and Django says so.
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'django/logging-refused',
    shows: 'gunicorn cannot boot a project whose logger has a handler that nobody defines',
    examples: { bad: 'a handler that is not there', good: 'all of it is there' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report?.host !== undefined,
  },
  {
    rule: 'django/logging-refused',
    shows: 'and one whose handlers are a text',
    examples: { bad: 'handlers as a text', good: 'all of it is there' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report?.host !== undefined,
  },
  {
    rule: 'django/logging-refused',
    shows: 'and one whose handler is looked for in logging',
    examples: { bad: 'a class of logging.handlers', good: 'all of it is there' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report?.host !== undefined,
  },
  {
    rule: 'django/dotted-name-misspelt',
    shows: 'gunicorn cannot boot a project whose middleware Django does not have',
    examples: { bad: 'middleware', good: 'as Django has them' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report?.host !== undefined,
  },
  {
    rule: 'django/settings-refused',
    shows: 'gunicorn cannot boot a project in a time zone that does not exist',
    examples: { bad: 'a time zone that does not exist', good: 'a header and its value' },
    request: HTTP,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report?.host !== undefined,
  },
  {
    rule: 'django/entry-refused',
    shows: 'Django makes no engine of templates with an option beside OPTIONS',
    examples: { bad: 'an option outside of OPTIONS', good: 'options in OPTIONS' },
    files: {
      'web/shop/urls.py': [
        'from django.http import HttpResponse',
        'from django.template import engines',
        'from django.urls import path',
        'def count(request):',
        '    return HttpResponse(f"{len(engines.all())} engine")',
        'urlpatterns = [path("", count)]',
        '',
      ].join('\n'),
    },
    smaller: { 'ALLOWED_HOSTS =': 'ROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS =' },
    request: HTTP,
    harm: ({ response }) => response.status === 500,
    sound: ({ response }) => response.body === '1 engine',
  },
  {
    rule: 'django/addition-refused',
    shows: 'gunicorn boots no worker with a tuple behind a list',
    examples: { bad: 'a tuple behind a list', good: 'two lists' },
    request: HTTP,
    harm: ({ response }) => response.status === 503 || response.status === 502,
    // The project has no pages, and Django says so.
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'django/settings-import',
    shows: 'gunicorn boots no worker with settings that import models',
    examples: { bad: 'models of Django', good: 'a module without models' },
    request: HTTP,
    harm: ({ response }) => response.status === 503 || response.status === 502,
    // The project has no pages, and Django says so.
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'django/settings-import',
    shows: 'and none with a file beside the settings that is named without its dot',
    examples: { bad: 'a file beside the settings, without its dot', good: 'a file beside the settings' },
    request: HTTP,
    harm: ({ response }) => response.status === 503 || response.status === 502,
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'django/allowed-host-malformed',
    shows: 'Django answers 400 to a name that a star is meant for',
    examples: { bad: 'a star before the dot', good: 'names below one' },
    request: { url: 'http://www.example.org/' },
    harm: isRefused,
    sound: ({ response }) => response.status !== 400,
  },
  {
    rule: 'django/session-cookie-overwritten',
    shows: 'a visit of the second project ends the session of the first',
    examples: { bad: 'two prefixes in mod_wsgi', good: 'a name of its own' },
    files: Object.fromEntries(
      ['shop', 'wiki'].map(name => [
        `opt/${name}/${name}/urls.py`,
        [
          'from django.http import HttpResponse',
          'from django.urls import re_path',
          'def count(request):',
          '    request.session["visits"] = request.session.get("visits", 0) + 1',
          '    return HttpResponse(request.session["visits"])',
          'urlpatterns = [re_path("", count)]',
          '',
        ].join('\n'),
      ]),
    ),
    request: { url: 'http://example.org/shop/' },
    harm: async ({ response, request }) => (await visitsAfterOther(response, request)) === '1',
    sound: async ({ response, request }) => (await visitsAfterOther(response, request)) === '2',
  },
  {
    rule: 'django/login-url-without-prefix',
    shows: 'the page to which Django sends whoever is to log in is not found',
    examples: { bad: 'mod_wsgi below a prefix', good: 'the name of the URL' },
    request: { url: 'http://example.org/inventory/' },
    harm: async ({ response, request }) =>
      (await request({ url: new URL(String(response.headers.location), HTTP.url).href })).status === 404,
    sound: async ({ response, request }) =>
      (await request({ url: new URL(String(response.headers.location), HTTP.url).href })).body === 'login',
  },
]
