import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { escapePattern } from '../../../parsers/text/escape-pattern.ts'

test('a text matches itself, whatever signs it has', () => {
  for (const text of ['shop.conf', 'a+b', '(x|y)*', '[a]{2}', '^$?', '\\d', 'C++'])
    assert.is(new RegExp(`^${escapePattern(text)}$`).exec(text)?.[0], text)
  assert.not.ok(new RegExp(`^${escapePattern('a.c')}$`).test('abc'))
})

test.run()
