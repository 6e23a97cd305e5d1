import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatEndpoint } from '../../../../src/servers/address.ts'
import { known, unknown } from '../../../../src/servers/fact.ts'
import { effectivePass, proxyTarget } from '../../../../src/servers/nginx/queries/proxy-target.ts'
import {
  headerFate,
  requestHeaders,
  requestParameters,
} from '../../../../src/servers/nginx/queries/request-headers.ts'
import { upstreams } from '../../../../src/servers/nginx/queries/upstreams.ts'
import { block, readHttp } from './read-text.ts'

function target(directive: string, upstream = ''): string {
  const configuration = readHttp(`${upstream} server { location /x { ${directive} } }`)
  const pass = effectivePass(configuration, block(configuration, 'location /x'))
  assert.ok(pass)
  const fact = proxyTarget(configuration, pass)
  if (!fact.known) return 'unknown'
  const { protocol, endpoints, proxyHost, uri } = fact.value
  return `${protocol} ${endpoints.map(formatEndpoint).join(',')} ${proxyHost} ${uri}`.trim()
}

test('where requests are handed to', () => {
  const pool = 'upstream Pool { server 10.0.0.1; server 10.0.0.2:81 weight=3 backup; server unix:/run/p; }'
  assert.is(target('proxy_pass http://127.0.0.1:9000;'), 'http 127.0.0.1:9000 127.0.0.1:9000')
  assert.is(target('proxy_pass http://localhost;'), 'http localhost:80 localhost')
  assert.is(target('proxy_pass https://[::1]/a/;'), 'https [::1]:443 [::1] /a/')
  assert.is(target('proxy_pass HTTP://h:80/;'), 'http h:80 h /')
  assert.is(target('proxy_pass http://unix:/run/a.sock:/b/;'), 'http unix:/run/a.sock localhost /b/')
  assert.is(target('proxy_pass http://pool/p;', pool), 'http 10.0.0.1:80,10.0.0.2:81,unix:/run/p pool /p')
  assert.is(target('fastcgi_pass 127.0.0.1:9000;'), 'fastcgi 127.0.0.1:9000 127.0.0.1:9000')
  assert.is(target('fastcgi_pass pool;', pool).split(' ')[1], '10.0.0.1:80,10.0.0.2:81,unix:/run/p')
  assert.is(target('uwsgi_pass unix:/run/u.sock;'), 'uwsgi unix:/run/u.sock localhost')
  assert.is(target('grpc_pass grpcs://h;'), 'grpcs h:443 h')
  assert.is(target('grpc_pass h:50051;'), 'grpc h:50051 h:50051')
  assert.is(target('proxy_pass http://$backend;'), 'unknown')
})

test('variables that are known make a target', () => {
  const configuration = readHttp(
    'upstream pool { server a; } server { location /x { proxy_pass http://$to; } }',
  )
  const pass = block(configuration, 'proxy_pass')
  const fact = proxyTarget(configuration, pass, name => (name === 'to' ? known('pool') : unknown('no')))
  assert.ok(fact.known)
  assert.is(fact.value.upstream?.name, 'pool')
  assert.is(fact.value.computed, true)
})

test('upstreams with their parameters', () => {
  const configuration = readHttp(
    'upstream Pool { server a weight=5; server b down; server c backup resolve; keepalive 16; }',
  )
  const pool = upstreams(configuration).get('pool')
  assert.ok(pool)
  assert.equal(
    pool.servers.map(server => [
      server.target?.host,
      server.weight,
      server.down,
      server.backup,
      server.dynamic,
    ]),
    [
      ['a', 5, false, false, false],
      ['b', 1, true, false, false],
      ['c', 1, false, true, true],
    ],
  )
  assert.is(pool.keepalive?.connections, 16)
})

test('headers are set, cleared, passed or absent', () => {
  const configuration = readHttp(`
    proxy_set_header X-Outer 1;
    server {
      location /own { proxy_pass http://b; proxy_set_header X-A $scheme; proxy_set_header x-a again; proxy_set_header X-B ""; }
      location /outer { proxy_pass http://b; }
      location /none { proxy_pass http://b; proxy_set_header Host h; proxy_pass_request_headers off; }
      location /fcgi { fastcgi_pass b:1; fastcgi_param HTTP_X "y"; }
    }`)
  const fate = (location: string, name: string) => {
    const set = requestHeaders(configuration, block(configuration, `location ${location}`))
    assert.ok(set.known)
    const result = headerFate(set.value, name)
    const values = 'entries' in result ? result.entries.map(entry => entry.value).join(',') : ''
    return `${result.kind} ${values}`.trim()
  }
  assert.is(fate('/own', 'X-A'), 'set $scheme,again')
  assert.is(fate('/own', 'x-b'), 'cleared')
  assert.is(fate('/own', 'X-Outer'), 'passed')
  assert.is(fate('/own', 'Host'), 'set $proxy_host')
  assert.is(fate('/own', 'Connection'), 'set close')
  assert.is(fate('/own', 'Upgrade'), 'cleared')
  assert.is(fate('/outer', 'X-Outer'), 'set 1')
  assert.is(fate('/none', 'X-A'), 'absent')
  assert.is(fate('/none', 'Host'), 'set h')
  const parameters = requestParameters(configuration, block(configuration, 'location /fcgi'), 'fastcgi')
  assert.ok(parameters.known)
  assert.is(headerFate(parameters.value, 'HTTP_X').kind, 'set')
  assert.is(parameters.value.passes, true)
})

test.run()
