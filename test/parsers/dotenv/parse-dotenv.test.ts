import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseDotenv } from '../../../parsers/dotenv/parse-dotenv.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'

function read(text: string) {
  return parseDotenv(textSource('/.env', text)).map(({ name, value, at }) => [
    name,
    value.known ? value.value : undefined,
    placeText(at),
  ])
}

test('plain and quoted values, comments, export, empty ones', () => {
  const text = `# A=1\nA=1 # one\nexport B='a $A # b'\nC="x\\ty\\"z"\r\nD=\n E = f \nG=#no\nnothing\nH=a#b\n`
  assert.equal(read(text), [
    ['A', '1', 'A=1'],
    ['B', 'a $A # b', "B='a $A # b'"],
    ['C', 'x\ty"z', 'C="x\\ty\\"z"'],
    ['D', '', 'D='],
    ['E', 'f', 'E = f'],
    ['G', '', 'G='],
    ['H', 'a#b', 'H=a#b'],
  ])
})

test('variables of lines above are filled in, others are unknown', () => {
  const text = 'A=1\nB=${A}2\nC="$B${X:-y}"\nD=$NOBODY\nE=a$$b\nF="\\$A"\n'
  assert.equal(
    read(text).map(([name, value]) => [name, value]),
    [
      ['A', '1'],
      ['B', '12'],
      ['C', '12y'],
      ['D', undefined],
      ['E', 'a$b'],
      ['F', '$A'],
    ],
  )
})

test('a quoted value may span lines, and an open quote is a letter', () => {
  assert.equal(
    read(`A="x\ny"\nB='\nC=1\n`).map(([name, value]) => [name, value]),
    [
      ['A', 'x\ny'],
      ['B', "'"],
      ['C', '1'],
    ],
  )
})

test('never throws, and places lie inside', () => {
  const piece = fc.constantFrom(
    '\n',
    '\r\n',
    '=',
    ':',
    ' ',
    '"',
    "'",
    '\\',
    '$',
    '${',
    '}',
    ':-',
    '#',
    'A',
    'export ',
    'é',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
      const text = pieces.join('')
      for (const { at } of parseDotenv(textSource('/.env', text)))
        assert.ok(at.start >= 0 && at.start < at.end && at.end <= text.length)
    }),
    { seed: 20_250_303, numRuns: 3000 },
  )
})

test.run()
