import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { placeInScript, readStack } from '../../tools/stack-places.ts'

test('a place behind characters that were escaped is where it was before', () => {
  const lines = ['var a=/µ|你/;b()', 'c()']
  const column = String.raw`var a=/\u00b5|\u4f60/;`.length
  assert.equal(placeInScript(lines, { line: 0, column }), { line: 0, column: 'var a=/µ|你/;'.length })
  assert.equal(placeInScript(lines, { line: 0, column: 3 }), { line: 0, column: 3 })
  assert.equal(placeInScript(lines, { line: 1, column: 1 }), { line: 1, column: 1 })
  assert.equal(placeInScript(lines, { line: 9, column: 4 }), { line: 9, column: 4 })
})

test('only the places of the bundle are read, with or without a name in front', () => {
  const stack = [
    'TypeError: a is undefined',
    '    at Ab (/usr/lib/node_modules/deploy-audit/dist/program.cjs:12:340)',
    '    at /srv/x/dist/program.cjs:1:9',
    '    at node:internal/main:1:2',
    '    at c (/srv/x/dist/program.cjs:7:1)',
  ]
  const read = readStack(stack.join('\n'), ({ line, column }) =>
    line === 6 ? null : `src/${line}.ts:${column}`,
  )
  assert.equal(read.split('\n'), [
    'TypeError: a is undefined',
    '    at Ab (src/11.ts:339)',
    '    at src/0.ts:8',
    '    at node:internal/main:1:2',
    '    at c (/srv/x/dist/program.cjs:7:1)',
  ])
})

test.run()
