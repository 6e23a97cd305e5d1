import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { setVariables, writtenWithoutSet } from '../../../../src/servers/nginx/queries/set-variables.ts'
import { block, readHttp } from './read-text.ts'

function value(lines: string): string | null {
  const configuration = readHttp(`server { ${lines} }`)
  const fact = setVariables(block(configuration, 'location'))('app')
  return fact.known ? fact.value : null
}

test('the one `set` of the location, or of the server', () => {
  assert.is(value('location / { set $app http://web:8000; }'), 'http://web:8000')
  assert.is(value('set $app web; location / { }'), 'web')
  assert.is(value('set $app other; location / { set $app web; }'), 'web')
  assert.is(value('location / { set $App web; }'), 'web')
  assert.is(value('set $port 80; location / { set $app web:$port; }'), 'web:80')
})

test('what a condition, another location or another line decides is not known', () => {
  assert.is(value('location / { }'), null)
  assert.is(value('location / { set $app web; if ($arg_a) { set $app api; } }'), null)
  assert.is(value('location / { if ($arg_a) { set $app api; } set $app web; }'), null)
  assert.is(value('location / { if ($arg_a) { set $app api; } }'), null)
  assert.is(value('location / { set $app a; set $app b; }'), null)
  assert.is(value('set $app web; location / { } location /b { set $app b; }'), null)
  assert.is(value('set $app web; if ($arg_a) { set $app b; } location / { }'), null)
  assert.is(value('location / { break; set $app web; }'), null)
  assert.is(value('location / { rewrite ^ /x break; set $app web; }'), null)
  assert.is(value('location / { rewrite ^/a(.*) $1; set $app web; }'), 'web')
  assert.is(value('location / { set $app web$host; }'), null)
  assert.is(value('location / { set $app $app; }'), null)
})

test('a value is read through the `set` of every request', () => {
  const written = (lines: string, value = '$app') => {
    const configuration = readHttp(`server { ${lines} }`)
    return writtenWithoutSet(configuration, block(configuration, 'location'), value)
  }
  assert.is(written('location / { set $app $host; }'), '$host')
  assert.is(written('set $app example.org; location / { }', 'https://$app/$uri'), 'https://example.org/$uri')
  assert.is(written('location / { set $app $host; }', '${app}s'), '${app}s')
  assert.is(written('location / { set $app $uri; }'), '$app', 'which a rewrite may change afterwards')
  assert.is(written('location / { set $app $upstream_addr; }'), '$app', 'which nobody knows yet')
  assert.is(written('location / { if ($arg_a) { set $app $host; } }'), '$app')
  assert.is(written('location / { }'), '$app')
})

test.run()
