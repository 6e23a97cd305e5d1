import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NginxConfiguration, NginxDirective } from '../../../../src/servers/nginx/configuration.ts'
import { effective, effectiveValue, isOn } from '../../../../src/servers/nginx/queries/effective.ts'
import { block, readFragments, readHttp, written } from './read-text.ts'

function inForce(configuration: NginxConfiguration, scope: NginxDirective | null, name: string): string {
  const fact = effective(configuration, scope, name)
  return fact.known ? fact.value.directives.map(written).join('; ') : `unknown: ${fact.reason}`
}

test('the nearest level replaces all outer ones', () => {
  const configuration = readHttp(`
    proxy_set_header A 1;
    proxy_set_header B 2;
    server {
      location /a { }
      location /b { proxy_set_header C 3; if ($x) { } }
    }`)
  assert.is(
    inForce(configuration, block(configuration, 'location /a'), 'proxy_set_header'),
    'proxy_set_header A 1; proxy_set_header B 2',
  )
  assert.is(
    inForce(configuration, block(configuration, 'location /b'), 'proxy_set_header'),
    'proxy_set_header C 3',
  )
  assert.is(inForce(configuration, block(configuration, 'if'), 'proxy_set_header'), 'proxy_set_header C 3')
  const fact = effective(configuration, block(configuration, 'location /a'), 'proxy_set_header')
  assert.ok(fact.known)
  assert.is(fact.value.level?.name, 'http')
  assert.is(fact.value.inherited, true)
})

test('allow and deny are one list, root and alias one value', () => {
  const configuration = readHttp(`
    deny all;
    server {
      root /srv;
      allow 10.0.0.1;
      location /a/ { alias /data/; location /a/b/ { } }
      location /c { }
    }`)
  assert.is(inForce(configuration, block(configuration, 'location /c'), 'deny'), 'allow 10.0.0.1')
  assert.is(inForce(configuration, block(configuration, 'location /a/b/'), 'root'), 'alias /data/')
  assert.is(inForce(configuration, block(configuration, 'location /c'), 'alias'), 'root /srv')
})

test("handlers and rewrites are not inherited, but an if takes its location's handler over", () => {
  const configuration = readHttp(`
    server {
      try_files $uri @a;
      location /a { proxy_pass http://b; if ($x) { } location /a/b { } }
      location /c { }
    }`)
  assert.is(inForce(configuration, block(configuration, 'if'), 'proxy_pass'), 'proxy_pass http://b')
  assert.is(inForce(configuration, block(configuration, 'location /a/b'), 'proxy_pass'), '')
  assert.is(inForce(configuration, block(configuration, 'location /c'), 'try_files'), '')
  assert.is(inForce(configuration, block(configuration, 'server'), 'try_files'), 'try_files $uri @a')
})

test('add_header_inherit joins or cuts levels since 1.29.3', () => {
  const http = `
    add_header A 1;
    server {
      add_header_inherit merge;
      add_header B 2;
      location /m { add_header C 3; }
      location /o { add_header_inherit off; }
      location /n { add_header_inherit on; add_header D 4; }
    }`
  const now = readHttp(http, {}, '1.29.3')
  assert.is(
    inForce(now, block(now, 'location /m'), 'add_header'),
    'add_header A 1; add_header B 2; add_header C 3',
  )
  assert.is(inForce(now, block(now, 'location /o'), 'add_header'), '')
  assert.is(inForce(now, block(now, 'location /n'), 'add_header'), 'add_header D 4')
  const before = readHttp(http)
  assert.is(inForce(before, block(before, 'location /m'), 'add_header'), 'add_header C 3')
})

test('what nobody has read may have set it', () => {
  const configuration = readHttp(`
    server {
      gzip on;
      location /a { }
      location /b { include missing.conf; }
    }
    server { listen 81; }`)
  const [first, second] = configuration.occurrences.get('server') ?? []
  assert.ok(first && second)
  assert.is(inForce(configuration, first, 'gzip'), 'gzip on')
  assert.is(inForce(configuration, second, 'server_tokens'), '')
  assert.match(inForce(configuration, block(configuration, 'location /b'), 'server_tokens'), 'unknown')
  assert.is(inForce(configuration, block(configuration, 'location /a'), 'server_tokens'), '')
  const fragments = readFragments({
    '/a.conf': 'server { location / { } }',
    '/b.conf': 'server_tokens off; upstream x { server a; }',
  })
  assert.is(inForce(fragments, block(fragments, 'location /'), 'server_tokens'), 'server_tokens off')
  assert.match(inForce(fragments, block(fragments, 'location /'), 'gzip'), 'unknown')
})

test('a file of parameters that was not read leaves only those open', () => {
  const configuration = readHttp(
    'server { location /a { include proxy_params; } location /f { include fastcgi.conf; } }',
  )
  const location = block(configuration, 'location /a')
  assert.match(inForce(configuration, location, 'proxy_set_header'), 'unknown')
  assert.match(inForce(configuration, location, 'proxy_read_timeout'), 'unknown')
  assert.is(inForce(configuration, location, 'proxy_pass'), '')
  assert.is(inForce(configuration, location, 'root'), '')
  assert.match(inForce(configuration, block(configuration, 'location /f'), 'fastcgi_param'), 'unknown')
})

test('main lends http its error_log, and nothing else', () => {
  const files = {
    '/etc/nginx/nginx.conf': 'include modules.conf; error_log /e; events {} http { server { } }',
  }
  const configuration = readHttp('', files)
  const server = block(configuration, 'server')
  assert.is(inForce(configuration, server, 'error_log'), 'error_log /e')
  assert.is(inForce(configuration, server, 'proxy_set_header'), '')
})

test('a placeholder for whole directives may be anything', () => {
  const text =
    'server {\n {{ extra }}\n listen 80;\n gzip on;\n location /a { proxy_pass http://{{ b }}; }\n location /b {\n {% if x %}\n root /b;\n {% endif %}\n }\n}\n'
  const configuration = readFragments({ '/site.conf.j2': text })
  const server = block(configuration, 'server')
  assert.is(inForce(configuration, server, 'gzip'), 'gzip on')
  assert.is(inForce(configuration, server, 'try_files'), 'unknown: something here was not read')
  assert.is(inForce(configuration, block(configuration, 'location /a'), 'try_files'), '')
  // What a statement guards is there, or not, in a world of its own.
  assert.is(inForce(configuration, block(configuration, 'location /b'), 'try_files'), '')
})

test('values and flags, with their defaults', () => {
  const configuration = readHttp('server { sendfile ON; root "/a b"; }')
  const server = block(configuration, 'server')
  assert.equal(
    isOn(configuration, server, 'sendfile', false).known && isOn(configuration, server, 'sendfile', false),
    {
      known: true,
      value: true,
      at: isOn(configuration, server, 'sendfile', false).at,
    },
  )
  const root = effectiveValue(configuration, server, 'root', 'html')
  assert.is(root.known && root.value, '/a b')
  const absent = effectiveValue(configuration, server, 'client_max_body_size', '1m')
  assert.equal(absent, { known: true, value: '1m', at: null })
})

test.run()
