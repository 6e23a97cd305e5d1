import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readRegex } from '../../../../src/servers/nginx/validate/regex.ts'
import { BAD_PATTERNS, GOOD_PATTERNS } from './patterns.ts'

/** Tried with the real libraries, 8.39 and 10.42. */
const PCRE2_REFUSES = ['\\y', '\\i', '[\\y]', '(a)\\8']

for (const pattern of GOOD_PATTERNS)
  test(`taken: ${pattern}`, () => assert.is(readRegex(pattern, 2).error, null))
for (const pattern of BAD_PATTERNS)
  test(`refused: ${pattern}`, () => assert.type(readRegex(pattern, 2).error, 'string'))

test('named groups are told', () => {
  assert.equal(readRegex("(?<a>x)(?P<b>y)(?'c'z)(?:d)", 2).names, ['a', 'b', 'c'])
})

test('what PCRE 1 takes and PCRE2 does not', () => {
  for (const pattern of PCRE2_REFUSES) {
    assert.is(readRegex(pattern, 1).error, null, pattern)
    assert.type(readRegex(pattern, 2).error, 'string', pattern)
  }
})

test.run()
