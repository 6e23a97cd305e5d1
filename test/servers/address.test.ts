import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { covers, type Endpoint, formatEndpoint, isLoopback, parseHost } from '../../src/servers/address.ts'
import { parseNginxListen, parseNginxTarget } from '../../src/servers/addresses/nginx.ts'

function listen(text: string, ipv6only = true): Endpoint {
  const parsed = parseNginxListen(text)
  assert.ok(parsed, text)
  return { address: parsed.address, port: parsed.port, ipv6only }
}

function target(text: string): Endpoint {
  const parsed = parseNginxTarget(text, 80)
  assert.ok(parsed, text)
  return parsed
}

test('addresses are normalised', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['127.0.0.1', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['010.0.0.1', '8.0.0.1'],
    ['[::1]', '[::1]'],
    ['[0:0:0:0:0:0:0:1]', '[::1]'],
    ['[2001:DB8:0:0:1:0:0:1]', '[2001:db8::1:0:0:1]'],
    ['[2001:db8:0:1:1:1:1:1]', '[2001:db8:0:1:1:1:1:1]'],
    ['[::ffff:7f00:1]', '[::ffff:127.0.0.1]'],
    ['[fe80::]', '[fe80::]'],
    ['Example.COM', 'example.com'],
    ['256.0.0.1', '256.0.0.1'],
  ]
  for (const [text, expected] of cases) {
    assert.is(formatEndpoint({ address: parseHost(text), port: null }), expected, text)
  }
  assert.is(parseHost('256.0.0.1').kind, 'name')
  assert.is(parseHost('::1').kind, 'ip')
})

test('loopback is what only this machine reaches', () => {
  for (const text of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', '::ffff:127.0.0.1'])
    assert.is(isLoopback(parseHost(text)), true, text)
  for (const text of ['0.0.0.0', '::', '10.0.0.1', '::2', '128.0.0.1'])
    assert.is(isLoopback(parseHost(text)), false, text)
  assert.is(isLoopback(parseHost('backend.internal')), undefined)
  assert.is(isLoopback({ kind: 'unix', path: '/run/a' }), true)
})

test('a listener takes the connections that are made to it', () => {
  const cases: readonly (readonly [string, string, boolean | undefined])[] = [
    ['80', '127.0.0.1:80', true],
    ['80', '127.0.0.1:81', false],
    ['80', '[::1]:80', false],
    ['[::]:80', '[::1]:80', true],
    ['[::]:80', '127.0.0.1:80', false],
    ['127.0.0.1:80', '127.0.0.1:80', true],
    ['127.0.0.1:80', '127.0.0.2:80', false],
    ['127.0.0.1:80', '[::ffff:127.0.0.1]:80', true],
    ['127.0.0.1:80', '0.0.0.0:80', true],
    ['127.0.0.1:80', 'localhost:80', true],
    ['[::1]:80', 'localhost:80', undefined],
    ['127.0.0.2:80', 'localhost:80', false],
    ['80', 'localhost:80', true],
    ['localhost:80', '127.0.0.1:80', true],
    ['localhost:80', '10.0.0.1:80', false],
    ['127.0.0.1:80', 'backend:80', undefined],
    ['80', 'backend:80', undefined],
    ['backend:80', 'backend:80', true],
    ['backend:80', '10.0.0.1:80', undefined],
    ['backend:80', '10.0.0.1:81', false],
    ['unix:/run/a', 'unix:/run/a:/x', true],
    ['unix:/run/a', 'unix:/run/b', false],
    ['unix:/run/a', '127.0.0.1:80', false],
    ['80', 'unix:/run/a', false],
  ]
  for (const [at, to, expected] of cases) assert.is(covers(listen(at), target(to)), expected, `${at} ${to}`)
  assert.is(covers(listen('[::]:80', false), target('127.0.0.1:80')), true)
  assert.is(covers(listen('[::]:80', false), target('backend:80')), true)
})

test.run()
