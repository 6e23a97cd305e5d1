import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Chalk } from 'chalk'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type DeploymentMap, deploymentMap } from '../../src/deployment/map/deployment-map.ts'
import { mapDot } from '../../src/report/map/map-dot.ts'
import { mapJson } from '../../src/report/map/map-json.ts'
import { mapMermaid } from '../../src/report/map/map-mermaid.ts'
import { mapText } from '../../src/report/map/map-text.ts'
import { runIn } from '../cli/harness.ts'
import { deploymentOf } from '../rules/audit-files.ts'
import { redactor } from '../../src/secrets/redactor.ts'

const plain = new Chalk({ level: 0 })

/** Two faults are drawn, so that a new rule changes no picture. */
const DRAWN = 'topology/upstream-port-not-listened,wsgi/process-group-undefined'

async function draw(example: string, format: string): Promise<string> {
  const words = ['map', '.', '-f', format, '--only', DRAWN]
  const { code, out, errors } = await runIn(resolve('examples', example), words)
  assert.equal([code, errors], [0, []])
  return out
}

/** `UPDATE=1` writes what is printed. */
function golden(name: string, actual: string): void {
  const path = new URL(`golden/${name}.golden`, import.meta.url)
  if (process.env.UPDATE === '1') writeFileSync(path, actual)
  assert.ok(existsSync(path), `${name}.golden is missing`)
  assert.is(actual, readFileSync(path, 'utf8'))
}

test('the text of the broken example marks what is broken', async () => {
  golden('map-broken-text', await draw('broken', 'text'))
})

test('the text of the reference has no mark', async () => {
  const text = await draw('reference', 'text')
  golden('map-reference-text', text)
  assert.not.match(text, /^[!?]/m)
})

test('the graphs of the broken example', async () => {
  golden('map-broken-mermaid', await draw('broken', 'mermaid'))
  golden('map-broken-dot', await draw('broken', 'dot'))
})

test('the JSON of the reference', async () => {
  const { version, deployments } = JSON.parse(await draw('reference', 'json')) as {
    readonly version: number
    readonly deployments: readonly DeploymentMap[]
  }
  assert.is(version, 1)
  assert.is(deployments.length, 1)
  golden('map-reference-json', `${JSON.stringify(deployments[0]?.sites.at(-1), null, 2)}\n`)
})

function mapOf(texts: Readonly<Record<string, string>>): DeploymentMap {
  return deploymentMap(deploymentOf(texts), (source, path = source.path) => path.slice(1))
}

const server = (name: string, answer: string): string =>
  `server {\n    listen 80;\n    server_name ${name};\n    ${answer}\n}\n`

test('colours only add to what the marks say', () => {
  const map = {
    ...mapOf({ 'nginx.conf': server('example.org', 'return 444;') }),
    faults: [{ rule: 'a/b', message: 'is wrong', file: 'nginx.conf', line: 2 }],
  }
  const coloured = mapText([map], new Chalk({ level: 1 }))
  assert.match(coloured, '\u001b[31m')
  assert.is(coloured.replaceAll(/\u001b\[\d+m/g, ''), mapText([map], plain))
})

test('every deployment is drawn: apart in text, in one document as data and in one graph', () => {
  const maps = ['a.example', 'b.example'].map(name =>
    mapOf({ 'nginx.conf': server(name, 'location / { proxy_pass http://127.0.0.1:9000; }') }),
  )
  assert.is(mapText(maps, plain).split('Listeners\n').length, 3)
  assert.is(JSON.parse(mapJson(maps)).deployments.length, 2)
  for (const graph of [mapDot(maps), mapMermaid(maps)]) {
    // Two sites and two backends: the same address on two machines is not the same backend.
    for (const id of ['n1', 'n2', 'n3', 'n4']) assert.match(graph, new RegExp(`^  ${id}\\b`, 'm'))
    assert.not.match(graph, /\bn5\b/)
  }
  assert.is(mapDot(maps).split('digraph').length, 2)
})

test('a redirect leads to the site it names, or to a URL of somebody else', () => {
  const edges = (target: string): string =>
    mapMermaid([
      mapOf({
        'nginx.conf':
          server('www.example.org', `return 301 ${target};`) +
          server('example.org', 'return 200 ok;') +
          'server {\n    listen 443 ssl;\n    server_name example.org;\n    return 200 ok;\n}\n',
      }),
    ])
  assert.match(edges('http://example.org$request_uri'), 'n1 -->|"redirects"| n2\n')
  assert.match(edges('http://example.org$request_uri'), 'n2["example.org<br>0.0.0.0:80"]')
  assert.match(edges('https://example.org/$1'), 'n2["example.org<br>0.0.0.0:443 TLS"]')
  assert.match(edges('https://elsewhere.example/'), 'n2["https://elsewhere.example/"]')
})

test('names that nobody chose are words, and long lists are short', () => {
  const tenants = Array.from({ length: 30 }, (_, index) => `t${index}.example.org`)
  const text = mapText(
    [
      mapOf({
        'nginx.conf': `${server('_', 'return 444;').replace('80;', '80 default_server;')}${server(tenants.join(' '), 'return 200 ok;')}`,
      }),
    ],
    plain,
  )
  assert.match(text, /^ {2}any other name +nginx\.conf:1$/m)
  assert.match(text, /^ {2}t0\.example\.org t1\S+ t2\S+ t3\S+ and 26 more +nginx\.conf:6$/m)
})

test('a virtual host of a macro is told by the line that uses it', () => {
  const map = mapOf({
    'nginx.conf': server(
      '*.example.org',
      'location / { proxy_pass http://127.0.0.1:9000; proxy_set_header Host $host; }',
    ),
    'site.conf':
      'Listen 127.0.0.1:9000\n<Macro Site $name>\n<VirtualHost 127.0.0.1:9000>\nServerName $name\n</VirtualHost>\n</Macro>\nUse Site a.example.org\n',
  })
  const text = mapText([map], plain)
  assert.match(text, /^ {4}a\.example\.org +site\.conf:7$/m)
  assert.match(text, /^ {6}sends Host as the client sent it$/m)
})

test('no picture breaks at what a file may hold', () => {
  const nasty = `a"b<c>&\\#.example`
  const maps = [mapOf({ 'nginx.conf': server(`'${nasty}'`, 'return 200 ok;') })]
  assert.match(mapDot(maps), 'label="a\\"b<c>&\\\\')
  assert.match(mapMermaid(maps), 'n1["a#34;b#60;c#62;#38;#92;')
  const control = [mapOf({ 'nginx.conf': server('"a\u001b[31mb"', 'return 200 ok;') })]
  for (const text of [mapText(control, plain), mapDot(control), mapMermaid(control)])
    assert.not.match(text, '\u001b')
})

test('no picture tells a password', () => {
  const maps = redactor().value([
    mapOf({
      'nginx.conf': server(
        'example.org',
        'location / {\n        proxy_pass http://user:hunter2@127.0.0.1:9000;\n    }',
      ).concat(server('www.example.org', 'return 301 http://user:hunter2@example.net/;')),
    }),
  ])
  for (const text of [mapText(maps, plain), mapJson(maps), mapDot(maps), mapMermaid(maps)])
    assert.not.match(text, 'hunter2')
})

test.run()
