import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { FileSystem } from '../../src/files/file-system.ts'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { evaluateNginx } from '../../src/servers/nginx/evaluate.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { type BackendAnswer, outcome, type PassEnd } from '../../src/servers/nginx/queries/outcome.ts'
import { serverNames } from '../../src/servers/nginx/queries/server-names.ts'
import { httpServers } from '../../src/servers/nginx/queries/servers.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { dice } from './generated-nginx.ts'
import { outcomeServer, outcomeTarget, SITE_FILES } from './generated-outcomes.ts'
import {
  freePorts,
  type NginxResponse,
  type NginxServer,
  nginxMain,
  nginxPrefix,
  sendRaw,
  startNginx,
} from './nginx-server.ts'

const SEED = 5
const SITES = 120
const REQUESTS = 12
/** Outcomes that the model leaves unknown, of all: more would mean that it has stopped to look. */
const MOST_UNKNOWN = 0.05

const test = suite('outcome')
let nginx: NginxServer
let configuration: NginxConfiguration
let files: FileSystem
let port = 0
let backendPort = 0

test.before(async () => {
  const random = dice(SEED)
  const [backend = 0, site = 0] = await freePorts(2)
  port = site
  const prefix = nginxPrefix()
  const directory = `${prefix}/www`
  let http = `  upstream pool { server 127.0.0.1:${backend}; }\n`
  http += `  map $uri $kind { default other; ~\\.html$ html; /a/ directory; }\n`
  http +=
    '  geo $net { default out; 127.0.0.0/8 near; 127.0.0.1 self; }\n  geo $http_x_test $far { 10.0.0.0/8 yes; }\n'
  http += `  server { listen 127.0.0.1:${backend};\n`
  http += `    location ~ moved { return 302 http://127.0.0.1:${backend}$request_uri?sent; }\n`
  http +=
    '    location ~ none { return 404 "$request_uri"; }\n    location / { return 200 "$request_uri"; } }\n'
  backendPort = backend
  for (let index = 0; index < SITES; index++)
    http += outcomeServer(random, `http://127.0.0.1:${backend}`, directory, `127.0.0.1:${site}`, `s${index}`)
  const texts: Record<string, string> = { [`${prefix}/nginx.conf`]: nginxMain(prefix, http) }
  for (const path of SITE_FILES) texts[directory + path] = path
  nginx = await startNginx(prefix, texts, backend)
  files = memoryFileSystem(texts)
  const read = files.read(`${prefix}/nginx.conf`)
  if (read.kind !== 'source') throw new Error('the configuration cannot be read')
  configuration = evaluateNginx({
    files,
    main: read.source,
    fragments: [],
    version: { value: '1.22.1', from: 'option', at: null },
  })
})

test.after(() => nginx?.stop())

function blockName(scope: NginxDirective): string | undefined {
  const fact = effective(configuration, scope, 'add_header')
  return fact.known ? fact.value.directives[0]?.args[1]?.value : undefined
}

test('requests end where the model says', async () => {
  const random = dice(SEED + 1)
  let unknowns = 0
  let compared = 0
  for (const server of httpServers(configuration)) {
    const host = serverNames(configuration, server)[0]?.text
    if (host === undefined || !host.endsWith('.test')) continue
    for (let count = 0; count < REQUESTS; count++) {
      const target = outcomeTarget(random)
      const method = random.once(8) ? 'POST' : 'GET'
      const sent: Record<string, string> = random.once(3) ? { 'x-test': 'yes' } : {}
      const request = {
        method,
        target,
        host,
        scheme: 'http',
        port,
        client: '127.0.0.1',
        headers: { values: new Map(Object.entries(sent)), complete: true },
      } as const
      const { end, steps } = outcome(configuration, server, request, { files, backend: answerOfBackend })
      const headers = method === 'POST' ? { ...sent, 'Content-Length': '0' } : sent
      const answer = await sendRaw({ host: '127.0.0.1', port }, target, host, { method, headers })
      const about = `${method} ${host} ${target}\n${steps.map(step => `  ${step.kind}: ${step.text}`).join('\n')}\n${JSON.stringify(end, (key, value) => (key === 'at' || key === 'target' || key === 'scope' ? undefined : value))}\n${answer.status} ${answer.headers.get('location')} ${answer.headers.get('x-block')} ${answer.body.slice(0, 80)}`
      if (end.kind === 'unknown') {
        unknowns++
        continue
      }
      compared++
      compare(end, answer, about)
    }
  }
  assert.ok(compared > 1000, `${compared} compared`)
  assert.ok(unknowns / compared < MOST_UNKNOWN, `${unknowns} of ${compared} unknown`)
})

/** What the backend of these sites does. */
function answerOfBackend({ target, uri }: PassEnd): BackendAnswer | null {
  if (target.endpoints[0]?.port === 1) return { kind: 'failed', status: 502, reason: 'nobody listens' }
  if (uri === null || /[ \x80-\xff]/.test(uri)) return null
  const path = uri.replace(/\?.*/, '')
  if (/moved/.test(path))
    return { kind: 'answered', status: 302, location: `http://127.0.0.1:${backendPort}${uri}?sent` }
  return { kind: 'answered', status: /none/.test(path) ? 404 : 200, location: null }
}

function compare(end: ReturnType<typeof outcome>['end'], answer: NginxResponse, about: string): void {
  switch (end.kind) {
    case 'response':
      assert.is(answer.status, end.status, about)
      if (end.location !== null) assert.is(answer.headers.get('location'), end.location, about)
      break
    case 'closed':
      assert.is(answer.status, 0, about)
      break
    case 'file':
      assert.is(answer.status, end.status, about)
      assert.ok(end.exists, about)
      assert.ok(toBytes(end.path.replaceAll('//', '/')).endsWith(answer.body), about)
      break
    case 'pass':
      // A space that a variable brought goes out as it is, and the backend refuses the request line.
      if (/[ \x80-\xff]/.test(end.uri ?? '') && answer.status === 400) break
      assert.is(answer.status, end.answer?.status ?? end.status ?? 200, about)
      if (end.answer?.location) assert.is(answer.headers.get('location'), end.answer.location, about)
      else assert.is(answer.body, end.uri, about)
      assert.is(answer.headers.get('x-block'), blockName(end.scope), about)
      break
    default:
      assert.unreachable(about)
  }
}

test.run()
