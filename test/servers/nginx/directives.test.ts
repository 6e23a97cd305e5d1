import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  contextsOf,
  externalModuleOf,
  nearestDirective,
  nginxDirective,
  nginxVariable,
} from '../../../src/servers/nginx/directives.ts'
import { nginxDirectives } from '../../../tools/generate/nginx-directives.ts'

test('the generated table is fresh', () => {
  const { path, content } = nginxDirectives()
  assert.ok(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8') === content)
})

test('a name has a definition for each kind of block', () => {
  assert.equal(
    nginxDirective('server').map(({ program, block }) => [program, block]),
    [
      ['http', true],
      ['http', false],
      ['mail', true],
      ['stream', true],
      ['stream', false],
    ],
  )
  assert.equal(contextsOf('if'), ['server', 'location'])
  assert.equal(contextsOf('no_such_thing'), [])
})

test('arguments, words, versions, defaults', () => {
  const [protocols] = nginxDirective('ssl_protocols')
  assert.is(protocols?.minimum, 1)
  assert.is(protocols?.maximum, Number.POSITIVE_INFINITY)
  assert.ok(protocols?.words.some(({ word }) => word === 'TLSv1.3'))
  assert.is(nginxDirective('http2')[0]?.since, '1.25.1')
  assert.is(nginxDirective('ssl')[0]?.until, '1.25.1')
  assert.is(nginxDirective('keepalive_timeout')[0]?.default, '75s')
  assert.equal(nginxDirective('gzip_comp_level')[0]?.bounds, [1, 9])
})

test('modules of others', () => {
  assert.is(externalModuleOf('more_set_headers')?.name, 'headers-more')
  assert.is(externalModuleOf('content_by_lua_block')?.name, 'lua')
  assert.is(externalModuleOf('server_tokens'), null)
})

test('slips of the hand', () => {
  assert.is(nearestDirective('sever_name', 'server'), 'server_name')
  assert.is(nearestDirective('proxy_pas', 'location'), 'proxy_pass')
  assert.is(nearestDirective('entirely_different', 'server'), null)
})

test('variables and their families', () => {
  assert.is(nginxVariable('http', 'http_x_forwarded_for')?.name, 'http_x_forwarded_for')
  assert.is(nginxVariable('http', 'arg_anything')?.name, 'arg_')
  assert.is(nginxVariable('http', 'args')?.changeable, true)
  assert.is(nginxVariable('stream', 'uri'), null)
  assert.is(nginxVariable('http', 'nosuch'), null)
})

test.run()
