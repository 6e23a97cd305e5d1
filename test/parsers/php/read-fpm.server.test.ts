import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFpm } from '../../../parsers/php/read-fpm.ts'
import { textSource } from '../../../parsers/text/source.ts'

const directory = mkdtempSync(join(tmpdir(), 'deploy-audit-fpm-'))
const program = join('/usr/sbin', readdirSync('/usr/sbin').find(name => /^php-fpm\d/.test(name)) ?? 'php-fpm')

test.after(() => rmSync(directory, { recursive: true, force: true }))

/** What FPM itself prints of a configuration: `pool name` to value, null where it refuses it. */
function printed(path: string): ReadonlyMap<string, string> | null {
  const { status, stderr } = spawnSync(program, ['-n', '-tt', '-y', path], { encoding: 'utf8' })
  if (status !== 0) return null
  const values = new Map<string, string>()
  let section = ''
  for (const line of stderr.split('\n')) {
    const text = line.replace(/^\[[^\]]*\] NOTICE: /, '')
    const header = /^\[(.*)\]$/.exec(text)
    if (header !== null) section = header[1]!
    const setting = /^\t(\S+(?:\[.*?\])?) = (.*)$/.exec(text)
    // Later lines come first.
    if (setting !== null) values.set(`${section} ${setting[1]}`, setting[2]!)
  }
  return values
}

const word = fc.constantFrom(
  ...[
    'www-data',
    '/srv/a b',
    '"/srv/x;y"',
    "'/srv/q'",
    '/srv/$pool/x',
    '"a" b',
    'x ; c',
    '/srv/x\t',
    '"a\\"b"',
    '/a#b',
    '/a;b',
  ],
)
const setting = fc.oneof(
  fc.tuple(fc.constantFrom('ping.response', 'access.format', 'pm.status_listen'), word),
  fc.tuple(
    fc.constantFrom('env[A]', 'env["B"]', 'php_value[a.b]', 'php_admin_value[a.b]', 'php_value[c]'),
    word,
  ),
  fc.tuple(
    fc.constant('listen'),
    fc.constantFrom('9000', '127.0.0.1:9001', '/run/$pool.sock', '"/run/x.sock"'),
  ),
)
const body = fc
  .array(setting, { maxLength: 8 })
  .map(settings => settings.map(([name, value]) => `${name} = ${value}\n`).join(''))

test('a configuration that FPM takes is read as FPM prints it', () => {
  const path = join(directory, 'fpm.conf')
  const included = join(directory, 'pool.conf')
  let taken = 0
  fc.assert(
    fc.property(body, body, (first, second) => {
      const base = 'listen = 9999\npm = static\npm.max_children = 1\nping.path = /p\n'
      writeFileSync(included, `[Two]\n${base}user = www-data\n${second}`)
      writeFileSync(
        path,
        `[global]\nerror_log = /dev/null\n[one]\n${base}user = www-data\n${first}include=${included}\nrlimit_files = 9\n`,
      )
      const expected = printed(path)
      if (expected === null) return
      taken++
      const read = (each: string) => textSource(each, readFileSync(each, 'utf8'))
      const { pools } = readFpm([read(path)], { read, list: () => null })
      for (const pool of pools) {
        for (const [name, value] of pool.settings) {
          const said = expected.get(`${pool.name} ${name}`)
          assert.is(value.text, said, `${pool.name} ${name}`)
        }
        for (const [name, value] of pool.environment)
          assert.is(value.text, expected.get(`${pool.name} env[${name}]`))
        for (const [name, { value, admin }] of pool.phpSettings)
          assert.is(
            value.text,
            expected.get(`${pool.name} ${admin ? 'php_admin_value' : 'php_value'}[${name}]`),
          )
      }
    }),
    { seed: 20_250_308, numRuns: 150 },
  )
  assert.ok(taken > 30, `${taken} were taken`)
})

test.run()
