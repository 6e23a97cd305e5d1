import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FOUND } from './found.ts'
import { checkTree } from './check-tree.ts'

/** The same trees in every run; `npx tsx test/fuzz/run.ts` makes others for as long as one likes. */
const TREES = 300

test('no mutated tree ends the audit without a report, hangs it, or makes it read or print what it must not', async () => {
  const faults: string[] = []
  for (const seed of [...FOUND, ...Array.from({ length: TREES }, (_, index) => index + 1)]) {
    const fault = await checkTree(seed)
    if (fault !== null) faults.push(fault)
  }
  assert.equal(faults, [])
})

test.run()
