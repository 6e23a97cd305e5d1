import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readRegex } from '../../../../src/servers/nginx/validate/regex.ts'
import { BAD_PATTERNS, GOOD_PATTERNS } from './patterns.ts'

for (const pattern of GOOD_PATTERNS)
  test(`taken: ${pattern}`, () => assert.is(readRegex(pattern).error, null))
for (const pattern of BAD_PATTERNS)
  test(`refused: ${pattern}`, () => assert.type(readRegex(pattern).error, 'string'))

test('named groups are told', () => {
  assert.equal(readRegex("(?<a>x)(?P<b>y)(?'c'z)(?:d)").names, ['a', 'b', 'c'])
})

test.run()
