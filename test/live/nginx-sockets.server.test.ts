import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { evaluateNginx } from '../../src/servers/nginx/evaluate.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { selectServer } from '../../src/servers/nginx/queries/select-server.ts'
import { sockets } from '../../src/servers/nginx/queries/sockets.ts'
import { dice } from './generated-nginx.ts'
import { freePorts, type NginxServer, nginxMain, nginxPrefix, sendRaw, startNginx } from './nginx-server.ts'

const GROUPS = 40

const test = suite('sockets')
let nginx: NginxServer
let configuration: NginxConfiguration

test.before(async () => {
  const random = dice(17)
  const [probe = 0, ...ports] = await freePorts(GROUPS + 1)
  const prefix = nginxPrefix()
  const pair = `${prefix}/pair.pem`
  const { status, stderr } = spawnSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=x',
      '-keyout',
      pair,
      '-out',
      `${prefix}/certificate.pem`,
    ],
    { encoding: 'utf8' },
  )
  assert.is(status, 0, stderr)
  let http = `  ssl_certificate ${prefix}/certificate.pem;\n  ssl_certificate_key ${pair};\n  server { listen 127.0.0.1:${probe}; }\n`
  for (const [group, port] of ports.entries()) {
    const count = 1 + random.roll(3)
    const explicit = random.once(2) ? random.roll(count) : -1
    for (let index = 0; index < count; index++) {
      const parameters = `${random.once(3) ? ' ssl' : ''}${index === explicit ? ' default_server' : ''}`
      http += `  server {\n    listen 127.0.0.1:${port}${parameters};\n`
      if (random.once(4)) http += '    ssl on;\n'
      http += `    add_header X-Block g${group}s${index} always;\n    return 204;\n  }\n`
    }
  }
  const path = `${prefix}/nginx.conf`
  const text = nginxMain(prefix, http)
  nginx = await startNginx(prefix, { [path]: text }, probe)
  const files = memoryFileSystem({ [path]: text })
  const read = files.read(path)
  if (read.kind !== 'source') throw new Error('the configuration cannot be read')
  const version = { value: '1.22.1', from: 'option', at: null } as const
  configuration = evaluateNginx({ files, main: read.source, fragments: [], version })
})

test.after(() => nginx?.stop())

test('a socket speaks TLS, and its default server answers, as the model says', async () => {
  const seen = { tls: 0, plain: 0 }
  for (const socket of sockets(configuration).slice(1)) {
    const port = socket.port ?? 0
    assert.is(isLoopback(socket.address), true)
    const answer = await sendRaw({ host: '127.0.0.1', port }, '/', 'nobody.test')
    const isTls = answer.status === 400 && answer.body.includes('plain HTTP request was sent to HTTPS port')
    assert.is(socket.ssl, isTls, `port ${port}`)
    if (isTls) {
      seen.tls++
      continue
    }
    seen.plain++
    const selected = selectServer(configuration, {
      address: parseHost('127.0.0.1'),
      port,
      host: 'nobody.test',
    })
    assert.ok(selected.known && socket.defaultServer.known)
    assert.is(selected.value.server, socket.defaultServer.value.server)
    const name = childrenNamed(selected.value.server, 'add_header')[0]?.args[1]?.value
    assert.is(answer.headers.get('x-block'), name, `port ${port}`)
  }
  assert.ok(seen.tls > 5 && seen.plain > 5, JSON.stringify(seen))
})

test.run()
