import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Files } from '../../tools/surroundings/files.ts'
import { surroundings } from '../../tools/surroundings/surroundings.ts'

const MAIN = 'etc/nginx/nginx.conf'

function laid(name: string, files: Files): Files | null {
  const lay = surroundings.get(name)
  if (lay === undefined) throw new RangeError(name)
  return lay(files)
}

/** The one file laid anew, each stretch of white space as one space. */
function spelled(name: string, text: string): string | null {
  return laid(name, { 'site.conf': text })?.['site.conf']?.replace(/\s+/g, ' ').trim() ?? null
}

const site = (lines: string, server = 'listen 80;') => `server { ${server} location / { ${lines} } }`

test('lines of a location move out of it, unless others would see them', () => {
  assert.is(
    spelled('locationLinesInServer', site('proxy_pass http://a; proxy_set_header Host $host;')),
    'server { listen 80; proxy_set_header Host $host; location / { proxy_pass http://a; } }',
  )
  assert.is(spelled('locationLinesInServer', site('add_header X 1;', 'listen 80; add_header Y 1;')), null)
  assert.is(spelled('locationLinesInServer', site('expires 1d;', 'location /a { }')), null)
  assert.is(
    spelled('serverLinesInHttp', site('return 204;', 'listen 80; root /srv;')),
    'root /srv; server { listen 80; location / { return 204; } }',
  )
})

test('a site goes to a file of its own, and lines to a snippet', () => {
  const files = { [MAIN]: `events {}\nhttp {\n${site('proxy_pass http://a; expires 1d;')}\n}\n` }
  const { 'etc/nginx/sites-enabled/example.org': own, [MAIN]: main } = laid('sitesEnabled', files) ?? {}
  assert.is(own, `${site('proxy_pass http://a; expires 1d;')}\n`)
  assert.is(main, 'events {}\nhttp {\ninclude /etc/nginx/sites-enabled/*;\n}\n')
  assert.is(laid('locationSnippet', files)?.['etc/nginx/snippets/proxy.conf'], 'expires 1d;\n')
  assert.ok(
    laid('locationSnippet', files)?.[MAIN]?.includes('proxy_pass http://a; include snippets/proxy.conf;'),
  )
})

test('the same words with other letters around them', () => {
  const text = 'server {\n    listen 80;\n    location ~ \\.php$ {\n        return 200 "a b";\n    }\n}\n'
  assert.is(spelled('squeezed', text), 'server{listen 80;location ~ \\.php$ {return 200 "a b";}}')
  assert.is(spelled('singleQuoted', 'server { listen 80; }'), "server { listen '80'; }")
  assert.is(laid('braceBelow', { 'a.conf': text })?.['a.conf']?.split('\n')[1], '{')
  assert.is(spelled('bracedVariables', site('set $a $host$uri;')), site('set $a ${host}${uri};'))
  assert.is(
    spelled('bigUnits', site('client_max_body_size 1024k; send_timeout 60;')),
    site('client_max_body_size 1M; send_timeout 1m;'),
  )
})

test('a backend by an upstream and by its address, where the host is set', () => {
  const named = `upstream shop_0 { server 10.0.0.1:80; } ${site('proxy_set_header Host $host; proxy_pass http://shop_0/a;')}`
  const address = site('proxy_set_header Host $host; proxy_pass http://10.0.0.1:80/a;')
  assert.is(spelled('toUpstream', address), named)
  assert.is(spelled('fromUpstream', named), address)
  assert.is(spelled('toUpstream', site('proxy_pass http://10.0.0.1:80;')), null)
})

test('locations of other kinds that meet the same requests', () => {
  const two = 'server { location /a { return 204; } location /a/b { return 404; } }'
  assert.is(spelled('preferredLocation', two), two.replaceAll('location', 'location ^~'))
  assert.is(spelled('patternLocation', two), two.replace('/a/b', '~ ^/a/b'))
  assert.is(spelled('nestedLocations', two), `server { location / { ${two.slice(9, -2)} } }`)
  assert.is(
    spelled('aliasAsRoot', 'server { location /a/ { alias /srv/a/; } }'),
    'server { location /a/ { root /srv; } }',
  )
})

test('listen and redirects', () => {
  assert.is(
    spelled('listenBoth', site('', 'listen 80 default_server;')),
    site('', 'listen 80 default_server; listen [::]:80 default_server;').replace('{  }', '{ }'),
  )
  assert.is(
    spelled('rewriteRedirect', site('return 301 https://$host$request_uri;')),
    site('rewrite ^ https://$host$request_uri? permanent;'),
  )
})

test('what is no text of nginx, and templates, stay as they are', () => {
  assert.is(spelled('tabs', '<VirtualHost *:80>\n    ServerName a\n</VirtualHost>'), null)
  assert.is(spelled('tabs', 'server {\n    listen {{ port }};\n}'), null)
  assert.is(spelled('tabs', 'server {\n    listen 80;\n'), null)
})

test.run()
