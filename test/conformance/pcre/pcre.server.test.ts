import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compareMatching } from './compare-matching.ts'
import { compareCompiling } from './differential.ts'

// `differential.ts` compares as many as one likes.
const SEED = 20_261_126

for (const [name, release] of [
  ['PCRE2', 10.42],
  ['PCRE1', 8.39],
] as const) {
  test(`patterns made by chance compile here where they compile in ${name}`, () => {
    const result = compareCompiling(SEED, 4000, release)
    assert.ok(result.accepted > result.count / 4, `only ${result.accepted} of ${result.count} compile`)
    assert.equal(result.falseRefusals, [])
    assert.equal(result.falseAcceptances, [])
  })
}

test('a match and its groups are what PCRE2 finds', () => {
  const result = compareMatching(SEED, 3000)
  assert.ok(result.matched > 1000, `only ${result.matched} pairs match`)
  assert.ok(result.unknown < result.compared / 10, `${result.unknown} pairs are left open`)
  assert.equal(result.disagreements, [])
})

test.run()
