import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ANY_V4, formatEndpoint } from '../../../src/servers/address.ts'
import { formatIp } from '../../../src/servers/addresses/ip.ts'
import {
  parseNginxAddress,
  parseNginxIpv4,
  parseNginxIpv6,
  parseNginxListen,
  parseNginxNetwork,
  parseNginxTarget,
} from '../../../src/servers/addresses/nginx.ts'

/** Values here, verdicts of the running nginx in `test/conformance/addresses`. */
test('an address is read as nginx reads it', () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['127.0.0.1', '127.0.0.1'],
    ['010.0.0.1', '10.0.0.1'],
    ['127..1.1', '127.0.1.1'],
    ['...', '0.0.0.0'],
    ['1.2.3', null],
    ['1.2.3.256', null],
    ['255.255.255.255', null],
  ]
  for (const [text, expected] of cases) {
    const ip = parseNginxIpv4(text)
    assert.is(ip === null ? null : formatIp(ip), expected, text)
  }
  const groups: readonly (readonly [string, string | null])[] = [
    ['::1', '::1'],
    ['::', '::'],
    ['1::', '1::'],
    [':1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::1:', '::1:0'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['::1..2.3', '::100:203'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
    ['1:2:3:4:5:6:7::', null],
    ['1:2:3:4::5:6:7:8', null],
    ['::1%lo', null],
    ['00001::', null],
    [':', null],
    ['', null],
  ]
  for (const [text, expected] of groups) {
    const ip = parseNginxIpv6(text)
    assert.is(ip === null ? null : formatIp(ip), expected, text)
  }
})

test('networks', () => {
  for (const text of ['10.0.0.0/8', '10.1.2.3', '2001:db8::/32', '0.0.0.0/0'])
    assert.is(parseNginxNetwork(text)?.hostBits, false, text)
  for (const text of ['10.1.2.3/8', '2001:db8::1/32'])
    assert.is(parseNginxNetwork(text)?.hostBits, true, text)
  for (const text of ['10.0.0.0/33', 'host', '10.0.0.0/x', '']) assert.is(parseNginxNetwork(text), null, text)
  assert.equal(parseNginxNetwork('10.1.2.3/8')?.network, { ip: [10, 0, 0, 0], prefix: 8 })
})

test('ports, ranges, sockets, paths', () => {
  const any = { address: ANY_V4, literal: true, host: '*', uri: '' }
  assert.equal(parseNginxAddress('80', { listen: true }), { ...any, port: 80, lastPort: 80 })
  assert.equal(parseNginxAddress('80-82', { listen: true }), { ...any, port: 80, lastPort: 82 })
  assert.equal(parseNginxAddress('*:81', { listen: true }), { ...any, port: 81, lastPort: 81 })
  assert.equal(parseNginxAddress('Back:82/x?y', { uri: true }), {
    address: { kind: 'name', name: 'back' },
    literal: false,
    host: 'Back',
    port: 82,
    lastPort: 82,
    uri: '/x?y',
  })
  for (const text of ['a:0', 'a:65536', 'a:b', ':80', 'a/b', '[::1', '[x]:80', 'unix:', ''])
    assert.type(parseNginxAddress(text), 'string', text)
  assert.equal(parseNginxListen('8000-8010'), {
    address: ANY_V4,
    port: 8000,
    lastPort: 8010,
    impliedPort: false,
  })
})

test('every form of listen', () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['80', '0.0.0.0:80'],
    ['*:8080', '0.0.0.0:8080'],
    ['*', '0.0.0.0:80'],
    ['127.0.0.1', '127.0.0.1:80'],
    ['127.0.0.1:443', '127.0.0.1:443'],
    ['127.1:443', '127.0.0.1:443'],
    ['010.0.0.1:443', '10.0.0.1:443'],
    ['[::]:80', '[::]:80'],
    ['[::1]', '[::1]:80'],
    ['localhost:81', 'localhost:81'],
    ['web-1', 'web-1:80'],
    ['unix:/run/a.sock', 'unix:/run/a.sock'],
    ['UNIX:/run/a.sock', 'unix:/run/a.sock'],
    ['0', null],
    ['65536', null],
    ['82-80', null],
    [':80', null],
    ['1.2.3.4:', null],
    ['1.2.3.4:x', null],
    ['[::1', null],
    ['[1:2:3:4::5:6:7:8]:8080', null],
    ['[1:2:3:4:5:6:7::]:8080', null],
    ['unix:', null],
    ['a/b', null],
  ]
  for (const [text, expected] of cases) {
    const parsed = parseNginxListen(text)
    assert.is(parsed === null ? null : formatEndpoint(parsed), expected, text)
  }
})

test('targets carry their URI and default port', () => {
  const target = parseNginxTarget('example.com/a?b', 80)
  assert.equal(target, {
    address: { kind: 'name', name: 'example.com' },
    port: 80,
    impliedPort: true,
    host: 'example.com',
    uri: '/a?b',
  })
  const socket = parseNginxTarget('unix:/run/x.sock:/a/', 80)
  assert.equal(socket, {
    address: { kind: 'unix', path: '/run/x.sock' },
    port: null,
    impliedPort: false,
    host: 'unix:/run/x.sock',
    uri: '/a/',
  })
  assert.equal(parseNginxTarget('[::1]:9000/', 80)?.address, {
    kind: 'ip',
    family: 6,
    ip: '::1',
    wildcard: false,
  })
  assert.is(parseNginxTarget('', 80), null)
})

test.run()
