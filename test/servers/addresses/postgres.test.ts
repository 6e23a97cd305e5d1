import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isHbaOfThisMachine, postgresListen } from '../../../src/servers/addresses/postgres.ts'

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
  for (const entry of ['*', '0.0.0.0', '::']) assert.is(postgresListen(entry), 'every address', entry)
  for (const entry of ['localhost', '127.0.0.1', '::1']) assert.is(postgresListen(entry), 'loopback', entry)
  assert.is(postgresListen('10.0.0.5'), 'other address')
  assert.is(postgresListen('db.internal'), 'name')
})

test.run()
