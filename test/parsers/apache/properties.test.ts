import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseApache } from '../../../parsers/apache/parse.ts'
import { splitWords } from '../../../parsers/apache/split-words.ts'
import type { ApacheNode } from '../../../parsers/apache/syntax.ts'
import { textSource } from '../../../parsers/text/source.ts'

const RUNS = { seed: 20_241_124, numRuns: 2000 }

/** What makes a difference to httpd, in any order. */
const piece = fc.constantFrom(
  '\n',
  '\\\n',
  '\\\r\n',
  '\r\n',
  ' ',
  '\t',
  '\0',
  '\\',
  '"',
  "'",
  '#',
  '<',
  '</',
  '>',
  '!',
  '${x}',
  '$a',
  'Header',
  'set',
  'Directory',
  'IfModule',
  'é',
  '\u00a0',
  '\ufeff',
)
const text = fc.array(piece, { maxLength: 40 }).map(pieces => pieces.join(''))

function parse(code: string): readonly ApacheNode[] {
  return parseApache(textSource('/f', code))
}

test('nodes stand in order and apart, words lie inside their nodes', () => {
  fc.assert(
    fc.property(text, code => {
      let at = 0
      for (const node of parse(code)) {
        assert.ok(node.start >= at && node.start < node.end && node.end <= code.length)
        at = node.end
        if (node.kind === 'comment') continue
        let word = node.start
        for (const { start, end } of [node.name, ...node.words]) {
          assert.ok(start >= word && start <= end && end <= node.end, `${start}..${end}`)
          word = start
        }
      }
    }),
    RUNS,
  )
})

test('lines are numbered as they stand', () => {
  fc.assert(
    fc.property(text, code => {
      for (const node of parse(code)) {
        const first = code.slice(0, node.start).split('\n').length
        const last = code.slice(0, node.end).split('\n').length
        assert.ok(node.firstLine <= first && first <= last && last <= node.line)
        if (node.kind !== 'comment' && node.made === null) assert.is(node.firstLine, node.line)
      }
    }),
    RUNS,
  )
})

test('what is left out is white space, or behind a NUL, or an empty continuation', () => {
  fc.assert(
    fc.property(text, code => {
      let rest = ''
      let at = 0
      for (const node of parse(code)) {
        rest += code.slice(at, node.start)
        at = node.end
      }
      rest += code.slice(at)
      assert.match(rest.replace(/\0[^\n]*/g, ''), /^[\s\\]*$/)
    }),
    RUNS,
  )
})

test('a text of directives on lines of their own can be printed and read again', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9./_:-]{1,8}$/)
  const directive = fc.tuple(word, fc.array(word, { maxLength: 4 }))
  fc.assert(
    fc.property(fc.array(directive, { maxLength: 8 }), directives => {
      const code = directives.map(([name, words]) => `${[name, ...words].join(' ')}\n`).join('')
      const nodes = parse(code)
      const again = nodes.map(node => (node.kind === 'comment' ? null : [node.name.value, node.text]))
      assert.equal(
        again,
        directives.map(([name, words]) => [name, words.join(' ')]),
      )
    }),
    RUNS,
  )
})

test('any word can be quoted and comes back', () => {
  fc.assert(
    fc.property(
      fc.string().filter(word => !/[\n\0]/.test(word)),
      word => {
        const quoted = `"${word.replace(/["\\]/g, '\\$&')}"`
        assert.equal(
          splitWords(`  ${quoted} x`).map(({ value }) => value),
          [word, 'x'],
        )
      },
    ),
    RUNS,
  )
})

test.run()
