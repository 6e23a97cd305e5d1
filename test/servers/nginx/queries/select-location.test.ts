import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NginxConfiguration } from '../../../../src/servers/nginx/configuration.ts'
import { locationsOf, readLocation } from '../../../../src/servers/nginx/queries/locations.ts'
import { escapeUri, normaliseUri } from '../../../../src/servers/nginx/queries/normalise-uri.ts'
import { namedLocation, selectLocation } from '../../../../src/servers/nginx/queries/select-location.ts'
import { block, readHttp } from './read-text.ts'

function choose(configuration: NginxConfiguration, uri: string): string {
  const selected = selectLocation(configuration, block(configuration, 'server'), uri)
  if (!selected.known) return `unknown: ${selected.reason}`
  const { location, reason } = selected.value
  return location === null ? reason : `${location.modifier}${location.name} ${reason}`
}

test('exact, then expressions unless a prefix keeps them out, then the longest prefix', () => {
  const configuration = readHttp(`
    server {
      location = /a { }
      location /a { }
      location /a/b/ { location /a/b/c { } location ~ z$ { } }
      location ^~ /static/ { location ~ \\.inner$ { } }
      location ~ \\.php$ { location ~ ^/in { } }
      location ~* \\.PNG$ { }
      location ~.glued$ { }
      location =/glued { }
      location @named { }
    }`)
  const cases: readonly (readonly [string, string])[] = [
    ['/a', '=/a exact'],
    ['/ax', '/a longest-prefix'],
    ['/a/b/', '/a/b/ longest-prefix'],
    ['/a/b/cc', '/a/b/c longest-prefix'],
    ['/a/b/z', '~z$ regex'],
    ['/a/b/x.php', '~\\.php$ regex'],
    ['/static/x.php', '^~/static/ prefix-without-regex'],
    ['/static/x.inner', '~\\.inner$ regex'],
    ['/in.php', '~^/in regex'],
    ['/x.png', '~*\\.PNG$ regex'],
    ['/xglued', '~.glued$ regex'],
    ['/glued', '=/glued exact'],
    ['/none', 'none'],
  ]
  for (const [uri, expected] of cases) assert.is(choose(configuration, uri), expected, uri)
  const server = block(configuration, 'server')
  assert.is(namedLocation(server, '@named')?.modifier, '@')
  assert.is(namedLocation(server, '@other'), null)
  assert.is(locationsOf(server).length, 13)
  assert.is(readLocation(block(configuration, 'location ~.glued$')).name, '.glued$')
})

test('a location that hands requests on is redirected to', () => {
  const configuration = readHttp(`
    server {
      location /app/ { proxy_pass http://b; }
      location /files/ { }
      location /both/ { proxy_pass http://b; }
      location = /both { }
      location ~ p$ { }
    }`)
  assert.is(choose(configuration, '/app'), '/app/ auto-redirect')
  assert.is(choose(configuration, '/files'), 'none')
  assert.is(choose(configuration, '/both'), '=/both exact')
})

test('what cannot be evaluated or was not read leaves the answer open', () => {
  const strange = readHttp(
    'server { location = /a { } location /b { } location ^~ /c { } location ~ (.)(*COMMIT)x { } }',
  )
  assert.is(choose(strange, '/a'), '=/a exact')
  assert.match(choose(strange, '/b'), 'unknown')
  assert.is(choose(strange, '/c'), '^~/c prefix-without-regex')
  const unread = readHttp('server { include missing.conf; location = /a { } location / { } }')
  assert.is(choose(unread, '/a'), '=/a exact')
  assert.match(choose(unread, '/b'), 'unknown')
  const site = `server {
      include missing.conf;
      location / { return 204; }
      location /app/ { location /app/in/ { } }
      location ^~ /files/ { }
      location ~ \\.php$ { }
    }`
  for (const text of [site, site.replace('include missing.conf;', '')]) {
    const configuration = readHttp(text)
    const isRead = !text.includes('missing')
    assert.is(choose(configuration, '/app/page'), '/app/ longest-prefix')
    assert.is(choose(configuration, '/app/in/page'), '/app/in/ longest-prefix')
    assert.is(choose(configuration, '/files/a.css'), '^~/files/ prefix-without-regex')
    assert.is(choose(configuration, '/index.php'), '~\\.php$ regex')
    for (const path of ['/page', '/app/a.css', '/uploads/a.php'])
      assert.is(choose(configuration, path).startsWith('unknown'), !isRead, path)
    const server = block(configuration, 'server')
    const into = selectLocation(configuration, server, '/page', block(configuration, 'location /'))
    assert.is(into.known && into.value.location?.name, '/')
  }
})

test('paths are decoded and cleaned as nginx does', () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/..', '/'],
    ['/a/.', '/a/'],
    ['/..', null],
    ['/a/../../b', null],
    ['//a///b', '/a/b'],
    ['/a%2Fb', '/a/b'],
    ['/a%2f..%2fb', '/b'],
    ['/%2e%2e/a', null],
    ['/a%3Fb', '/a?b'],
    ['/a%23b', '/a#b'],
    ['/a%252F', '/a%2F'],
    ['/a#b', '/a'],
    ['/a?b=c', '/a'],
    ['/a/..?x', '/'],
    ['/...', '/...'],
    ['/.a/..b', '/.a/..b'],
    ['/a%', null],
    ['/a%4', null],
    ['/a%zz', null],
    ['/a%00', null],
    ['/a b', null],
    ['a', null],
    ['/%C3%A9', '/\xc3\xa9'],
  ]
  for (const [raw, expected] of cases) assert.is(normaliseUri(raw)?.uri ?? null, expected, raw)
  assert.is(normaliseUri('//a//b', false)?.uri, '//a//b')
  assert.is(normaliseUri('/a?b#c')?.args, 'b')
  assert.is(escapeUri('/a b?\xc3"'), '/a%20b%3F%C3%22')
  assert.is(escapeUri('/a"{', false), '/a"{')
})

test.run()
