import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadPythonParser } from '../../../parsers/python/load-python-parser.ts'
import type { PythonValue } from '../../../parsers/python/python-value.ts'
import { readSettings } from '../../../src/deployment/django/read-settings.ts'
import { grammarFiles } from '../../../src/files/grammars.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'

const grammars = grammarFiles()
const parser = await loadPythonParser({ runtime: grammars.runtime, grammar: grammars.python })
const directory = mkdtempSync(join(tmpdir(), 'deploy-audit-environment-'))
test.after(() => rmSync(directory, { recursive: true, force: true }))

const TEXTS = [
  ...['', '0', '1', '-1', '007', 'true', 'True', 'FALSE', 'on', 'off', 'ok', 'y', 'yes', 'no', 't', 'f', 'n'],
  ...['a', 'a,b', 'a, b', ' a', ',a,,b,', 'a, ,b', '"a,b",c', "it's", 'a#b,c', '$OTHER', 'https://a:b@c/d'],
  ...[
    'postgres://u:p@db:5432/shop',
    'postgresql://u@localhost/shop',
    'postgres:///shop',
    'psql://u:p%40@db/a-b',
  ],
  ...['postgres://u:p@[::1]:5/x', 'postgres://u:p@db/shop?sslmode=require', 'mysql://u:p@db/shop'],
  ...['postgis://u:p@db/shop', 'sqlite:///db.sqlite3', 'postgres://'],
]
const CALLS = [
  ...['env("NAME")', 'env.str("NAME")', 'env.bool("NAME")', 'env.int("NAME")', 'env.list("NAME")'],
  ...['env("NAME", default="x")', 'env.bool("NAME", False)', 'env.bool("NAME", default=True)'],
  ...[
    'env("NAME", bool)',
    'env("NAME", cast=bool)',
    'env("NAME", int, 5)',
    'env.list("NAME", default=["x"])',
  ],
  ...['typed("TYPED")', 'typed("NUMBER")', 'env.db("NAME")'],
  ...[
    'config("NAME")',
    'config("NAME", default="x")',
    'config("NAME", cast=bool)',
    'config("NAME", cast=int)',
  ],
  ...[
    'config("NAME", default=False, cast=bool)',
    'config("NAME", "off", bool)',
    'config("NAME", cast=Csv())',
  ],
  ...['config("NAME", default="a, b", cast=Csv())', 'decouple.config("NAME", default=8000, cast=int)'],
  ...['dj_database_url.config("NAME")', 'dj_database_url.config(env="NAME", default="postgres://u@h/n")'],
]
const HEAD = `import decouple, dj_database_url, environ
from decouple import config, Csv
env = environ.Env()
typed = environ.Env(TYPED=(bool, False), NUMBER=int)
`

/** What the libraries make of each text, by call; null where they stop. */
function made(texts: readonly (string | null)[]): readonly (readonly unknown[])[] {
  writeFileSync(
    join(directory, 'ask.py'),
    `import json, os, sys
${HEAD}
NAMES = ('NAME', 'TYPED', 'NUMBER')
answers = []
for text in json.loads(sys.argv[1]):
    for name in NAMES:
        os.environ.pop(name, None)
        if text is not None:
            os.environ[name] = text
    row = []
    for call in json.loads(sys.argv[2]):
        try:
            row.append({'value': eval(call)})
        except Exception:
            row.append(None)
    answers.append(row)
print(json.dumps(answers))
`,
  )
  const { stdout, stderr } = spawnSync(
    '/usr/bin/python3',
    ['-W', 'ignore', join(directory, 'ask.py'), JSON.stringify(texts), JSON.stringify(CALLS)],
    { encoding: 'utf8', cwd: directory },
  )
  assert.is(stderr, '')
  // What older releases call the same engine.
  return JSON.parse(stdout.replaceAll('postgresql_psycopg2', 'postgresql')) as readonly (readonly unknown[])[]
}

function plain(value: PythonValue | undefined): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value
}

test('what is known of a variable is what the library reads', () => {
  const texts = [...TEXTS, null]
  const answers = made(texts)
  let known = 0
  for (const [row, text] of texts.entries()) {
    const lines = CALLS.map((call, index) => `V${index} = ${call}`)
    const settings = readSettings(
      memoryFileSystem({ '/opt/settings.py': `${HEAD}${lines.join('\n')}\n` }),
      parser,
      'settings',
      ['/opt'],
      () => text,
    )
    for (const [index, call] of CALLS.entries()) {
      const fact = settings?.get(`V${index}`)
      if (fact?.known !== true) continue
      known++
      const answer = answers[row]?.[index] as { readonly value: unknown } | null
      const value = plain(fact.value)
      const real = answer?.value
      const isDatabase = value !== null && typeof value === 'object' && !Array.isArray(value)
      // Releases differ in what they add, such as CONN_MAX_AGE, and in how they say that there is no port.
      const expected =
        isDatabase && real !== null && typeof real === 'object'
          ? Object.fromEntries(
              Object.keys(value).map(key => [key, (real as Record<string, unknown>)[key] || '']),
            )
          : real
      assert.equal(value, expected, `${call} of ${JSON.stringify(text)}`)
    }
  }
  assert.ok(known > 300, `${known} values are known`)
})

test.run()
