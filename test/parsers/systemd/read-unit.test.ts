import fc from 'fast-check'
import { posix } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { execWords } from '../../../parsers/systemd/exec-command.ts'
import { readUnit, templateNames, type UnitFiles, unitNames } from '../../../parsers/systemd/read-unit.ts'
import { serviceEnvironment } from '../../../parsers/systemd/service-environment.ts'
import { readServiceUnit } from '../../../parsers/systemd/service-unit.ts'
import { readSocketUnit } from '../../../parsers/systemd/socket-unit.ts'
import type { Fact } from '../../../parsers/text/fact.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { factOf } from '../../../parsers/text/written-text.ts'
import { checkPlaces } from '../check-places.ts'

const ETC = '/etc/systemd/system'

function tree(files: Readonly<Record<string, string>>): UnitFiles {
  const sources = new Map(Object.entries(files).map(([path, text]) => [path, textSource(path, text)]))
  const paths = [...sources.keys()]
  return {
    read: path => sources.get(path) ?? null,
    list: directory => {
      const below = paths.filter(path => path.startsWith(`${directory}/`))
      if (below.length === 0) return null
      return [...new Set(below.map(path => path.slice(directory.length + 1).split('/')[0]!))]
    },
  }
}

function service(text: string, name = 'a.service') {
  const { prefix, suffix } = { prefix: name.replace(/@.*/, '@'), suffix: '.service' }
  const file = name.includes('@') ? `${prefix}${suffix}` : name
  return readServiceUnit(readUnit(tree({ [posix.join(ETC, file)]: text }), name))
}

function value<T>(fact: Fact<T> | null): T | '?' | null {
  return fact === null ? null : fact.known ? fact.value : '?'
}

function words(text: string, name?: string, variables: Readonly<Record<string, string>> = {}) {
  const lookup = (each: string) => (each === 'SECRET' ? undefined : (variables[each] ?? null))
  return service(`[Service]\n${text}\n`, name).start.map(command =>
    execWords(command, lookup).map(word => value(factOf(word))),
  )
}

test('the settings of a service', () => {
  const found = service(`[Unit]
Requires=a.socket b.service
After=network.target
[Service]
Type=notify
User=www-data
Group=www-data
SupplementaryGroups=one two
DynamicUser=no
WorkingDirectory=-/srv/%p/
RuntimeDirectory=shop shop/inner
RuntimeDirectoryMode=0750
StateDirectory=shop
UMask=0007
PrivateTmp=true
ProtectHome=on
ProtectSystem=strict
ReadWritePaths=/srv/a -/srv/b
Environment=A=1 "B=two words" C='x'
Environment="D=%t/x" bad
EnvironmentFile=-/etc/default/shop
EnvironmentFile=/etc/%N.env
PassEnvironment=LANG
Sockets=other.socket
LimitNOFILE=1024
ExecStart=/usr/bin/gunicorn -b 127.0.0.1:8000
[Install]
WantedBy=multi-user.target
`)
  assert.equal(
    [found.type, found.user, found.group, found.dynamicUser, found.workingDirectory, found.umask].map(each =>
      value<unknown>(each),
    ),
    ['notify', 'www-data', 'www-data', false, '/srv/a', 0o007],
  )
  assert.equal(found.runtimeDirectories.map(value), ['/run/shop', '/run/shop/inner'])
  assert.is(value(found.runtimeDirectoryMode), 0o750)
  assert.equal(found.stateDirectories.map(value), ['/var/lib/shop'])
  assert.is(value(found.privateTmp), true)
  assert.is(value(found.protectHome), 'yes')
  assert.is(value(found.protectSystem), 'strict')
  assert.equal(found.supplementaryGroups.map(value), ['one', 'two'])
  assert.equal(
    found.environment.map(each => [each.name, value(each.value), placeText(each.at)]),
    [
      ['A', '1', 'A=1'],
      ['B', 'two words', 'B=two words'],
      ['C', 'x', "C='x"],
      ['D', '/run/x', 'D=%t/x'],
    ],
  )
  assert.equal(
    found.environmentFiles.map(({ path, optional }) => [value(path), optional]),
    [
      ['/etc/default/shop', true],
      ['/etc/a.env', false],
    ],
  )
  assert.equal(found.requires.map(value), ['a.socket', 'b.service'])
  assert.equal(found.sockets.map(value), ['other.socket'])
  assert.equal(found.wantedBy.map(value), ['multi-user.target'])
  assert.is(placeText(found.user!.at!), 'www-data')
  assert.is(placeText(found.start[0]!.at), 'ExecStart=/usr/bin/gunicorn -b 127.0.0.1:8000')
})

test('nothing written is null, an empty assignment takes back', () => {
  const none = service('[Service]\nExecStart=/bin/true\n')
  assert.equal([none.user, none.privateTmp, none.umask, none.workingDirectory], [null, null, null, null])
  const reset = service(
    '[Service]\nUser=a\nUser=\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\nExecStart=/bin/a\nExecStart=\nExecStart=/bin/b\nRuntimeDirectory=x\nRuntimeDirectory=\n',
  )
  assert.is(reset.user, null)
  assert.equal(
    reset.environment.map(({ name }) => name),
    ['B'],
  )
  assert.equal(
    reset.start.map(command => command.words[0]!.text),
    ['/bin/b'],
  )
  assert.equal(reset.runtimeDirectories, [])
})

test('values that systemd refuses are unknown', () => {
  const found = service(
    '[Service]\nPrivateTmp=perhaps\nUMask=9\nWorkingDirectory=~\nRuntimeDirectory=/run/x ../y\nUser=%H\n',
  )
  assert.equal(
    [found.privateTmp, found.umask, found.workingDirectory, found.user].map(each => value<unknown>(each)),
    ['?', '?', '?', '?'],
  )
  assert.equal(found.runtimeDirectories.map(value), ['?', '?'])
  assert.is(value(service('[Service]\nPrivateTmp=disconnected').privateTmp), true)
})

test('words of a command: quotes, escapes, prefixes, several commands', () => {
  assert.equal(words(`ExecStart=-/bin/a "b c" d\\x20e 'f"g' h\\\n  i`), [
    ['/bin/a', 'b c', 'd e', 'f"g', 'h', 'i'],
  ])
  assert.equal(words('ExecStart=@/bin/a name b'), [['/bin/a', 'b']])
  assert.equal(words('ExecStart=+!/bin/a b'), [['/bin/a', 'b']])
  assert.equal(words('ExecStart=/bin/a ; /bin/b c'), [['/bin/a'], ['/bin/b', 'c']])
  assert.equal(words(`ExecStart=/bin/a \\; ';' b;c`), [['/bin/a', ';', ';', 'b;c']])
  assert.equal(words('ExecStart=/bin/a "open'), [])
  assert.equal(words('ExecStart=/bin/sh -c "exec gunicorn a:b"'), [['/bin/sh', '-c', 'exec gunicorn a:b']])
})

test('variables and specifiers of a command', () => {
  const given = { A: '1 2', B: 'x' }
  assert.equal(
    words('ExecStart=/bin/a $A ${A} p$A-${B} $$B $NOBODY ${NOBODY} ${SECRET} $SECRET', undefined, given),
    [['/bin/a', '1', '2', '1 2', 'p$A-x', '$B', '', '?', '?']],
  )
  assert.equal(words('ExecStart=:/bin/a ${B}', undefined, given), [['/bin/a', '${B}']])
  assert.equal(words('ExecStart=/bin/a %i %I %n %N %p %% %t/x %H', 'w@one-two.service'), [
    ['/bin/a', 'one-two', 'one/two', 'w@one-two.service', 'w@one-two', 'w', '%', '/run/x', '?'],
  ])
  assert.equal(words('ExecStart=/bin/a %i %p', 'w@.service'), [['/bin/a', '?', 'w']])
})

test('a word is found where it was written', () => {
  const [command] = service(
    '[Service]\nExecStart=/bin/gunicorn \\\n    --bind "unix:/run/%N.sock" \\\n  # comment\n  app:app\n',
  ).start
  assert.equal(
    command!.words.map(word => placeText(factOf(word).at!)),
    ['/bin/gunicorn', '--bind', 'unix:/run/%N.sock', 'app:app'],
  )
})

test('drop-ins, templates and directories in their order', () => {
  const files = tree({
    '/lib/systemd/system/a.service': '[Service]\nExecStart=/bin/lib\nUser=lib\nGroup=lib\n',
    '/etc/systemd/system/a.service.d/20-b.conf': '[Service]\nUser=twenty\n',
    '/lib/systemd/system/a.service.d/10-a.conf': '[Service]\nUser=ten\nExecStart=\nExecStart=/bin/ten\n',
    '/lib/systemd/system/a.service.d/20-b.conf': '[Service]\nUser=hidden\n',
    '/etc/systemd/system/a.service.d/readme': '[Service]\nUser=no\n',
    '/etc/systemd/system/service.d/00-all.conf': '[Service]\nUMask=0077\n',
    '/etc/systemd/system/w@.service': '[Service]\nExecStart=/bin/w %i\n',
    '/etc/systemd/system/w@.service.d/x.conf': '[Service]\nUser=%i\n',
    '/etc/systemd/system/w@blue.service.d/y.conf': '[Service]\nGroup=%i\n',
    '/etc/systemd/system/multi-user.target.wants/w@blue.service': '',
    '/etc/systemd/system/multi-user.target.wants/gone@x.service': '',
    '/etc/systemd/system/sockets.target.wants/a.socket': '',
    '/usr/lib/systemd/system/a.socket': '[Socket]\nListenStream=/run/a.sock\n',
    '/usr/lib/systemd/system/t@.service': '',
  })
  const found = readServiceUnit(readUnit(files, 'a.service'))
  assert.equal(
    [found.user, found.group, found.umask].map(each => value<unknown>(each)),
    ['twenty', 'lib', 0o077],
  )
  assert.equal(
    found.start.map(command => command.words[0]!.text),
    ['/bin/ten'],
  )
  assert.is(found.unit.main!.path, '/lib/systemd/system/a.service')
  const blue = readServiceUnit(readUnit(files, 'w@blue.service'))
  assert.equal([value(blue.user), value(blue.group)], ['blue', 'blue'])
  assert.equal([...unitNames(files, '.service')].sort(), ['a.service', 'w@blue.service'])
  assert.equal(unitNames(files, '.socket'), ['a.socket'])
  assert.equal([...templateNames(files, '.service')].sort(), ['t@.service', 'w@.service'])
  assert.is(readUnit(files, 'nobody.service').main, null)
})

test('socket units', () => {
  const read = (text: string, name = 'a.socket') =>
    readSocketUnit(readUnit(tree({ [`${ETC}/${name}`]: text }), name))
  const found = read(`[Socket]
ListenStream=/run/%N.sock
ListenStream=8000
ListenStream=127.0.0.1:8001
ListenStream=[::1]:8002
ListenStream=@abstract
ListenStream=nonsense
ListenDatagram=/run/d
SocketUser=www-data
SocketGroup=web
SocketMode=0660
Accept=yes
Symlinks=/run/other.sock
[Install]
WantedBy=sockets.target
`)
  assert.equal(
    found.listens.map(({ kind, address }) => [kind, value(address)]),
    [
      ['stream', { kind: 'unix', path: '/run/a.sock' }],
      ['stream', { kind: 'ip', host: null, port: 8000 }],
      ['stream', { kind: 'ip', host: '127.0.0.1', port: 8001 }],
      ['stream', { kind: 'ip', host: '::1', port: 8002 }],
      ['stream', { kind: 'other' }],
      ['stream', '?'],
      ['datagram', { kind: 'unix', path: '/run/d' }],
    ],
  )
  assert.equal(
    [found.service, found.user, found.group, found.mode, found.accept].map(each => value<unknown>(each)),
    ['a.service', 'www-data', 'web', 0o660, true],
  )
  assert.is(value(read('[Socket]\nService=b.service\n').service), 'b.service')
  assert.equal(read('[Socket]\nListenStream=1\nListenStream=\nListenStream=2\n').listens.length, 1)
})

test('the environment: files win, what was not read makes it incomplete', () => {
  const found = service(
    '[Service]\nUser=u\nEnvironment=A=1 B=1 C=1\nEnvironmentFile=/e\nEnvironmentFile=-/missing\nUnsetEnvironment=C\nRuntimeDirectory=r\n',
  )
  const file = textSource('/e', 'B=2\n')
  const all = serviceEnvironment(found, path => (path === '/e' ? file : 'missing'))
  assert.equal(
    [...all.variables].map(([name, each]) => [name, value(each.value)]),
    [
      ['RUNTIME_DIRECTORY', '/run/r'],
      ['USER', 'u'],
      ['LOGNAME', 'u'],
      ['A', '1'],
      ['B', '2'],
    ],
  )
  assert.equal(
    [all.complete, all.lookup('A'), all.lookup('C'), all.lookup('X'), all.lookup('PATH')],
    [true, '1', null, null, undefined],
  )
  const part = serviceEnvironment(found, () => null)
  assert.equal([part.complete, part.lookup('X'), part.lookup('A')], [false, undefined, '1'])
})

const piece = fc.constantFrom(
  ...[
    '[Service]\n',
    '[Socket]\n',
    '[',
    ']',
    '\n',
    '\r\n',
    '\\\n',
    '# c\n',
    '; c\n',
    '=',
    ' ',
    '\t',
    '"',
    "'",
    '\\',
    '\\x4',
  ],
  ...[
    'ExecStart=',
    'User=',
    'Environment=',
    'ListenStream=',
    'RuntimeDirectory=',
    'EnvironmentFile=',
    'UMask=',
  ],
  ...[
    '%',
    '%i',
    '%%',
    '%n',
    '$',
    '${A}',
    '$A',
    ';',
    '@',
    '-',
    '/bin/a',
    'A=1',
    '8000',
    '[::1]:1',
    'é',
    '\uE000',
    '\0',
  ],
)

test('never throws, and places lie inside', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
      const text = `[Service]\n${pieces.join('')}`
      for (const name of ['a@x.service', 'a.socket']) {
        const unit = readUnit(tree({ [`${ETC}/${name}`]: text }), name)
        const found = readServiceUnit(unit)
        checkPlaces([unit.settings, found, readSocketUnit(unit)])
        for (const command of found.start) checkPlaces(execWords(command, () => 'x y'))
        checkPlaces(serviceEnvironment(found, () => textSource('/e', text)).variables)
      }
    }),
    { seed: 20_250_306, numRuns: 2000 },
  )
})

test.run()
