import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { matchesAlias } from '../../../../parsers/wildcard/alias-match.ts'
import { parseHost } from '../../../../src/servers/address.ts'
import type { ApacheConfiguration } from '../../../../src/servers/apache/configuration.ts'
import {
  normaliseHost,
  selectVirtualHost,
} from '../../../../src/servers/apache/queries/select-virtual-host.ts'
import { configure, configureFragment } from './configure.ts'

/** Name or opener of the host that answers, and why. */
function answer(
  configuration: ApacheConfiguration,
  address: string,
  port: number,
  host: string | null,
): string {
  const selection = selectVirtualHost(configuration, { address: parseHost(address), port, host })
  if (selection.kind !== 'virtual-host') return selection.kind
  const { serverName, directive } = selection.virtualHost
  return `${serverName?.known ? serverName.value.host : directive.args[0]?.value} ${selection.reason}`
}

const LAYERS = `
<VirtualHost *:80>
ServerName any80
</VirtualHost>
<VirtualHost *>
ServerName any
</VirtualHost>
<VirtualHost 10.0.0.1:*>
ServerName ip
</VirtualHost>
<VirtualHost 10.0.0.1:80>
ServerName ip80
</VirtualHost>
<VirtualHost 10.0.0.1:80>
ServerName second
ServerAlias other *.wild
</VirtualHost>
`

test('the address chooses the set, and no name outside it counts', () => {
  const configuration = configure(LAYERS)
  assert.is(answer(configuration, '10.0.0.1', 80, 'any80'), 'ip80 first')
  assert.is(answer(configuration, '10.0.0.1', 81, 'x'), 'ip first')
  assert.is(answer(configuration, '10.0.0.2', 80, 'x'), 'any80 first')
  assert.is(answer(configuration, '10.0.0.2', 81, 'x'), 'any first')
  assert.is(answer(configuration, '::1', 80, 'x'), 'any80 first')
})

test('names, aliases and patterns choose in the set', () => {
  const configuration = configure(LAYERS)
  assert.is(answer(configuration, '10.0.0.1', 80, 'SECOND:8080'), 'second name')
  assert.is(answer(configuration, '10.0.0.1', 80, 'other.'), 'second alias')
  assert.is(answer(configuration, '10.0.0.1', 80, 'a.b.wild'), 'second wild-alias')
  assert.is(answer(configuration, '10.0.0.1', 80, null), 'ip80 first')
  assert.is(answer(configuration, '10.0.0.1', 80, '10.0.0.1'), 'ip80 address')
})

test('reading order beats exactness', () => {
  const configuration = configure(
    '<VirtualHost *:80>\nServerName a\nServerAlias *.test\n</VirtualHost>\n<VirtualHost *:80>\nServerName b.test\n</VirtualHost>\n',
  )
  assert.is(answer(configuration, '127.0.0.1', 80, 'b.test'), 'a wild-alias')
})

test('no virtual host at the address: the main server, which a fragment does not know', () => {
  assert.is(
    answer(configure('ServerName x\n<VirtualHost 10.0.0.1:80>\n</VirtualHost>'), '10.0.0.2', 80, 'x'),
    'main-server',
  )
  assert.is(
    answer(configureFragment('<VirtualHost 10.0.0.1:80>\n</VirtualHost>'), '10.0.0.2', 80, 'x'),
    'unknown',
  )
})

test('an address that only a resolver knows may be the one', () => {
  const configuration = configure(
    `<VirtualHost www.example.org:80>\nServerName dns\n</VirtualHost>\n${LAYERS}`,
  )
  assert.is(answer(configuration, '10.0.0.1', 80, 'ip80'), 'unknown')
  assert.is(answer(configuration, '10.0.0.1', 81, 'x'), 'ip first', 'the port is another')
})

test('an address that no resolver knows is nobody', () => {
  const configuration = configure(
    '<VirtualHost *:https>\nServerName dead\n</VirtualHost>\n<VirtualHost *:443>\nServerName live\n</VirtualHost>\n',
  )
  assert.is(answer(configuration, '10.0.0.1', 443, 'dead'), 'live first')
})

test('a name that is filled in elsewhere may match what comes after it', () => {
  const configuration = configure(
    '<VirtualHost *:80>\nServerName a\n</VirtualHost>\n<VirtualHost *:80>\nServerName \uE000\n</VirtualHost>\n<VirtualHost *:80>\nServerName c\n</VirtualHost>\n',
  )
  assert.is(answer(configuration, '10.0.0.1', 80, 'a'), 'a name')
  assert.is(answer(configuration, '10.0.0.1', 80, 'c'), 'unknown')
  assert.is(answer(configuration, '10.0.0.1', 80, 'x'), 'unknown')
})

test('an address without a port takes that of the ServerName before it', () => {
  const configuration = configure(
    '<VirtualHost 10.0.0.1>\nServerName early\n</VirtualHost>\nServerName main:8080\n<VirtualHost 10.0.0.1>\nServerName late\n</VirtualHost>\n',
  )
  assert.is(answer(configuration, '10.0.0.1', 8080, 'x'), 'late first')
  assert.is(answer(configuration, '10.0.0.1', 80, 'x'), 'early first')
})

test('hosts and patterns as httpd compares them', () => {
  assert.is(normaliseHost('Example.ORG:80'), 'example.org')
  assert.is(normaliseHost('[::1]:80'), '[::1]')
  assert.ok(matchesAlias('*.test', 'a.b.test'))
  assert.ok(matchesAlias('b?.test', 'b1.test'))
  assert.not(matchesAlias('b?.test', 'b.test'))
  assert.ok(matchesAlias('*', ''))
  assert.ok(matchesAlias('a*b*c', 'axxbxbyc'))
  assert.not(matchesAlias('a*b*c', 'axxbxby'))
})

test.run()
