import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isToldByName, setByName } from '../../../src/servers/nginx/set-by-name.ts'

const first = (path: string): string | null => setByName(path)?.[0] ?? null

test('a name that says what is in a file', () => {
  for (const path of ['snippets/ssl-params.conf', '/etc/nginx/ssl.conf', 'tls_defaults', 'common-ssl.conf'])
    assert.is(first(path), 'ssl_', path)
  for (const path of [
    'headers.conf',
    'snippets/security-headers.conf',
    '/etc/nginx/http_headers.inc',
    'hsts.conf',
  ])
    assert.is(first(path), 'add_header', path)
  for (const path of [
    'proxy-params.conf',
    '/etc/nginx/common_proxy_headers.conf',
    'reverse-proxy-settings.conf',
  ])
    assert.is(first(path), 'proxy_', path)
  assert.is(first('gzip.conf'), 'gzip')
  assert.is(first('fastcgi_params_common'), 'fastcgi_')
})

test('access, sockets and names are expected where a name says so', () => {
  for (const path of ['snippets/acl.conf', '/etc/nginx/basic_auth.inc', 'sites/*.conf', '$host.conf'])
    assert.ok(isToldByName(path, 'allow'), path)
  assert.not(isToldByName('/opt/shop/custom.conf', 'allow'))
  assert.not(isToldByName('/etc/nginx/auth/custom.conf', 'auth_basic'))
  assert.ok(isToldByName('ssl-listen.conf', 'listen'))
  assert.not(isToldByName('custom.conf', 'listen'))
  assert.ok(isToldByName('hostnames', 'server_name'))
  assert.ok(isToldByName('custom.conf', 'proxy_set_header'))
})

test('a name that may be of a server, of locations or of anything', () => {
  for (const path of [
    ...[
      'proxy.conf',
      'nginx-ssl.conf',
      'default-ssl',
      'ssl-redirect.conf',
      'site-headers.conf',
      'security.conf',
    ],
    ...[
      'cors.conf',
      'fastcgi.php.conf',
      'ssl/*.conf',
      'proxy_pass.conf',
      'letsencrypt.conf',
      'custom.conf',
      '',
    ],
  ])
    assert.is(first(path), null, path)
})

test.run()
