import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadPythonParser } from '../../../../parsers/python/load-python-parser.ts'
import { gunicornServers } from '../../../../src/deployment/build/programs/gunicorn.ts'
import { grammarFiles } from '../../../../src/files/grammars.ts'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'

const { runtime, python: grammar } = grammarFiles()
const python = await loadPythonParser({ runtime, grammar })

function read(texts: Readonly<Record<string, string>>, covers: readonly string[] = ['/']) {
  return gunicornServers(memoryFileSystem(texts, { covers }), python)
}

function unit(command: string, more = ''): string {
  return `[Service]\n${more}ExecStart=${command}\n`
}

test('options of the command line, long, short and glued', () => {
  const [server] = read({
    'etc/systemd/system/shop.service': unit(
      '/opt/shop/bin/gunicorn --preload -b unix:/run/shop.sock -t45 --worker-class=gthread \\\n  --threads 4 shop.wsgi',
    ),
  })
  assert.equal(server?.binds, ['unix:/run/shop.sock'])
  for (const [name, value] of [
    ['timeout', 45],
    ['worker_class', 'gthread'],
    ['threads', 4],
  ] as const) {
    const fact = server?.setting(name)
    assert.is(fact?.known === true ? fact.value : null, value)
  }
  assert.is(server?.setting('keepalive'), null)
})

test('the command line wins over the environment, and that over the file', () => {
  const [server] = read({
    'etc/systemd/system/shop.service': unit(
      '/usr/bin/python3 -m gunicorn --timeout 10 shop.wsgi',
      'WorkingDirectory=/opt/shop\nEnvironment="GUNICORN_CMD_ARGS=--timeout 20 --threads 2"\n',
    ),
    'opt/shop/gunicorn.conf.py': 'bind = ["127.0.0.1:8001"]\ntimeout = 30\nthreads = 3\nworkers = 2 * 2\n',
  })
  const value = (name: string) => {
    const fact = server?.setting(name)
    return fact?.known === true ? fact.value : null
  }
  assert.equal(server?.binds, ['127.0.0.1:8001'])
  assert.equal([value('timeout'), value('threads'), value('workers')], [10, 2, 4])
})

test('a file that is not in the audit leaves its settings unknown', () => {
  const [server] = read(
    { 'etc/systemd/system/shop.service': unit('/usr/bin/gunicorn -c /opt/g.py shop.wsgi') },
    ['/etc'],
  )
  assert.is(server?.setting('timeout')?.known, false)
  assert.equal(server?.binds, [])
})

test('a drop-in replaces the command, and a socket unit the addresses', () => {
  const [server] = read({
    'etc/systemd/system/shop.service': unit('/usr/bin/gunicorn --timeout 10 shop.wsgi'),
    'etc/systemd/system/shop.service.d/override.conf': unit(
      '\nExecStart=/usr/bin/gunicorn --timeout $T shop.wsgi',
    ),
    'etc/systemd/system/shop.socket': '[Socket]\nListenStream=/run/shop.sock\n',
  })
  assert.equal(server?.binds, ['unix:/run/shop.sock'])
  assert.is(server?.setting('timeout')?.known, false)
})

test('other programs are no gunicorn', () => {
  assert.equal(read({ 'etc/systemd/system/shop.service': unit('/usr/bin/uvicorn shop.asgi') }), [])
})

test.run()
