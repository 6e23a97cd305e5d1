import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { directPlainListens, takesClients } from '../../src/deployment/outer-proxies.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import { deploymentOf } from '../rules/audit-files.ts'

interface Setting {
  readonly listens: readonly string[]
  readonly lines?: string
  /** `set_real_ip_from` lines of http. */
  readonly outer?: string
  readonly outerProxies?: readonly string[]
}

/** The sockets on which clients get to a server themselves. */
function direct({ listens, lines = '', outer = '', outerProxies = [] }: Setting): readonly string[] {
  const own = listens.map(listen => `listen ${listen};`).join(' ')
  const deployment = deploymentOf({
    'etc/nginx/nginx.conf': `events { }\nhttp { ${outer} server { ${own} ${lines} location / { return 204; } } }\n`,
  })
  const facts = { ...deployment.facts, outerProxies }
  const [server] = deployment.servers
  if (server === undefined) throw new Error('no server')
  const found = directPlainListens({ ...deployment, facts }, server)
  assert.is(takesClients({ ...deployment, facts }, server), found.length > 0)
  return found.map(formatEndpoint)
}

test('without a proxy clients reach every socket of the network', () => {
  assert.equal(direct({ listens: ['80', '127.0.0.1:8080'] }), ['0.0.0.0:80'])
})

test('a proxy of the network stands before the sockets of the network', () => {
  assert.equal(direct({ listens: ['80', '[::]:80'], outerProxies: ['192.0.2.0/24'] }), [])
  assert.equal(direct({ listens: ['10.0.0.7:80'], outerProxies: ['10.0.0.5'] }), [])
})

test('a proxy of this machine stands before loopback alone', () => {
  assert.equal(direct({ listens: ['127.0.0.1:8080', '80'], outerProxies: ['127.0.0.1'] }), ['0.0.0.0:80'])
  assert.equal(direct({ listens: ['80'], outerProxies: ['127.0.0.1', '::1'] }), ['0.0.0.0:80'])
  assert.equal(direct({ listens: ['80'], outerProxies: ['127.0.0.1', '192.0.2.7'] }), [])
})

test('where nobody names the proxies, those count that nginx trusts', () => {
  assert.equal(direct({ listens: ['80'], outer: 'set_real_ip_from 10.0.0.0/8;' }), [])
  assert.equal(direct({ listens: ['80'], outer: 'set_real_ip_from 127.0.0.1;' }), ['0.0.0.0:80'])
  assert.equal(direct({ listens: ['80'], outer: 'set_real_ip_from unix:;' }), ['0.0.0.0:80'])
  assert.equal(direct({ listens: ['80'], outer: 'set_real_ip_from balancer.internal;' }), [])
  assert.equal(direct({ listens: ['80'], lines: 'location /a { set_real_ip_from 10.0.0.0/8; }' }), [])
})

test('the lines of a server replace those of http, and a declared proxy both', () => {
  const outer = 'set_real_ip_from 10.0.0.0/8;'
  assert.equal(direct({ listens: ['80'], outer, lines: 'set_real_ip_from 127.0.0.1;' }), ['0.0.0.0:80'])
  assert.equal(direct({ listens: ['80'], outer, outerProxies: ['127.0.0.1'] }), ['0.0.0.0:80'])
})

test.run()
