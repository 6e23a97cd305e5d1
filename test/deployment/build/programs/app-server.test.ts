import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadPythonParser } from '../../../../parsers/python/load-python-parser.ts'
import { loadShellParser } from '../../../../parsers/shell/load-shell-parser.ts'
import { appServerListeners, wantedGrammars } from '../../../../src/deployment/build/programs/app-server.ts'
import { buildMachines } from '../../../../src/deployment/build/machines.ts'
import type { AppServerProgram } from '../../../../src/deployment/model.ts'
import { conf } from '../../../../src/engine/conf.ts'
import { grammarFiles } from '../../../../src/files/grammars.ts'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'
import { formatEndpoint } from '../../../../src/servers/address.ts'
import type { Fact } from '../../../../src/servers/fact.ts'

const { runtime, python: grammar, bash } = grammarFiles()
const python = await loadPythonParser({ runtime, grammar })
const shell = await loadShellParser({ runtime, grammar: bash })

function programs(
  texts: Readonly<Record<string, string>>,
  covers: readonly string[] = ['/'],
): readonly AppServerProgram[] {
  const files = memoryFileSystem(texts, { covers })
  const [machine] = buildMachines([{ files, nginx: [], apache: [] }], { python, shell })
  return (machine?.programs ?? []).filter(program => program.kind === 'app-server')
}

function listens(texts: Readonly<Record<string, string>>): readonly string[] {
  return programs(texts).flatMap(program =>
    appServerListeners(program).map(
      listener =>
        `${program.server.program} ${listener.protocol.known ? listener.protocol.value : '?'} ${formatEndpoint(listener)}`,
    ),
  )
}

function value<T>(fact: Fact<T> | null | undefined): T | null | undefined {
  return fact === null ? null : fact?.known === true ? fact.value : undefined
}

const unit = (command: string, more = ''): string => conf`
  [Service]
  ${more}
  ExecStart=${command}
`

test('each server that a unit starts opens what it binds', () => {
  for (const [command, opened] of [
    ['/opt/a/bin/gunicorn -b unix:/run/a.sock a.wsgi', 'gunicorn http unix:/run/a.sock'],
    ['/opt/a/bin/gunicorn a.wsgi', 'gunicorn http 127.0.0.1:8000'],
    ['/opt/a/bin/uvicorn a:app --uds /run/a.sock', 'uvicorn http unix:/run/a.sock'],
    ['/usr/bin/uwsgi --socket 127.0.0.1:3031 --module a', 'uwsgi uwsgi 127.0.0.1:3031'],
    ['/usr/bin/uwsgi --http-socket :8080 --module a', 'uwsgi http 0.0.0.0:8080'],
    ['/opt/a/bin/hypercorn -b 127.0.0.1:8001 a:app', 'hypercorn http 127.0.0.1:8001'],
    ['/opt/a/bin/daphne -p 8002 a.asgi:application', 'daphne http 127.0.0.1:8002'],
    ['/opt/a/bin/waitress-serve --listen=127.0.0.1:8003 a:app', 'waitress http 127.0.0.1:8003'],
    ['/opt/a/bin/granian --interface asgi a:app', 'granian http 127.0.0.1:8000'],
    ['/opt/a/bin/python manage.py runserver 0.0.0.0:8004', 'runserver http 0.0.0.0:8004'],
  ] as const) {
    assert.equal(listens({ 'etc/systemd/system/a.service': unit(command) }), [opened], command)
  }
})

test('a socket unit takes the place of what gunicorn binds, wherever the units lie', () => {
  for (const directory of ['etc/systemd/system', 'usr/lib/systemd/system', 'lib/systemd/system']) {
    assert.equal(
      listens({
        [`${directory}/shop.service`]: unit('/usr/bin/gunicorn --bind 127.0.0.1:9 shop.wsgi'),
        [`${directory}/shop.socket`]: '[Socket]\nListenStream=/run/shop.sock\n',
      }),
      ['gunicorn http unix:/run/shop.sock'],
    )
  }
})

test('uvicorn takes the descriptor that it is told of', () => {
  assert.equal(
    listens({
      'etc/systemd/system/a.service': unit('/usr/bin/uvicorn --fd 3 a:app'),
      'etc/systemd/system/a.socket': '[Socket]\nListenStream=127.0.0.1:8005\n',
    }),
    ['uvicorn http 127.0.0.1:8005'],
  )
})

test('supervisord, alone by its directory or through its main file', () => {
  const program =
    '[program:a]\ncommand=/usr/bin/gunicorn -b 127.0.0.1:8006 a:app\ndirectory=/srv/a\nuser=web\n'
  for (const texts of [
    { 'etc/supervisor/conf.d/a.conf': program },
    {
      'etc/supervisor/supervisord.conf': '[supervisord]\n[include]\nfiles = /etc/supervisor/conf.d/*.conf\n',
      'etc/supervisor/conf.d/a.conf': program,
    },
    { 'etc/supervisord.d/a.ini': program },
  ]) {
    const [found, ...others] = programs(texts)
    assert.equal(others, [])
    assert.is(value(found?.directory), '/srv/a')
    assert.is(value(found?.server.user), 'web')
  }
})

test('configurations of uWSGI that an init script or an emperor starts', () => {
  const ini = '[uwsgi]\nsocket = /run/uwsgi/a.sock\n'
  assert.equal(listens({ 'etc/uwsgi/apps-enabled/a.ini': ini }), ['uwsgi uwsgi unix:/run/uwsgi/a.sock'])
  assert.equal(
    listens({
      'etc/systemd/system/a.service': unit('/usr/bin/uwsgi --yaml /srv/a/uwsgi.yml'),
      'srv/a/uwsgi.yml': 'uwsgi:\n  socket: /run/uwsgi/a.sock\n  module: a\n',
    }),
    ['uwsgi uwsgi unix:/run/uwsgi/a.sock'],
  )
  assert.equal(
    listens({
      'etc/systemd/system/emperor.service': unit('/usr/bin/uwsgi --emperor /srv/vassals'),
      'srv/vassals/a.ini': ini,
    }),
    ['uwsgi uwsgi unix:/run/uwsgi/a.sock'],
  )
})

test('a start script of the audit is followed', () => {
  const texts = {
    'etc/systemd/system/a.service': unit('/srv/a/start.sh', 'WorkingDirectory=/srv/a'),
    'srv/a/start.sh': '#!/bin/sh\nNAME=a\nexec ../env/bin/gunicorn --bind=unix:/run/$NAME.sock $NAME.wsgi\n',
  }
  assert.equal(listens(texts), ['gunicorn http unix:/run/a.sock'])
  assert.equal(wantedGrammars(memoryFileSystem(texts, { covers: ['/'] })), { python: true, shell: true })
})

test('the file gunicorn.conf.py is looked for where gunicorn is started, not where it changes to', () => {
  const texts = {
    'etc/systemd/system/a.service': unit('/usr/bin/gunicorn --chdir /srv/b a:app', 'WorkingDirectory=/srv/a'),
    'srv/a/gunicorn.conf.py': 'bind = "127.0.0.1:8007"\n',
    'srv/b/gunicorn.conf.py': 'bind = "127.0.0.1:8008"\n',
  }
  assert.equal(listens(texts), ['gunicorn http 127.0.0.1:8007'])
})

test('a file that is not in the audit leaves its settings unknown', () => {
  const [found] = programs(
    { 'etc/systemd/system/a.service': unit('/usr/bin/gunicorn -c /opt/g.py a.wsgi') },
    ['/etc'],
  )
  assert.is(found?.server.timeout?.known, false)
  assert.is(found?.listensKnown, false)
  assert.equal(found === undefined ? [] : appServerListeners(found), [])
})

test('units of other programs start none, and no grammar is loaded for them', () => {
  const texts = {
    'etc/systemd/system/a.service': unit('/usr/sbin/nginx -g "daemon off;"'),
    'etc/systemd/system/b.service': unit('/usr/bin/node server.js'),
  }
  assert.equal(programs(texts), [])
  assert.equal(wantedGrammars(memoryFileSystem(texts, { covers: ['/'] })), { python: false, shell: false })
})

test.run()
