import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readCaddyfile } from '../../../parsers/caddy/read-caddyfile.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'

const read = (text: string) => readCaddyfile(textSource('/etc/caddy/Caddyfile', text))
const addresses = (text: string) =>
  read(text).sites.flatMap(site => site.addresses.map(({ text: written, tls }) => [written, tls]))

test('a site, and where it leads to', () => {
  const { sites, changesHttps } = read('app.example.com {\n\tencode zstd gzip\n\treverse_proxy app:80\n}\n')
  assert.is(changesHttps, false)
  assert.is(sites.length, 1)
  const [proxy] = sites[0]!.proxies
  assert.is(placeText(proxy!.at), 'reverse_proxy')
  const [upstream] = proxy!.upstreams
  assert.equal(
    [upstream!.text, upstream!.host, upstream!.port, upstream!.tls, placeText(upstream!.at)],
    ['app:80', 'app', 80, false, 'app:80'],
  )
})

test('a file of one site without braces', () => {
  const { sites } = read('# the shop\nshop.example.com\n\nreverse_proxy localhost:3000\n')
  assert.is(sites.length, 1)
  assert.is(sites[0]!.addresses[0]!.text, 'shop.example.com')
  assert.is(sites[0]!.proxies[0]!.upstreams[0]!.port, 3000)
})

test('which addresses have TLS', () => {
  assert.equal(
    addresses(
      'a.org, http://b.org c.org:80,\nd.org:8443 :8080 :443 https://:444 {$DOMAIN} https://{$DOMAIN} {\n}\n',
    ),
    [
      ['a.org', true],
      ['http://b.org', false],
      ['c.org:80', false],
      ['d.org:8443', true],
      [':8080', false],
      [':443', null],
      ['https://:444', true],
      ['{$DOMAIN}', null],
      ['https://{$DOMAIN}', true],
    ],
  )
})

test('options, snippets and blocks of a site', () => {
  const { sites, changesHttps } = read(
    '{\n\tauto_https off\n}\n(php) {\n\treverse_proxy unix//run/app.sock\n}\na.org {\n\timport php\n\thandle /api/* {\n\t\treverse_proxy @x api:8000 {\n\t\t\theader_up -X-Forwarded-Proto\n\t\t\tto https://other\n\t\t}\n\t}\n\troute {\n\t\treverse_proxy /b/* :9000\n\t}\n}\n',
  )
  assert.is(changesHttps, true)
  assert.is(sites.length, 1)
  assert.is(sites[0]!.complete, true)
  assert.equal(
    sites[0]!.proxies.map(({ upstreams, changedHeaders }) => [
      upstreams.map(({ host, port, socket, tls }) => [host, port, socket, tls]),
      [...changedHeaders],
    ]),
    [
      [[[null, null, '/run/app.sock', false]], []],
      [
        [
          ['api', 8000, null, false],
          ['other', 443, null, true],
        ],
        ['x-forwarded-proto'],
      ],
      [[['localhost', 9000, null, false]], []],
    ],
  )
})

test('an import of a file may bring more', () => {
  assert.is(read('a.org {\n\timport common.conf\n}\n').sites[0]!.complete, false)
})

test('quotes, comments, here-documents and lines that go on', () => {
  const { sites } = read(
    'a.org { # here\n\trespond "no { brace #" 404\n\trespond `a\n}` 200\n\trespond <<HTML\n\t\t<p>}</p>\n\t\tHTML 200\n\treverse_proxy \\\n\t\tapp:1 # and there\n}\n',
  )
  assert.is(sites.length, 1)
  assert.is(sites[0]!.proxies[0]!.upstreams[0]!.text, 'app:1')
})

test('nothing is thrown, whatever stands there', () => {
  for (const text of [
    '',
    '}',
    '{',
    '{\n{\n{',
    'a.org {',
    '"',
    '`',
    '<<X\n',
    'a,\n',
    'reverse_proxy',
    'import x',
  ])
    assert.not.throws(() => read(text))
})

test.run()
