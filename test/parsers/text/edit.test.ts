import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { applyEdits } from '../../../parsers/text/edit.ts'
import { textSource } from '../../../parsers/text/source.ts'

const source = textSource('/x', 'listen 80;')

test('edits are applied in the order of the text', () => {
  const edits = [
    { source, start: 10, end: 10, text: ' # end' },
    { source, start: 7, end: 9, text: '127.0.0.1:80' },
  ]
  assert.is(applyEdits(source, edits), 'listen 127.0.0.1:80; # end')
})

test('edits that overlap change nothing', () => {
  const edits = [
    { source, start: 0, end: 8, text: 'x' },
    { source, start: 7, end: 9, text: 'y' },
  ]
  assert.is(applyEdits(source, edits), null)
})

test('edits of another source are left alone', () => {
  assert.is(applyEdits(source, [{ source: textSource('/y', ''), start: 0, end: 0, text: 'z' }]), 'listen 80;')
})

test.run()
