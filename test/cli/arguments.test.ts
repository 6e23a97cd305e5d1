import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readArguments } from '../../src/cli/arguments.ts'
import { helpText } from '../../src/cli/help.ts'
import { COMMAND_SPECS, COMMANDS, FORMATS, FORMATS_OF, OPTION_LIST } from '../../src/cli/options.ts'
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
  fails(
    ['-f', 'jsn'],
    '--format takes text, concise, json, sarif, github, gitlab, junit, checkstyle or rdjson, not "jsn": did you mean "json"?',
  )
  fails(['--fail-on', 'warn'], '--fail-on takes info, warning, error or never, not "warn"')
  fails(['explain', '-f', 'json', 'tls'], '--format belongs to audit, map, trace, rules, not to explain')
  fails(['rules', '--only', 'tls'], '--only belongs to audit, map, not to rules')
  fails(['map', '--fail-on', 'error'], '--fail-on belongs to audit, not to map')
  fails(['--site', 'x', '.'], '--site belongs to map, not to the audit')
  fails(['--stdin-filename', 'x', '.'], '--stdin-filename needs the path -, which is standard input')
  fails(['--list-files', '--fix', '.'], '--list-files and --fix exclude each other')
  fails(['--list-files', '-f', 'sarif', '.'], '--list-files belongs to the formats text and json')
  fails(['--diff', '-f', 'json', '.'], '--diff and --format exclude each other')
  fails(['--statistics', '--all', '.'], '--statistics and --all exclude each other')
  fails(['init', 'foo'], 'init takes no argument, not "foo"')
  fails(['help', 'map', 'trace'], 'help takes one argument, not "trace"')
  fails(['--output'], '--output needs a value')
  fails(['--output', '--quiet'], '--output needs a value')
  fails(['--quiet=1'], '--quiet takes no value')
  fails(['--config', 'a', '--no-config'], '--config and --no-config exclude each other')
  fails(['--nginx-version', 'new'], '--nginx-version takes a version such as 1.24.0, not "new"')
})

test('the help of each command names its usage, its options, formats and examples, and no other option', () => {
  const overview = helpText(null)
  assert.match(overview, /^Usage: deploy-audit /)
  for (const command of COMMANDS) {
    const help = helpText(command)
    assert.match(overview, new RegExp(`^ +\\[?${command}\\b`, 'm'))
    assert.match(help, /^Usage: deploy-audit [\s\S]*\nExamples:\n {2}deploy-audit/)
    const named = new Set([...help.matchAll(/^ +(?:-\w, )?--([a-z-]+)/gm)].map(([, name]) => name))
    const taken = OPTION_LIST.filter(([, { commands }]) => commands.includes(command))
    assert.equal([...named].sort(), taken.map(([name]) => name as string).sort(), command)
    for (const format of FORMATS_OF[command] ?? []) assert.ok(help.includes(format), `${command} ${format}`)
    for (const line of help.split('\n')) assert.ok(line.length <= 100, line)
  }
  assert.equal(Object.keys(reporters), [...FORMATS])
})

test('the examples of the help are command lines that are taken', () => {
  for (const [command, { examples }] of Object.entries(COMMAND_SPECS)) {
    for (const [line] of examples) {
      const words = line
        .replace(/^.*\| /, '')
        .replace(/ >.*$/, '')
        .split(' ')
        .slice(1)
      assert.is(readArguments(words).command, command, line)
    }
  }
})

test('options are told apart by one short and one long name', () => {
  const shorts = OPTION_LIST.flatMap(([, { short }]) => (short === undefined ? [] : [short]))
  assert.is(new Set(shorts).size, shorts.length)
  assert.ok(readArguments(['-V']).version)
  assert.is(readArguments(['help', 'map']).command, 'help')
})

test.run()
