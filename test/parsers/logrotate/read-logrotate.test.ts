import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readLogrotate } from '../../../parsers/logrotate/read-logrotate.ts'
import { textSource } from '../../../parsers/text/source.ts'

const read = (text: string) => readLogrotate(textSource('/etc/logrotate.d/shop', text))

test('patterns of several lines, keywords and scripts', () => {
  const { blocks, globals, unended } = read(
    'weekly\n/var/log/a.log "/var/log/b c.log"\n/var/log/c.log {\n  # no mail\n  rotate 4\n  size=10M\n  postrotate\n    kill -USR1 1\n  endscript\n}\n',
  )
  assert.equal(
    globals.map(({ name }) => name.text),
    ['weekly'],
  )
  assert.is(blocks.length, 1)
  assert.equal(
    blocks[0]!.patterns.map(({ text }) => text),
    ['/var/log/a.log', '/var/log/b c.log', '/var/log/c.log'],
  )
  assert.equal(
    blocks[0]!.lines.map(({ name, value }) => [name.text, value?.text]),
    [
      ['rotate', '4'],
      ['size', '10M'],
    ],
  )
  assert.equal(blocks[0]!.scripts[0]!.text.trim(), 'kill -USR1 1')
  assert.is(unended, null)
})

test('a script that nothing ends', () => {
  assert.is(read('/a {\n  postrotate\n    true\n}\n').unended?.start, 7)
})

test.run()
