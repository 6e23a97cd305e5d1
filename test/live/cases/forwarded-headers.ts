import { readFileSync } from 'node:fs'
import type { LiveCase } from '../live-case.ts'

const FORGED = { 'X-Forwarded-Proto': 'https' }

/** A page that says what Django takes for the scheme of its request. */
const PAGE_OF_DJANGO = {
  'opt/shop/shop/urls.py':
    "from django.http import HttpResponse\nfrom django.urls import path\n\nurlpatterns = [path('page', lambda request: HttpResponse(request.scheme))]\n",
}

/** httpd writes the line once the answer is out. */
async function accessLog(): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const text = readFileSync('/var/log/apache2/access.log', 'utf8')
    if (text !== '') return text
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return ''
}

export const cases: readonly LiveCase[] = [
  {
    rule: 'forwarded-headers/ssl-variable-unset',
    shows: 'the header is the word (null)',
    examples: { bad: 'variables for scripts alone, and a header of the response', good: 'asked of mod_ssl' },
    mirrors: [8080],
    request: { url: 'https://example.org/' },
    harm: ({ response }) => response.headers['x-protocol'] === '(null)',
    sound: ({ response }) => `${response.headers['x-protocol']}`.startsWith('TLSv1'),
  },
  {
    rule: 'forwarded-headers/real-ip-header-not-sent',
    examples: { bad: 'behind Apache', good: 'what Apache sends' },
    shows: 'nginx takes the proxy for the client',
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-For': '203.0.113.9' } },
    harm: ({ response }) => response.body === '127.0.0.1',
    sound: ({ response }) => response.body === '203.0.113.9',
  },
  {
    rule: 'forwarded-headers/real-ip-header-not-sent',
    shows: 'no PROXY protocol is read, and the client stays the proxy',
    examples: { bad: 'the PROXY protocol, which no socket reads', good: 'what Apache sends' },
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-For': '203.0.113.9' } },
    harm: ({ response }) => response.body === '127.0.0.1',
    sound: ({ response }) => response.body === '203.0.113.9',
  },
  {
    rule: 'forwarded-headers/header-name-invalid',
    shows: 'the backend does not get the header that scripts send',
    examples: {
      bad: 'a name that scripts are told to send, and nginx drops',
      good: 'a name with an underscore that nginx passes on',
    },
    mirrors: [9000],
    request: { url: 'http://example.org/', headers: { access_token: 'example' } },
    harm: ({ response }) => response.report !== null && response.report.HTTP_ACCESS_TOKEN === undefined,
    sound: ({ response }) => response.report?.HTTP_ACCESS_TOKEN === 'example',
  },
  {
    rule: 'forwarded-headers/header-name-misspelt',
    examples: { bad: 'two letters short', good: 'as it is read' },
    shows: 'the backend gets no X-Forwarded-For',
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.report !== null && response.report.HTTP_X_FORWARDED_FOR === undefined,
    sound: ({ response }) => response.report?.HTTP_X_FORWARDED_FOR === '127.0.0.1',
  },
  {
    rule: 'forwarded-headers/remoteip-mismatch',
    examples: { bad: 'another proxy is trusted', good: 'the proxy and the header of nginx' },
    shows: 'the address of nginx is in the log',
    files: { 'srv/www/page.txt': 'page' },
    request: { url: 'http://example.org/page.txt', from: '127.0.0.9' },
    harm: async ({ response }) => response.status === 200 && (await accessLog()).startsWith('127.0.0.1 '),
    sound: async ({ response }) => response.status === 200 && (await accessLog()).startsWith('127.0.0.9 '),
  },
  {
    rule: 'forwarded-headers/remoteip-mismatch',
    shows: 'the client says who it is',
    examples: { bad: 'another header is read', good: 'the proxy and the header of nginx' },
    files: { 'srv/www/page.txt': 'page' },
    request: {
      url: 'http://example.org/page.txt',
      from: '127.0.0.9',
      headers: { 'X-Real-IP': '198.51.100.1' },
    },
    harm: async ({ response }) => response.status === 200 && (await accessLog()).startsWith('198.51.100.1 '),
    sound: async ({ response }) => response.status === 200 && (await accessLog()).startsWith('127.0.0.9 '),
  },
  {
    rule: 'forwarded-headers/remoteip-mismatch',
    shows: 'every request is a 400',
    examples: {
      bad: 'the PROXY protocol, which nginx does not speak',
      good: 'the proxy and the header of nginx',
    },
    files: { 'srv/www/page.txt': 'page' },
    request: { url: 'http://example.org/page.txt' },
    harm: ({ response }) => response.status !== 200,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'forwarded-headers/remoteip-missing',
    examples: { bad: 'nobody gets in', good: 'mod_remoteip knows the client' },
    shows: 'a client of the network is refused',
    request: { url: 'http://example.org/intern/index.html', from: '127.0.0.1' },
    harm: ({ response }) => response.status === 403,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'forwarded-headers/remoteip-missing',
    examples: {
      bad: 'an office that is let past the maintenance, in .htaccess',
      good: 'mod_remoteip knows the client',
    },
    shows: 'the condition holds for the address of nginx, whoever asks',
    request: { url: 'http://example.org/index.html' },
    harm: ({ response }) => response.status === 302,
  },
  {
    rule: 'forwarded-headers/remoteip-missing',
    examples: {
      bad: 'an exception for this machine in a virtual host, and a variable',
      good: 'mod_remoteip knows the client',
    },
    shows: 'what this machine alone may ask for is answered to others',
    request: { url: 'http://example.org/cron/index.html' },
    harm: ({ response }) => response.body === 'jobs',
  },
  {
    rule: 'forwarded-headers/proto-spoofable',
    examples: {
      bad: 'a location on port 80 that does not set the header',
      good: 'set to the scheme that nginx saw',
    },
    shows: 'a client on plain HTTP makes its request secure',
    request: { url: 'http://example.org/', headers: FORGED },
    harm: ({ response }) => response.report?.scheme === 'https',
    sound: ({ response }) => response.report?.scheme === 'http',
  },
  {
    rule: 'forwarded-headers/proto-name-mismatch',
    examples: { bad: 'Proto against Protocol', good: 'the same name, in any case' },
    shows: 'the application takes TLS for plain HTTP',
    request: { url: 'https://example.org/' },
    harm: ({ response }) => response.report?.scheme === 'http',
    sound: ({ response }) => response.report?.scheme === 'https',
  },
  {
    rule: 'forwarded-headers/duplicated',
    examples: { bad: 'the scheme said twice', good: 'one line on each level: the inner one is in force' },
    shows: 'the backend gets two values under one name',
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === 'http, https',
    sound: ({ response }) => response.report?.HTTP_HOST === 'example.org',
  },
  {
    rule: 'forwarded-headers/inheritance-lost',
    examples: { bad: 'one header for WebSockets', good: 'nothing of its own' },
    shows: 'the backend is asked for the name of its own address',
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response }) =>
      response.report?.HTTP_HOST === '127.0.0.1:9000' && response.report.HTTP_X_FORWARDED_PROTO === undefined,
    sound: ({ response }) => response.report?.HTTP_HOST === 'example.org',
  },
  {
    rule: 'forwarded-headers/local-only-acl-behind-proxy',
    shows: 'a client of nginx reads the status page that is for local clients',
    examples: { bad: 'the status page of Debian', good: 'nginx refuses the path' },
    request: { url: 'http://example.org/server-status' },
    harm: ({ response }) => response.status === 200 && response.body.includes('Apache Status'),
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'forwarded-headers/local-only-acl-behind-proxy',
    shows: 'nor does a directory keep them out',
    examples: { bad: 'a directory that Alias brings in', good: 'nginx refuses the path' },
    files: { 'srv/statistics/index.html': 'statistics', 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org/statistics/index.html' },
    harm: ({ response }) => response.body.includes('statistics'),
    sound: ({ response }) => !response.body.includes('statistics'),
  },
  {
    rule: 'forwarded-headers/proxy-host-not-forwarded',
    examples: { bad: 'two sites in one Apache', good: 'proxied' },
    shows: 'another site answers, for Apache is asked for the upstream',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.report?.script === '/opt/shop.example.org/wsgi.py',
    sound: ({ response }) => response.report?.script === '/opt/example.org/wsgi.py',
  },
  {
    rule: 'forwarded-headers/outer-proxy-as-client',
    examples: { bad: 'one limit for all clients', good: 'the proxy is trusted' },
    shows: 'the second client of the proxy is refused for what the first one did',
    files: { 'srv/www/page': 'page' },
    request: { url: 'http://example.org:8080/page', headers: { 'X-Forwarded-For': '192.0.2.1' } },
    harm: async ({ response, request }) => {
      const url = 'http://example.org:8080/page'
      const second = await request({ url, headers: { 'X-Forwarded-For': '192.0.2.2' } })
      return response.status === 200 && second.status === 503
    },
    sound: async ({ response, request }) => {
      const url = 'http://example.org:8080/page'
      const second = await request({ url, headers: { 'X-Forwarded-For': '192.0.2.2' } })
      return response.status === 200 && second.status === 200
    },
  },
  {
    rule: 'forwarded-headers/real-ip-trust-all',
    examples: { bad: 'every version 4 address', good: 'the network of the balancers' },
    shows: 'the client chooses its own address',
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-For': '6.6.6.6' } },
    harm: ({ response }) => response.body === '6.6.6.6',
    sound: ({ response }) => response.body === '127.0.0.1',
  },
  {
    rule: 'forwarded-headers/setenv-https-unconditional',
    examples: { bad: 'nginx proxies from port 80 as well', good: 'only TLS comes here' },
    shows: 'plain HTTP is secure',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.report?.scheme === 'https',
    sound: ({ response }) => response.failure === 'ECONNREFUSED',
  },
  {
    rule: 'forwarded-headers/setenvif-https-bad-value',
    examples: { bad: 'a word that reads well', good: 'on' },
    shows: 'mod_wsgi does not read the value',
    request: { url: 'http://example.org:9000/', headers: FORGED },
    harm: ({ response }) => response.report?.scheme === 'http',
    sound: ({ response }) => response.report?.scheme === 'https',
  },
  {
    rule: 'forwarded-headers/setenvif-https-unanchored',
    examples: { bad: 'the bare word', good: 'the whole value' },
    shows: 'a value that only contains the word makes the request secure',
    request: { url: 'http://example.org:9000/', headers: { 'X-Forwarded-Proto': 'xhttpsx' } },
    harm: ({ response }) => response.report?.scheme === 'https',
    sound: ({ response }) => response.report?.scheme === 'http',
  },
  {
    rule: 'forwarded-headers/host-spoofable',
    examples: { bad: 'trusted by mod_wsgi, not set by nginx', good: 'set' },
    shows: 'the application goes by the name that a client writes',
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-Host': 'evil.example' } },
    harm: ({ response }) => response.report?.host === 'evil.example',
    sound: ({ response }) => response.report?.host === 'example.org',
  },
  {
    rule: 'forwarded-headers/proto-passthrough',
    examples: { bad: 'the client’s own header', good: 'what nginx saw' },
    shows: 'the backend is told what the client says',
    mirrors: [8000],
    request: { url: 'http://example.org/', headers: FORGED },
    harm: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === 'https',
    sound: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === 'http',
  },
  {
    rule: 'forwarded-headers/proto-never-set',
    examples: { bad: 'nothing said, nothing read', good: 'said by nginx, taken by Apache' },
    shows: 'Django answers TLS with a redirect to the same address',
    files: PAGE_OF_DJANGO,
    request: { url: 'https://example.org/page' },
    harm: ({ response }) =>
      response.status === 301 && response.headers.location === 'https://example.org/page',
    sound: ({ response }) => response.status === 200 && response.body === 'https',
  },
  {
    rule: 'forwarded-headers/remoteip-no-trust-list',
    examples: { bad: 'the header alone', good: 'nginx on loopback is the one proxy' },
    shows: 'whoever connects gets past an access rule by a header',
    files: { 'srv/www/index.html': 'page' },
    request: {
      url: 'http://example.org:9000/index.html',
      headers: { 'X-Forwarded-For': '203.0.113.7' },
      from: '192.0.2.7',
    },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'forwarded-headers/remoteip-trustedproxy-for-loopback',
    shows: 'a client with a private address appears as nginx itself',
    examples: { bad: 'nginx on loopback', good: 'as an internal proxy' },
    files: {
      'client.conf': '<Location "/">\n    Header always set X-Client "expr=%{REMOTE_ADDR}"\n</Location>\n',
    },
    request: { url: 'http://example.org:9000/', headers: { 'X-Forwarded-For': '10.1.2.3' } },
    harm: ({ response }) => response.headers['x-client'] === '127.0.0.1',
    sound: ({ response }) => response.headers['x-client'] === '10.1.2.3',
  },
  {
    rule: 'forwarded-headers/double-proxy-processing',
    shows: 'the header that Django reads never arrives',
    examples: { bad: 'each its own', good: 'mod_wsgi alone' },
    files: {
      'opt/shop/shop/urls.py':
        "from django.http import HttpResponse\nfrom django.urls import path\n\nurlpatterns = [path('page', lambda request: HttpResponse(str('HTTP_X_FORWARDED_PROTO' in request.META)))]\n",
    },
    request: { url: 'https://example.org/page', headers: FORGED },
    harm: ({ response }) => response.body === 'False',
    sound: ({ response }) => response.body === 'True',
  },
  {
    rule: 'forwarded-headers/internal-ips-behind-proxy',
    examples: { bad: 'a developer’s settings on the server', good: 'mod_remoteip' },
    shows: 'a client from another address counts as a developer',
    files: {
      'opt/shop/shop/urls.py':
        "from django.conf import settings\nfrom django.http import HttpResponse\nfrom django.urls import path\n\n\ndef page(request):\n    internal = settings.DEBUG and request.META['REMOTE_ADDR'] in settings.INTERNAL_IPS\n    return HttpResponse('toolbar' if internal else 'page')\n\n\nurlpatterns = [path('', page)]\n",
    },
    request: { url: 'http://example.org/', from: '127.0.0.3' },
    harm: ({ response }) => response.body === 'toolbar',
    sound: ({ response }) => response.body === 'page',
  },
  {
    rule: 'forwarded-headers/underscores-in-headers',
    shows: 'the backend gets two values for what it takes for one name; mod_wsgi gets one',
    mirrors: [8000],
    examples: { bad: 'before a server that is not Apache', good: 'before mod_wsgi, which never sees them' },
    request: { url: 'http://example.org/', headers: { X_Forwarded_Proto: 'https' } },
    harm: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === 'http, https',
    sound: ({ response }) =>
      response.report?.scheme === 'http' && response.report.HTTP_X_FORWARDED_PROTO === 'http',
  },
  {
    rule: 'forwarded-headers/proxy-host-http-host',
    examples: { bad: 'on the usual port', good: 'the name that counted' },
    shows: 'nginx chooses by one name, and Apache redirects to another',
    request: {
      url: 'http://example.org/old',
      target: 'http://example.org/old',
      headers: { Host: 'evil.example' },
    },
    harm: ({ response }) => response.headers.location === 'http://evil.example/new',
    sound: ({ response }) => response.headers.location === 'http://example.org/new',
  },
  {
    rule: 'forwarded-headers/header-name-invalid',
    shows: 'the colon becomes a part of the value',
    examples: { bad: 'a colon behind the name', good: 'hyphens' },
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === ': http',
    sound: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === 'http',
  },
  {
    rule: 'forwarded-headers/header-name-invalid',
    shows: 'the application reads what the client sends',
    examples: { bad: 'a header where a variable is sent', good: 'a header as a variable' },
    request: { url: 'http://example.org/', headers: { 'X-Real-IP': '192.0.2.1' } },
    harm: ({ response }) => response.report?.HTTP_X_REAL_IP === '192.0.2.1',
    sound: ({ response }) =>
      response.report?.HTTP_X_REAL_IP !== undefined && response.report.HTTP_X_REAL_IP !== '192.0.2.1',
  },
  {
    rule: 'forwarded-headers/response-instead-of-request',
    examples: { bad: 'what the backend is to be told', good: 'each to its side' },
    shows: 'the backend is not told, and the client is',
    mirrors: [3000],
    request: { url: 'http://example.org:443/' },
    harm: ({ response }) =>
      response.headers['x-forwarded-proto'] === 'https' &&
      response.report?.HTTP_X_FORWARDED_PROTO === undefined,
    sound: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === 'https',
  },
  {
    rule: 'forwarded-headers/expression-format-letter',
    examples: { bad: 'the scheme', good: 'an expression, and a format' },
    shows: 'the scheme has a letter too many',
    mirrors: [5000],
    request: { url: 'http://example.org:443/' },
    harm: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === 'https',
    sound: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === 'http',
  },
  {
    rule: 'forwarded-headers/host-from-client',
    examples: { bad: 'an argument', good: 'the name that was asked for' },
    shows: 'an argument becomes the name of the site',
    mirrors: [9000],
    request: { url: 'http://example.org/?host=evil.example' },
    harm: ({ response }) => response.report?.HTTP_HOST === 'evil.example',
    sound: ({ response }) => response.report?.HTTP_HOST === 'example.org',
  },
  {
    rule: 'forwarded-headers/request-splitting',
    examples: { bad: 'the path behind the backend', good: 'the request as it was sent' },
    shows: 'a line end in the URL becomes a header of the request',
    mirrors: [9000],
    request: { url: 'http://example.org/a%20HTTP/1.0%0d%0aX-Injected:%201%0d%0aX-Rest:%20' },
    harm: ({ response }) => response.report?.HTTP_X_INJECTED === '1',
  },
  {
    rule: 'forwarded-headers/request-splitting',
    shows: 'a line end in a header begins another',
    examples: { bad: 'a header', good: 'a header with the request as it was sent' },
    mirrors: [9000],
    request: { url: 'http://example.org/a%0d%0aX-Injected:%201' },
    harm: ({ response }) => response.report?.HTTP_X_INJECTED === '1',
  },
  {
    rule: 'forwarded-headers/request-splitting',
    shows: 'a path that a rewrite takes from the request line stays escaped',
    examples: {
      bad: 'the path behind the backend',
      good: 'a path that a rewrite makes of the request as it was sent',
    },
    mirrors: [9000],
    request: { url: 'http://example.org/shop/a%20HTTP/1.0%0d%0aX-Injected:%201%0d%0aX-Rest:%20' },
    harm: ({ response }) => response.report?.HTTP_X_INJECTED === '1',
  },
  {
    rule: 'forwarded-headers/request-splitting',
    shows: 'a rewrite holds for the paths that it matches',
    examples: {
      bad: 'a rewrite that leaves other paths as they are',
      good: 'a path that a rewrite cuts at its first line end',
    },
    mirrors: [9000],
    request: { url: 'http://example.org/a%20HTTP/1.0%0d%0aX-Injected:%201%0d%0aX-Rest:%20' },
    harm: ({ response }) => response.report?.HTTP_X_INJECTED === '1',
  },
  {
    rule: 'forwarded-headers/host-without-port',
    examples: { bad: 'plain HTTP on another port', good: 'the Host as it was written' },
    shows: 'the backend does not learn the port',
    mirrors: [9000],
    request: { url: 'http://example.org:82/' },
    harm: ({ response }) => response.report?.HTTP_HOST === 'example.org',
    sound: ({ response }) => response.report?.HTTP_HOST === 'example.org:82',
  },
  {
    rule: 'forwarded-headers/proto-always-https',
    examples: { bad: 'a server for both', good: 'the scheme that nginx saw' },
    shows: 'the backend is told https by a client that came without TLS',
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === 'https',
    sound: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === 'http',
  },
  {
    rule: 'forwarded-headers/variable-misspelt',
    examples: { bad: 'two letters the wrong way round', good: 'as clients spell it' },
    shows: 'the backend is not asked for WebSocket',
    mirrors: [9000],
    request: { url: 'http://example.org/', headers: { Upgrade: 'websocket', Connection: 'Upgrade' } },
    harm: ({ response }) => response.report?.HTTP_UPGRADE === undefined,
    sound: ({ response }) => response.report?.HTTP_UPGRADE === 'websocket',
  },
  {
    rule: 'forwarded-headers/real-ip-no-trust-list',
    examples: { bad: 'the header alone', good: 'with the proxy' },
    shows: 'nginx takes the proxy for the client',
    mirrors: [9000],
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-For': '192.0.2.1' } },
    harm: ({ response }) => response.headers['x-client'] === '127.0.0.1',
    sound: ({ response }) => response.headers['x-client'] === '192.0.2.1',
  },
  {
    rule: 'forwarded-headers/response-instead-of-request',
    shows: 'the client is told its address, and the backend is not',
    examples: { bad: 'in nginx', good: 'in nginx, where the client is told as well' },
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response }) =>
      response.headers['x-real-ip'] === '127.0.0.1' && response.report?.HTTP_X_REAL_IP === undefined,
    sound: ({ response }) => response.report?.HTTP_X_REAL_IP === '127.0.0.1',
  },
  {
    rule: 'forwarded-headers/response-instead-of-request',
    shows: 'the header of the request is passed on',
    examples: {
      bad: 'what is to be kept from the backend',
      good: 'taken away on both sides, or beside what is sent',
    },
    mirrors: [3000],
    request: { url: 'http://example.org:443/', headers: { Proxy: 'http://192.0.2.1/' } },
    harm: ({ response }) => response.report?.HTTP_PROXY === 'http://192.0.2.1/',
    sound: ({ response }) => response.report !== null && response.report?.HTTP_PROXY === undefined,
  },
  {
    rule: 'forwarded-headers/one-address-header',
    examples: { bad: 'X-Real-IP alone', good: 'both' },
    shows: 'Apache believes the X-Forwarded-For that the client made up',
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-For': '10.1.2.3' } },
    harm: ({ response }) => response.status !== 403,
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'forwarded-headers/one-address-header',
    shows: 'Apache believes the X-Real-IP that the client made up',
    examples: { bad: 'X-Forwarded-For alone', good: 'both' },
    request: { url: 'http://example.org/', headers: { 'X-Real-IP': '10.1.2.3' } },
    harm: ({ response }) => response.status !== 403,
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'forwarded-headers/one-address-header',
    shows: 'an application in gunicorn takes the address that the client made up',
    examples: { bad: 'an application reads the other', good: 'the one that the application reads' },
    request: { url: 'http://example.org/', headers: { 'X-Real-IP': '10.1.2.3' } },
    harm: ({ response }) => response.body.includes('10.1.2.3'),
    sound: ({ response }) => response.status === 200 && !response.body.includes('10.1.2.3'),
  },
  {
    rule: 'forwarded-headers/proto-not-sent',
    examples: { bad: 'the name and the address of the client alone', good: 'the scheme' },
    shows: 'the backend is not told of TLS',
    mirrors: [3000],
    request: { url: 'https://example.org/' },
    harm: ({ response }) => response.report !== null && response.report.HTTP_X_FORWARDED_PROTO === undefined,
    sound: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === 'https',
  },
  {
    rule: 'forwarded-headers/xff-client-appended',
    shows: 'Apache decides by the address that the client made up',
    examples: { bad: 'appended at the edge', good: 'what nginx saw' },
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-For': '10.1.2.3' } },
    harm: ({ response }) => response.status !== 403,
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'forwarded-headers/host-with-backend-port',
    shows: 'the redirect to a directory leads to the port of Apache',
    examples: { bad: 'the port is written', good: 'the name alone' },
    files: { 'srv/www/blog/index.html': 'blog' },
    request: { url: 'http://example.org/blog' },
    harm: ({ response }) => response.headers.location === 'http://example.org:9000/blog/',
    sound: ({ response }) => response.headers.location === 'http://example.org/blog/',
  },
]
