import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { passedPath } from '../../../../src/servers/nginx/queries/passed-path.ts'
import { block, readHttp } from './read-text.ts'

function passed(lines: string, name = '/shop/'): string | null {
  const configuration = readHttp(`server { location ${name} { ${lines} } }`)
  const path = passedPath(configuration, block(configuration, 'location'), block(configuration, 'proxy_pass'))
  return path === null ? null : `${path.taken} ${path.sent}${path.rewrite === null ? '' : ' rewritten'}`
}

test('the URI of the pass stands in place of the name', () => {
  assert.is(passed('proxy_pass http://a;'), '/shop/ /shop/')
  assert.is(passed('proxy_pass http://a/;'), '/shop/ /')
  assert.is(passed('proxy_pass http://a/b;', '/shop'), '/shop /b')
  assert.is(passed('proxy_pass http://a/;', '~ ^/shop'), null)
  assert.is(passed('proxy_pass http://$host/;'), null)
})

test('what a `rewrite` makes of it is sent instead', () => {
  assert.is(passed('rewrite ^/shop/(.*)$ /$1 break; proxy_pass http://a;'), '/shop/ / rewritten')
  assert.is(passed('rewrite ^/shop/?(.*) /$1 break; proxy_pass http://a/;', '/shop'), '/shop/ / rewritten')
  assert.is(passed('rewrite ^/shop(/.*)$ $1 break; proxy_pass http://a;'), '/shop/ / rewritten')
  assert.is(passed('rewrite /shop/(.*) /b/$1 break; proxy_pass http://a;'), '/shop/ /b/ rewritten')
  assert.is(passed('set $a b; rewrite ^/shop(/|$)(.*) /$2 break; proxy_pass http://a;'), '/shop/ / rewritten')
})

test('a `rewrite` that changes some paths, or goes elsewhere, takes nothing away', () => {
  assert.is(passed('rewrite ^/shop/old$ /new break; proxy_pass http://a;'), '/shop/ /shop/')
  assert.is(passed('rewrite ^/shop/(.*)$ /$1 last; proxy_pass http://a;'), '/shop/ /shop/')
  assert.is(passed('rewrite ^/shop/(.*)$ /page?q=$1 break; proxy_pass http://a;'), '/shop/ /shop/')
  assert.is(
    passed('if ($arg_a) { break; } rewrite ^/shop/(.*)$ /$1 break; proxy_pass http://a;'),
    '/shop/ /shop/',
  )
})

test.run()
