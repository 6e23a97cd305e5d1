import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'
import { parseHost } from '../../src/servers/address.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { evaluateNginx } from '../../src/servers/nginx/evaluate.ts'
import { normaliseUri } from '../../src/servers/nginx/queries/normalise-uri.ts'
import { mergesSlashes } from '../../src/servers/nginx/queries/outcome.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { requestHost, selectServer } from '../../src/servers/nginx/queries/select-server.ts'
import { httpServers } from '../../src/servers/nginx/queries/servers.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { dice, HOSTS, locationBlocks, serverGroup, target } from './generated-nginx.ts'
import { freePorts, type NginxServer, nginxMain, nginxPrefix, sendRaw, startNginx } from './nginx-server.ts'

const SEED = 20240501
const GROUPS = 40
const SITES = 50
const REQUESTS = 12

const test = suite('selection')
let nginx: NginxServer
let configuration: NginxConfiguration
let groups: readonly number[] = []
let sitePorts: readonly [number, number] = [0, 0]

test.before(async () => {
  const random = dice(SEED)
  const ports = await freePorts(GROUPS + 3)
  const [backend = 0, first = 0, second = 0, ...rest] = ports
  sitePorts = [first, second]
  groups = rest
  let http = `  server { listen 127.0.0.1:${backend}; return 200 $request_uri; }\n`
  for (const [index, port] of groups.entries()) http += serverGroup(random, port, `g${index}s`)
  for (let index = 0; index < SITES; index++) {
    http += `  server {\n    listen 127.0.0.1:${sitePorts[index % 2]};\n    server_name s${index}.test;\n    add_header X-Block none always;\n`
    http += index === 1 || (index > 1 && random.once(4)) ? '    merge_slashes off;\n' : ''
    http += `${locationBlocks(random, `http://127.0.0.1:${backend}`, `s${index}`)}  }\n`
  }
  const prefix = nginxPrefix()
  const path = `${prefix}/nginx.conf`
  const text = nginxMain(prefix, http)
  nginx = await startNginx(prefix, { [path]: text }, backend)
  const files = memoryFileSystem({ [path]: text })
  const read = files.read(path)
  if (read.kind !== 'source') throw new Error('the configuration cannot be read')
  configuration = evaluateNginx({
    files,
    main: read.source,
    fragments: [],
    version: { value: '1.22.1', from: 'option', at: null },
  })
})

test.after(() => nginx?.stop())

/** The name that a block gives itself in its own `add_header`. */
function nameOf(block: NginxDirective): string | undefined {
  return childrenNamed(block, 'add_header')[0]?.args[1]?.value
}

test('the server that answers is the one that is selected', async () => {
  const random = dice(SEED + 1)
  let compared = 0
  for (const port of groups) {
    for (let count = 0; count < REQUESTS; count++) {
      const address = random.pick(['127.0.0.1', '127.0.0.2', '127.0.0.3'])
      const host = random.pick(HOSTS)
      const selected = selectServer(configuration, { address: parseHost(address), port, host })
      const about = `${address}:${port} ${host}`
      let answer: string | undefined
      try {
        answer = (await sendRaw({ host: address, port }, '/', host)).headers.get('x-block')
      } catch {
        assert.is(selected.known, false, `nobody listens on ${about}`)
        continue
      }
      assert.ok(selected.known, about)
      assert.is(answer, nameOf(selected.value.server), about)
      compared++
    }
  }
  assert.ok(compared > 300, `${compared} compared`)
})

test('the location that answers is the one that is selected', async () => {
  const random = dice(SEED + 2)
  const servers = new Map(
    httpServers(configuration).map(server => [
      childrenNamed(server, 'server_name')[0]?.args[0]?.value,
      server,
    ]),
  )
  let compared = 0
  for (let index = 0; index < SITES; index++) {
    const server = servers.get(`s${index}.test`)
    assert.ok(server)
    // The first server of each port decides for all of it: slashes stay in the second.
    const port = sitePorts[index % 2] ?? 0
    const merge = mergesSlashes(configuration, server, { scheme: 'http', port })
    assert.is(merge, !childrenNamed(server, 'listen')[0]?.args[0]?.value.endsWith(`:${sitePorts[1]}`))
    for (let count = 0; count < REQUESTS; count++) {
      const path = target(random)
      const about = `s${index}.test ${path}`
      const answer = await sendRaw({ host: '127.0.0.1', port }, path, `s${index}.test`)
      const normal = normaliseUri(path, merge)
      if (normal === null) {
        assert.is(answer.status, 400, about)
        continue
      }
      assert.is.not(answer.status, 400, about)
      const selected = selectLocation(configuration, server, normal.uri)
      assert.ok(selected.known, about)
      const { location, reason } = selected.value
      if (reason === 'auto-redirect') {
        assert.is(answer.status, 301, about)
        assert.ok(
          toBytes(decodeURI(answer.headers.get('location') ?? '')).includes(toBytes(location?.name ?? '')),
          about,
        )
      } else {
        assert.is(
          answer.headers.get('x-block'),
          location === null ? 'none' : nameOf(location.directive),
          about,
        )
      }
      compared++
    }
  }
  assert.ok(compared > 400, `${compared} compared`)
})

test('hosts that nginx refuses are refused', async () => {
  const hosts = ['a..b', '.', 'a/b', 'a b', 'example.com', 'a:b:c', '..', 'x.', '[::1', 'a\x7fb', '', 'a.:80']
  for (const host of hosts) {
    const answer = await sendRaw({ host: '127.0.0.1', port: sitePorts[0] }, '/', host)
    assert.is(answer.status === 400, requestHost(host) === null, JSON.stringify(host))
  }
})

test.run()
