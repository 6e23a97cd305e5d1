import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readAppServers } from '../../../parsers/app-server/read-app-servers.ts'
import { leadsToShell, startedCommands } from '../../../parsers/app-server/started-commands.ts'
import { loadShellParser } from '../../../parsers/shell/load-shell-parser.ts'
import { placeText } from '../../../parsers/text/source.ts'
import { placeOf } from '../../../parsers/text/written-text.ts'
import { grammarFiles } from '../../../src/files/grammars.ts'
import { checkPlaces } from '../check-places.ts'
import { appFiles, binds, type CommandOptions, command, value } from './commands.ts'

const grammars = grammarFiles()
const shell = await loadShellParser({ runtime: grammars.runtime, grammar: grammars.bash })

function started(line: string, options: CommandOptions = {}) {
  return startedCommands(command(line, options), { read: appFiles(options).read, shell })
}

/** In short: `gunicorn -b :1 a`, `?` before what may be started, `&` behind what goes on, `@dir` and `user:`. */
function lines(line: string, options: CommandOptions = {}): readonly string[] {
  return started(line, options).map(({ command: each, certain, background, user }) => {
    const words = each.words.map(({ text }) => text.replaceAll('\uE000', '?')).join(' ')
    const at =
      each.directory?.known === true && each.directory.value !== '/srv/app' ? ` @${each.directory.value}` : ''
    const lost = each.directory === null || !each.directory.known ? ' @?' : ''
    return `${user === null ? '' : `${value(user)}: `}${certain ? '' : '? '}${words}${background ? ' &' : ''}${at}${lost}`
  })
}

function script(
  text: string,
  line = 'bash /srv/app/start.sh',
  options: CommandOptions = {},
): readonly string[] {
  return lines(line, { ...options, files: { '/srv/app/start.sh': text, ...options.files } })
}

test('sh -c', () => {
  assert.equal(lines(`sh -c "gunicorn -b 0.0.0.0:8000 'a b'"`), ['gunicorn -b 0.0.0.0:8000 a b'])
  assert.equal(lines(`/bin/bash -lc 'cd /x && exec gunicorn a'`), ['gunicorn a @/x'])
  assert.equal(lines(`sh -c 'python manage.py migrate && gunicorn a || echo no'`), [
    'manage.py migrate',
    'gunicorn a',
  ])
  assert.equal(lines(`sh -c 'gunicorn -b :$PORT a'`, { environment: { PORT: '9' } }), ['gunicorn -b :9 a'])
  assert.equal(lines(`sh -c 'gunicorn -b :$PORT a'`), ['gunicorn -b : a'])
  assert.equal(lines(`sh -c 'gunicorn -b :\${PORT:-8000} a'`), ['gunicorn -b :8000 a'])
  assert.equal(lines(`sh -c 'gunicorn -b :$PORT a'`, { environment: { PORT: null } }), ['gunicorn -b :? a'])
  assert.equal(lines(`bash -o pipefail -c '"$@" x' name gunicorn a`), ['gunicorn a x'])
  assert.equal(lines('sh'), ['sh'])
  assert.equal(lines('sh -c'), ['sh -c'])
})

test('the words of a script in a word are found where they were written', () => {
  const line = `sh -c 'exec gunicorn --bind "127.0.0.1:8000" a:b'`
  const [found] = started(line)
  assert.equal(
    found!.command.words.map(word => placeText(placeOf(word))),
    ['gunicorn', '--bind', '127.0.0.1:8000', 'a:b'],
  )
})

test('a script by its shell, by its path, by its name', () => {
  const text = '#!/bin/sh\nset -e\nexec gunicorn -b :1 "$@"\n'
  assert.equal(script(text, 'bash start.sh a:b'), ['gunicorn -b :1 a:b'])
  assert.equal(script(text, 'sh -e ./start.sh'), ['gunicorn -b :1'])
  assert.equal(script(text, './start.sh a:b'), ['gunicorn -b :1 a:b'])
  assert.equal(script('gunicorn a', './start.sh'), ['./start.sh'])
  assert.equal(
    lines('entry.sh gunicorn a', { files: { '/usr/local/bin/entry.sh': '#!/bin/bash\nexec "$@"\n' } }),
    ['gunicorn a'],
  )
  assert.equal(lines('bash gone.sh'), ['bash gone.sh'])
  assert.equal(lines('tini -- /srv/app/start.sh', { files: { '/srv/app/start.sh': text } }), [
    'gunicorn -b :1',
  ])
})

test('what entry points of images do', () => {
  assert.equal(
    script(`#!/bin/bash
set -euo pipefail
cd "$(dirname "$0")"
python manage.py migrate --noinput
python manage.py collectstatic --noinput > /dev/null 2>&1
: "\${WORKERS:=3}"
NAME=shop
LOG=$(mktemp)
exec gunicorn \${NAME}.wsgi:application \\
    --name $NAME \\
    --workers $WORKERS \\
    --bind=unix:/run/$NAME.sock \\
    --log-file=$LOG
echo never
`),
    [
      'manage.py migrate --noinput',
      'manage.py collectstatic --noinput',
      'gunicorn shop.wsgi:application --name shop --workers 3 --bind=unix:/run/shop.sock --log-file=?',
    ],
  )
  assert.equal(
    script(
      `if [ "$1" = "web" ]; then
  shift
  set -- gunicorn -b :1 "$@"
fi
exec "$@"
`,
      'bash /srv/app/start.sh web a',
    ),
    ['gunicorn -b :1 a'],
  )
  assert.equal(
    script(
      'case "$1" in\n web) exec gunicorn a;;\n worker) exec celery x;;\n *) exec "$@";;\nesac\n',
      'bash start.sh worker',
    ),
    ['celery x'],
  )
  assert.equal(script('OPTS="-w 3 -t 9"\ngunicorn $OPTS "$OPTS" a'), ['gunicorn -w 3 -t 9 -w 3 -t 9 a'])
  assert.equal(script('gunicorn a &\nuvicorn b &\nnginx -g "daemon off;"\n'), [
    'gunicorn a &',
    'uvicorn b &',
    'nginx -g daemon off;',
  ])
  assert.equal(script('( cd /x; gunicorn a ) &\ngunicorn b | tee log\n'), [
    'gunicorn a & @/x',
    'gunicorn b',
    'tee log',
  ])
  assert.equal(script('until nc -z db 5432; do sleep 1; done\ngunicorn a\n'), ['? sleep 1', 'gunicorn a'])
  assert.equal(script('serve() {\n  exec gunicorn -b :$1 a\n}\nserve 8000\necho no\n'), [
    'gunicorn -b :8000 a',
  ])
  assert.equal(script('main() { gunicorn "$@"; }\nmain "$@"\n', 'sh start.sh x'), ['gunicorn x'])
})

test('conditions that only the running shell can decide', () => {
  assert.equal(
    script('if [ -n "$DEBUG" ]; then\n  exec uvicorn a --reload\nfi\nexec uvicorn a\n', undefined, {
      environment: { DEBUG: null },
    }),
    ['? uvicorn a --reload', '? uvicorn a'],
  )
  assert.equal(script('if [ -n "$DEBUG" ]; then\n  exec uvicorn a --reload\nfi\nexec uvicorn a\n'), [
    'uvicorn a',
  ])
  assert.equal(script('test -f /x || gunicorn a'), ['? gunicorn a'])
})

test('variables that a script sets for a program', () => {
  const files = {
    '/srv/app/.env': 'PORT=81\n',
    '/srv/app/start.sh': 'set -a\n. ./.env\nset +a\nX=1\nexport Y=2\nZ=3 gunicorn a\n',
  }
  const [{ command: found }] = started('bash start.sh', { files, environment: { OUT: '5' } }) as [
    ReturnType<typeof started>[number],
  ]
  assert.equal(
    ['PORT', 'X', 'Y', 'Z', 'OUT', 'NOBODY'].map(name => value(found.environment(name))),
    ['81', null, '2', '3', '5', null],
  )
})

test('accounts and directories of wrappers around and inside', () => {
  assert.equal(lines(`sudo -u www sh -c 'cd sub; env A=1 gunicorn a'`), ['www: gunicorn a @/srv/app/sub'])
  assert.equal(lines(`sh -c 'cd $NOWHERE/x && gunicorn a'`, { environment: { NOWHERE: null } }), [
    'gunicorn a @?',
  ])
  assert.equal(lines('gosu app gunicorn a'), ['app: gunicorn a'])
})

test('the servers that a command starts', () => {
  const files = appFiles({
    files: { '/srv/app/start.sh': '#!/bin/sh\nsudo -u www gunicorn -b :1 a &\nexec uvicorn b --port 2\n' },
  })
  const found = readAppServers(command('./start.sh'), { ...files, shell })
  assert.equal(
    found.map(({ server, started: { background } }) => [
      server.program,
      binds(server),
      value(server.user),
      background,
    ]),
    [
      ['gunicorn', ['http 0.0.0.0:1'], 'www', true],
      ['uvicorn', ['http 127.0.0.1:2'], null, false],
    ],
  )
})

test('scripts that call each other end', () => {
  const files = { '/srv/app/a.sh': 'bash b.sh\nbash b.sh\n', '/srv/app/b.sh': 'bash a.sh\nbash a.sh\n' }
  assert.ok(lines('bash a.sh', { files }).length <= 200)
  assert.ok(
    lines('bash f.sh', { files: { '/srv/app/f.sh': 'f() { f; f; gunicorn a; }\nf\n' } }).length <= 500,
  )
})

test('a shell is known before its grammar is loaded', () => {
  const read = appFiles({
    files: { '/srv/app/x.sh': '#!/bin/sh\n', '/srv/app/y.py': '#!/usr/bin/python3\n' },
  }).read
  const leads = (line: string) => leadsToShell(command(line), read)
  assert.equal(
    ['sh -c x', 'env A=1 bash -c x', './x.sh', 'bash x.sh', './y.py', 'gunicorn a', 'bash gone.sh'].map(
      leads,
    ),
    [true, true, true, true, false, false, false],
  )
  const without = startedCommands(command('sh -c "gunicorn a"'), { read, shell: null })
  assert.equal(
    without.map(({ command: { words } }) => words.map(({ text }) => text)),
    [['sh', '-c', 'gunicorn a']],
  )
})

const piece = fc.constantFrom(
  ...[
    'gunicorn',
    'exec ',
    'sh -c ',
    '"',
    "'",
    '\n',
    ';',
    ' && ',
    ' || ',
    ' & ',
    '|',
    '(',
    ')',
    '{ ',
    '; }',
    '$@',
    '"$@"',
    '$1',
  ],
  ...[
    'if x; then ',
    'fi',
    'for a in b; do ',
    'done',
    'f() { ',
    'set -- a',
    'shift',
    'cd ',
    '$(',
    '`',
    '<<E\n',
    'E\n',
    '> ',
    '\\',
    'é',
    'A=1 ',
  ],
)

test('never throws, and places lie inside', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), pieces => {
      const text = pieces.join('')
      const options = { files: { '/srv/app/start.sh': text } }
      for (const line of ['bash start.sh a b', `sh -c '${text.replaceAll("'", '')}'`])
        checkPlaces(started(line, options).map(({ command: { words } }) => words))
    }),
    { seed: 20_250_313, numRuns: 700 },
  )
})

test.run()
