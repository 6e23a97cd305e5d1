import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isUnknownWord, placeholder, reveal, revealAll } from '../../../parsers/text/placeholder.ts'

test('a placeholder is as long as its text, and can be had back', () => {
  for (const text of ['%a%', '{{ port }}', '%a_rather_long_name%', '${X}']) {
    const word = placeholder(text)
    assert.is(word.length, text.length)
    assert.ok(isUnknownWord(word))
    assert.is(reveal(word), text)
  }
})

test('a placeholder of two characters has its text too', () => {
  const text = `${placeholder('$T')}${placeholder('$P')}${placeholder('%a%')}${placeholder('$T')}s`
  assert.is(text.length, 10)
  assert.is(reveal(text), '$T$P%a%$Ts')
})

test('placeholders side by side, and in the midst of words, keep apart', () => {
  const text = `http://${placeholder('%ip%')}${placeholder('%x%')}:${placeholder('%web_port%')}/a`
  assert.is(reveal(text), 'http://%ip%%x%:%web_port%/a')
  assert.is(placeholder('%ip%'), placeholder('%ip%'))
  assert.is.not(placeholder('%ip%'), placeholder('%iq%'))
})

test('what has no text to show is an ellipsis, and other text stays', () => {
  assert.is(reveal('a\uE000b'), 'a…b')
  assert.is(reveal('\uF8FF plain'), '\uF8FF plain')
})

test('every text of plain data is revealed', () => {
  const word = placeholder('%ip%')
  assert.equal(revealAll({ a: [word, { b: `x${word}` }], n: 1, o: null }), {
    a: ['%ip%', { b: 'x%ip%' }],
    n: 1,
    o: null,
  })
})

test('thousands of placeholders are told apart', () => {
  const words = Array.from({ length: 20_000 }, (_, index) => placeholder(`{{ a${index} }}`))
  assert.is(new Set(words).size, words.length)
  assert.is(reveal(words[12_345] ?? ''), '{{ a12345 }}')
})

test.run()
