import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readNodeScript } from '../../../parsers/javascript/node-server.ts'
import { jsTokens } from '../../../parsers/javascript/tokens.ts'
import { known } from '../../../parsers/text/fact.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'

const read = (code: string, environment: Readonly<Record<string, string>> = {}) =>
  readNodeScript(textSource('/srv/server.js', code), name => {
    const value = environment[name]
    return value === undefined ? null : known(value)
  })
/** Port and host of the one `listen`, `?` for what nobody knows. */
function address(code: string, environment: Readonly<Record<string, string>> = {}): string {
  const { listen } = read(code, environment)
  if (listen === null) return 'none'
  const host = listen.host === null ? '*' : listen.host.known ? listen.host.value : '?'
  return `${host}:${listen.port.known ? listen.port.value : '?'}`
}

test('ports and hosts that literals, constants and the environment decide', () => {
  assert.is(address('app.listen(3000)'), '*:3000')
  assert.is(address('app.listen(3000, "127.0.0.1", () => console.log("up"))'), '127.0.0.1:3000')
  assert.is(address('const port = process.env.PORT || 3000\napp.listen(port, cb)'), '*:3000')
  assert.is(address('const port = process.env.PORT ?? 3000;app.listen(port)', { PORT: '5000' }), '*:5000')
  assert.is(
    address('const PORT: number = Number(process.env["PORT"] || "4000")\nserver.listen(PORT)'),
    '*:4000',
  )
  assert.is(address('app.listen(parseInt(process.env.PORT, 10) || 8080, "::")'), ':::8080')
  assert.is(address('fastify.listen({ port: 3000, host: "0.0.0.0" })'), '0.0.0.0:3000')
  assert.is(address('server.listen("/run/app/app.sock")'), '*:/run/app/app.sock')
  assert.is(address('const p = normalizePort(process.env.PORT || "3000")\nserver.listen(p)'), '*:3000')
  assert.is(
    address('const { PORT = 3000, HOST: host = "::" } = process.env\napp.listen(PORT, host)'),
    ':::3000',
  )
  assert.is(address('const { PORT = 3000 } = process.env\napp.listen(PORT)', { PORT: '5000' }), '*:5000')
  assert.is(address('const p = process.env.PORT ? Number(process.env.PORT) : 3000\napp.listen(p)'), '*:3000')
  assert.is(address('const config = { web: { port: 3000 } }\napp.listen(config.web.port)'), '*:3000')
  assert.is(address('const c = { port: 3000 }\nc.port = later()\napp.listen(c.port)'), '*:?')
  assert.is(address('const c = { port: 3000, ...others }\napp.listen(c.port)'), '*:?')
  assert.is(address('app.set("port", process.env.PORT || 3000)\napp.listen(app.get("port"))'), '*:3000')
  assert.is(address('app.set("port", 1)\napp.set("port", 2)\napp.listen(app.get("port"))'), '*:?')
  assert.is(address('app.listen(process.env.PORT!)', { PORT: '5000' }), '*:5000')
})

test('servers of the package ws listen by themselves', () => {
  const required = 'const { WebSocketServer } = require("ws")\n'
  assert.is(address(`${required}new WebSocketServer({ host: "127.0.0.1", port: 4100 })`), '127.0.0.1:4100')
  assert.is(address('import WebSocket from "ws"\nconst wss = new WebSocket.Server({ port: 4100 })'), '*:4100')
  assert.is(address(`${required}new WebSocketServer({ server })\nserver.listen(3000)`), '*:3000')
  assert.is(address(`${required}new WebSocketServer({ noServer: true })`), 'none')
  assert.is(address('new WebSocketServer({ port: 4100 })'), 'none')
})

test('Fastify listens on localhost by itself', () => {
  const made = 'const app = require("fastify")({ logger: true })\n'
  assert.is(address(`${made}app.listen({ port: 3000 })`), 'localhost:3000')
  assert.is(address(`${made}app.listen({ port: 3000, host: "0.0.0.0" })`), '0.0.0.0:3000')
  assert.is(address('const app = Fastify()\napp.listen(3000, done)'), 'localhost:3000')
  assert.is(address('const app = Fastify()\napp.listen(3000, "::")'), ':::3000')
  assert.is(
    address('const app = await NestFactory.create(App, new FastifyAdapter())\nawait app.listen(3000)'),
    'localhost:3000',
  )
  assert.is(address('const f = fastify()\nconst s = http.createServer()\ns.listen(3000)'), '*:3000')
})

test('what nobody knows, and what is no one call', () => {
  assert.is(address('app.listen(config.port)'), '*:?')
  assert.is(address('app.listen(3000, config.host)'), '?:3000')
  assert.is(address('require("dotenv").config()\napp.listen(process.env.PORT || 3000)'), '*:?')
  assert.is(address('let port = 3000\nport = 4000\napp.listen(port)'), '*:?')
  assert.is(address('a.listen(1)\nb.listen(2)'), 'none')
  assert.is(address('// app.listen(3000)\n/* app.listen(4000) */ const a = "app.listen(1)"'), 'none')
})

test('what Express is told of its proxy, and what needs it', () => {
  const text = (code: string) => {
    const { trustProxy } = read(code)
    return trustProxy === null ? null : trustProxy.known ? trustProxy.value : undefined
  }
  assert.is(text('app.set("trust proxy", 1)'), 1)
  assert.is(text('app.enable("trust proxy")'), true)
  assert.is(text('app.set("trust proxy", config.proxies)'), undefined)
  assert.is(text('app.use(x)'), null)
  const script = read(`const express = require('express')
import rateLimit from 'express-rate-limit'
import session from 'express-session'
app.use(rateLimit({ max: 100 }))
app.use(express.json({ limit: '10mb' }))
app.use(session({ cookie: { maxAge: 1000, secure: true } }))
app.use((req, res, next) => { if (!req.secure) return res.redirect('https://' + req.headers.host + req.url); next() })
`)
  assert.is(script.express, true)
  assert.is(script.bodyLimit?.known === true && script.bodyLimit.value, 10 * 1024 ** 2)
  assert.is(script.rateLimit !== null && placeText(script.rateLimit), 'rateLimit')
  assert.is(script.secureCookie !== null && placeText(script.secureCookie), 'true')
  assert.is(script.asksForTls !== null && placeText(script.asksForTls), '!req.secure')
})

test('the headers of proxies that a script reads', () => {
  const headers = (code: string): readonly string[] =>
    [...read(code).headersRead].map(([name, { start, end }]) => `${name}=${code.slice(start, end)}`)
  assert.equal(headers('req.headers["X-Real-IP"] || req.headers["x-real-ip"]'), ['x-real-ip="X-Real-IP"'])
  assert.equal(headers("req.get('X-Forwarded-For'); req.header('X-Forwarded-Proto')"), [
    "x-forwarded-for='X-Forwarded-For'",
    "x-forwarded-proto='X-Forwarded-Proto'",
  ])
  assert.equal(headers("res.set('X-Real-IP', ip); names = ['x-real-ip']; req.headers['x-shop']"), [])
})

test('a script takes time by its length alone, and one that a tool has put together says nothing', () => {
  const seconds = (code: string): number => {
    const start = performance.now()
    read(code)
    return (performance.now() - start) / 1000
  }
  for (const piece of [
    'var a = {b: 1}; f(a)\n',
    'var a = function () {\n',
    'a.listen(b, [1, 2])\n',
    '`${a}` + /b/.test(c)\n',
  ])
    assert.ok(seconds(piece.repeat(250_000 / piece.length)) < 5, piece)
  assert.is(address(`app.listen(3000)\n${'f(1)\n'.repeat(70_000)}`), 'none')
})

test('whatever stands in a script, words lie behind each other and nothing is thrown', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          'a',
          '.listen(',
          ')',
          '`',
          '${',
          '}',
          '/',
          "'",
          '"',
          '\\',
          '\n',
          '{',
          '//',
          '/*',
          '=',
          '3',
        ),
      ),
      parts => {
        const code = parts.join('')
        let end = 0
        for (const token of jsTokens(code)) {
          assert.ok(token.start >= end && token.end > token.start && token.end <= code.length)
          end = token.end
        }
        read(code)
      },
    ),
    { numRuns: 500 },
  )
})

test.run()
