import { build } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { precomputeExamples, withFirstExamples } from '../../tools/precompute-examples.ts'

test('nothing that builds examples is in a bundle of the rules', async () => {
  const { metafile } = await build({
    entryPoints: ['rules/index.generated.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    plugins: [precomputeExamples()],
  })
  const [output] = Object.values(metafile.outputs)
  assert.ok((output?.inputs['rules/apache/syntax.ts']?.bytesInOutput ?? 0) > 0)
  assert.is(output?.inputs['src/engine/conf.ts'], undefined)
})

test('the first examples stay as literals, whatever the others are', () => {
  const text = withFirstExamples(
    [
      'const LIMIT = Number(3)',
      'export default defineRule({',
      '  bad: [{ title: a(), files: {} }, { title: b(), files: {} }],',
      '  good: [],',
      '  *check() { if (LIMIT) yield 1 },',
      '})',
    ].join('\n'),
    {
      bad: [
        { title: 'a', files: {} },
        { title: 'b', files: {} },
      ],
      good: [],
    },
  )
  assert.is(
    text,
    [
      'const LIMIT = /* @__PURE__ */ (() => (Number(3)))()',
      'export default defineRule({',
      '  bad: [{"title":"a","files":{}}],',
      '  good: [],',
      '  *check() { if (LIMIT) yield 1 },',
      '})',
    ].join('\n'),
  )
})

test.run()
