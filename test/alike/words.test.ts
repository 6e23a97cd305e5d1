import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mayBeName, replaceWords, shapeOf, wordsOf } from '../../src/alike/words.ts'

test('a word is a run of letters, digits, dashes and lines below', () => {
  assert.equal(wordsOf('server_name my-shop.müller.test;'), ['server_name', 'my-shop', 'müller', 'test'])
  assert.equal(wordsOf('unix:/run/web_7.sock'), ['unix', 'run', 'web_7', 'sock'])
  assert.equal(wordsOf(' ;{}'), [])
  assert.is(
    replaceWords('/srv/a/a.conf', word => (word === 'a' ? 'b' : word)),
    '/srv/b/b.conf',
  )
})

test('what counts or measures is no name', () => {
  for (const word of ['8', '90s', '10m', '500ms', '1024k', '127', '2026-11-28', ''])
    assert.not(mayBeName(word), word)
  for (const word of ['shop', 'web_7', 'site00001', '3d-print', 'a']) assert.ok(mayBeName(word), word)
})

test('a port may be one, unless it is below 1024 or rules know it', () => {
  for (const port of ['80', '443', '1023', '8080', '5432', '65536', '99999'])
    assert.not(mayBeName(port), port)
  for (const port of ['1037', '8347', '21877', '64999']) assert.ok(mayBeName(port), port)
})

test('names of one shape are those that rules cannot tell apart', () => {
  assert.is(shapeOf('qwxzt'), shapeOf('bnmvc'))
  assert.is(shapeOf('qwxzt'), shapeOf('qwx'))
  assert.is.not(shapeOf('qwxzt'), shapeOf('qw-zt'))
  assert.is.not(shapeOf('qwxzt'), shapeOf('qwxz1'))
  assert.is.not(shapeOf('qwxzt'), shapeOf('Qwxzt'))
  assert.is.not(shapeOf('qwxzt'), shapeOf('admin'))
  assert.is(shapeOf('admin-17'), shapeOf('admin-42'))
  assert.is.not(shapeOf('admin-17'), shapeOf('qwxzt-17'))
})

test.run()
