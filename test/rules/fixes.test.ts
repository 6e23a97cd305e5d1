import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { type AuditedState, fixInPasses } from '../../src/cli/fix/fix-passes.ts'
import type { Example, Rule } from '../../src/engine/rule.ts'
import { toSource } from '../../src/files/to-source.ts'
import { auditFiles } from './audit-files.ts'
import { unmark } from './marks.ts'

/** What every rule says of some files, of which those of one rule are to be fixed. */
function stateOf(rule: Rule, files: Readonly<Record<string, string>>, { modes }: Example): AuditedState {
  const whole = auditFiles(files, rules, undefined, modes)
  return {
    whole,
    report: { ...whole, findings: whole.findings.filter(finding => finding.rule === rule.id) },
    readable: file => {
      const text = files[file]
      return text === undefined ? undefined : toSource(`/${file}`, text)
    },
  }
}

const FIXABLE = rules.flatMap(rule =>
  rule.bad.flatMap(example => {
    const { files } = unmark(example.files)
    const { findings } = auditFiles(files, [rule], undefined, example.modes)
    return findings.some(({ fix }) => fix !== null) ? [{ rule, example, files }] : []
  }),
)

test('there are fixes to try', () => {
  assert.ok(FIXABLE.length >= 60, String(FIXABLE.length))
})

for (const { rule, example, files } of FIXABLE) {
  test(`${rule.id}: fixed, ${example.title}: the finding is gone, the file is read, nothing new is found`, async () => {
    const first = stateOf(rule, files, example)
    const { applied, rejected, texts } = await fixInPasses(first, true, async texts =>
      stateOf(rule, { ...files, ...Object.fromEntries(texts) }, example),
    )
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
