import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseNumber, parseSize, parseTime } from '../../../../src/servers/nginx/validate/numbers.ts'

test('numbers are digits alone', () => {
  assert.is(parseNumber('012'), 12)
  for (const text of ['', '-1', '+1', '1.5', '0x1', '1 ', '99999999999999999999'])
    assert.is(parseNumber(text), null, text)
})

test('sizes have k or m, offsets g too', () => {
  assert.is(parseSize('64k'), 65_536)
  assert.is(parseSize('1M'), 1_048_576)
  assert.is(parseSize('1g'), null)
  assert.is(parseSize('1g', true), 1_073_741_824)
  for (const text of ['k', '1kb', '1.5m', '']) assert.is(parseSize(text), null, text)
})

test('times fall from years to milliseconds', () => {
  assert.is(parseTime('90', false), 90_000)
  assert.is(parseTime('1h30m', false), 5_400_000)
  assert.is(parseTime('1m500ms', false), 60_500)
  assert.is(parseTime('1h 30m', true), 5_400_000)
  assert.is(parseTime('1y2M', true), (365 + 60) * 24 * 3_600_000)
  for (const text of ['', 's', '30m1h', ' 1h', '5 5s', '1x', '1s1s', '-1s'])
    assert.is(parseTime(text, false), null, text)
  assert.is(parseTime('1y', false), null)
  assert.is(parseTime('10ms', true), null)
})

test.run()
