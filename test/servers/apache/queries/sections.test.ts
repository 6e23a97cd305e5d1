import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'
import {
  effective,
  effectiveDirective,
  serverLevels,
} from '../../../../src/servers/apache/queries/effective.ts'
import { effectiveAccess } from '../../../../src/servers/apache/queries/effective-access.ts'
import { headerTable, responseHeaders } from '../../../../src/servers/apache/queries/header-tables.ts'
import { htaccessFiles, htaccessReader } from '../../../../src/servers/apache/queries/htaccess.ts'
import { refusals } from '../../../../src/servers/apache/queries/overrides.ts'
import { type RequestPath, sectionsFor } from '../../../../src/servers/apache/queries/sections-for.ts'
import {
  bodyLimit,
  effectiveHandler,
  sslEngine,
  sslProtocols,
  timeouts,
} from '../../../../src/servers/apache/queries/server-settings.ts'
import { virtualHosts } from '../../../../src/servers/apache/queries/virtual-hosts.ts'
import { configure, configureFragment } from './configure.ts'

/** The openers of the sections that hold, in their order, as written. */
function chain(text: string, path: RequestPath): readonly string[] {
  const configuration = configure(text)
  return sectionsFor(configuration, virtualHosts(configuration)[0] ?? null, path).map(
    ({ kind, section, applies }) =>
      section === null
        ? kind
        : `${section.name} ${section.text.replace(/>$/, '')}${applies === undefined ? ' ?' : ''}`.trim(),
  )
}

const PAGE = { uri: '/a/b/x.html', file: '/www/a/b/x.html' }

test('the order of the walks, and of the sections in each', () => {
  const text = `
<Location /a>
</Location>
<Files x.html>
</Files>
<Directory /www/a/b>
</Directory>
<Directory ~ "/b/x">
</Directory>
<VirtualHost *:80>
<LocationMatch "html$">
</LocationMatch>
<Directory /www>
</Directory>
<DirectoryMatch x>
</DirectoryMatch>
<Directory "/www/*/b">
<FilesMatch "^x">
</FilesMatch>
</Directory>
<If "true">
</If>
</VirtualHost>
`
  assert.equal(chain(text, PAGE), [
    'server',
    'VirtualHost *:80',
    'Directory /www',
    'Directory /www/a/b',
    'Directory "/www/*/b"',
    'DirectoryMatch x',
    'Directory ~ "/b/x"',
    'Files x.html',
    'FilesMatch "^x"',
    'Location /a',
    'LocationMatch "html$"',
    'If "true" ?',
  ])
})

test('a location is a prefix of whole parts, or a pattern of the whole', () => {
  const text = ['/a', '/a/', '/a/b/', '/a/x', '/', 'a', '"/*/b"', '"/a/b/*.html"', '/ab']
    .map(path => `<Location ${path}>\n</Location>\n`)
    .join('')
  assert.equal(chain(text, { uri: '/a/b/x.html' }), [
    'server',
    'Location /a',
    'Location /a/',
    'Location /a/b/',
    'Location /',
    'Location "/a/b/*.html"',
  ])
})

test('an unknown file leaves every directory but the root open', () => {
  const text = '<Directory />\n</Directory>\n<Directory /www>\n</Directory>\n<Location /b>\n</Location>\n'
  assert.equal(chain(text, { uri: '/', file: null }), ['server', 'Directory /', 'Directory /www ?'])
  assert.equal(chain(text, { uri: '/' }), ['server'])
})

test('a pattern that JavaScript cannot say is open', () => {
  assert.equal(chain('<LocationMatch "(?R)">\n</LocationMatch>\n', { uri: '/' }), [
    'server',
    'LocationMatch "(?R)" ?',
  ])
})

test('each directive merges in its own way', () => {
  const configuration = configure(`
Timeout 10
ErrorDocument 404 /a
ErrorDocument 500 /b
Alias /outer /o
Header set A 1
<VirtualHost *:80>
Timeout 20
Timeout 30
ErrorDocument 404 /c
Alias /inner /i
Header set B 2
</VirtualHost>
`)
  const levels = serverLevels(virtualHosts(configuration)[0] ?? null)
  const texts = (name: string): readonly string[] =>
    effective(configuration, levels, name).directives.map(({ text }) => text)
  assert.equal(texts('Timeout'), ['30'])
  assert.equal(texts('ErrorDocument'), ['404 /c', '500 /b'])
  assert.equal(texts('Alias'), ['/inner /i', '/outer /o'])
  assert.equal(texts('Header'), ['set A 1', 'set B 2'])
  assert.is(effectiveDirective(configuration, levels, 'KeepAlive'), null)
})

test('in a fragment only what is written inside is certain', () => {
  const configuration = configureFragment('<VirtualHost *:80>\nTimeout 20\n</VirtualHost>\n')
  const levels = serverLevels(virtualHosts(configuration)[0] ?? null)
  assert.is(effectiveDirective(configuration, levels, 'Timeout')?.text, '20')
  assert.is(effectiveDirective(configuration, levels, 'KeepAlive'), undefined)
})

test('settings, with their defaults', () => {
  const configuration = configure(`
KeepAliveTimeout 1500ms
SSLProtocol all -TLSv1
<VirtualHost *:80>
SSLEngine on
SSLProtocol TLSv1.2 TLSv1.3
ProxyTimeout 7
LimitRequestBody 100
AddHandler x-php .php .php5
</VirtualHost>
`)
  const [host = null] = virtualHosts(configuration)
  const value = (fact: { known: boolean; value?: unknown }): unknown => (fact.known ? fact.value : 'unknown')
  const protocols = (of: typeof host): unknown => {
    const fact = sslProtocols(configuration, of)
    return fact.known && [...fact.value]
  }
  assert.equal(protocols(host), ['TLSv1.3'], 'a word without a sign takes back what stands before it')
  assert.equal(protocols(null), ['TLSv1.1', 'TLSv1.2', 'TLSv1.3'])
  assert.is(value(sslEngine(configuration, host)), true)
  assert.is(value(sslEngine(configuration, null)), false)
  const times = timeouts(configuration, host)
  assert.equal([times.timeout, times.keepAliveTimeout, times.proxyTimeout, times.keepAlive].map(value), [
    60,
    1.5,
    7,
    true,
  ])
  assert.is(value(bodyLimit(configuration, serverLevels(host))), 100)
  assert.is(value(bodyLimit(configuration, serverLevels(null))), 1_073_741_824)
  assert.is(value(effectiveHandler(configuration, serverLevels(host), 'a.php.jpg')), 'x-php')
  assert.is(value(effectiveHandler(configuration, serverLevels(host), 'a.html')), null)
})

function access(text: string, client: Parameters<typeof effectiveAccess>[2] = {}): boolean | undefined {
  const configuration = configure(text)
  return effectiveAccess(configuration, sectionsFor(configuration, null, PAGE), client).allowed
}

test('Require: replaced by the inner scope, joined where AuthMerging says so', () => {
  const outer = '<Directory />\nRequire all denied\n</Directory>\n'
  assert.is(access(outer), false)
  assert.is(access(`${outer}<Directory /www>\nRequire all granted\n</Directory>\n`), true)
  assert.is(access(`${outer}<Directory /www>\nRequire all granted\nAuthMerging And\n</Directory>\n`), false)
  assert.is(access(`${outer}<Location />\nRequire all granted\n</Location>\n`), true)
  assert.is(access('<Directory />\nRequire ip 10.0.0.0/8\n</Directory>\n'), undefined)
  assert.is(access('<Directory />\nRequire ip 10.0.0.0/8\n</Directory>\n', { address: '10.1.2.3' }), true)
  assert.is(access('<Directory />\nRequire valid-user\n</Directory>\n', { authenticated: false }), false)
  assert.is(access('<If "true">\nRequire all denied\n</If>\n'), undefined, 'a condition may apply')
})

test('sections of one walk are merged before they are laid over the walk before', () => {
  const text = `<Directory />\nRequire all granted\n</Directory>
<Files "x*">\nRequire all denied\n</Files>
<Files "*.html">\nRequire method POST\nAuthMerging Or\n</Files>\n`
  assert.is(access(text, { method: 'GET' }), true)
})

test('Order, Allow and Deny: an inner scope takes the outer Order with it', () => {
  const outer = '<Directory />\nOrder allow,deny\n</Directory>\n'
  assert.is(access(outer, { address: '10.0.0.1' }), false)
  assert.is(
    access(`${outer}<Directory /www>\nAllow from 10.0.0.2\n</Directory>\n`, { address: '10.0.0.1' }),
    true,
    'without Order it is deny,allow, and nobody is denied',
  )
  const both = '<Directory />\nDeny from all\nRequire all granted\n'
  assert.is(access(`${both}</Directory>\n`), false)
  assert.is(access(`${both}Satisfy Any\n</Directory>\n`), true)
})

test('the two tables of mod_headers', () => {
  const configuration = configure(
    'Header set X 1\nHeader always set X 2\nHeader append X 3\nHeader unset Y\n',
  )
  const { lines } = responseHeaders(configuration, serverLevels(null))
  assert.equal(headerTable(lines, 'onsuccess').get('x')?.values, ['1, 3'])
  assert.equal(headerTable(lines, 'always').get('x')?.values, ['2'])
  assert.equal(headerTable(lines, 'onsuccess').get('y')?.values, [])
})

const HTACCESS = '/www/a/.htaccess'

function overridden(override: string): readonly string[] {
  const files = {
    [HTACCESS]: 'Options -Indexes\nRequire all granted\n<Files x>\nSetHandler none\n</Files>\n',
  }
  const configuration = configure(`DocumentRoot /www\n<Directory /www>\n${override}\n</Directory>\n`, files)
  const [htaccess] = htaccessFiles(configuration, memoryFileSystem(files))
  assert.ok(htaccess?.overrides.known)
  return htaccess.overrides.value.reads
    ? refusals(htaccess.file.children, htaccess.overrides.value).map(({ directive }) => directive.name)
    : ['not read']
}

test('what AllowOverride lets stand in .htaccess', () => {
  assert.equal(overridden('AllowOverride None'), ['not read'])
  assert.equal(overridden('AllowOverride All'), [])
  assert.equal(overridden('AllowOverride Options'), ['Require', 'SetHandler'])
  assert.equal(overridden('AllowOverride AuthConfig FileInfo\nAllowOverrideList Options'), [])
  assert.equal(overridden('AllowOverride None\nAllowOverrideList Options'), [
    'Require',
    'Files',
    'SetHandler',
  ])
  assert.equal(overridden(''), ['Options', 'Require', 'Files', 'SetHandler'])
})

test('.htaccess comes after the Directory of its directory and before that of the next', () => {
  const files = { [HTACCESS]: 'Header set X 1\n<Files x.html>\nHeader set X 2\n</Files>\n' }
  const configuration = configure(
    '<Directory />\nAllowOverride All\n</Directory>\n<Directory /www/a>\n</Directory>\n<Directory /www/a/b>\n</Directory>\n',
    files,
  )
  const disk = memoryFileSystem(files)
  const levels = sectionsFor(configuration, null, PAGE, htaccessReader(configuration, disk, null))
  assert.equal(
    levels.map(({ kind, section }) => `${kind} ${section?.text ?? ''}`),
    ['server ', 'directory />', 'directory /www/a>', 'htaccess ', 'directory /www/a/b>', 'files x.html>'],
  )
  const { lines } = responseHeaders(configuration, levels)
  assert.equal(headerTable(lines, 'onsuccess').get('x')?.values, ['2'])
})

test.run()
