import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scratchTree } from '../files/scratch-tree.ts'

const head = "import { test } from 'uvu'\nimport * as assert from 'uvu/assert'\n"
const passing = `${head}test('a', () => assert.ok(true))\ntest('b', () => assert.ok(true))\ntest.run()\n`

function runTests(files: Readonly<Record<string, string>>, words: readonly string[] = []) {
  const directory = scratchTree({ 'package.json': '{"type":"module"}\n', ...files })
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'))
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', resolve('tools/run-tests.ts'), ...words],
    { cwd: directory, encoding: 'utf8' },
  )
  return { status, last: stdout.trimEnd().split('\n').at(-1), stdout }
}

function lastOf(files: Readonly<Record<string, string>>, words: readonly string[] = []) {
  const { status, last } = runTests(files, words)
  return { status, last }
}

test('counts what passed, and leaves the tests with servers out', () => {
  const files = { 'test/a.test.ts': passing, 'test/b.server.test.ts': `${head}throw new Error('ran')\n` }
  assert.equal(lastOf(files), { status: 0, last: '2 passed, 0 failed' })
})

test('a failed test, a crashed file and one without tests each count as failed', () => {
  const files = {
    'test/a.test.ts': passing,
    'test/failing.test.ts': `${head}test('c', () => assert.ok(false))\ntest('d', () => {})\ntest.run()\n`,
    'test/crashing.test.ts': `${head}throw new Error('no')\n`,
    'test/late.test.ts': `${head}test('e', () => {})\ntest.run()\nsetTimeout(() => process.exit(7), 200)\n`,
    'test/empty.test.ts': 'export {}\n',
  }
  assert.equal(lastOf(files), { status: 1, last: '4 passed, 4 failed' })
})

test('what failed is shown at once, without the dots of what passed', () => {
  const failing = `${head}test('fine', () => {})\ntest('c', () => assert.is(1, 2))\ntest.run()\n`
  const { stdout } = runTests({ 'test/failing.test.ts': failing })
  assert.not.match(stdout, /[•✘]/)
  assert.match(stdout, /^FAIL test\/failing\.test\.ts .*\n\s*FAIL {2}"c"\n/)
})

test('what fails beside other files is run once more alone, in full runs', () => {
  const once = `${head}import { existsSync, writeFileSync } from 'node:fs'
test('d', () => {
  const isSecond = existsSync('ran')
  writeFileSync('ran', '')
  assert.ok(isSecond)
})
test.run()
`
  const files = { 'test/a.test.ts': passing, 'test/busy.test.ts': once }
  assert.equal(lastOf(files), { status: 1, last: '2 passed, 1 failed' })
  const { status, last, stdout } = runTests(files, ['--full'])
  assert.equal({ status, last }, { status: 0, last: '3 passed, 0 failed' })
  assert.match(stdout, /^AGAIN test\/busy\.test\.ts /m)
  assert.match(stdout, /^ok {3}test\/busy\.test\.ts /m)
  const failing = { 'test/c.test.ts': `${head}test('c', () => assert.ok(false))\ntest.run()\n` }
  assert.equal(lastOf(failing, ['--full']), { status: 1, last: '0 passed, 1 failed' })
})

test('the files of a directory share a process, and are parted where one fails', () => {
  const shared = `${head}test('alone', () => assert.is(globalThis.former ??= 'SELF', 'SELF'))\ntest.run()\n`
  const files = {
    'test/x/a.test.ts': shared.replaceAll('SELF', 'a'),
    'test/x/deep/b.test.ts': shared.replaceAll('SELF', 'a'),
    'test/limits/c.test.ts': shared.replaceAll('SELF', 'c'),
  }
  const { last, stdout } = runTests(files)
  assert.is(last, '3 passed, 0 failed')
  assert.match(stdout, /^ok {3}test\/x \(2 files, 2 passed, /m)
  for (const broken of [
    shared.replaceAll('SELF', 'b'),
    `${head}test('b', () => assert.ok(false))\ntest.run()\n`,
    `${head}throw new Error('no')\n`,
    'export {}\n',
  ]) {
    const parted = runTests({ ...files, 'test/x/deep/b.test.ts': broken })
    assert.match(parted.stdout, /^AGAIN test\/x \(2 files, /m)
    assert.match(parted.stdout, /^ok {3}test\/x\/a\.test\.ts /m)
    const isSound = broken.includes('globalThis')
    assert.match(parted.stdout, isSound ? /^ok {3}test\/x\/deep\/b/m : /^FAIL test\/x\/deep\/b/m)
    assert.is(parted.last, isSound ? '3 passed, 0 failed' : '2 passed, 1 failed')
  }
})

test('nothing that matches is a failure', () => {
  assert.equal(lastOf({ 'test/a.test.ts': passing }, ['zzz']), { status: 1, last: '0 passed, 0 failed' })
})

test.run()
