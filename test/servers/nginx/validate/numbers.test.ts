import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readAddress } from '../../../../src/servers/nginx/validate/address.ts'
import {
  isCidr,
  parseIpv4,
  parseIpv6,
  parseNumber,
  parseSize,
  parseTime,
} from '../../../../src/servers/nginx/validate/numbers.ts'

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

test('addresses are read as nginx reads them', () => {
  assert.is(parseIpv4('127.0.0.1'), 2_130_706_433)
  assert.is(parseIpv4('127..1.1'), parseIpv4('127.0.1.1'))
  for (const text of ['1.2.3', '1.2.3.256', '1.2.3.4.5', 'a.b.c.d']) assert.is(parseIpv4(text), null, text)
  assert.equal(parseIpv6('::1'), [0, 0, 0, 0, 0, 0, 0, 1])
  assert.equal(parseIpv6('::ffff:1.2.3.4'), [0, 0, 0, 0, 0, 0xffff, 0x102, 0x304])
  for (const text of ['', ':', '1::2::3', '12345::', '1:2:3']) assert.is(parseIpv6(text), null, text)
})

test('networks', () => {
  for (const text of ['10.0.0.0/8', '10.1.2.3', '2001:db8::/32', '0.0.0.0/0'])
    assert.is(isCidr(text), 'valid', text)
  for (const text of ['10.1.2.3/8', '2001:db8::1/32']) assert.is(isCidr(text), 'host-bits', text)
  for (const text of ['10.0.0.0/33', 'host', '10.0.0.0/x', '']) assert.is(isCidr(text), 'invalid', text)
})

test('ports, ranges, sockets, paths', () => {
  const inet = { kind: 'inet', host: '0.0.0.0', uri: '' }
  assert.equal(readAddress('80', { listen: true }), { ...inet, port: 80, lastPort: 80 })
  assert.equal(readAddress('80-82', { listen: true }), { ...inet, port: 80, lastPort: 82 })
  assert.equal(readAddress('*:81', { listen: true }), { ...inet, port: 81, lastPort: 81 })
  assert.equal(readAddress('Back:82/x?y', { uri: true }), {
    kind: 'name',
    host: 'back',
    port: 82,
    lastPort: 82,
    uri: '/x?y',
  })
  assert.is((readAddress('unix:/run/a.sock:/x', { uri: true }) as { uri: string }).uri, '/x')
  assert.is((readAddress('[::1]:80') as { port: number }).port, 80)
  for (const text of ['a:0', 'a:65536', 'a:b', ':80', 'a/b', '[::1', '[x]:80', 'unix:', ''])
    assert.type(readAddress(text), 'string', text)
})

test.run()
