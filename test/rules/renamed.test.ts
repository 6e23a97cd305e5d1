import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { RENAMED } from '../../rules/renamed.ts'

test('an old id is no rule, and its new one is', () => {
  const ids = new Set(rules.map(({ id }) => id))
  for (const [old, now] of RENAMED) {
    assert.not.ok(ids.has(old), old)
    assert.ok(ids.has(now), now)
  }
})

test.run()
