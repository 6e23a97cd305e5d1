import { chmodSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'
import { known, unknown } from '../../src/servers/fact.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { evaluateNginx } from '../../src/servers/nginx/evaluate.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { interpolate } from '../../src/servers/nginx/queries/interpolate.ts'
import { locationsOf, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { effectivePass, proxyTarget } from '../../src/servers/nginx/queries/proxy-target.ts'
import { headerFate, requestHeaders } from '../../src/servers/nginx/queries/request-headers.ts'
import { httpServers } from '../../src/servers/nginx/queries/servers.ts'
import { type Dice, dice } from './generated-nginx.ts'
import { freePorts, type NginxServer, nginxMain, nginxPrefix, sendRaw, startNginx } from './nginx-server.ts'

const SEED = 3
const SERVERS = 40
const NAMES = ['Host', 'X-A', 'X-B', 'X-Forwarded-Proto', 'Connection', 'Upgrade', 'Expect', 'TE'] as const
/** What the client sends of each; `Connection: close` comes with every request. */
const CLIENT: Readonly<Record<string, string>> = {
  'x-a': 'client',
  'x-b': 'client',
  'x-forwarded-proto': 'client',
  upgrade: 'client',
  te: 'client',
}

const test = suite('headers')
let nginx: NginxServer
let configuration: NginxConfiguration
let port = 0
let echoes: readonly Server[] = []

function headers(random: Dice): string {
  let text = ''
  for (let count = random.roll(4); count > 0; count--) {
    const name = random.pick(['Host', 'X-A', 'x-a', 'X-B', 'X-Forwarded-Proto', 'Connection', 'Upgrade'])
    text += ` proxy_set_header ${name} ${random.pick(['one', 'two', '$scheme', '""', '$http_x_a', '$host'])};`
  }
  return text
}

function responseHeaders(random: Dice): string {
  let text = ''
  for (let count = random.roll(3); count > 0; count--)
    text += ` add_header X-Out ${random.pick(['a', 'b', 'c'])}${random.roll(9)};`
  return text
}

test.before(async () => {
  const random = dice(SEED)
  const [backend = 0, site = 0] = await freePorts(2)
  port = site
  const prefix = nginxPrefix()
  echoes = [await echo({ port: backend, host: '127.0.0.1' }), await echo({ path: `${prefix}/backend.sock` })]
  // The workers are another user.
  chmodSync(`${prefix}/backend.sock`, 0o777)
  const socket = `unix:${prefix}/backend.sock`
  const targets = [`http://127.0.0.1:${backend}`, 'http://pool', `http://${socket}`]
  let http = `  upstream pool { server 127.0.0.1:${backend}; }\n`
  if (random.once(2)) http += headers(random)
  for (let index = 0; index < SERVERS; index++) {
    http += `  server {\n    listen 127.0.0.1:${site}; server_name s${index}.test;${headers(random)}${responseHeaders(random)}\n`
    for (const name of ['/a/', '/b/']) {
      http += `    location ${name} {${headers(random)}${responseHeaders(random)} proxy_pass ${random.pick(targets)};\n`
      http += `      location ${name}in/ {${headers(random)}${responseHeaders(random)} proxy_pass ${random.pick(targets)}; }\n    }\n`
    }
    http += '  }\n'
  }
  const path = `${prefix}/nginx.conf`
  const text = nginxMain(prefix, http)
  nginx = await startNginx(prefix, { [path]: text }, site)
  const files = memoryFileSystem({ [path]: text })
  const read = files.read(path)
  if (read.kind !== 'source') throw new Error('the configuration cannot be read')
  const version = { value: '1.22.1', from: 'option', at: null } as const
  configuration = evaluateNginx({ files, main: read.source, fragments: [], version })
})

test.after(async () => {
  await nginx?.stop()
  for (const server of echoes) server.close()
})

/** A backend that answers with the head of the request, byte for byte. */
async function echo(listen: { port: number; host: string } | { path: string }): Promise<Server> {
  const server = createServer(socket => {
    let head = ''
    socket.on('error', () => socket.destroy())
    socket.on('data', chunk => {
      head += chunk.toString('latin1')
      if (head.endsWith('\r\n\r\n'))
        socket.end(`HTTP/1.0 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`)
    })
  })
  await new Promise<void>(resolve => server.listen(listen, resolve))
  return server
}

/** The values of a header in a request's head, in order. */
function valuesIn(head: string, name: string): readonly string[] {
  const prefix = `${name.toLowerCase()}: `
  return head
    .split('\r\n')
    .filter(line => line.toLowerCase().startsWith(prefix))
    .map(line => line.slice(prefix.length))
}

test('the backend gets the headers that the model gives, and the client those of add_header', async () => {
  let compared = 0
  for (const [index, server] of httpServers(configuration).entries()) {
    const host = `s${index}.test`
    for (const location of locationsOf(server)) {
      const path = readLocation(location).name
      const answer = await sendRaw({ host: '127.0.0.1', port }, path, host, { headers: CLIENT })
      assert.is(answer.status, 200)
      const set = requestHeaders(configuration, location)
      const pass = effectivePass(configuration, location)
      const target = pass === null ? null : proxyTarget(configuration, pass)
      assert.ok(set.known && target?.known)
      const variables = (name: string) => {
        if (name === 'proxy_host') return known(target.value.proxyHost)
        if (name === 'scheme') return known('http')
        if (name === 'host') return known(host)
        return name === 'http_x_a' ? known('client') : unknown<string>(name)
      }
      for (const name of NAMES) {
        const fate = headerFate(set.value, name)
        const sent = 'entries' in fate ? fate.entries : []
        const values = sent.flatMap(entry => {
          const value = interpolate(entry.value, variables)
          return value.known && value.value !== '' ? [value.value] : []
        })
        const client = CLIENT[name.toLowerCase()]
        const expected = fate.kind === 'passed' ? (client === undefined ? [] : [client]) : values
        assert.equal(valuesIn(answer.body, name), expected, `${host}${path} ${name} ${fate.kind}`)
        compared++
      }
      const out = effective(configuration, location, 'add_header')
      assert.ok(out.known)
      const expected = out.value.directives.map(directive => directive.args[1]?.value).join(', ')
      assert.is(answer.headers.get('x-out') ?? '', expected, `${host}${path}`)
    }
  }
  assert.ok(compared > 800, `${compared} compared`)
})

test.run()
