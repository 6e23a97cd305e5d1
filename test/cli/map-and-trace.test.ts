import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

const SITE =
  'server {\n  listen 80;\n  server_name example.org;\n  location / {\n    proxy_pass http://192.0.2.7;\n  }\n}\n'

test('what cannot be drawn or followed is one line and exit 2', async () => {
  const directory = scratchTree({ 'nginx.conf': SITE, 'empty/x.txt': '' })
  const URL = 'http://example.org/'
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['map', 'gone'], /gone: no such file or directory$/],
    [
      ['map', 'empty'],
      /nothing to audit: no configuration of nginx or Apache, and nothing that starts an application, in empty$/,
    ],
    [['map', '.', '-f', 'sarif'], /--format takes text, json, mermaid or dot, not "sarif"$/],
    [['trace'], /trace needs a URL such as https:\/\/example\.org\/page$/],
    [['trace', '.', URL], /"\." is no URL such as https:\/\/example\.org\/page$/],
    [['trace', 'ftp://example.org/', '.'], /"ftp:\/\/example\.org\/" is no URL such as /],
    [['trace', '/etc/nginx', URL], /"\/etc\/nginx" is no URL such as /],
    [['trace', './nginx.conf', URL], /"\.\/nginx\.conf" is no URL such as /],
    [['trace', 'example.org:0', '.'], /has no port from 1 to 65535$/],
    [['trace', 'http://example.org:0/', '.'], /has no port from 1 to 65535$/],
    [['trace', 'http://example.org:99999/', '.'], /has no port from 1 to 65535$/],
    [['trace', URL, 'gone'], /gone: no such file or directory$/],
    [['trace', URL, '.', '-f', 'dot'], /--format takes text or json, not "dot"$/],
    [['trace', URL, '.', '--address', 'example.org'], /--address takes an address such as /],
    [['trace', URL, '.', '--address', '0.0.0.0'], /--address takes an address such as /],
    [['trace', URL, '.', '--method', 'GET /'], /--method takes a word such as GET, not "GET \/"$/],
  ]
  for (const [words, message] of cases) {
    const { code, out, errors } = await runIn(directory, words)
    assert.is(code, 2, words.join(' '))
    assert.is(out, '', words.join(' '))
    assert.is(errors.length, 1, words.join(' '))
    assert.match(errors[0] ?? '', /^deploy-audit: [^\n]*$/)
    assert.match(errors[0] ?? '', message)
  }
})

test('findings are drawn and change no exit code', async () => {
  const { code, out } = await runIn(resolve('examples/broken'), ['map', '.'])
  assert.is(code, 0)
  assert.match(out, /^Broken\n! etc\/apache2\/ports\.conf:1 {2}loopback\/listen-public\n/m)
})

test('what is accepted, left out or made less is not drawn as broken', async () => {
  const broken = SITE.replace('  location', '  return 301 https://example.org$uri;\n  location')
  const comment = '  # deploy-audit-ignore canonical-url/redirect-uri-injection -- nobody comes by HTTP/1.1\n'
  const isBroken = async (files: Readonly<Record<string, string>>): Promise<boolean> => {
    const { out } = await runIn(scratchTree(files), ['map', '.', '-f', 'json'])
    const [{ faults, sites }] = JSON.parse(out).deployments
    assert.is(sites[0].broken, faults.length > 0)
    return faults.length > 0
  }
  assert.ok(await isBroken({ 'nginx.conf': broken }))
  assert.not.ok(await isBroken({ 'nginx.conf': broken.replace('  return', `${comment}  return`) }))
  for (const auditrc of [
    'overrides:\n  - files: [nginx.conf]\n    rules: {canonical-url: warning}\n',
    'rules: {canonical-url/redirect-uri-injection: off}\n',
  ])
    assert.not.ok(await isBroken({ 'nginx.conf': broken, '.auditrc': auditrc }), auditrc)
})

test('only what is asked for is drawn', async () => {
  const { out } = await runIn(resolve('examples/broken'), ['map', '.', '--only', 'loopback'])
  assert.match(out, 'loopback/listen-public')
  assert.not.match(out, 'topology/')
})

test('every host of the paths is drawn and asked', async () => {
  const directory = scratchTree({
    'web1/etc/nginx/nginx.conf': `events {\n}\nhttp {\n${SITE}}\n`,
    'web2/etc/nginx/nginx.conf': `events {\n}\nhttp {\n${SITE}}\n`,
  })
  const drawn = JSON.parse((await runIn(directory, ['map', '.', '-f', 'json'])).out)
  assert.equal(
    drawn.deployments.map(
      ({ sites }: { readonly sites: readonly { readonly file: string }[] }) => sites[0]?.file,
    ),
    ['web1/etc/nginx/nginx.conf', 'web2/etc/nginx/nginx.conf'],
  )
  const asked = JSON.parse((await runIn(directory, ['trace', 'http://example.org/', '.', '-f', 'json'])).out)
  assert.equal(
    asked.traces.map(({ end }: { readonly end: { readonly kind: string; readonly address: string } }) => [
      end.kind,
      end.address,
    ]),
    [
      ['backend', '192.0.2.7:80'],
      ['backend', '192.0.2.7:80'],
    ],
  )
})

test('a URL is followed as typed, its fragment left out', async () => {
  const directory = scratchTree({
    'etc/nginx/nginx.conf':
      'events {\n}\nhttp {\n  server {\n    listen 80;\n    return 301 http://www.example.org$request_uri;\n  }\n}\n',
  })
  const { code, out } = await runIn(directory, ['trace', 'HTTP://Example.org/a%2Fb/../c?d#e', '.'])
  assert.is(code, 0)
  assert.match(out, /^→ 301 from nginx: redirect to http:\/\/www\.example\.org\/a%2Fb\/\.\.\/c\?d\n/m)
  const query = await runIn(directory, ['trace', 'http://example.org?q', '.'])
  assert.match(query.out, /^→ .*www\.example\.org\/\?q\n/m)
})

test('a URL without a scheme is asked for in plain HTTP', async () => {
  const directory = scratchTree({ 'nginx.conf': SITE })
  for (const rest of ['', ':80/a', '/a?u=http://b/', '?q']) {
    const { code, out } = await runIn(directory, ['trace', `example.org${rest}`, '.'])
    assert.is(code, 0)
    assert.is(out, (await runIn(directory, ['trace', `http://example.org${rest}`, '.'])).out)
  }
})

test('both can be written to a file', async () => {
  const directory = scratchTree({ 'nginx.conf': SITE })
  for (const words of [
    ['map', '.'],
    ['trace', 'http://example.org/', '.'],
  ]) {
    const { code, out } = await runIn(directory, [...words, '-o', 'out.txt'])
    assert.equal([code, out], [0, ''])
    assert.is(readFileSync(join(directory, 'out.txt'), 'utf8'), (await runIn(directory, words)).out)
  }
})

test.run()
