import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addressAccess, admits, isLoopbackSource } from '../../../../src/servers/nginx/queries/access.ts'
import {
  externalReachability,
  isExternallyReachable,
} from '../../../../src/servers/nginx/queries/reachability.ts'
import { block, readHttp } from './read-text.ts'

test('who gets an answer out of a location', () => {
  const configuration = readHttp(`
    server {
      error_page 404 @lost;
      location / { try_files $uri @app; }
      location @app { }
      location @chained { error_page 500 @last; }
      location @last { }
      location @lost { }
      location @nobody { }
      location /internal/ { internal; }
      location /found/ { internal; }
      location /gone { error_page 410 /found/x; return 410; }
      location /page { error_page 410 /found/x; }
      location /denied { allow 127.0.0.1; deny all; }
      location /office { allow 192.0.2.0/24; deny all; }
      location /secret { auth_basic "s"; }
      location /either { satisfy any; allow 127.0.0.1; deny all; auth_basic "s"; }
      location /returns { return 403; proxy_pass http://b; }
      location /guarded { if ($http_x_secret != "k") { return 403; } }
      location /bots { if ($http_user_agent ~ bot) { return 403; } }
    }`)
  const cases: Readonly<Record<string, string>> = {
    '/': 'reachable',
    '@app': 'reachable',
    '@lost': 'reachable',
    '@nobody': 'internal',
    '@chained': 'internal',
    '@last': 'internal',
    '/internal/': 'internal',
    '/found/': 'reachable',
    '/denied': 'denied',
    '/office': 'restricted',
    '/secret': 'authenticated',
    '/either': 'authenticated',
    '/returns': 'shadowed',
    '/guarded': 'unknown',
    '/bots': 'reachable',
  }
  for (const [name, kind] of Object.entries(cases))
    assert.is(externalReachability(configuration, block(configuration, `location ${name}`)).kind, kind, name)
  assert.is(isExternallyReachable(configuration, block(configuration, 'location /secret')), true)
  assert.is(isExternallyReachable(configuration, block(configuration, 'location /guarded')), undefined)
  assert.is(isExternallyReachable(configuration, block(configuration, 'location /denied')), false)
})

test('a server on loopback, or one that always redirects', () => {
  const local = readHttp('server { listen 127.0.0.1:80; listen unix:/run/a; location / { } }')
  assert.is(externalReachability(local, block(local, 'location /')).kind, 'denied')
  const redirects = readHttp('server { return 301 https://$host$request_uri; location / { } }')
  assert.is(externalReachability(redirects, block(redirects, 'location /')).kind, 'shadowed')
  assert.is(externalReachability(redirects, block(redirects, 'server')).kind, 'reachable')
})

test('allow and deny', () => {
  for (const text of ['127.0.0.1', '127.0.0.0/8', '::1', 'unix:'])
    assert.is(isLoopbackSource(text), true, text)
  for (const text of ['126.0.0.0/7', '::/0', '10.0.0.1', '0.0.0.0/0'])
    assert.is(isLoopbackSource(text), false, text)
  const configuration = readHttp('server { deny 10.0.0.1; allow 10.0.0.0/8; allow 2001:db8::/32; deny all; }')
  const server = block(configuration, 'server')
  const admitted = (client: string) => {
    const fact = admits(configuration, server, client)
    return fact.known && fact.value.admitted
  }
  assert.equal(['10.0.0.1', '10.0.0.2', '2001:db8::9', '192.0.2.1'].map(admitted), [false, true, true, false])
  const access = addressAccess(configuration, server)
  assert.is(access.known && access.value.kind, 'listed')
})

test.run()
