import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scratchTree } from '../files/scratch-tree.ts'
import { BUILT_PROGRAM } from './built-program.ts'

function shell(script: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', script, 'bash', process.execPath, BUILT_PROGRAM, ...args],
    {
      encoding: 'utf8',
    },
  )
  return { status, stdout, stderr }
}

test('a working directory that is gone is one line and exit 2', () => {
  const scratch = scratchTree({ 'gone/x': '' })
  const { status, stdout, stderr } = shell('cd "$3/gone" && rm -r "$3/gone" && "$1" "$2" .', scratch)
  assert.is(status, 2)
  assert.is(stdout, '')
  assert.match(stderr, /^deploy-audit: the working directory cannot be read: no such file or directory\n$/)
})

test('an output that is full is one line and exit 2, as far as there is room for a line', () => {
  const scratch = scratchTree({ 'nginx.conf': 'server {\n  listen 80\n}\n' })
  const output = shell('"$1" "$2" "$3" > /dev/full', scratch)
  assert.is(output.status, 2)
  assert.match(output.stderr, /^deploy-audit: [^\n]*cannot be written: no space left\n$/)
  const errors = shell('"$1" "$2" --hlep 2> /dev/full')
  assert.equal(errors, { status: 2, stdout: '', stderr: '' })
  assert.is(shell('"$1" "$2" -v "$3" 2> /dev/full', scratch).status, 2)
  assert.is(shell('"$1" "$2" -v "$3" 2>&- >&-', scratch).status, 1)
})

test('standard input that never ends is read up to a limit', () => {
  const server = 'server {\n  listen 80\n}\n'
  const ended = shell('(printf "%s" "$3"; cat /dev/zero) | "$1" "$2" -f concise -', server)
  assert.match(ended.stderr, /^deploy-audit: standard input: no configuration of nginx or Apache\n$|20 MB/)
  const comments = shell('(printf "%s" "$3"; yes "#") | "$1" "$2" -f concise -', server)
  assert.match(comments.stdout, /^stdin:3:1: error: .*\[nginx\/syntax\]/)
  assert.match(comments.stderr, /standard input is read up to 20 MB; the rest is not audited/)
  assert.is(comments.status, 4)
})

test.run()
