import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { auditFiles } from './audit-files.ts'
import { isChosen, isOfAFew } from './chosen-rules.ts'
import { fixExample } from './fix-example.ts'
import { unmark } from './marks.ts'

const FIXABLE = rules
  .filter(({ id }) => isChosen(id))
  .flatMap(rule =>
    rule.bad.flatMap(example => {
      const { files } = unmark(example.files)
      const { findings } = auditFiles(files, [rule], undefined, example.modes)
      return findings.some(({ fix }) => fix !== null) ? [{ rule, example, files }] : []
    }),
  )

test('there are fixes to try', () => {
  assert.ok(FIXABLE.length >= 60 || isOfAFew, String(FIXABLE.length))
})

for (const { rule, example, files } of FIXABLE) {
  test(`${rule.id}: fixed, ${example.title}: the finding is gone, the file is read, nothing new is found`, async () => {
    const fixed = await fixExample(rule, example)
    assert.ok(fixed)
    const { applied, rejected, texts } = fixed
    const described = [...texts].map(([file, text]) => `--- ${file}\n${text}`).join('\n')
    assert.equal(
      rejected.map(({ fix }) => fix.title),
      [],
      described,
    )
    assert.ok(applied.length > 0)
    for (const [file, text] of texts) assert.is.not(text, files[file])
  })
}

test.run()
