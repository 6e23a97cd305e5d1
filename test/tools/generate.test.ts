import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

test('generated files are as they would be written now', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'tools/generate.ts', '--check'],
    { encoding: 'utf8' },
  )
  assert.is(status, 0, stderr)
  assert.match(stdout, /^\d+ generated files, 0 changed$/m)
})

test.run()
