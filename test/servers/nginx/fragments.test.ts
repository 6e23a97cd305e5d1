import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import type { NginxConfiguration } from '../../../src/servers/nginx/configuration.ts'
import { evaluateNginx } from '../../../src/servers/nginx/evaluate.ts'

const version = { value: '1.22.1', from: 'option', at: null } as const

/** Evaluates every file given, in their order, as fragments. */
function fragments(contents: Readonly<Record<string, string>>): NginxConfiguration {
  const files = memoryFileSystem(contents)
  const sources = Object.keys(contents).map(path => {
    const result = files.read(path)
    if (result.kind !== 'source') throw new Error(result.reason)
    return result.source
  })
  return evaluateNginx({ files, main: null, fragments: sources, version })
}

const contexts = (text: string, path = '/site.conf'): string[] =>
  fragments({ [path]: text }).top.map(({ name, context }) => `${name}: ${context}`)

test('servers, upstreams and maps stand in http', () => {
  assert.equal(contexts('upstream u { server a; }\nserver { listen 80; }\ngzip on;'), [
    'upstream: http',
    'server: http',
    'gzip: http',
  ])
  assert.equal(contexts('log_format a b;'), ['log_format: http'])
})

test('a location stands in a server, and so does what stands beside it', () => {
  assert.equal(contexts('location / { }\nproxy_set_header A b;'), [
    'location: server',
    'proxy_set_header: server',
  ])
  assert.equal(contexts('listen 443 ssl;\nssl_protocols TLSv1.2;'), [
    'listen: server',
    'ssl_protocols: server',
  ])
})

test('an `if` that adds a header stands in a location, and a location beside it does so, too', () => {
  assert.equal(contexts('location ~ \\.woff2$ { }\nif ($request_method = GET) { add_header A b; }'), [
    'location: location',
    'if: location',
  ])
  assert.equal(contexts('location / { }\nif ($host = a) { return 403; }'), ['location: server', 'if: server'])
})

test('what may stand in several places is unknown, until a neighbour tells', () => {
  assert.equal(contexts('proxy_set_header A b;'), ['proxy_set_header: unknown'])
  assert.equal(contexts('proxy_set_header A b;\nproxy_pass http://a;'), [
    'proxy_set_header: location',
    'proxy_pass: location',
  ])
})

test('a server that passes connections on by itself is one of stream', () => {
  const { top } = fragments({ '/a': 'upstream u { server a:1; }\nserver { listen 1; proxy_pass u; }' })
  assert.equal(
    top.map(({ name, context, children }) => [name, context, children[0]?.context]),
    [
      ['upstream', 'stream', 'stream upstream'],
      ['server', 'stream', 'stream server'],
    ],
  )
  assert.equal(contexts('upstream u { server a:1; }', '/etc/nginx/stream.d/a.conf'), ['upstream: stream'])
})

test('a server that passes connections on by a variable, and what http has not, tell stream', () => {
  assert.equal(contexts('server { listen 443; proxy_pass $backend; }'), ['server: stream'])
  assert.equal(contexts('server { listen 443; proxy_pass {{ host }}:443; proxy_protocol on; }'), [
    'server: stream',
  ])
  assert.equal(contexts('server { listen 80; server_name a; proxy_pass $backend; }'), ['server: http'])
  assert.equal(contexts("log_format ips '$remote_addr $ssl_preread_server_name';"), ['log_format: stream'])
  assert.equal(contexts('map $ssl_preread_server_name $name { default a:1; }'), ['map: stream'])
  assert.equal(contexts('map $host $name { default a; }'), ['map: http'])
  assert.equal(contexts('map $remote_addr $name { default a; }'), ['map: http'])
})

test('what only stream takes tells stream, what only http takes tells http', () => {
  assert.equal(contexts('listen 1 udp;\nproxy_pass dns;'), [
    'listen: stream server',
    'proxy_pass: stream server',
  ])
  assert.equal(contexts('server { listen 1; return "hello $remote_addr"; }'), ['server: stream'])
  assert.equal(contexts('server { listen 1; return 301 https://a$request_uri; }'), ['server: http'])
  assert.equal(contexts('server { listen 1; return $scheme://a; }'), ['server: http'])
  assert.equal(contexts('ssl_preread on;\nproxy_timeout 3s;'), [
    'ssl_preread: unknown',
    'proxy_timeout: unknown',
  ])
})

test('a comment tells the context', () => {
  assert.equal(contexts('# deploy-audit-context http,server\nadd_header A b;'), ['add_header: server'])
  assert.equal(contexts('# deploy-audit-context stream, server\nallow all;'), ['allow: stream server'])
  assert.equal(contexts('# deploy-audit-context http,server,location,if\nreturn 1;'), ['return: location if'])
})

test('the main context is told by what stands only there', () => {
  assert.equal(contexts('user a;\nevents { }\nhttp { }'), ['user: main', 'events: main', 'http: main'])
})

test('a fragment that another includes is read there alone, from any directory upward', () => {
  const { top, occurrences, problems } = fragments({
    '/repo/snippets/proxy.conf': 'proxy_set_header A b;',
    '/repo/snippets/tls.conf': 'ssl_protocols TLSv1.2;',
    '/repo/sites/a.conf': 'server { include snippets/proxy.conf; include /etc/nginx/snippets/tls.conf; }',
  })
  assert.equal(
    top.map(({ name }) => name),
    ['server'],
  )
  assert.is(occurrences.get('proxy_set_header')?.[0]?.context, 'server')
  assert.is(occurrences.get('ssl_protocols')?.[0]?.context, 'server')
  assert.equal(problems, [])
})

test('fragments that include each other are still read', () => {
  const { sources } = fragments({ '/a': 'gzip on;\ninclude b;', '/b': 'include a;' })
  assert.equal(
    sources.map(({ path }) => path),
    ['/a', '/b'],
  )
})

test('an include that leads nowhere is said once and is not fatal', () => {
  const { problems, unread = [] } = fragments({
    '/a.conf': 'server { include gone.conf; }\nserver { include gone.conf; include x/*.conf; }',
  })
  assert.equal(problems, [])
  assert.equal(
    unread.map(({ reason, path }) => [reason, path]),
    [
      ['outside', 'gone.conf'],
      ['outside', 'x/*.conf'],
    ],
  )
})

test.run()
