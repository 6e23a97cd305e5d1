import * as assert from 'uvu/assert'
import stringWidth from 'string-width'
import { test } from 'uvu'
import { columnsOf } from '../../src/report/columns.ts'

test('every character is as wide as the library of widths says', () => {
  const wrong: string[] = []
  for (let code = 0x20; code < 0x3000; code++) {
    const text = `a${String.fromCharCode(code)}b`
    if (code >= 0x7f && code <= 0xa0) continue
    if (columnsOf(text) !== stringWidth(text)) wrong.push(code.toString(16))
  }
  assert.equal(wrong, [])
})

test.run()
