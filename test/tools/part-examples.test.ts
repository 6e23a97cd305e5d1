import { build } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { firstExamples, partExamples, withoutExamples } from '../../tools/part-examples.ts'

test('nothing that builds examples is in a bundle of the rules', async () => {
  const { metafile } = await build({
    entryPoints: ['rules/index.generated.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    plugins: [partExamples()],
  })
  const [output] = Object.values(metafile.outputs)
  assert.ok((output?.inputs['rules/apache/syntax.ts']?.bytesInOutput ?? 0) > 0)
  assert.is(output?.inputs['src/engine/conf.ts'], undefined)
})

test('a rule is left without examples, and what only they used can be dropped', () => {
  const text = [
    'const LIMIT = Number(3)',
    'export default defineRule({',
    '  bad: [{ title: a(), files: {} }, { title: b(), files: {} }],',
    '  good: [good()],',
    '  *check() { if (LIMIT) yield 1 },',
    '})',
  ]
  assert.is(
    withoutExamples(text.join('\n')),
    [
      'const LIMIT = /* @__PURE__ */ (() => (Number(3)))()',
      'export default defineRule({',
      '  bad: [],',
      '  good: [],',
      '  *check() { if (LIMIT) yield 1 },',
      '})',
    ].join('\n'),
  )
})

test('of the examples of every rule the first of each kind is kept', async () => {
  const kept = JSON.parse(await firstExamples())
  assert.is(Object.keys(kept).length, rules.length)
  for (const { id, bad, good } of rules)
    assert.equal(kept[id], JSON.parse(JSON.stringify({ bad: bad[0], good: good[0] })))
})

test.run()
