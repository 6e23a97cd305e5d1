import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { askModel } from './differential/ask.ts'
import { runDifferential } from './differential.ts'

/** The large run is `differential.ts`; this one is small enough for every run of all tests. */
const result = await runDifferential({ count: 300, seed: 20, version: '1.22.1' })

test('nginx and the model agree on small mutations of good configurations', () => {
  assert.ok(result !== null, 'openssl makes the certificates of the configurations')
  const { comparisons, agreement } = result
  const different = comparisons
    .filter(({ outcome }) => outcome === 'verdict' || outcome === 'place')
    .map(
      ({ base, kind, nginx, model }) => `${base}, ${kind}: nginx «${nginx.message}», here «${model.message}»`,
    )
  assert.ok(agreement >= 0.985, `${agreement}\n${different.join('\n')}`)
  // A run in which nginx took everything, or nothing, would prove nothing.
  assert.ok(comparisons.filter(({ nginx }) => nginx.accepts).length > 30)
  assert.ok(comparisons.filter(({ nginx }) => !nginx.accepts).length > 100)
})

test('what nginx accepts is accepted', () => {
  assert.ok(result !== null)
  assert.ok(result.bases.length > 30, `nginx accepts only ${result.bases.length} of the configurations`)
  for (const { name, text } of result.bases) {
    const { accepts, message } = askModel(text, '1.22.1')
    assert.ok(accepts, `${name}: ${message}`)
  }
})

test.run()
