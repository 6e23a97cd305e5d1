import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mapEach } from '../../parsers/collections/map-each.ts'
import { jsonPieces, jsonText } from '../../src/report/json-text.ts'

test('what is iterated is written as the array of its items', () => {
  const value = {
    none: [],
    nested: [{ many: [1, [2, { three: 'a\nb' }], {}], left: undefined }, 'x'],
    last: null,
  }
  const iterated = {
    none: new Set(),
    nested: [{ many: mapEach(value.nested.slice(0, 1), () => [1, [2, { three: 'a\nb' }], {}]) }, 'x'],
    last: null,
  }
  // One item, so that what it makes is the inner array.
  const whole = JSON.stringify(
    { ...value, nested: [{ many: [[1, [2, { three: 'a\nb' }], {}]] }, 'x'] },
    null,
    2,
  )
  assert.is(jsonText(iterated), `${whole}\n`)
  assert.is(jsonText(value), `${JSON.stringify(value, null, 2)}\n`)
})

test('an item is asked for when those before it are written', () => {
  const made: number[] = []
  const items = mapEach([1, 2, 3], item => {
    made.push(item)
    return { item }
  })
  const pieces = jsonPieces({ items })
  const written = (text: string): boolean => {
    for (let piece = pieces.next(); piece.done !== true; piece = pieces.next())
      if (piece.value.includes(text)) return true
    return false
  }
  assert.ok(written('"item": 1'))
  assert.equal(made, [1])
  assert.ok(written('"item": 3'))
  assert.equal(made, [1, 2, 3])
})

test('what is hidden is escaped in every piece', () => {
  const items = mapEach(['\u202E', '##[group]', '\u007F'], text => ({ [text]: text }))
  assert.is(
    jsonText(items).replace(/\s/g, ''),
    '[{"\\u202e":"\\u202e"},{"#\\u0023[group]":"#\\u0023[group]"},{"\\u007f":"\\u007f"}]',
  )
})

test.run()
