import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { recent } from '../../../parsers/collections/recent.ts'

test('a text that came lately is not computed again', () => {
  let computed = 0
  const length = recent(text => {
    computed++
    return text.length
  })
  assert.is(length('abc'), 3)
  assert.is(length('abc'), 3)
  assert.is(length(''), 0)
  assert.is(computed, 2)
})

test('what is kept is bounded, in number and in length', () => {
  let computed = 0
  const ask = recent(text => {
    computed++
    return text
  })
  for (let index = 0; index < 5000; index++) ask(`text ${index}`)
  ask('text 0')
  assert.is(computed, 5001)
  const long = 'x'.repeat(1000)
  ask(long)
  ask(long)
  assert.is(computed, 5003)
})

test.run()
