import { setTimeout } from 'node:timers/promises'
import type { LiveAnswer, LiveCase } from '../live-case.ts'
import type { LiveRequest, LiveResponse } from '../request.ts'

const REQUEST = { url: 'http://example.org/' } as const
const SETTINGS = { 'etc/shop/shop/settings.py': 'ALLOWED_HOSTS = ["*"]\n' }

/**
 * What the workers of an application say of themselves, each once. They start one after the other, and the first one
 * may answer every request until the others have.
 */
const answersOf = async (request: (wanted: LiveRequest) => Promise<LiveResponse>): Promise<Set<string>> => {
  const seen = new Set<string>()
  for (let round = 0; round < 20 && seen.size < 2; round++) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => request(REQUEST)))
    for (const { body } of answers) seen.add(body)
    await setTimeout(50)
  }
  return seen
}

async function bodyAfterASecond({ request }: LiveAnswer): Promise<string> {
  await setTimeout(1000)
  return (await request(REQUEST)).body
}

export const cases: readonly LiveCase[] = [
  {
    rule: 'app-server/uvicorn-application-unnamed',
    examples: { bad: 'several workers', good: 'the name' },
    shows: 'uvicorn does not stay, so nginx finds nobody',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.status === 200 && response.body === 'shop',
  },
  {
    rule: 'app-server/application-not-found',
    examples: { bad: 'a path', good: 'the module' },
    shows: 'no worker of gunicorn boots with a path, and nginx answers 502',
    files: SETTINGS,
    request: REQUEST,
    harm: ({ response, logNow }) => response.status === 502 && logNow().includes('No module named'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'app-server/application-not-found',
    shows: 'the package of a project has no application, and gunicorn says so',
    examples: {
      bad: 'the package of a project in place of its wsgi module',
      good: 'a module whose attribute is the default',
    },
    files: SETTINGS,
    request: REQUEST,
    harm: ({ response, logNow }) =>
      response.status === 502 && logNow().includes("Failed to find attribute 'application' in 'shop'"),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'app-server/application-not-found',
    shows: 'uvicorn wants module and attribute, and does not start',
    examples: { bad: 'a module without an attribute, which uvicorn does not guess', good: 'the module' },
    files: SETTINGS,
    request: REQUEST,
    harm: ({ response, logNow }) =>
      response.status === 502 && logNow().includes('must be in format "<module>:<attribute>"'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'app-server/application-not-found',
    shows: 'a module that is not there stops every worker',
    examples: { bad: 'a module that the package does not have', good: 'the module' },
    files: SETTINGS,
    request: REQUEST,
    harm: ({ response, logNow }) =>
      response.status === 502 && logNow().includes("No module named 'shop.wgsi'"),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'app-server/application-not-found',
    shows: 'uWSGI finds no `application` in a module of Flask',
    examples: {
      bad: 'uWSGI, which takes `application` where nobody says another name',
      good: 'uWSGI with the name of the application',
    },
    request: REQUEST,
    harm: ({ response, logNow }) =>
      response.status === 500 && logNow().includes('no python application found'),
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'app-server/debugger-on',
    examples: { bad: 'in the call', good: 'no debugger' },
    shows: 'an error shows the code, and the debugger of Werkzeug',
    request: REQUEST,
    harm: ({ response }) => response.status === 500 && response.body.includes('__debugger__'),
    sound: ({ response }) => response.status === 500 && !response.body.includes('RuntimeError'),
  },
  {
    rule: 'app-server/environment-missing',
    examples: { bad: 'a unit without it', good: 'in the unit' },
    shows: 'the workers stop with KeyError, and nginx answers 502',
    files: { 'etc/shop/shop/urls.py': 'urlpatterns = []\n' },
    request: REQUEST,
    harm: ({ response, logNow }) => response.status === 502 && logNow().includes("KeyError: 'SHOP_KEY'"),
    sound: ({ response }) => response.status !== 502,
  },
  {
    rule: 'app-server/prefix-not-told',
    examples: { bad: 'Flask with links', good: 'the variable SCRIPT_NAME' },
    shows: 'a link of Flask leaves the prefix',
    request: { url: 'http://example.org/shop/' },
    harm: ({ response }) => response.body === '/search',
    sound: ({ response }) => response.body === '/shop/search',
  },
  {
    rule: 'app-server/prefix-not-told',
    shows: 'ProxyFix reads X-Forwarded-Prefix where it is told to, and not before',
    examples: { bad: 'a header that ProxyFix is not told to read', good: 'a header that ProxyFix reads' },
    request: { url: 'http://example.org/shop/' },
    harm: ({ response }) => response.body === '/search',
    sound: ({ response }) => response.body === '/shop/search',
  },
  {
    rule: 'app-server/prefix-not-told',
    examples: {
      bad: 'Django in mod_wsgi, mounted at the root',
      good: 'Django in mod_wsgi, mounted at the prefix',
    },
    shows: 'mod_wsgi tells Django that it is mounted at the root',
    files: {
      'opt/shop/shop/urls.py':
        'from django.http import HttpResponse\nfrom django.urls import path, reverse\nurlpatterns = [path("page", lambda r: HttpResponse(reverse("page")), name="page")]\n',
    },
    request: { url: 'http://example.org/shop/page' },
    harm: ({ response }) => response.body === '/page',
    sound: ({ response }) => response.body === '/shop/page',
  },
  {
    rule: 'app-server/untrusted-proxy',
    examples: { bad: 'a Unix socket', good: 'every address is trusted' },
    shows: 'behind a Unix socket uvicorn takes https for http',
    request: { url: 'https://example.org/' },
    harm: ({ response }) => response.report?.scheme === 'http',
    sound: ({ response }) => response.report?.scheme === 'https',
  },
  {
    rule: 'app-server/untrusted-proxy',
    examples: { bad: 'a Unix socket behind Apache', good: 'a Unix socket behind Apache that is trusted' },
    shows: 'nor does it believe Apache there',
    request: { url: 'https://example.org/' },
    harm: ({ response }) => response.report?.scheme === 'http',
    sound: ({ response }) => response.report?.scheme === 'https',
  },
  {
    rule: 'app-server/untrusted-proxy',
    shows: 'on loopback uvicorn trusts nginx by itself',
    examples: { bad: 'a Unix socket', good: 'loopback, which is trusted' },
    request: { url: 'https://example.org/' },
    harm: ({ response }) => response.report?.scheme === 'http',
    sound: ({ response }) => response.report?.scheme === 'https',
  },
  {
    rule: 'app-server/untrusted-proxy',
    shows: 'nor does it trust nginx in another container',
    examples: { bad: 'another container', good: 'by a variable' },
    request: { url: 'https://example.org/' },
    harm: ({ response }) => response.report?.scheme === 'http',
    sound: ({ response }) => response.report?.scheme === 'https',
  },
  ...[
    {
      shows: 'the socket of uWSGI is closed to nginx',
      bad: 'uWSGI as another user, without chmod-socket',
      good: 'the group of nginx',
    },
    {
      shows: 'gunicorn with a umask closes its socket to nginx',
      bad: 'gunicorn with a umask that closes it to others',
      good: 'gunicorn, which takes no rights away by itself',
    },
    {
      shows: 'a socket unit with SocketMode=0600 is open to its user alone',
      bad: 'a socket unit that closes it to others',
      good: 'a socket unit for the user of nginx',
    },
  ].map(({ shows, bad, good }) => ({
    rule: 'app-server/socket-permissions',
    shows,
    examples: { bad, good },
    request: REQUEST,
    harm: ({ response, logNow }: Parameters<LiveCase['harm']>[0]) =>
      response.status === 502 && logNow().includes('failed (13: Permission denied)'),
    sound: ({ response, logNow }: Parameters<LiveCase['harm']>[0]) =>
      response.status !== 502 && !logNow().includes('Permission denied'),
  })),
  ...[
    {
      shows: 'the socket of uWSGI is closed to Apache',
      bad: 'uWSGI behind Apache, with a mode for its own group',
      good: 'uWSGI behind Apache, for the group of Apache',
    },
    {
      shows: 'uWSGI that a unit starts as another user takes no group',
      bad: 'the group of Apache, which uWSGI may not take: the unit starts it as another user',
      good: 'uWSGI behind Apache, for the group of Apache',
    },
    {
      shows: 'gunicorn with a umask closes its socket to Apache',
      bad: 'gunicorn behind Apache, with a umask that closes it to others',
      good: 'gunicorn behind Apache, which takes no rights away by itself',
    },
  ].map(({ shows, bad, good }) => ({
    rule: 'app-server/socket-permissions',
    shows,
    examples: { bad, good },
    request: REQUEST,
    harm: ({ response, logNow }: Parameters<LiveCase['harm']>[0]) =>
      response.status === 503 && logNow().includes('(13)Permission denied: AH02454'),
    // uWSGI may have no plugin of Python there.
    sound: ({ logNow }: Parameters<LiveCase['harm']>[0]) => !logNow().includes('Permission denied'),
  })),
  {
    rule: 'app-server/interface-mismatch',
    shows: 'a factory is called with the request, and every answer is 500',
    examples: { bad: 'a factory that is not called', good: 'a factory that is called' },
    request: REQUEST,
    harm: ({ response, logNow }) =>
      response.status === 500 && logNow().includes('takes from 0 to 1 positional arguments but 2 were given'),
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'app-server/privileged-port',
    examples: { bad: 'port 81', good: 'a port of its own' },
    shows: 'the user of the service may not bind the port, and nginx answers 502',
    request: REQUEST,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report !== undefined,
  },
  {
    rule: 'app-server/secret-key-random',
    examples: { bad: 'Flask with four workers', good: 'a key of the environment' },
    shows: 'the workers answer with different keys',
    request: REQUEST,
    harm: async ({ request }) => (await answersOf(request)).size > 1,
    sound: async ({ request }) => [...(await answersOf(request))].join() === "'one-key-for-all'",
  },
  {
    rule: 'app-server/interface-mismatch',
    shows: 'uvicorn calls Flask as an ASGI application, and gunicorn as what it is',
    examples: { bad: 'uvicorn for Flask', good: 'gunicorn for Flask' },
    request: REQUEST,
    harm: ({ response }) => response.status === 500,
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'app-server/proxyfix-untrue',
    examples: { bad: 'a host that nginx does not set', good: 'every header is set' },
    shows: 'the client chooses the host that Flask sees',
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-Host': 'evil.example' } },
    harm: ({ response }) => response.body.startsWith('evil.example '),
    sound: ({ response }) => response.body.startsWith('example.org '),
  },
  {
    rule: 'app-server/proxyfix-untrue',
    shows: 'the client chooses the address that Flask sees',
    examples: { bad: 'two proxies where there is one', good: 'what is set' },
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-For': '203.0.113.9' } },
    harm: ({ response }) => response.body.endsWith(' 203.0.113.9'),
    sound: ({ response }) => !response.body.endsWith(' 203.0.113.9'),
  },
  {
    rule: 'app-server/proxyfix-untrue',
    shows: 'the client chooses the address that Flask behind Apache sees',
    examples: {
      bad: 'two proxies where Apache is the only one',
      good: 'what Apache sends by itself, and the scheme',
    },
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-For': '203.0.113.9' } },
    harm: ({ response }) => response.body.endsWith(' 203.0.113.9'),
    sound: ({ response }) => /^example\.org (?!203)\S+$/.test(response.body),
  },
  {
    rule: 'app-server/uwsgi-application-missing',
    shows: 'uWSGI starts without its application, and answers 500',
    examples: { bad: 'a path for a module', good: 'a module' },
    request: REQUEST,
    harm: ({ response, logNow }) => response.status === 500 && logNow().includes('No module named'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'app-server/uwsgi-application-missing',
    shows: 'the application is asked for the path with the prefix',
    examples: { bad: 'a mount whose prefix stays', good: 'a mount that takes its prefix away' },
    request: { url: 'http://example.org/shop/cart' },
    harm: ({ response }) => response.status === 200 && response.body === '/shop/cart',
    sound: ({ response }) => response.status === 200 && response.body === '/cart',
  },
  {
    rule: 'app-server/uwsgi-option-misread',
    shows: 'uWSGI looks for an address with quotes',
    examples: { bad: 'a value between quotes', good: 'names as they are' },
    request: REQUEST,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report !== undefined,
  },
  {
    rule: 'app-server/uwsgi-option-misread',
    shows: 'uWSGI has no application',
    examples: { bad: 'a variable that stands for an option', good: 'variables that stand for options' },
    request: REQUEST,
    harm: ({ response }) => response.status === 500,
    sound: ({ response }) => response.body === 'the shop',
  },
  {
    rule: 'app-server/uwsgi-option-misread',
    shows: 'uWSGI does not start',
    examples: {
      bad: 'a variable that stands for an option with strict',
      good: 'variables that stand for options',
    },
    request: REQUEST,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.body === 'the shop',
  },
  {
    rule: 'app-server/uwsgi-option-misread',
    shows: 'uWSGI takes nothing of a file without its section',
    examples: { bad: 'another section', good: 'names as they are' },
    request: REQUEST,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report !== undefined,
  },
  {
    rule: 'app-server/uwsgi-option-misread',
    shows: 'no request fits into the digits of a size',
    examples: { bad: 'a size with its unit', good: 'a number in full' },
    request: REQUEST,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report !== undefined,
  },
  {
    rule: 'app-server/uwsgi-plugin-missing',
    shows: 'uWSGI of Debian takes no request without the plugin',
    examples: { bad: 'in a unit', good: 'the plugin in a unit' },
    request: REQUEST,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.status === 200 && response.body === 'here',
  },
  {
    rule: 'app-server/uwsgi-plugin-missing',
    shows: 'uWSGI of Debian takes no request where its file names no plugin',
    examples: { bad: 'in a file that a unit names', good: 'the plugin in a file that a unit names' },
    request: REQUEST,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.status === 200 && response.body === 'here',
  },
  {
    rule: 'app-server/uwsgi-threads-off',
    shows: 'a thread of the application stands still between requests',
    examples: { bad: 'a thread', good: 'threads on' },
    request: REQUEST,
    harm: async answer => (await bodyAfterASecond(answer)) === 'it stands still',
    sound: async answer => (await bodyAfterASecond(answer)) === 'it counts',
  },
  {
    rule: 'app-server/request-params-missing',
    examples: { bad: 'no parameters', good: 'parameters' },
    shows: 'the application learns neither path nor method',
    request: REQUEST,
    harm: ({ response }) => response.report?.path === null,
    sound: ({ response }) => response.report?.path === '/',
  },
  {
    rule: 'app-server/run-unguarded',
    shows: 'the worker stays in the development server, and answers nothing',
    examples: { bad: 'at the end of the module', good: 'where the module is the program' },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 504 || response.status === 502,
    sound: ({ response }) => response.body === 'found',
  },
  {
    rule: 'app-server/gunicorn-setting-refused',
    shows: 'gunicorn does not start, and nginx answers 502',
    examples: { bad: 'a time with its unit', good: 'a number' },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report !== undefined,
  },
  {
    rule: 'app-server/gunicorn-setting-refused',
    shows: 'a path without its scheme is looked up as the name of a host',
    examples: { bad: 'a socket without its scheme', good: 'a number' },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report !== undefined,
  },
  {
    rule: 'app-server/gunicorn-setting-not-read',
    shows: 'one process answers all requests',
    examples: { bad: 'a letter that is missing', good: 'a variable of the module' },
    files: {
      'etc/shop/shop/wsgi.py': [
        'import os',
        'def application(environ, start_response):',
        '    start_response("200 OK", [("Content-Type", "text/plain")])',
        '    return [str(os.getpid()).encode()]',
        '',
      ].join('\n'),
    },
    request: REQUEST,
    harm: async ({ request }) => (await answersOf(request)).size === 1,
    sound: async ({ request }) => (await answersOf(request)).size > 1,
  },
  {
    rule: 'app-server/unknown-option',
    shows: 'gunicorn ends, and nothing listens',
    examples: { bad: 'an option that is misspelt', good: 'options of gunicorn' },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.report !== undefined,
  },
]
