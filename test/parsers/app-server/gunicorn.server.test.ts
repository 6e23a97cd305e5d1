import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AppFiles } from '../../../parsers/app-server/app-server.ts'
import { readAppServer } from '../../../parsers/app-server/read-app-server.ts'
import { loadPythonParser } from '../../../parsers/python/load-python-parser.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { grammarFiles } from '../../../src/files/grammars.ts'
import { command } from './commands.ts'

const grammars = grammarFiles()
const python = await loadPythonParser({ runtime: grammars.runtime, grammar: grammars.python })
const directory = mkdtempSync(join(tmpdir(), 'deploy-audit-gunicorn-'))
const files: AppFiles = {
  python,
  read: path => (existsSync(path) ? textSource(path, readFileSync(path, 'utf8')) : 'missing'),
}

test.after(() => rmSync(directory, { recursive: true, force: true }))

/** The settings that gunicorn prints; null where it refuses the command line. */
function printed(words: readonly string[], variable: string): ReadonlyMap<string, string> | null {
  writeFileSync(join(directory, 'app.py'), 'def application(environ, start): pass\n')
  const { stdout, status } = spawnSync('/usr/bin/gunicorn', ['--print-config', ...words], {
    cwd: directory,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, GUNICORN_CMD_ARGS: variable },
  })
  if (status !== 0) return null
  return new Map([...stdout.matchAll(/^(\w+) +=[ ]?(.*)$/gm)].map(match => [match[1]!, match[2]!] as const))
}

const option = fc.constantFrom(
  ...[
    '-b :8001',
    '--bind=127.0.0.1:8002',
    '-b unix:/tmp/x.sock,:8003',
    '-w 3',
    '--workers=0x4',
    '-w=5',
    '-w010',
  ],
  ...[
    '-t 60',
    '--timeout=9',
    '--keep-alive 7',
    '--graceful 8',
    '-k gthread',
    '--worker-class=sync',
    '--threads 2',
  ],
  ...['-m 007', '--umask 18', '-m 0o22', '--chdir .', '--forwarded-allow-ips=*', '--limit-request-line 100'],
  ...[
    '--limit-request-field_size 99',
    '-R',
    '--preload',
    '--max-requests=4',
    '-e A=1',
    '--reload',
    '--access-logfile -',
  ],
)
const config = fc.constantFrom(
  '',
  'timeout = 5\nbind = "127.0.0.1:9000"\n',
  'import os\nworkers = int(os.environ.get("NOBODY", 6))\nbind = [f":{9000 + 1}", "unix:/tmp/y.sock"]\n',
  'umask = 0o27\nthreads = 2 * 3\nkeepalive = 4\nforwarded_allow_ips = "10.0.0.1"\nworker_class = "gthread"\n',
)

const NAMES = [
  'workers',
  'timeout',
  'keepalive',
  'graceful_timeout',
  'threads',
  'umask',
  'limit_request_line',
  'worker_class',
  'forwarded_allow_ips',
]
const OURS = {
  workers: 'workers',
  timeout: 'timeout',
  keepalive: 'keepAlive',
  graceful_timeout: 'gracefulTimeout',
  threads: 'threads',
  umask: 'umask',
  limit_request_line: 'requestLineLimit',
  worker_class: 'workerClass',
  forwarded_allow_ips: 'forwardedAllowIps',
} as const
const DEFAULTS: Readonly<Record<string, string>> = {
  workers: '1',
  timeout: '30',
  keepalive: '2',
  graceful_timeout: '30',
  threads: '1',
  umask: '0',
  limit_request_line: '4094',
  worker_class: 'sync',
  forwarded_allow_ips: '127.0.0.1',
}

test('settings are those that gunicorn prints', () => {
  let taken = 0
  fc.assert(
    fc.property(
      fc.array(option, { maxLength: 5 }),
      fc.array(option, { maxLength: 2 }),
      config,
      (given, variable, text) => {
        writeFileSync(join(directory, 'gunicorn.conf.py'), text)
        const line = `${given.join(' ')} app`
        const expected = printed(line.split(' '), variable.join(' '))
        if (expected === null) return
        taken++
        const environment = variable.length === 0 ? {} : { GUNICORN_CMD_ARGS: variable.join(' ') }
        const found = readAppServer(command(`gunicorn ${line}`, { environment, directory }), files)!
        for (const name of NAMES) {
          const fact = found[OURS[name as keyof typeof OURS]]
          const ours = fact === null ? DEFAULTS[name] : fact.known ? String(fact.value) : '?'
          // A thread makes the worker another one.
          if (name === 'worker_class' && expected.get('threads') !== '1') continue
          assert.is(
            ours,
            expected.get(name)?.replace(/^\['(.*)'\]$/, '$1'),
            `${name} of ${line} with ${variable.join(' ')}`,
          )
        }
        const ours = found.binds.map(({ address }) => {
          const at = address.known ? address.value : null
          return at?.kind === 'ip' ? `${at.host}:${at.port}` : at?.kind === 'unix' ? `unix:${at.path}` : '?'
        })
        const theirs = [...expected.get('bind')!.matchAll(/'([^']*)'/g)].map(match =>
          match[1]!.replace(/^:/, '0.0.0.0:'),
        )
        assert.equal(ours, theirs, line)
      },
    ),
    { seed: 20_250_310, numRuns: 35 },
  )
  assert.ok(taken > 12, `${taken} were taken`)
})

test.run()
