import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ANY_V4, ANY_V6, parseHost } from '../../../src/servers/address.ts'
import { isHbaOfThisMachine, postgresAddresses } from '../../../src/servers/addresses/postgres.ts'

test('clients of pg_hba.conf', () => {
  const own: readonly (readonly [string, string?])[] = [
    ['127.0.0.1/32'],
    ['127.0.0.0/8'],
    ['::1/128'],
    ['127.0.0.1', '255.255.255.255'],
    ['127.0.0.0', '255.0.0.0'],
    ['localhost'],
    ['samehost'],
    ['"127.0.0.1/32"'],
  ]
  for (const [address, next = 'scram-sha-256'] of own)
    assert.is(isHbaOfThisMachine(address, next), true, address)
  const others: readonly (readonly [string, string?])[] = [
    ['127.0.0.1/0'],
    ['0.0.0.0/0'],
    ['::/0'],
    ['10.0.0.5', '255.255.255.0'],
    ['127.0.0.1', '0.0.0.0'],
    ['samenet'],
    ['all'],
    ['.example.org'],
  ]
  for (const [address, next = 'scram-sha-256'] of others)
    assert.is(isHbaOfThisMachine(address, next), false, address)
})

test('entries of listen_addresses', () => {
  assert.equal(postgresAddresses('*'), [ANY_V4, ANY_V6])
  assert.equal(postgresAddresses('0.0.0.0'), [ANY_V4])
  assert.equal(postgresAddresses('::1'), [parseHost('::1')])
  assert.equal(postgresAddresses('localhost'), [{ kind: 'name', name: 'localhost' }])
})

test.run()
