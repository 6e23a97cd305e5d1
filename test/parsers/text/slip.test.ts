import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { areNumbered, isSlip } from '../../../parsers/text/slip.ts'

test('a slip changes a letter or two', () => {
  assert.ok(isSlip('gunicorn', 'gunicron', 2))
  assert.ok(isSlip('shop', 'shops', 1))
  assert.not(isSlip('gunicorn', 'gunicron', 1))
  assert.not(isSlip('shop', 'blog', 2))
})

test('names with another number are other names', () => {
  assert.not(isSlip('web1', 'web2', 2))
  assert.not(isSlip('app-07.example.org', 'app-17.example.org', 2))
  assert.ok(isSlip('web1', 'wep1', 1))
  assert.ok(isSlip('web1', 'web', 1))
  assert.ok(areNumbered('web1', 'web11'))
  assert.not(areNumbered('web1', 'web1'))
})

test.run()
