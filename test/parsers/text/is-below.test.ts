import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { shownFrom } from '../../../parsers/text/is-below.ts'

test('a path below the audited directory is shown from there', () => {
  assert.is(shownFrom('/srv/shop/web', '/srv/shop'), 'web')
  assert.is(shownFrom('/srv/shop', '/srv/shop'), '.')
  assert.is(shownFrom('/srv/shop2', '/srv/shop'), '/srv/shop2')
  assert.is(shownFrom('/srv/shop', '/'), '/srv/shop')
})

test.run()
