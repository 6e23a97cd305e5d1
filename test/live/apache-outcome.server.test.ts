import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { diskFileSystem } from '../../src/files/disk-file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { type ApacheEnd, apacheOutcome } from '../../src/servers/apache/requests/outcome.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { choices } from './apache-random.ts'
import { type RunningApache, startApache } from './apache-server.ts'
import { understandApache } from './apache-understand.ts'
import { rewriteSite, rewriteTarget, SITE_FILES } from './generated-rewrites.ts'
import { freePorts, type NginxResponse, sendRaw } from './nginx-server.ts'

const SEED = 12
const SITES = 150
const REQUESTS = 12
/** Outcomes that the model leaves unknown, of all: more would mean that it has stopped to look. */
const MOST_UNKNOWN = 0.03

const MODULES =
  'access_compat alias auth_basic authn_core authn_file authz_core authz_host authz_user autoindex dir env ' +
  'mime proxy proxy_http rewrite setenvif status headers'

const test = suite('apache outcome')
let apache: RunningApache
let backend: Server
let configuration: ApacheConfiguration
let port = 0

test.before(async () => {
  const random = choices(SEED)
  backend = createServer((request, response) => response.end(`BACKEND ${request.url}`))
  await new Promise<void>(resolve => backend.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`
  const [free = 0] = await freePorts(1)
  port = free
  const sites: string[] = []
  const files: Record<string, string> = { 'mime.types': 'text/html html\nimage/png png\ntext/plain txt\n' }
  for (let index = 0; index < SITES; index++) {
    const id = `s${index}`
    const site = rewriteSite(random, id, `127.0.0.1:${port}`, url)
    sites.push(site.text)
    for (const path of SITE_FILES) files[`sites/${id}${path}`] = `FILE ${path}`
    for (const [path, text] of Object.entries(site.htaccess)) files[`sites/${id}${path}`] = text
  }
  apache = await startApache(
    {
      configuration: [
        `Listen 127.0.0.1:${port}`,
        'TypesConfig $ROOT/mime.types',
        '<Directory />',
        'AllowOverride None',
        'Require all denied',
        '</Directory>',
        ...sites,
      ].join('\n'),
      modules: MODULES.split(' ').filter(name => name !== 'authz_core'),
      files,
    },
    { address: '127.0.0.1', port },
  )
  configuration = understandApache(apache)
})

test.after(async () => {
  backend?.close()
  await apache?.stop()
})

test('requests end where the model says', async () => {
  const random = choices(SEED + 1)
  const files = diskFileSystem('/')
  const reasons = new Map<string, number>()
  const ends: Record<string, number> = {}
  const differences: string[] = []
  let unknowns = 0
  let compared = 0
  for (const host of virtualHosts(configuration)) {
    const name = host.serverName?.known ? host.serverName.value.host : ''
    for (let count = 0; count < REQUESTS; count++) {
      const target = rewriteTarget(random)
      const method = random.chance(0.1) ? 'POST' : 'GET'
      const sent: Record<string, string> = random.chance(0.3) ? { 'x-test': 'yes' } : {}
      const request = {
        method,
        target,
        host: `${name}:${port}`,
        scheme: 'http',
        port,
        client: '127.0.0.1',
        headers: { values: new Map(Object.entries(sent)), complete: true },
      } as const
      const { end, steps } = apacheOutcome(configuration, host, request, { files })
      if (end.kind === 'unknown') {
        unknowns++
        reasons.set(end.reason, (reasons.get(end.reason) ?? 0) + 1)
        continue
      }
      const headers = method === 'POST' ? { ...sent, 'Content-Length': '0' } : sent
      const response = await sendRaw({ host: '127.0.0.1', port }, target, request.host, { method, headers })
      compared++
      ends[end.kind] = (ends[end.kind] ?? 0) + 1
      const difference = compare(end, response, name.replace('.test', ''))
      if (difference === null) continue
      const way = steps
        .filter(({ kind }) => kind !== 'section' && kind !== 'document-root' && kind !== 'access')
        .slice(-8)
        .map(({ kind, text }) => `    ${kind}: ${text}`)
        .join('\n')
      differences.push(`${method} ${name} ${target} ${JSON.stringify(sent)}\n${way}\n    ${difference}`)
    }
  }
  const shown = differences.slice(0, 8).join('\n')
  assert.is(differences.length, 0, `${differences.length} of ${compared}:\n${shown}`)
  assert.ok(compared > SITES * REQUESTS * 0.9, `${compared} compared`)
  assert.ok(unknowns / compared < MOST_UNKNOWN, `${unknowns} of ${compared} unknown: ${[...reasons.keys()]}`)
  for (const kind of ['response', 'file', 'pass', 'handler'])
    assert.ok((ends[kind] ?? 0) > 10, `${kind}: ${ends[kind]}`)
})

/** Null where the server answered so. */
function compare(end: ApacheEnd, { status, headers, body }: NginxResponse, site: string): string | null {
  const seen = `httpd: ${status} ${headers.get('location') ?? ''} ${body.slice(0, 70).replaceAll('\n', ' ')}`
  const told = `model: ${JSON.stringify(end, (key, value) => (key === 'at' || key === 'directive' || key === 'levels' ? undefined : value))}`
  const same = (is: boolean) => (is ? null : `${told}\n    ${seen}`)
  switch (end.kind) {
    case 'response':
      return same(
        status === end.status && (end.location === null || headers.get('location') === end.location),
      )
    case 'file': {
      const path = end.path.slice(end.path.indexOf(`/sites/${site}`) + `/sites/${site}`.length)
      return same(status === end.status && body === toBytes(`FILE ${path}`))
    }
    case 'pass':
      return same(status === 200 && body === `BACKEND ${end.url.replace(/^http:\/\/[^/]*/, '')}`)
    case 'handler':
      if (end.name === 'autoindex') return same(status === end.status && body.includes('<title>Index of'))
      return same(status === end.status && body.includes('Apache Status'))
    default:
      return same(false)
  }
}

test.run()
