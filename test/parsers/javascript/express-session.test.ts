import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sessionsInMemory } from '../../../parsers/javascript/express-session.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'

const called = (text: string): string | null => {
  const at = sessionsInMemory(textSource('/srv/app/server.js', text))
  return at === null ? null : placeText(at)
}
const NAMED = "const session = require('express-session')\n"

test('a call without a store of its own', () => {
  assert.is(called(`${NAMED}app.use(session({ secret: key, cookie: { secure: true } }))`), 'session')
  assert.is(called("app.use(require('express-session')({ secret: key }))"), 'require')
  assert.is(called("import visits from 'express-session'\napp.use(visits({ secret: key }))"), 'visits')
})

test('the store of the package, and others', () => {
  assert.is(called(`${NAMED}app.use(session({ store: new session.MemoryStore() }))`), 'session')
  assert.is(called(`${NAMED}app.use(session({ secret: key, store: new RedisStore({ client }) }))`), null)
  assert.is(called(`${NAMED}app.use(session({ cookie: { store: 1 } }))`), 'session')
})

test('what is written elsewhere, twice, or not called', () => {
  assert.is(called(`${NAMED}app.use(session(options))`), null)
  assert.is(called(`${NAMED}const options = { secret: key }\napp.use(session(options))`), 'session')
  assert.is(called(`${NAMED}const o = { secret: key }\no.store = redis\napp.use(session(o))`), null)
  assert.is(called(`${NAMED}app.use(session({ ...options }))`), null)
  assert.is(called(`${NAMED}app.use(session({}))\nadmin.use(session({}))`), null)
  assert.is(called(NAMED), null)
  assert.is(called('// express-session\nsession({})'), null)
})

test.run()
