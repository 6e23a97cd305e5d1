import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { COMMANDS, FORMATS, readArguments } from '../../src/cli/arguments.ts'
import { HELP } from '../../src/cli/help.ts'
import { InputError } from '../../src/files/input-error.ts'
import { reporters } from '../../src/report/reporters.ts'

function fails(words: readonly string[], message: string): void {
  assert.throws(
    () => readArguments(words),
    (error: unknown) => error instanceof InputError && error.message === message,
    `${words.join(' ')}: ${message}`,
  )
}

test('without words: an audit of the default path', () => {
  const given = readArguments([])
  assert.is(given.command, 'audit')
  assert.equal(given.words, [])
  assert.is(given.format, 'text')
  assert.is(given.failOn, 'warning')
  assert.equal(given.config, { kind: 'search' })
})

test('options in every spelling', () => {
  const given = readArguments([
    'etc',
    '-f',
    'json',
    '-o',
    '-',
    '--only=tls,wsgi',
    '--only',
    'loopback',
    '-D',
    'SSL',
    '--define',
    'X',
    '--fail-on',
    'never',
    '-qv',
    '--color',
    'never',
    '--config',
    'x.yaml',
    '--nginx-version',
    '1.24.0',
  ])
  assert.equal(given.words, ['etc'])
  assert.is(given.format, 'json')
  assert.is(given.output, '-')
  assert.equal(given.only, ['tls', 'wsgi', 'loopback'])
  assert.equal(given.defines, ['SSL', 'X'])
  assert.is(given.failOn, null)
  assert.ok(given.quiet && given.verbose)
  assert.equal(given.config, { kind: 'file', path: 'x.yaml' })
  assert.is(given.nginxVersion, '1.24.0')
})

test('a command is the first word alone, and -- ends the options', () => {
  assert.is(readArguments(['explain', 'tls/weak-protocol']).command, 'explain')
  assert.equal(readArguments(['./explain']).words, ['./explain'])
  assert.equal(readArguments(['--', '--odd']).words, ['--odd'])
  assert.equal(readArguments(['-']).words, ['-'])
})

test('what is wrong is said with the nearest right word', () => {
  fails(['--fromat', 'json'], 'unknown option "--fromat": did you mean "--format"?')
  fails(['--zzzzzzzzzzzz'], 'unknown option "--zzzzzzzzzzzz"')
  fails(['-x'], 'unknown option "-x"')
  fails(['-f', 'jsn'], '--format takes text, concise, json, sarif or github, not "jsn": did you mean "json"?')
  fails(['--fail-on', 'warn'], '--fail-on takes info, warning, error or never, not "warn"')
  fails(['explain', '-f', 'json', 'tls'], '--format takes text, not "json"')
  fails(['--output'], '--output needs a value')
  fails(['--output', '--quiet'], '--output needs a value')
  fails(['--quiet=1'], '--quiet takes no value')
  fails(['--config', 'a', '--no-config'], '--config and --no-config exclude each other')
  fails(['--nginx-version', 'new'], '--nginx-version takes a version such as 1.24.0, not "new"')
})

test('the help names every option, format and command, and nothing else', () => {
  for (const name of [...FORMATS, ...COMMANDS.filter(name => name !== 'audit')])
    assert.ok(HELP.includes(name), name)
  for (const [option] of HELP.matchAll(/--[a-z-]+/g)) {
    const words = [option, 'info'].slice(
      0,
      /^--(?:no-config|quiet|verbose|version|help)$/.test(option) ? 1 : 2,
    )
    try {
      readArguments(words)
    } catch (error) {
      assert.not.match((error as Error).message, /unknown option|takes no value|needs a value/)
    }
  }
  assert.equal(Object.keys(reporters), [...FORMATS])
})

test.run()
