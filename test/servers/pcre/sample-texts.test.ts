import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sampleTexts } from '../../../src/servers/pcre/sample-texts.ts'

test('every alternative has a text', () => {
  const { texts, isComplete } = sampleTexts('\\.(jpe?g|png)$')
  assert.equal([...texts].sort(), ['.jpeg', '.jpg', '.png'])
  assert.is(isComplete, true)
})

test('what must not be left out is there as often as it has to be', () => {
  assert.equal(sampleTexts('^/a[0-9]{3}/.+\\.php$').texts, ['/a111/x.php'])
})

test('a text that a look around it refuses is none', () => {
  assert.equal(sampleTexts('/\\.(?!well-known)').texts, ['/.'])
  assert.equal(sampleTexts('(?<=a)b').texts, [])
})

test('what is not tried here leaves the samples incomplete', () => {
  assert.is(sampleTexts('(a)\\1').isComplete, false)
  assert.is(sampleTexts('(((').isComplete, false)
})

test('many alternatives are cut off, and it says so', () => {
  const { texts, isComplete } = sampleTexts('[a](b|c)(d|e)(f|g)(h|i)(j|k)(l|m)(n|o)')
  assert.ok(texts.length > 0 && texts.length <= 96)
  assert.is(isComplete, false)
})

test.run()
