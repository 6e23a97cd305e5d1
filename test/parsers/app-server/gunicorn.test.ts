import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadPythonParser } from '../../../parsers/python/load-python-parser.ts'
import { unknown } from '../../../parsers/text/fact.ts'
import { placeText } from '../../../parsers/text/source.ts'
import { grammarFiles } from '../../../src/files/grammars.ts'
import { readAppServer } from '../../../parsers/app-server/read-app-server.ts'
import { binds, command, server, value } from './commands.ts'

const grammars = grammarFiles()
const python = await loadPythonParser({ runtime: grammars.runtime, grammar: grammars.python })

test('options in every spelling', () => {
  const found = server(
    'gunicorn -b 127.0.0.1:8001 --bind=unix:/run/a.sock -w4 --timeout 60 -k uvicorn.workers.UvicornWorker --thr 2 --chdir /srv/x -u www --umask 007 -m=022 -e A=1 --env B=2 --keep-alive=5 --graceful-timeout 9 shop.wsgi:application',
  )!
  assert.equal(binds(found), ['http 127.0.0.1:8001', 'http unix:/run/a.sock'])
  assert.equal(
    [found.workers, found.timeout, found.threads, found.keepAlive, found.gracefulTimeout, found.umask].map(
      value,
    ),
    [4, 60, 2, 5, 9, 0o22],
  )
  assert.equal([found.workerClass, found.directory, found.user, found.application].map(value), [
    'uvicorn.workers.UvicornWorker',
    '/srv/x',
    'www',
    'shop.wsgi:application',
  ])
  assert.equal(
    found.environment.map(each => [each.name, value(each.value)]),
    [
      ['A', '1'],
      ['B', '2'],
    ],
  )
  assert.is(placeText(found.timeout!.at!), '60')
  assert.is(placeText(found.workers!.at!), '4')
  assert.is(placeText(found.binds[1]!.at!), 'unix:/run/a.sock')
  assert.is(placeText(found.at), 'gunicorn')
  assert.is(found.complete, true)
})

test('addresses as gunicorn reads them', () => {
  assert.equal(
    binds(
      server(
        'gunicorn -b :80 -b [::1]:81 -b fd://3 -b tcp://a:82 -b host -b unix:x.sock -b unix://y.sock -b unix:///z.sock -b unix:/a,:80',
      ),
    ),
    [
      'http 0.0.0.0:80',
      'http ::1:81',
      'http fd:3',
      'http a:82',
      'http host:8000',
      'http unix:/srv/app/x.sock',
      'http unix:/srv/app/y.sock',
      'http unix:/z.sock',
      'http unix:/a,:80',
    ],
  )
  assert.equal(binds(server('gunicorn a:b')), ['http 127.0.0.1:8000'])
  assert.is(server('gunicorn a:b')!.binds[0]!.at, null)
  assert.equal(binds(server('gunicorn -b :1 --certfile /c')), ['https 0.0.0.0:1'])
  assert.equal(binds(server('gunicorn -b :1 --protocol uwsgi a')), ['uwsgi 0.0.0.0:1'])
})

test('what nobody knows is unknown and nothing else', () => {
  const found = server('gunicorn -b 0.0.0.0:? --timeout ? app:app')!
  assert.equal(binds(found), ['http ?'])
  assert.is(value(found.timeout), '?')
  assert.is(value(found.application), 'app:app')
  assert.is(found.workers, null)
  const open = server('gunicorn ? app:app')!
  assert.equal([value(open.workers), value(open.application), open.complete], ['?', '?', false])
  assert.equal(binds(open), ['http ?'])
  assert.is(value(server('gunicorn -w 2 ? app:app')!.workers), 2)
})

test('variables: GUNICORN_CMD_ARGS, and those that give defaults', () => {
  const environment = {
    GUNICORN_CMD_ARGS: "--bind=:5 -t 9 --access-logformat 'a b'",
    WEB_CONCURRENCY: '6',
    PORT: '99',
    FORWARDED_ALLOW_IPS: '*',
  }
  const found = server('gunicorn -t 10 a', { environment })!
  assert.equal(binds(found), ['http 0.0.0.0:5'])
  assert.equal([found.timeout, found.workers].map(value), [10, 6])
  assert.is(value(found.forwardedAllowIps), '*')
  assert.equal(binds(server('gunicorn a', { environment: { PORT: '99' } })), ['http 0.0.0.0:99'])
  assert.equal(binds(server('gunicorn a', { environment: { PORT: null } })), ['http ?'])
  assert.is(value(server('gunicorn a', { environment: { GUNICORN_CMD_ARGS: null } })!.timeout), '?')
})

const CONFIG = `import multiprocessing, os
HOST = '127.0.0.1'
bind = f"{HOST}:{os.environ.get('PORT', 8000)}"
workers = multiprocessing.cpu_count() * 2 + 1
timeout = 20 * 3
worker_class = "gevent"
umask = 0o007
raw_env = ['A=1']
if os.environ.get('X'):
    keepalive = 3
`

test('the configuration file, below the command line', () => {
  const files = {
    '/srv/app/gunicorn.conf.py': CONFIG,
    '/etc/g.py': "bind = 'unix:/run/g.sock, :81'\ntimeout = None\n",
  }
  const found = server('gunicorn -k gthread a:b', { files, python })!
  assert.equal(binds(found), ['http 127.0.0.1:8000'])
  assert.equal([found.timeout, found.umask, found.workers, found.keepAlive].map(value), [60, 7, '?', '?'])
  assert.is(value(found.workerClass), 'gthread')
  assert.is(placeText(found.timeout!.at!), '20 * 3')
  assert.equal(
    found.sources.map(({ path }) => path),
    ['/srv/app/gunicorn.conf.py'],
  )
  const other = server('gunicorn -c /etc/g.py a:b', { files, python })!
  assert.equal(binds(other), ['http unix:/run/g.sock', 'http 0.0.0.0:81'])
  assert.is(other.timeout, null)
  assert.equal(binds(server('gunicorn -c file:../../etc/g.py a', { files, python })), [
    'http unix:/run/g.sock',
    'http 0.0.0.0:81',
  ])
})

test('the file of the directory where it starts, whatever --chdir says', () => {
  const files = { '/srv/app/gunicorn.conf.py': 'timeout = 1\n', '/x/gunicorn.conf.py': 'timeout = 2\n' }
  const found = server('gunicorn --chdir /x a', { files, python })!
  assert.equal([value(found.timeout), value(found.directory)], [1, '/x'])
})

test('a file that cannot be read makes unknown what is not written', () => {
  const named = server('gunicorn -c /gone.py -b :1 a')!
  assert.equal([value(named.timeout), named.complete], ['?', false])
  assert.equal(binds(named), ['http 0.0.0.0:1'])
  assert.is(value(server('gunicorn -c ? a')!.timeout), '?')
  const files = { '/srv/app/gunicorn.conf.py': CONFIG }
  assert.is(value(server('gunicorn a', { files })!.timeout), '?')
  assert.is(server('gunicorn a', { directory: null })!.timeout, null)
  assert.is(
    value(
      server('gunicorn -c python:conf.g a', { files: { '/srv/app/conf/g.py': 'timeout=4\n' }, python })!
        .timeout,
    ),
    4,
  )
})

test('a star import or a broken file may set more', () => {
  const files = { '/a.py': 'from base import *\ntimeout = 3\n', '/b.py': 'timeout = 3\nif (\n' }
  for (const path of ['/a.py', '/b.py']) {
    const found = server(`gunicorn -c ${path} a`, { files, python })!
    assert.equal([value(found.timeout), value(found.workers)], [3, '?'])
  }
})

test('a file that nobody names and that is not in the audit says nothing where the command says the address', () => {
  const read = (line: string) => readAppServer(command(line), { read: () => null, python })
  assert.is(read('gunicorn -b :80 a.wsgi')?.complete, true)
  assert.is(read('gunicorn a.wsgi')?.complete, false)
  assert.is(read('gunicorn -b :80 -c other.py a.wsgi')?.complete, false)
})

test('nor does a file of variables that is not in the audit', () => {
  const unread = { ...command(''), environment: () => unknown('its file was not read') }
  const read = (line: string) =>
    readAppServer({ ...unread, words: command(line).words }, { read: () => 'missing', python })
  const told = read('gunicorn -b :80 a.wsgi')
  assert.equal([binds(told), told?.complete], [['http 0.0.0.0:80'], true])
  assert.is(read('gunicorn a.wsgi')?.complete, false)
})

test.run()
