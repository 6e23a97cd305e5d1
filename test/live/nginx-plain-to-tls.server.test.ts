import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'
import { evaluateNginx } from '../../src/servers/nginx/evaluate.ts'
import { outcome } from '../../src/servers/nginx/queries/outcome.ts'
import { httpServers } from '../../src/servers/nginx/queries/servers.ts'
import { freePorts, nginxMain, nginxPrefix, sendRaw, startNginx } from './nginx-server.ts'

/** What people write for a client that forgets the `s`. */
const SITES = [
  'return 200 x;',
  'error_page 497 https://$host:$server_port$request_uri;',
  'error_page 497 =301 https://$host$request_uri;',
  'error_page 497 /page; location = /page { return 418; }',
  'error_page 400 =302 https://t.test/;',
  'error_page 497 = @named; location @named { return 307 https://$host$request_uri; }',
]

function certificate(prefix: string): string {
  const path = join(prefix, 'pair.pem')
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=t.test']
  const { status, stderr } = spawnSync('openssl', [...words, '-keyout', path, '-out', `${path}.crt`])
  if (status !== 0) throw new Error(String(stderr))
  return readFileSync(path, 'utf8') + readFileSync(`${path}.crt`, 'utf8')
}

test('plain HTTP to a port that speaks TLS ends where the model says', async () => {
  const ports = await freePorts(SITES.length)
  const prefix = nginxPrefix()
  const servers = SITES.map(
    (site, index) =>
      `server { listen 127.0.0.1:${ports[index]} ssl; server_name h.test; ssl_certificate pair.pem; ssl_certificate_key pair.pem; ${site} }\n`,
  )
  const main = `${prefix}/nginx.conf`
  const texts = { [main]: nginxMain(prefix, servers.join('')), [`${prefix}/pair.pem`]: certificate(prefix) }
  const nginx = await startNginx(prefix, texts, ports[0] ?? 0)
  try {
    const files = memoryFileSystem(texts)
    const read = files.read(main)
    assert.ok(read.kind === 'source')
    const version = { value: '1.22.1', from: 'option', at: null } as const
    const configuration = evaluateNginx({ files, main: read.source, fragments: [], version })
    for (const [index, server] of httpServers(configuration).entries()) {
      const port = ports[index] ?? 0
      const request = { method: 'GET', target: '/a?b', host: 'h.test', scheme: 'http', port } as const
      const { end } = outcome(configuration, server, request, { files, plainToTls: true })
      const answer = await sendRaw({ host: '127.0.0.1', port }, '/a?b', 'h.test')
      assert.ok(end.kind === 'response', SITES[index])
      assert.is(answer.status, end.status, SITES[index])
      assert.is(answer.headers.get('location'), end.location ?? undefined, SITES[index])
    }
  } finally {
    await nginx.stop()
  }
})

test.run()
