import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lineText, positionAt, textSource } from '../../../parsers/text/source.ts'

const source = textSource('/x', 'one\r\ntwo\n\nfour')

test('positions are one-based and an offset past the end is the end', () => {
  assert.equal(positionAt(source, 0), { line: 1, column: 1 })
  assert.equal(positionAt(source, 4), { line: 1, column: 5 })
  assert.equal(positionAt(source, 5), { line: 2, column: 1 })
  assert.equal(positionAt(source, 9), { line: 3, column: 1 })
  assert.equal(positionAt(source, 14), { line: 4, column: 5 })
  assert.equal(positionAt(source, 99), { line: 4, column: 5 })
  assert.equal(positionAt(source, -1), { line: 1, column: 1 })
})

test('the text of a line is without its end, and empty where there is none', () => {
  assert.equal(
    [1, 2, 3, 4, 5].map(line => lineText(source, line)),
    ['one', 'two', '', 'four', ''],
  )
})

test.run()
