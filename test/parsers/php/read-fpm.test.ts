import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FpmFiles } from '../../../parsers/php/fpm.ts'
import { readPhpIniLines } from '../../../parsers/php/ini-settings.ts'
import { readPhpSettings } from '../../../parsers/php/php-settings.ts'
import { readFpm } from '../../../parsers/php/read-fpm.ts'
import { phpBoolean, phpSize } from '../../../parsers/php/values.ts'
import type { Fact } from '../../../parsers/text/fact.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { factOf } from '../../../parsers/text/written-text.ts'
import { checkPlaces } from '../check-places.ts'

function tree(files: Readonly<Record<string, string>>): FpmFiles {
  const sources = new Map(Object.entries(files).map(([path, text]) => [path, textSource(path, text)]))
  return {
    read: path => sources.get(path) ?? null,
    list: directory => {
      const names = [...sources.keys()].filter(path => path.slice(0, path.lastIndexOf('/')) === directory)
      return names.length === 0 ? null : names.map(path => path.slice(directory.length + 1))
    },
  }
}

function fpm(files: Readonly<Record<string, string>>) {
  const all = tree(files)
  return readFpm([all.read(Object.keys(files)[0]!)!], all)
}

function pool(body: string, name = 'www') {
  return fpm({ '/pool.conf': `[${name}]\n${body}\n` }).pools[0]!
}

function value<T>(fact: Fact<T> | null): T | '?' | null {
  return fact === null ? null : fact.known ? fact.value : '?'
}

test('a pool as Debian ships it, and what one changes in it', () => {
  const found = pool(
    `user = www-data
group = "www-data"
listen = /run/php/php8.2-fpm.sock ; a comment
listen.owner = 'www-data'
listen.group = www-data
;listen.mode = 0660
listen.mode = 0600
listen.acl_users = a,b
listen.allowed_clients = 127.0.0.1, ::1
pm = dynamic
pm.max_children = 5
request_terminate_timeout = 2m
chroot = /srv/$pool
chdir = /
security.limit_extensions = .php .php5
clear_env = no
env[PATH] = /usr/bin:/bin
env[TEMP] = $TEMP
php_admin_value[upload_max_filesize] = 8M
php_value[upload_max_filesize] = 9M
php_flag[display_errors] = off
php_value[session.save_path] = \${HOME}/x`,
    'shop',
  )
  assert.equal(
    [found.user, found.group, found.listenOwner, found.listenMode, found.maxChildren].map(each =>
      value<unknown>(each),
    ),
    ['www-data', 'www-data', 'www-data', 0o600, 5],
  )
  assert.equal(value(found.listen!.address), { kind: 'unix', path: '/run/php/php8.2-fpm.sock' })
  assert.is(placeText(found.listen!.at), '/run/php/php8.2-fpm.sock')
  assert.equal(value(found.listenAclUsers), ['a', 'b'])
  assert.equal(value(found.listenAllowedClients), ['127.0.0.1', '::1'])
  assert.is(value(found.requestTerminateTimeout), 120)
  assert.is(value(found.chroot), '/srv/shop')
  assert.equal(value(found.limitExtensions), ['.php', '.php5'])
  assert.is(value(found.clearEnvironment), false)
  assert.is(found.listenAclGroups, null)
  assert.equal(
    [...found.environment].map(([name, each]) => [name, value(factOf(each))]),
    [
      ['PATH', '/usr/bin:/bin'],
      ['TEMP', '?'],
    ],
  )
  assert.equal(
    [...found.phpSettings].map(([name, each]) => [name, value(factOf(each.value)), each.admin, each.flag]),
    [
      ['upload_max_filesize', '8M', true, false],
      ['display_errors', 'off', false, true],
      ['session.save_path', '?', false, false],
    ],
  )
  assert.is(
    placeText(found.phpSettings.get('upload_max_filesize')!.at),
    'php_admin_value[upload_max_filesize] = 8M',
  )
})

test("of two lines for one name the first one holds, an administrator's before any other", () => {
  const found = pool(
    'env[A] = 1\nenv[A] = 2\nphp_value[x] = 1\nphp_value[x] = 2\nphp_value[y] = 1\nphp_admin_value[y] = 2\nphp_admin_value[y] = 3\nuser = a\nuser = b',
  )
  assert.is(found.environment.get('A')!.text, '1')
  assert.equal(
    [...found.phpSettings.values()].map(({ value: { text } }) => text),
    ['1', '2'],
  )
  assert.is(value(found.user), 'b')
})

test('every form of listen', () => {
  const listen = (text: string, more = '') => value(pool(`listen = ${text}\n${more}`).listen!.address)
  assert.equal(listen('9000'), { kind: 'ip', host: null, port: 9000 })
  assert.equal(listen('*:9000'), { kind: 'ip', host: null, port: 9000 })
  assert.equal(listen('127.0.0.1:9000'), { kind: 'ip', host: '127.0.0.1', port: 9000 })
  assert.equal(listen('[::1]:9000'), { kind: 'ip', host: '::1', port: 9000 })
  assert.equal(listen('localhost:9000'), { kind: 'ip', host: 'localhost', port: 9000 })
  assert.equal(listen('/run/$pool.sock'), { kind: 'unix', path: '/run/www.sock' })
  assert.equal(listen('run/x.sock', 'prefix = /srv'), { kind: 'unix', path: '/srv/run/x.sock' })
  assert.is(listen('run/x.sock'), '?')
  assert.is(listen('${SOCKET}'), '?')
  assert.is(listen('127.0.0.1:99999'), '?')
  assert.is(pool('user = x').listen, null)
})

test('includes: patterns, order, sections that go on, what is not there', () => {
  const found = fpm({
    '/etc/php/8.2/fpm/php-fpm.conf':
      '[global]\npid = /run/x.pid\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\nuser = last\ninclude = /nobody.conf\n',
    '/etc/php/8.2/fpm/pool.d/b.conf': '[B]\nlisten = 2\n',
    '/etc/php/8.2/fpm/pool.d/a.conf': '[a]\nlisten = 1\n[b]\nlisten = 3\nuser = x\n',
    '/etc/php/8.2/fpm/pool.d/.hidden.conf': '[h]\n',
    '/etc/php/8.2/fpm/pool.d/c.conf.bak': '[c]\n',
  })
  assert.equal(
    found.sources.map(({ path }) => path.slice(-8)),
    ['fpm.conf', 'd/a.conf', 'd/b.conf'],
  )
  assert.equal(
    found.pools.map(({ name, listen, user, headers }) => [
      name,
      value(listen!.address),
      value(user),
      headers.length,
    ]),
    [
      ['a', { kind: 'ip', host: null, port: 1 }, null, 1],
      ['b', { kind: 'ip', host: null, port: 2 }, 'last', 2],
    ],
  )
  assert.is(value(factOf(found.global.get('pid')!)), '/run/x.pid')
  assert.is(found.complete, false)
})

test('an include that leads to itself ends', () => {
  const found = fpm({ '/a.conf': 'include=/b.conf\n[x]\n', '/b.conf': 'include=/a.conf\n[y]\n' })
  assert.equal(
    found.pools.map(({ name }) => name),
    ['y', 'x'],
  )
})

test('the syntax of PHP INI files', () => {
  const read = (text: string) =>
    readPhpIniLines(textSource('/php.ini', text)).map(line =>
      line.kind === 'setting' ? [line.name, line.index, line.value.text] : [line.kind, placeText(line.at)],
    )
  assert.equal(
    read(
      'a = b;c\n a b = c d  ; x\na="x;y" z\na=\'x"y\'\na = "x\\"y\\n"\na=\n[ x ] ; c\na[b] = c\n;a=1\nd\n',
    ),
    [
      ['a', null, 'b'],
      ['a b', null, 'c d'],
      ['a', null, 'x;yz'],
      ['a', null, 'x"y'],
      ['a', null, 'x"y\\n'],
      ['a', null, ''],
      ['section', '[ x ]'],
      ['a', 'b', 'c'],
      ['bare', 'd'],
    ],
  )
  assert.equal(read('a = "b\nc"\nd\n'), [['a', null, 'b']])
})

test('settings of php.ini and conf.d', () => {
  const settings = readPhpSettings([
    textSource(
      '/php.ini',
      '[PHP]\nupload_max_filesize = 2M\npost_max_size = 8M\n[PATH=/srv]\npost_max_size = 1M\n[Date]\ndate.timezone = "UTC"\n',
    ),
    textSource('/conf.d/50.ini', 'upload_max_filesize = 1G\ncgi.fix_pathinfo=0\n'),
  ])
  assert.is(value(phpSize(settings.get('upload_max_filesize')!)), 1024 ** 3)
  assert.is(value(phpSize(settings.get('post_max_size')!)), 8 * 1024 ** 2)
  assert.is(value(phpBoolean(settings.get('cgi.fix_pathinfo')!)), false)
  assert.is(value(factOf(settings.get('date.timezone')!)), 'UTC')
})

const piece = fc.constantFrom(
  ...[
    '[www]',
    '[',
    ']',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '=',
    ';',
    '"',
    "'",
    '\\',
    '\\"',
    '$',
    '${',
    '}',
    '$pool',
    '#',
  ],
  ...[
    'listen',
    'listen = ',
    'include=/p.conf',
    'env[',
    'php_value[x]',
    '=9000',
    '/run/x',
    ',',
    '|',
    '~',
    'é',
    '\uE000',
    '\0',
  ],
)

test('never throws, and places lie inside', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
      checkPlaces(fpm({ '/p.conf': `[a]\n${pieces.join('')}` }))
    }),
    { seed: 20_250_307, numRuns: 3000 },
  )
})

test('long files and patterns end soon', () => {
  const start = performance.now()
  fpm({ '/p.conf': `[a]\n${'include=/p.conf\n'.repeat(20_000)}${'env[x] = "y\n'.repeat(20_000)}` })
  fpm({ '/p.conf': `[a]\nlisten = ${'$pool'.repeat(50_000)}\n` })
  fpm({ '/p.conf': `include=/d/${'*a'.repeat(100)}b\n`, [`/d/${'a'.repeat(250)}`]: '' })
  assert.ok(performance.now() - start < 10_000)
})

test.run()
