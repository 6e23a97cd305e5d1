import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scratchTree } from '../files/scratch-tree.ts'
import { helpText } from '../../src/cli/help.ts'
import { BUILT_PROGRAM } from './built-program.ts'

const NODE = [process.execPath, BUILT_PROGRAM]

function main(words: readonly string[], input = '') {
  const [node = '', ...before] = NODE
  return spawnSync(node, [...before, ...words], { encoding: 'utf8', input })
}

test('--version is the package’s own', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  const { status, stdout, stderr } = main(['--version'])
  assert.equal({ status, stdout, stderr }, { status: 0, stdout: `${version}\n`, stderr: '' })
})

test('--help goes to standard output, a mistake to standard error', () => {
  assert.is(main(['--help']).stdout, helpText(null))
  const { status, stdout, stderr } = main(['--hlep'])
  assert.is(status, 2)
  assert.is(stdout, '')
  assert.is(stderr, 'deploy-audit: unknown option "--hlep": did you mean "--help"?\n')
})

test('a process reads standard input and ends with the exit code of its findings', () => {
  const { status, stdout } = main(['-f', 'concise', '-'], 'upstream a {\n  server 127.0.0.1:9000\n}\n')
  assert.is(status, 1)
  assert.match(stdout, /^stdin:\d:\d+: error: .*\[nginx\/syntax\]/)
})

test('a program that runs it on a terminal of its own reads lines from their first letter', () => {
  const input = scratchTree({ 'nginx.conf': 'upstream a {\n  server 127.0.0.1:9000\n}\n' })
  for (const TERM of ['dumb', 'xterm']) {
    const { stdout } = spawnSync(
      'script',
      ['--quiet', '--command', `${NODE.join(' ')} --color never -f concise ${input}/nginx.conf`, '/dev/null'],
      { encoding: 'utf8', env: { ...process.env, TERM } },
    )
    assert.match(stdout, /^\/\S*\/nginx\.conf:\d+:\d+: error: /, TERM)
  }
})

test('a pipe that closes early is no error', () => {
  const command = `${NODE.join(' ')} explain wsgi tls canonical-url topology | head -c 10; echo "\${PIPESTATUS[0]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
  assert.match(stdout, /^.{10}0\n$/s)
  assert.is(stderr, '')
})

test.run()
