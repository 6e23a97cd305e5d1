import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { shownFrom } from '../../../parsers/text/is-below.ts'

test('a path below the audited directory is shown from there', () => {
  assert.is(shownFrom('/work/shop/web', '/work/shop'), 'web')
  assert.is(shownFrom('/work/shop', '/work/shop'), '.')
  assert.is(shownFrom('/work/shop2', '/work/shop'), '/work/shop2')
  assert.is(shownFrom('/srv/shop', '/'), '/srv/shop')
})

test.run()
