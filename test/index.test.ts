import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditPaths, InputError } from '../src/index.ts'

test('a fact that is none is a mistake of the caller', async () => {
  const facts = { outerProxies: ['10.0.0.0/8', '300.1.1.1'] }
  try {
    await auditPaths(['examples/broken'], { facts })
    assert.unreachable()
  } catch (error) {
    assert.instance(error, InputError)
    assert.match((error as Error).message, /^facts\.outerProxies: .*300\.1\.1\.1/)
  }
})

test.run()
