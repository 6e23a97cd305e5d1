import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'
import { virtualHosts } from '../../../../src/servers/apache/queries/virtual-hosts.ts'
import {
  type ApacheRequest,
  apacheOutcome,
  type WalkOptions,
} from '../../../../src/servers/apache/requests/outcome.ts'
import { NO_HEADERS } from '../../../../src/servers/received-headers.ts'
import { configure, configureFragment } from '../queries/configure.ts'

const MODULES = [
  ...['alias', 'authz_core', 'authz_host', 'autoindex', 'dir', 'mime', 'proxy', 'proxy_http', 'proxy_fcgi'],
  ...['rewrite', 'setenvif', 'status'],
]
const LOAD = MODULES.map(name => `LoadModule ${name}_module modules/mod_${name}.so`).join('\n')
const MAIN = `${LOAD}\nServerName main.test\n<Directory />\nRequire all granted\nAllowOverride None\n</Directory>\n`

const PAGES = {
  '/srv/www/index.php': 'x',
  '/srv/www/style.css': 'x',
  '/srv/www/docs/a.html': 'x',
  '/srv/www/img/x.png': 'x',
}

interface Asked extends Partial<ApacheRequest>, Partial<WalkOptions> {
  readonly htaccess?: string
}

/** The end of a request to a virtual host with these lines, as a short text. */
function ask(lines: string, target: string, { htaccess, assume, ...asked }: Asked = {}): string {
  const directory = '<Directory /srv/www>\nAllowOverride All\n</Directory>\n'
  const site = `<VirtualHost *:80>\nServerName s.test\nDocumentRoot /srv/www\n${directory}${lines}\n</VirtualHost>\n`
  const all = { ...PAGES, ...(htaccess !== undefined && { '/srv/www/.htaccess': htaccess }) }
  const configuration = configure(MAIN + site, all)
  const request: ApacheRequest = {
    method: 'GET',
    target,
    host: 's.test',
    scheme: 'http',
    port: 80,
    client: '192.0.2.1',
    headers: NO_HEADERS,
    ...asked,
  }
  const host = virtualHosts(configuration)[0] ?? null
  const memory = memoryFileSystem(all)
  const files = { ...memory, covers: (path: string) => !path.startsWith('/elsewhere') }
  const { end } = apacheOutcome(configuration, host, request, { files, ...(assume && { assume }) })
  return describe(end)
}

function describe(end: ReturnType<typeof apacheOutcome>['end']): string {
  switch (end.kind) {
    case 'response':
      return end.location === null ? `${end.status}` : `${end.status} ${end.location}`
    case 'file':
      return `${end.status === 200 ? '' : `${end.status} `}file ${end.path}`
    case 'handler':
      return `${end.name} ${end.path}`
    case 'pass':
      return `${end.socket === null ? '' : `${end.socket} `}${end.url}`
    case 'wsgi':
      return `wsgi ${end.path}`
    case 'unknown':
      return `unknown: ${end.reason}`
  }
}

const WORDPRESS = `RewriteEngine On
RewriteBase /
RewriteRule ^index\\.php$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
`

test('pages without a file go to the front controller of a .htaccess', () => {
  const htaccess = `DirectoryIndex index.php\n${WORDPRESS}`
  assert.is(ask('', '/2024/post/', { htaccess }), 'file /srv/www/index.php')
  assert.is(ask('', '/', { htaccess }), 'file /srv/www/index.php')
  assert.is(ask('', '/style.css', { htaccess }), 'file /srv/www/style.css')
})

test('a handler answers for what was rewritten', () => {
  const php = '<FilesMatch "\\.php$">\nSetHandler "proxy:unix:/run/php.sock|fcgi://localhost"\n</FilesMatch>'
  assert.is(ask(php, '/post', { htaccess: WORDPRESS }), '/run/php.sock fcgi://localhost/srv/www/index.php')
})

test('[L] runs the rules again, [END] does not', () => {
  assert.is(ask('', '/x', { htaccess: 'RewriteEngine On\nRewriteRule ^(.*)$ /docs/$1 [L]' }), '500')
  assert.is(
    ask('', '/a.html', { htaccess: 'RewriteEngine On\nRewriteRule ^(.*)$ /docs/$1 [END]' }),
    'file /srv/www/docs/a.html',
  )
})

test('LimitInternalRecursion says how often', () => {
  const htaccess = 'RewriteEngine On\nRewriteCond %{REQUEST_URI} !xxxx\nRewriteRule ^(.*)$ /$1x [L]'
  assert.is(ask('', '/a', { htaccess }), '404')
  assert.is(ask('LimitInternalRecursion 2', '/a', { htaccess }), '500')
})

test('a redirect keeps scheme, host and query', () => {
  const lines =
    'RewriteEngine On\nRewriteCond %{HTTPS} off\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]'
  assert.is(ask(lines, '/a%20b?c=d'), '301 https://s.test/a%20b?c=d')
  assert.is(ask('Redirect permanent / https://s.test/', '/a?b'), '301 https://s.test/a?b')
  assert.is(ask('RedirectMatch ^/old/(.*)$ /new/$1', '/old/x'), '302 http://s.test/new/x')
  assert.is(ask('', '/docs', { host: 's.test:8080' }), '301 http://s.test:8080/docs/')
})

test('the port of ServerName is written into a redirect', () => {
  assert.is(ask('ServerName s.test:8080', '/docs'), '301 http://s.test:8080/docs/')
})

test('rules of a main server stay there', () => {
  const rules = 'RewriteEngine On\nRewriteRule ^/x /style.css\n'
  const site = '<VirtualHost *:80>\nServerName s.test\nDocumentRoot /srv/www\n</VirtualHost>\n'
  const configuration = configure(`${MAIN}${rules}${site}`, PAGES)
  const host = virtualHosts(configuration)[0] ?? null
  const request = { method: 'GET', target: '/x', host: 's.test', scheme: 'http', port: 80 } as const
  const { end } = apacheOutcome(configuration, host, request, { files: memoryFileSystem(PAGES) })
  assert.is(describe(end), '404')
})

test('FallbackResource answers for what is not there', () => {
  assert.is(ask('FallbackResource /index.php', '/none'), 'file /srv/www/index.php')
  assert.is(ask('FallbackResource /index.php', '/style.css'), 'file /srv/www/style.css')
  // It falls back to itself until httpd counts ten subrequests.
  assert.is(ask('FallbackResource /lost.php', '/none'), '500')
})

test('an error has its document', () => {
  assert.is(ask('ErrorDocument 404 /docs/a.html', '/none'), '404 file /srv/www/docs/a.html')
  assert.is(ask('ErrorDocument 404 /nothing', '/none'), '404')
  assert.is(ask('ErrorDocument 404 http://t.test/', '/none'), '302 http://t.test/')
})

test('proxies are followed with their slashes', () => {
  assert.is(
    ask('ProxyPass /app/ http://127.0.0.1:8000/', '/app/x y'.replace(' ', '%20')),
    'http://127.0.0.1:8000/x%20y',
  )
  assert.is(ask('ProxyPass /app http://127.0.0.1:8000', '/app/x?q'), 'http://127.0.0.1:8000/x?q')
  assert.is(ask('ProxyPass / http://127.0.0.1:8000', '/x'), '400')
  assert.is(ask('ProxyPass /img !\nProxyPass / http://b.test/', '/img/x.png'), 'file /srv/www/img/x.png')
})

test('a proxy without its module answers 500', () => {
  assert.is(ask('ProxyPass /a ajp://127.0.0.1:8009/', '/a/x'), '500')
})

test('a directory without FollowSymLinks may not be rewritten', () => {
  const htaccess = 'Options -FollowSymLinks\nRewriteEngine On\nRewriteRule ^x style.css'
  assert.is(ask('', '/style.css', { htaccess }), '403')
})

test('an <If> is decided', () => {
  const lines =
    '<If "%{HTTP_HOST} == \'s.test\'">\nRedirect / http://t.test/\n</If>\n<Else>\nRequire all denied\n</Else>'
  assert.is(ask(lines, '/style.css'), '302 http://t.test/style.css')
  assert.is(ask(lines, '/style.css', { host: 'other.test' }), '403')
})

test('what a client sends is known or not', () => {
  const lines =
    'RewriteEngine On\nRewriteCond %{HTTP:X-Forwarded-Proto} !https\nRewriteRule ^ https://s.test%{REQUEST_URI} [R]'
  assert.is(ask(lines, '/style.css'), '302 https://s.test/style.css')
  const proxied = { values: new Map([['x-forwarded-proto', 'https']]), complete: true }
  assert.is(ask(lines, '/style.css', { headers: proxied }), 'file /srv/www/style.css')
})

test('headers that nobody knows leave it open', () => {
  const text = 'RewriteEngine On\nRewriteCond %{HTTP_USER_AGENT} bot\nRewriteRule ^ - [F]'
  const configuration = configure(`${MAIN}DocumentRoot /srv/www\n${text}`, PAGES)
  const request = { method: 'GET', target: '/style.css', host: 's.test', scheme: 'http', port: 80 } as const
  const { end } = apacheOutcome(configuration, null, request, { files: memoryFileSystem(PAGES) })
  assert.is(end.kind, 'unknown')
})

test('a file outside of the audit may be assumed missing', () => {
  const lines =
    'DocumentRoot /elsewhere\n<Directory /elsewhere>\nAllowOverride None\n</Directory>\nFallbackResource /index.php'
  assert.match(ask(lines, '/page'), /unknown/)
  const assume = (path: string) => (path === '/elsewhere/page' ? null : undefined)
  assert.is(ask(lines, '/page', { assume }), 'file /elsewhere/index.php')
})

test('a .htaccess that is broken answers 500', () => {
  assert.is(ask('', '/style.css', { htaccess: 'Loction /\n' }), '500')
  assert.is(ask('', '/style.css', { htaccess: '<Directory /x>\n</Directory>\n' }), '500')
})

test('fragments take the outer part as it usually is', () => {
  const configuration = configureFragment(
    '<VirtualHost *:80>\nServerName s.test\nRewriteEngine On\nRewriteRule ^/(.*) https://s.test/$1 [R=301]\n</VirtualHost>',
  )
  const host = virtualHosts(configuration)[0] ?? null
  const request = { method: 'GET', target: '/x', host: 's.test', scheme: 'http', port: 80 } as const
  assert.is(describe(apacheOutcome(configuration, host, request).end), '301 https://s.test/x')
})

test('a handler that no module of mod_proxy takes leaves the file to be sent', () => {
  const served = (handler: string): string =>
    ask(`<FilesMatch "\\.php$">\nSetHandler "${handler}"\n</FilesMatch>`, '/index.php')
  for (const handler of [
    'proxy:unix:/run/php.sock',
    'proxy:unix:/run/php.sock | fcgi://localhost',
    'proxy:127.0.0.1:9000',
    'proxy:uwsgi://127.0.0.1:9000',
    'fcgi://127.0.0.1:9000',
  ])
    assert.is(served(handler), 'file /srv/www/index.php', handler)
  assert.is(served('proxy:unix:/run/php.sock|fcgi'), '400')
  assert.is(
    served('PROXY:unix:/run/php.sock|FCGI://localhost'),
    served('proxy:unix:/run/php.sock|fcgi://localhost'),
  )
})

test('steps tell the way in order', () => {
  const configuration = configure(
    `${MAIN}DocumentRoot /srv/www\nRewriteEngine On\nRewriteRule ^/a$ /style.css [PT]\n`,
  )
  const request = { method: 'GET', target: '/a', host: 's.test', scheme: 'http', port: 80 } as const
  const { steps } = apacheOutcome(configuration, null, request, { files: memoryFileSystem(PAGES) })
  assert.equal(
    steps.map(({ kind }) => kind),
    ['rewrite', 'document-root', 'section', 'access'],
  )
  assert.is(steps[0]?.directive?.name, 'RewriteRule')
})

test.run()
