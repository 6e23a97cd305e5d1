import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'
import type { NginxRequest } from '../../../../src/servers/nginx/queries/request.ts'
import { type OutcomeOptions, outcome } from '../../../../src/servers/nginx/queries/outcome.ts'
import { NO_HEADERS } from '../../../../src/servers/received-headers.ts'
import { block, readFragments, readHttp } from './read-text.ts'

const FILES = memoryFileSystem(
  { '/srv/site/index.html': '', '/srv/site/a.html': '', '/srv/site/sub/x': '' },
  { covers: ['/srv/site'] },
)

function end(
  server: string,
  target: string,
  more: Partial<NginxRequest> = {},
  options: Partial<OutcomeOptions> = {},
): string {
  const configuration = readHttp(
    `map $http_x $mapped { y yes; default no; } server { root /srv/site; ${server} }`,
  )
  const request: NginxRequest = { method: 'GET', target, host: 'h.test', scheme: 'http', port: 80, ...more }
  const { end } = outcome(configuration, block(configuration, 'server'), request, {
    files: FILES,
    ...options,
  })
  switch (end.kind) {
    case 'response':
      return `${end.status} ${end.location ?? ''}`.trim()
    case 'file':
      return `file ${end.path} ${end.exists ? 'there' : 'unknown'} ${end.status}`
    case 'pass':
      return `pass ${end.target.proxyHost} ${end.uri} ${end.answer?.location ?? ''}`.trim()
    case 'closed':
      return 'closed'
    case 'handler':
      return `handler ${end.name}`
    case 'unknown':
      return 'unknown'
  }
}

/** The header `X` alone. */
function sent(value: string) {
  return { values: new Map([['x', value]]), complete: true }
}

test('files', () => {
  assert.is(end('', '/'), 'file /srv/site/index.html there 200')
  assert.is(end('', '/sub'), '301 http://h.test/sub/')
  assert.is(end('', '/sub/'), '403')
  assert.is(end('', '/none'), '404')
  assert.is(end('', '/%2e%2e/x'), '400')
  assert.is(end('', '/a.html', { method: 'POST' }), '405')
  assert.is(end('location /f/ { alias /srv/site/; }', '/f/a.html'), 'file /srv/site/a.html there 200')
  assert.is(end('location /f/ { alias /elsewhere/; }', '/f/a'), 'file /elsewhere/a unknown 200')
  assert.is(end('autoindex on;', '/sub/'), 'handler autoindex')
  assert.is(end('error_page 404 /a.html;', '/none'), 'file /srv/site/a.html there 404')
})

test('redirects and answers', () => {
  assert.is(end('return 301 https://$host$request_uri;', '/a?b'), '301 https://h.test/a?b')
  assert.is(end('return 444;', '/'), 'closed')
  assert.is(end('rewrite ^/(.*) http://t/$1 permanent;', '/a%2Fb%20c%3Fd'), '301 http://t/a/b%20c?d')
  assert.is(end('location = /x { return 302 /y; }', '/x', { port: 8080 }), '302 http://h.test:8080/y')
  assert.is(end('location / { rewrite ^ /x last; }', '/a'), '500')
})

test('backends, with the URI they get', () => {
  assert.is(end('location / { proxy_pass http://b:1; }', '/a%20b//c?d'), 'pass b:1 /a%20b//c?d')
  assert.is(end('location /a/ { proxy_pass http://b:1/x/; }', '/a/b%20c?d'), 'pass b:1 /x/b%20c?d')
  assert.is(end('location /a/ { proxy_pass http://b:1; }', '/a'), '301 http://h.test/a/')
  assert.is(
    end('location / { try_files $uri @b; } location @b { proxy_pass http://b:1; }', '/n'),
    'pass b:1 /n',
  )
  assert.is(end('location / { set $to b:2; proxy_pass http://$to; }', '/'), 'pass b:2 /')
})

test('what is not known ends as unknown, where it matters', () => {
  const guard = 'if ($http_x = y) { return 403; }'
  assert.is(end(guard, '/a.html'), 'unknown')
  assert.is(end(guard, '/a.html', { headers: NO_HEADERS }), 'file /srv/site/a.html there 200')
  assert.is(end(guard, '/a.html', { headers: sent('y') }), '403')
  assert.is(end('if ($http_x) { set $y 1; }', '/a.html'), 'file /srv/site/a.html there 200')
  assert.is(end('if ($http_x) { set $y 1; } if ($y) { return 403; }', '/a.html'), 'unknown')
  assert.is(
    end('location / { if ($mapped = yes) { return 410; } }', '/a.html', { headers: sent('Y') }),
    '410',
  )
  assert.is(end('location / { try_files /elsewhere $uri =404; root /; }', '/'), 'unknown')
  assert.is(end('location / { proxy_pass http://$http_x; }', '/'), 'unknown')
  assert.is(end('location / { allow 10.0.0.1; deny all; }', '/a.html'), 'unknown')
  assert.is(end('location / { allow 10.0.0.1; deny all; }', '/a.html', { client: '10.0.0.2' }), '403')
  assert.is(end('location / { deny all; }', '/a.html'), '403')
})

test('what was not read may decide, but a file of parameters does not', () => {
  assert.is(end('include missing.conf;', '/'), 'unknown')
  assert.is(end('location / { include missing.conf; root /srv/site; }', '/a.html'), 'unknown')
  assert.is(end('location / { include missing.conf; try_files $uri =404; }', '/a.html'), 'unknown')
  // It has no other pass, and does not rewrite; access it limits only where its name says so.
  assert.is(end('location / { include missing.conf; proxy_pass http://b; }', '/'), 'pass b /')
  assert.is(end('location / { include acl.conf; proxy_pass http://b; }', '/'), 'unknown')
  assert.is(end('location / { include missing.conf; fastcgi_pass b; }', '/'), 'unknown')
  // What answers every request is met before, or by all that is left.
  assert.is(end('include missing.conf; return 301 https://b/;', '/'), '301 https://b/')
  assert.is(end('include missing.conf; return 410;', '/'), 'unknown')
  assert.is(end('if ($uri) { return 204; } include missing.conf;', '/'), '204')
  assert.is(end('include missing.conf; location = /a { return 204; }', '/a'), '204')
  assert.is(end('include missing.conf; location / { return 410; }', '/a'), 'unknown')
  assert.is(end('include missing.conf; location = /a { return 404; }', '/a'), 'unknown')
  assert.is(end('include missing.conf; location = /a { return 301 https://b/; }', '/a'), '301 https://b/')
  assert.is(end('location / { include proxy_params; proxy_pass http://b; }', '/'), 'pass b /')
  assert.is(end('include /etc/letsencrypt/options-ssl-nginx.conf; return 410;', '/'), '410')
})

test('a set variable stands for itself, an unset one for nothing', () => {
  assert.is(end('if ($late) { return 403; } set $late 1;', '/a.html'), 'file /srv/site/a.html there 200')
  assert.is(end('set $late 1; if ($late) { return 403; }', '/a.html'), '403')
})

test('access', () => {
  const none = { headers: NO_HEADERS, client: '10.0.0.2' }
  const file = 'file /srv/site/a.html there 200'
  assert.is(end('location / { auth_basic x; auth_basic_user_file f; }', '/a.html', none), '401')
  assert.is(end('location / { auth_basic x; }', '/a.html', none), file)
  assert.is(end('satisfy any; deny all; auth_basic x; auth_basic_user_file f;', '/a.html', none), '401')
  assert.is(
    end('satisfy any; allow 10.0.0.0/8; deny all; auth_basic x; auth_basic_user_file f;', '/a.html', none),
    file,
  )
  const auth = (answer: string) =>
    `location /a.html { auth_request /auth; } location = /auth { internal; ${answer} }`
  assert.is(end(auth('return 204;'), '/a.html', none), file)
  assert.is(end(auth('return 403;'), '/a.html', none), '403')
  assert.is(end(auth('return 301 /login;'), '/a.html', none), '500')
  assert.is(end(auth('deny all; return 204;'), '/a.html', none), file)
  assert.is(end(auth('proxy_pass http://b;'), '/a.html', none), file)
})

test('a geo block takes the smallest network', () => {
  const site = (words: string) =>
    `if ($from = in) { return 410; } } geo $from { default out; 10.0.0.0/8 in; 10.1.0.0/16 out; ${words} } server {`
  assert.is(end(site(''), '/a.html', { client: '10.2.3.4' }), '410')
  assert.is(end(site(''), '/a.html', { client: '10.1.3.4' }), 'file /srv/site/a.html there 200')
  assert.is(end(site(''), '/a.html'), 'unknown')
  assert.is(end(site('include more.conf;'), '/a.html', { client: '10.2.3.4' }), 'unknown')
})

test('an answer of the backend comes through error_page and proxy_redirect', () => {
  const failed = { backend: () => ({ kind: 'failed', status: 502, reason: '' }) as const }
  const site = 'location / { proxy_pass http://b:1; } location = /a.html { root /srv/site; } '
  assert.is(end(site, '/x', {}, failed), '502')
  assert.is(end(`${site} error_page 502 /a.html;`, '/x', {}, failed), 'file /srv/site/a.html there 502')
  const answered = (status: number, location: string | null) => ({
    backend: () => ({ kind: 'answered', status, location }) as const,
  })
  const lost = answered(404, null)
  assert.is(end(`${site} error_page 404 /a.html;`, '/x', {}, lost), 'pass b:1 /x')
  assert.is(
    end(`${site} proxy_intercept_errors on; error_page 404 /a.html;`, '/x', {}, lost),
    'file /srv/site/a.html there 404',
  )
  const moved = answered(302, 'http://b:1/y')
  assert.is(end(site, '/x', {}, moved), 'pass b:1 /x http://h.test/y')
  assert.is(end(`${site} proxy_redirect off;`, '/x', {}, moved), 'pass b:1 /x http://b:1/y')
  assert.is(
    end('location /p/ { proxy_pass http://b:1/; }', '/p/x', {}, moved),
    'pass b:1 /x http://h.test/p/y',
  )
  assert.is(
    end(`${site} proxy_redirect ~^http://[^/]+(.*) https://o$1;`, '/x', {}, moved),
    'pass b:1 /x https://o/y',
  )
  assert.is(end(site, '/x', {}, answered(302, 'http://other/y')), 'pass b:1 /x http://other/y')
})

test('plain HTTP to a port that speaks TLS', () => {
  const plain = { plainToTls: true }
  assert.is(end('return 200 x;', '/x?y', {}, plain), '400')
  assert.is(end('error_page 497 https://$host$request_uri;', '/x?y', {}, plain), '302 https://h.test/x?y')
  assert.is(end('error_page 497 =301 https://$host$request_uri;', '/x', {}, plain), '301 https://h.test/x')
})

test('a page outside of the audit may be assumed missing', () => {
  const site =
    'root /elsewhere; location / { try_files $uri $uri/ /index.php; } location ~ \\.php$ { fastcgi_pass b:1; }'
  assert.is(end(site, '/page'), 'unknown')
  const assume = (path: string) => (path.includes('/page') ? null : undefined)
  assert.is(end(site, '/page', {}, { assume }), 'pass b:1 null')
})

test('an index that nobody has seen is answered by the location of its name', () => {
  const php = 'location ~ \\.php$ { fastcgi_pass b:1; }'
  const index = 'root /elsewhere; index index.php index.html;'
  assert.is(end(`${index} ${php}`, '/sub/'), 'pass b:1 null')
  assert.is(end(`${index} location / { try_files $uri $uri/ =404; } ${php}`, '/'), 'pass b:1 null')
  assert.is(end(`${index} location / { try_files $uri =404; }`, '/'), '404')
  assert.is(end('root /elsewhere;', '/'), 'file /elsewhere/index.html unknown 200')
  assert.is(end('root /elsewhere; location ~ \\.html$ { deny all; }', '/'), '403')
})

test('a template passes on, whatever its backend is called', () => {
  const configuration = readFragments({
    '/a.conf.j2': 'server { location / { proxy_pass http://{{ host }}:{{ port }}/api/; } }',
  })
  const request = { method: 'GET', target: '/page', host: 'h', scheme: 'http', port: 80 } as const
  const answer = outcome(configuration, block(configuration, 'server'), request, { files: FILES }).end
  assert.is(answer.kind, 'pass')
  if (answer.kind === 'pass')
    assert.equal([answer.target.protocol, answer.target.complete, answer.uri], ['http', false, null])
})

test('the steps say how it went', () => {
  const configuration = readFragments({
    '/a.conf': 'server { root /srv/site; location / { try_files $uri /index.html; } }',
  })
  const request = { method: 'GET', target: '/none', host: 'h', scheme: 'http', port: 80 } as const
  const { steps } = outcome(configuration, block(configuration, 'server'), request, { files: FILES })
  assert.equal(
    steps.map(step => step.kind),
    ['location', 'try-files', 'internal-redirect', 'location', 'try-files', 'file'],
  )
  for (const step of steps) assert.ok(step.at, step.text)
})

test.run()
