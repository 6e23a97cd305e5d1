import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { UwsgiServer } from '../../../parsers/app-server/uwsgi.ts'
import { readUwsgiVassal } from '../../../parsers/app-server/uwsgi.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import { checkPlaces } from '../check-places.ts'
import { appFiles, binds, type CommandOptions, command, server, value } from './commands.ts'

function ini(body: string, options: CommandOptions = {}): UwsgiServer {
  const files = { '/etc/uwsgi/apps-enabled/shop.ini': `[uwsgi]\n${body}\n`, ...options.files }
  return server('uwsgi --ini /etc/uwsgi/apps-enabled/shop.ini', { ...options, files }) as UwsgiServer
}

test('a file as people write it', () => {
  const found = ini(`; the shop
# of ours
base = /srv/shop
chdir = %(base)/src
module = shop.wsgi
callable = app
virtualenv=%(base)/venv
socket = /run/uwsgi/%n.sock
http-socket = 127.0.0.1:8000
chmod-socket = 660
chown-socket = shop:www-data
uid = shop
gid = www-data
processes = 4
threads = 2
harakiri = 60
buffer-size = 32768
master
pythonpath = /a
pp = /b
env = DJANGO_SETTINGS_MODULE=shop.settings
mount = /api=api.py
plugins = python3`)
  assert.equal(binds(found), ['uwsgi unix:/run/uwsgi/shop.sock', 'http 127.0.0.1:8000'])
  assert.equal(
    [found.workers, found.threads, found.timeout, found.headerLimit, found.socketMode].map(value),
    [4, 2, 60, 32768, 0o660],
  )
  assert.equal([found.application, found.directory, found.user, found.group, found.socketOwner].map(value), [
    'shop.wsgi:app',
    '/srv/shop/src',
    'shop',
    'www-data',
    'shop:www-data',
  ])
  assert.equal(found.pythonPath.map(value), ['/a', '/b'])
  assert.equal(
    found.environment.map(each => [each.name, value(each.value)]),
    [['DJANGO_SETTINGS_MODULE', 'shop.settings']],
  )
  assert.equal(
    found.mounts.map(({ path, application }) => [value(path), value(application)]),
    [['/api', 'api.py']],
  )
  assert.is(placeText(found.binds[0]!.at!), '/run/uwsgi/%n.sock')
  assert.is(placeText(found.headerLimit!.at!), '32768')
  assert.is(found.complete, true)
})

test('sockets of every protocol', () => {
  assert.equal(
    binds(
      ini(
        'socket = :3031\nhttp = :80\nhttps = [::1]:443,c.pem,k.pem\nhttps-socket = :444,c,k\nfastcgi-socket = /run/f\nscgi-socket = 1.2.3.4:5\nuwsgi-socket = x.sock\nsuwsgi-socket = :6\nsocket = @abstract\nsocket = fd://0\nhttp = =0\nsocket = $(PORT)',
      ),
    ),
    [
      'uwsgi :3031',
      'http :80',
      'https ::1:443',
      'https :444',
      'fastcgi unix:/run/f',
      'scgi 1.2.3.4:5',
      'uwsgi unix:/srv/app/x.sock',
      '? :6',
      'uwsgi ?',
      'uwsgi fd:0',
      'http ?',
      'uwsgi unix:/srv/app/$(PORT)',
    ],
  )
  assert.equal(binds(ini('socket = :1\nprotocol = http')), ['http :1'])
  assert.equal(binds(ini('socket = :1\nprotocol = fastcgi')), ['fastcgi :1'])
  assert.equal(binds(ini('socket = 127.0.0.1:$(PORT)', { environment: { PORT: '9' } })), [
    'uwsgi 127.0.0.1:9',
  ])
  assert.equal(binds(ini('socket = 127.0.0.1:$(PORT)', { environment: { PORT: null } })), ['uwsgi ?'])
})

test('the command line, its short options, and files beside it', () => {
  const files = { '/srv/app/uwsgi.ini': '[uwsgi]\nworkers = 2\nsocket = :1\n[other]\nsocket = :9\n' }
  const found = server(
    'uwsgi uwsgi.ini -s :2 -p 8 -b 8192 -M -H /venv -w a:b --http=:80 --chmod-socket --vacuum --uid www',
    { files },
  )!
  assert.equal(binds(found), ['uwsgi :1', 'uwsgi :2', 'http :80'])
  assert.equal([found.workers, found.headerLimit, found.socketMode].map(value), [8, 8192, 0o666])
  assert.equal([value(found.application), value(found.user)], ['a:b', 'www'])
  assert.equal(binds(server('uwsgi --ini uwsgi.ini:other', { files })), ['uwsgi :9'])
  assert.equal(
    binds(
      server('uwsgi', { files, environment: { UWSGI_INI: '/srv/app/uwsgi.ini', UWSGI_HTTP_SOCKET: ':7' } }),
    ),
    ['uwsgi :1', 'http :7'],
  )
  const gone = server('uwsgi --ini /gone.ini --socket :5')!
  assert.equal([binds(gone), value(gone.workers), gone.complete], [['uwsgi :5'], '?', false])
  assert.is(value(server('uwsgi ? --socket :5')!.workers), '?')
  assert.equal(binds(server('uwsgi_python311 --plugins python3 --socket :5 --set workers=3 x.ini')), [
    'uwsgi :5',
  ])
})

test('includes, sections, conditions and loops', () => {
  const files = { '/srv/app/more.ini': '[uwsgi]\nthreads = 3\nsocket = /run/%n-%N.sock\n' }
  const found = ini(
    `include = more.ini
ini = :extra
if-env = HOME
workers = 1
endif =
if-not-env = HOME
harakiri = 2
endif =
if-env = SECRET
buffer-size = 9
socket = :7
endif =
if-exists = /x
uid = x
endif =
for = a b
socket = /run/%(_).sock
endfor =
[extra]
gid = %x`,
    { files, environment: { HOME: '/root', SECRET: null } },
  )
  assert.equal(binds(found), [
    'uwsgi unix:/run/more-shop.sock',
    'uwsgi ?',
    'uwsgi unix:/run/a.sock',
    'uwsgi unix:/run/b.sock',
  ])
  assert.equal([found.workers, found.timeout, found.headerLimit, found.threads].map(value), [1, null, '?', 3])
  assert.equal([value(found.user), value(found.group)], ['?', 'extra'])
})

test('XML, YAML and JSON', () => {
  const files = {
    '/a.xml':
      '<?xml version="1.0"?>\n<uwsgi id="1">\n <socket> :1 </socket><master/>\n <processes>4</processes></uwsgi>',
    '/a.yaml': 'uwsgi:\n  socket: [":1", ":2"]\n  processes: 4\n',
    '/a.json': '{"uwsgi": {"socket": ":1", "processes": 4}}',
  }
  const read = (path: string, yaml: typeof readYaml | null) => {
    const options = { files }
    const source = textSource(path, files[path as keyof typeof files])
    return readUwsgiVassal(source, command('uwsgi', options), { ...appFiles(options), yaml })
  }
  assert.equal([binds(read('/a.xml', null)), value(read('/a.xml', null).workers)], [['uwsgi :1'], 4])
  assert.equal(
    [binds(read('/a.yaml', readYaml)), value(read('/a.yaml', readYaml).workers)],
    [['uwsgi :1', 'uwsgi :2'], 4],
  )
  assert.equal(
    [binds(read('/a.json', readYaml)), value(read('/a.json', readYaml).workers)],
    [['uwsgi :1'], 4],
  )
  assert.equal([read('/a.json', null).complete, value(read('/a.json', null).workers)], [false, '?'])
})

test('an emperor names its vassals', () => {
  assert.equal(ini('emperor = /etc/uwsgi/vassals').emperors.map(value), ['/etc/uwsgi/vassals'])
  assert.equal((server('uwsgi --emperor "/etc/uwsgi/*.ini"') as UwsgiServer).emperors.map(value), [
    '/etc/uwsgi/*.ini',
  ])
})

test('a file that includes itself ends', () => {
  const files = {
    '/etc/uwsgi/apps-enabled/shop.ini':
      '[uwsgi]\nini = /etc/uwsgi/apps-enabled/shop.ini\nini = /etc/uwsgi/apps-enabled/shop.ini\nsocket = :1\n',
  }
  const found = server('uwsgi --ini /etc/uwsgi/apps-enabled/shop.ini', { files }) as UwsgiServer
  assert.is(found.complete, false)
  assert.ok(found.options.length <= 5000)
})

const piece = fc.constantFrom(
  ...[
    '[uwsgi]\n',
    '[x]\n',
    '\n',
    '\r\n',
    ' ',
    '=',
    ';',
    '#',
    'socket = ',
    'http = ',
    'ini = :x',
    'include = a.ini',
    'for = a b\n',
  ],
  ...[
    'endfor =\n',
    'if-env = A\n',
    'endif =\n',
    'set = a=b',
    ':80',
    '/x',
    '%n',
    '%(',
    '%(socket)',
    ')',
    '$(A)',
    '@(/x)',
    '%%',
    '%',
    'é',
    '\0',
  ],
)

test('never throws, and places lie inside', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
      const text = `[uwsgi]\n${pieces.join('')}`
      for (const path of ['/srv/app/a.ini', '/srv/app/a.xml', '/srv/app/a.yaml']) {
        const options = { files: { [path]: text }, environment: { A: null } }
        const files = { ...appFiles(options), yaml: readYaml }
        checkPlaces(readUwsgiVassal(textSource(path, text), command('uwsgi', options), files))
      }
    }),
    { seed: 20_250_311, numRuns: 700 },
  )
})

test('the lines of a file, repeated as words of a loop', () => {
  const body = 'for-readline = /etc/shop.env\n  env = %(_)\nendfor =\nprocesses = 2'
  const found = ini(body, { files: { '/etc/shop.env': 'A=1\nB=2\n' } })
  assert.equal(
    found.environment.map(each => [each.name, value(each.value)]),
    [
      ['A', '1'],
      ['B', '2'],
    ],
  )
  assert.is(found.setsOthers, false)
  assert.is(value(found.workers), 2)
  assert.is(ini(body).setsOthers, true)
  assert.is(ini('envdir = /etc/shop/env').setsOthers, true)
})

test.run()
