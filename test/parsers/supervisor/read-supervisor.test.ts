import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readProcfile } from '../../../parsers/procfile/read-procfile.ts'
import { readSupervisor, type SupervisorFiles } from '../../../parsers/supervisor/read-supervisor.ts'
import type { Fact } from '../../../parsers/text/fact.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { placeOf } from '../../../parsers/text/written-text.ts'
import { checkPlaces } from '../check-places.ts'

function read(files: Readonly<Record<string, string>>) {
  const sources = new Map(Object.entries(files).map(([path, text]) => [path, textSource(path, text)]))
  const port: SupervisorFiles = {
    read: path => sources.get(path) ?? null,
    list: directory => {
      const names = [...sources.keys()].filter(path => path.startsWith(`${directory}/`))
      return names.length === 0 ? null : names.map(path => path.slice(directory.length + 1))
    },
  }
  return readSupervisor([[...sources.values()][0]!], port)
}

function value<T>(fact: Fact<T> | null): T | '?' | null {
  return fact === null ? null : fact.known ? fact.value : '?'
}

test('what supervisord is told of itself, in the main file or in an included one', () => {
  const main = '[supervisord]\nlogfile=/var/log/s.log\n[include]\nfiles=conf.d/*.conf\n'
  const nodaemon = (files: Readonly<Record<string, string>>) => {
    const told = read(files).main
    return told === null ? 'no section' : value(told.nodaemon)
  }
  assert.is(nodaemon({ '/etc/s.conf': main, '/etc/conf.d/a.conf': '[program:a]\ncommand=a\n' }), null)
  assert.is(nodaemon({ '/etc/s.conf': main, '/etc/conf.d/a.conf': '[supervisord]\nnodaemon = true\n' }), true)
  assert.is(nodaemon({ '/etc/s.conf': '[supervisord]\nnodaemon=off\n' }), false)
  assert.is(nodaemon({ '/etc/s.conf': '[program:a]\ncommand=a\n' }), 'no section')
})

test('a program as people write it', () => {
  const [found] = read({
    '/etc/supervisor/conf.d/shop.conf': `[program:shop]
command=/srv/venv/bin/gunicorn "a b" -b unix:/run/%(program_name)s.sock %(ENV_OPTS)s shop.wsgi ; a comment
directory = %(here)s/app # another
user=www-data
umask: 022
numprocs=2
autostart = false
environment=A="1,2", B=3,C='x y',D="%(ENV_HOME)s",
  E=""
# comment
`,
  }).programs
  assert.equal(
    found!.words!.map(({ text }) => text),
    ['/srv/venv/bin/gunicorn', 'a b', '-b', 'unix:/run/shop.sock', '\uE000', 'shop.wsgi'],
  )
  assert.is(placeText(placeOf(found!.words![5]!)), 'shop.wsgi')
  assert.equal(
    [found!.directory, found!.user, found!.umask, found!.processes, found!.autostart].map(each =>
      value<unknown>(each),
    ),
    ['/etc/supervisor/conf.d/app', 'www-data', 0o22, 2, false],
  )
  assert.equal(
    found!.environment.map(each => [each.name, value(each.value), placeText(each.at)]),
    [
      ['A', '1,2', 'A="1,2"'],
      ['B', '3', 'B=3'],
      ['C', 'x y', "C='x y'"],
      ['D', '?', 'D="%(ENV_HOME)s"'],
      ['E', '', 'E=""'],
    ],
  )
  assert.is(placeText(found!.at), '[program:shop]')
})

test('values go on in lines that begin with a blank, over comments and empty lines', () => {
  const [found] = read({
    '/a': '[program:a]\ncommand = gunicorn\n  -b :80\n; no\n\n\t-w 3\nuser=\n[program:b]\n',
  }).programs
  assert.equal(
    found!.words!.map(({ text }) => text),
    ['gunicorn', '-b', ':80', '-w', '3'],
  )
  assert.is(found!.user, null)
})

test('FastCGI programs, and sections that are none', () => {
  const { programs } = read({
    '/a': '[supervisord]\nuser=root\n[fcgi-program:f]\nsocket=unix:///run/f.sock\nsocket_owner=www\nsocket_mode=0770\ncommand=f\n[eventlistener:e]\ncommand=x\n',
  })
  assert.equal(
    programs.map(each => [each.name, value(each.socket), value(each.socketOwner), value(each.socketMode)]),
    [['f', 'unix:///run/f.sock', 'www', 0o770]],
  )
})

test('includes', () => {
  const found = read({
    '/etc/supervisor/supervisord.conf': '[include]\nfiles = conf.d/*.conf /gone/*.ini\n',
    '/etc/supervisor/conf.d/b.conf': '[program:b]\ncommand=b\n[include]\nfiles=/x\n',
    '/etc/supervisor/conf.d/a.conf': '[program:a]\ncommand=a\n',
    '/etc/supervisor/conf.d/c.ini': '[program:c]\ncommand=c\n',
  })
  assert.is(found.complete, false)
  const other = read({
    '/s.conf': '[include]\nfiles = /d/*.conf\n',
    '/d/b.conf': '[program:b]\n',
    '/d/a.conf': '[program:a]\n',
  })
  assert.equal([other.programs.map(({ name }) => name), other.complete], [['a', 'b'], true])
})

test('a Procfile', () => {
  const text = 'web: gunicorn a:b  \n# no\nworker: celery x\n bad line\nrelease:\n'
  assert.equal(
    readProcfile(textSource('/Procfile', text)).map(({ name, script, at }) => [
      name,
      script.text,
      placeText(at),
    ]),
    [
      ['web', 'gunicorn a:b', 'web'],
      ['worker', 'celery x', 'worker'],
    ],
  )
})

const piece = fc.constantFrom(
  ...[
    '[program:a]',
    '[include]',
    '\n',
    '\r\n',
    ' ',
    '\t',
    'command=',
    'environment=',
    'files=*',
    '=',
    ':',
    ';',
    ' ;',
    '#',
    '"',
    "'",
  ],
  ...['%(program_name)s', '%(ENV_X)s', '%', '%%', 'A=1', ',', '\\', 'web: x', 'é', '\uE000', '\0'],
)

test('never throws, and places lie inside', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
      const text = pieces.join('')
      checkPlaces(read({ '/etc/a.conf': `[program:a]\n${text}` }))
      checkPlaces(readProcfile(textSource('/Procfile', text)))
    }),
    { seed: 20_250_314, numRuns: 3000 },
  )
})

test('what supervisord stops at, at its place', () => {
  const { problems } = read({
    '/etc/supervisor/supervisord.conf': `[supervisord]
environment=A=1,B=x@
[program:shop]
command=shop --date %Y --name %(program_name)s
environment=HOSTS=a.org,b.org,KEY="a,b"
numprocs=2
process_name=%(program_name)s_%(process_num)d
autostart=maybe
[group:all]
programs=shop,other
`,
  })
  assert.equal(
    problems.map(({ code, at, about }) => [code, placeText(at), about]),
    [
      ['environment-cut', '@', '@'],
      ['badly-formatted', '%Y', 'command'],
      ['environment-not-pairs', 'b.org', 'HOSTS'],
      ['not-boolean', 'maybe', 'autostart'],
      ['unknown-program', 'other', 'other'],
    ],
  )
})

test.run()
