import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { expandVariables } from '../../../parsers/kubernetes/expand-variables.ts'
import { known } from '../../../parsers/text/fact.ts'
import { textSource, UNKNOWN } from '../../../parsers/text/source.ts'
import { placeIn, writtenAt } from '../../../parsers/text/written-text.ts'

const VALUES = new Map([
  ['PORT', known('8000')],
  ['SECRET', null],
])

function expanded(text: string): string {
  return expandVariables(writtenAt(textSource('/pod.yaml', text), 0, text.length), VALUES).text
}

test('a variable of the container stands for its value', () => {
  assert.is(expanded('0.0.0.0:$(PORT)'), '0.0.0.0:8000')
  assert.is(expanded('$(PORT)$(PORT)'), '80008000')
  assert.is(expanded('--key=$(SECRET)'), `--key=${UNKNOWN}`)
})

test('what no variable is called stays, and two dollars are one', () => {
  assert.is(expanded('$(NOBODY):$PORT'), '$(NOBODY):$PORT')
  assert.is(expanded('$$(PORT)'), '$(PORT)')
  assert.is(expanded('plain'), 'plain')
})

test('the value is found where the variable is written', () => {
  const text = 'a $(PORT) b'
  const written = expandVariables(writtenAt(textSource('/pod.yaml', text), 0, text.length), VALUES)
  const { start, end } = placeIn(written, 2, 6)
  assert.is(text.slice(start, end), '$(PORT)')
})

test.run()
