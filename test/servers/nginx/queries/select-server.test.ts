import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseHost } from '../../../../src/servers/address.ts'
import type { NginxConfiguration } from '../../../../src/servers/nginx/configuration.ts'
import { hasUnreadListens, listens } from '../../../../src/servers/nginx/queries/listens.ts'
import {
  nameConflicts,
  requestHost,
  selectServer,
} from '../../../../src/servers/nginx/queries/select-server.ts'
import { httpServers } from '../../../../src/servers/nginx/queries/servers.ts'
import { nameMatches, serverNames } from '../../../../src/servers/nginx/queries/server-names.ts'
import { sockets } from '../../../../src/servers/nginx/queries/sockets.ts'
import { readFragments, readHttp } from './read-text.ts'

function choose(configuration: NginxConfiguration, host: string | null, port = 80, address?: string): string {
  const selected = selectServer(configuration, {
    host,
    port,
    ...(address === undefined ? {} : { address: parseHost(address) }),
  })
  if (!selected.known) return `unknown: ${selected.reason}`
  return `${httpServers(configuration).indexOf(selected.value.server)} ${selected.value.reason}`
}

const NAMES = `
  server { server_name first; }
  server { server_name example.com; }
  server { server_name *.example.com; }
  server { server_name *.deep.example.com .apex.org; }
  server { server_name www.example.*; }
  server { server_name ~^www\\d\\.example\\.com$; }
  server { server_name ~^(?<user>[a-z]+)\\.users\\.test$; }
  server { server_name ""; }`

test('exact, leading, trailing, expression, default', () => {
  const configuration = readHttp(NAMES)
  const cases: readonly (readonly [string | null, string])[] = [
    ['example.com', '1 exact'],
    ['EXAMPLE.com:8080', '1 exact'],
    ['a.example.com', '2 leading-wildcard'],
    ['www1.example.com', '2 leading-wildcard'],
    ['a.deep.example.com', '3 leading-wildcard'],
    ['apex.org', '3 leading-wildcard'],
    ['a.b.apex.org', '3 leading-wildcard'],
    ['www.example.org', '4 trailing-wildcard'],
    ['www.example.co.uk', '4 trailing-wildcard'],
    ['bob.users.test', '6 regex'],
    ['other', '0 default'],
    [null, '7 exact'],
    ['a/b', 'unknown: nginx refuses this host with 400'],
  ]
  for (const [host, expected] of cases) assert.is(choose(configuration, host), expected, String(host))
  assert.is(choose(configuration, 'example.com', 81), 'unknown: no server listens there')
  const user = selectServer(configuration, { host: 'bob.users.test', port: 80 })
  assert.is(user.known && user.value.match?.named.get('user'), 'bob')
})

test('the socket is chosen by address before the name is', () => {
  const configuration = readHttp(`
    server { listen 127.0.0.1:80; server_name a; }
    server { listen 80; server_name b; }
    server { listen 80 default_server; server_name c; }
    server { listen [::]:80; server_name d; }
    server { listen [::]:81 ipv6only=off; }`)
  assert.is(choose(configuration, 'b', 80, '127.0.0.1'), '0 only')
  assert.is(choose(configuration, 'b', 80, '10.0.0.1'), '1 exact')
  assert.is(choose(configuration, 'x', 80, '10.0.0.1'), '2 default')
  assert.is(choose(configuration, 'x', 80, '::1'), '3 only')
  assert.is(choose(configuration, 'x', 81, '10.0.0.1'), '4 only')
  assert.match(choose(configuration, 'x', 80), 'unknown')
})

test('a missing or unread part leaves the default open, not an exact name', () => {
  const fragments = readFragments({ '/a.conf': 'server { server_name a; }' })
  assert.is(choose(fragments, 'a'), '0 exact')
  assert.match(choose(fragments, 'b'), 'unknown')
  const explicit = readFragments({ '/a.conf': 'server { listen 80 default_server; server_name a; }' })
  assert.is(choose(explicit, 'b'), '0 only')
  const hostname = readHttp('server { server_name $hostname; } server { server_name b; }')
  assert.is(choose(hostname, 'b'), '1 exact')
  assert.match(choose(hostname, 'c'), 'unknown')
  const strange = readHttp('server { server_name a; } server { server_name ~(a)(*COMMIT)x; }')
  assert.match(choose(strange, 'aa'), 'unknown')
})

test('names of earlier servers win, and the others are told', () => {
  const configuration = readHttp('server { server_name a .b; } server { server_name A b *.b; } server { }')
  assert.is(choose(configuration, 'a'), '0 exact')
  assert.is(choose(configuration, 'b'), '0 leading-wildcard')
  assert.equal(
    nameConflicts(configuration).map(conflict => conflict.ignored.text),
    ['A', 'b', '*.b'],
  )
})

test('sockets join what their listens say', () => {
  const configuration = readHttp(`
    server { listen 443; listen unix:/run/n.sock; server_name a; }
    server { listen 443 ssl http2; listen 8000-8002; server_name b; }
    server { listen 8443 quic reuseport; listen 8443 ssl; http2 on; }
    server { ssl on; listen 9443; }
    server { }`)
  assert.equal(
    sockets(configuration).map(socket => [
      socket.port,
      socket.ssl,
      socket.http2,
      socket.quic,
      socket.servers.length,
    ]),
    [
      [443, true, true, false, 2],
      [null, false, false, false, 1],
      [8000, false, false, false, 1],
      [8001, false, false, false, 1],
      [8002, false, false, false, 1],
      [8443, true, true, true, 1],
      [8443, true, true, false, 1],
      [9443, true, false, false, 1],
      [80, false, false, false, 1],
    ],
  )
  const [, , , , last] = httpServers(configuration)
  assert.ok(last)
  assert.is(listens(configuration, last)[0]?.directive, null)
  const broken = readHttp('server { listen 80; listen :x; }')
  const [server] = httpServers(broken)
  assert.ok(server)
  assert.is(hasUnreadListens(broken, server), true)
})

test('names match by their kind', () => {
  const configuration = readHttp('server { server_name a *.b .c d.* ~^e $hostname; }')
  const [server] = httpServers(configuration)
  assert.ok(server)
  const hosts = ['a', 'x.b', 'b', 'c', 'x.c', 'd.x', 'd', 'ex']
  assert.equal(
    serverNames(configuration, server).map(name => hosts.filter(host => nameMatches(name, host)).join(' ')),
    ['a', 'x.b', 'c x.c', 'd.x', 'ex', ''],
  )
})

test('the host is cleaned as nginx cleans it', () => {
  assert.is(requestHost('Example.COM.:80'), 'example.com')
  assert.is(requestHost('[::1]:80'), '[::1]')
  for (const bad of ['', '.', 'a..b', 'a/b', 'a b', ':80']) assert.is(requestHost(bad), null, bad)
})

test.run()
