import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ANY_V4, ANY_V6, formatEndpoint } from '../../../src/servers/address.ts'
import {
  apacheNetworkContains,
  type ApacheSocket,
  parseApacheHostAddress,
  parseApacheListen,
  parseApacheNetwork,
  prefixNetwork,
} from '../../../src/servers/addresses/apache.ts'
import { parseIp } from '../../../src/servers/addresses/ip.ts'

function text(socket: ApacheSocket): string {
  if (socket.kind === 'malformed' || socket.kind === 'unresolvable') return socket.kind
  if (socket.kind === 'name') return `name ${socket.name}:${socket.port ?? '*'}`
  return `${socket.kind} ${formatEndpoint(socket)}${socket.hasPort ? '' : ' without port'}`
}

test('every form of Listen', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['80', 'any [::]:80'],
    ['*:80', 'any [::]:80'],
    ['0.0.0.0:80', 'any 0.0.0.0:80'],
    ['[::]:80', 'any [::]:80'],
    ['127.0.0.1:80', 'ip 127.0.0.1:80'],
    ['010.0.0.1:80', 'ip 8.0.0.1:80'],
    ['127.1:80', 'ip 127.0.0.1:80'],
    ['[::ffff:10.0.0.1]:80', 'ip 10.0.0.1:80'],
    ['::1:80', 'ip [::1]:80'],
    ['[fe80::1%eth0]:80', 'ip [fe80::1%eth0]:80'],
    ['localhost:80', 'name localhost:80'],
    // atoi keeps the low 32 bits.
    ['4294967376', 'any [::]:80'],
    ['[::1%lo]:80', 'unresolvable'],
    ['_default_:80', 'name _default_:80'],
    ['[00001::]:80', 'unresolvable'],
    ['300.1.1.1:80', 'unresolvable'],
    ['a..b:80', 'unresolvable'],
    ['127.0.0.1', 'malformed'],
    ['127.0.0.1:*', 'malformed'],
    ['0', 'malformed'],
    ['99999', 'malformed'],
    [':80', 'malformed'],
    ['[::1', 'malformed'],
    ['[zz]:80', 'malformed'],
    ['[fe80::1%]:80', 'malformed'],
    ['a:0', 'malformed'],
    ['', 'malformed'],
  ]
  for (const [written, expected] of cases) assert.is(text(parseApacheListen(written)), expected, written)
  assert.is((parseApacheListen('0.0.0.0:80') as { address: unknown }).address, ANY_V4)
  assert.is((parseApacheListen('80') as { address: unknown }).address, ANY_V6)
})

test('every form of VirtualHost', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['*', 'any [::]'],
    ['*:443', 'any [::]:443'],
    ['_Default_:*', 'any [::]'],
    ['_default_', 'any [::] without port'],
    ['10.0.0.1', 'ip 10.0.0.1 without port'],
    ['[::1]:80', 'ip [::1]:80'],
    ['[1:2:3:4:5:6:7::]:80', 'ip [1:2:3:4:5:6:7:0]:80'],
    // APR accepts it, and the C library then does not know it.
    ['[00000:000:000:0000::2]:7080', 'unresolvable'],
    ['[1:2:3:4::5:6:7:8]:80', 'unresolvable'],
    ['*:https', 'unresolvable'],
    ['80', 'malformed'],
    ['10.0.0.1:0', 'malformed'],
  ]
  for (const [written, expected] of cases) assert.is(text(parseApacheHostAddress(written)), expected, written)
})

test('networks of Require ip and its like', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['10.1', '10.1.2.3', true],
    ['10.1.', '10.2.2.3', false],
    ['010', '10.9.9.9', true],
    ['10.0.0.0/8', '10.9.9.9', true],
    ['10.0.0.0/+8', '11.0.0.1', false],
    ['10.0.0.0/255.0.0.0', '10.1.1.1', true],
    ['10.0.5.0/255.0.255.0', '10.77.5.1', true],
    ['10.0.5.0/255.0.255.0', '10.77.6.1', false],
    ['10.0.0.1/0.0.0.0', '192.0.2.1', true],
    ['10.0.0.1', '::ffff:10.0.0.1', true],
    ['2001:db8::/32', '2001:db8::5', true],
    ['2001:db8::/32', '10.0.0.1', false],
    ['1:2:3:4:5:6:7:8:', '1:2:3:4:5:6:7:8', true],
  ]
  for (const [written, client, expected] of cases) {
    const network = parseApacheNetwork(written)
    assert.ok(network, written)
    assert.is(apacheNetworkContains(network, parseIp(client) ?? []), expected, `${written} ${client}`)
  }
  for (const written of [
    '10.1/16',
    '10.0.0.0/0',
    '::ffff:10.0.0.1',
    '::1/255.0.0.0',
    '1..2',
    '300',
    '',
    '/8',
    'host',
  ])
    assert.is(parseApacheNetwork(written), null, written)
  assert.equal(prefixNetwork({ ip: [10, 1, 0, 0], mask: [255, 0, 0, 0] }), { ip: [10, 0, 0, 0], prefix: 8 })
  assert.is(prefixNetwork({ ip: [10, 1, 0, 0], mask: [255, 0, 255, 0] }), null)
})

test.run()
