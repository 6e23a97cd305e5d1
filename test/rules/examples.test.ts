import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { applyEdits } from '../../parsers/text/edit.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Finding } from '../../src/engine/finding.ts'
import type { Report } from '../../src/engine/report.ts'
import type { Example, Rule } from '../../src/engine/rule.ts'
import { auditFiles } from './audit-files.ts'
import { chosenRules } from './chosen-rules.ts'
import { unmark } from './marks.ts'
import { runsHook } from './runs-hook.ts'

function placesOf(report: Report): readonly string[] {
  return report.findings.map(({ at }) => `${at.file}:${at.start}-${at.end}`).sort()
}

/** What the findings' fixes make of the files; the later of two that overlap waits for the next pass. */
function applyFixes(files: Readonly<Record<string, string>>, findings: readonly Finding[]) {
  const edits = new Map<Source, NonNullable<Finding['fix']>['edits'][number][]>()
  for (const { fix } of findings) {
    for (const edit of fix?.edits ?? []) edits.set(edit.source, [...(edits.get(edit.source) ?? []), edit])
  }
  const fixed: Record<string, string> = { ...files }
  for (const [source, list] of edits) {
    const text = applyEdits(source, list)
    assert.not.equal(text, null, 'the edits of one example overlap')
    fixed[source.path.slice(1)] = text ?? ''
  }
  return fixed
}

function explain(report: Report): string {
  return report.findings.map(({ at, message }) => `${at.file}:${at.line}:${at.column}: ${message}`).join('\n')
}

/** Of this the audit asks alone whether it is there, which router, platform or filter it names, or whether it names static files. */
const NOT_READ = /\.(?:sql|jsx|java)$|(?:^|\/)README\.md$|(?:^|\/)templates\/.+\.html$/

/** Trees are memory: an example's sources must not outlive it. */
function check(rule: Rule, files: Readonly<Record<string, string>>, { modes }: Example): Report {
  const report = auditFiles(files, [rule], undefined, modes)
  assert.is(report.crashes.map(({ stack }) => stack).join('\n'), '', 'the rule crashes')
  const missed = report.fileList.filter(
    listed => 'as' in listed && !NOT_READ.test(listed.path) && !runsHook(listed.path),
  )
  assert.equal(missed, [], 'the audit reads files for which .pre-commit-hooks.yaml does not run it')
  return report
}

for (const { rule } of await chosenRules()) {
  test(`${rule.id} has examples of both kinds`, () => {
    assert.ok(rule.bad.length > 0 && rule.good.length > 0)
  })

  for (const example of rule.bad) {
    test(`${rule.id}: bad, ${example.title}`, () => {
      const { files, marks } = unmark(example.files)
      assert.ok(marks.length > 0, 'a bad example marks what is wrong')
      const report = check(rule, files, example)
      assert.equal(placesOf(report), marks, explain(report))
      for (const { message, severity } of report.findings) {
        assert.not.match(message, /[.!]$/)
        assert.ok(
          severity === rule.severity || rule.otherSeverities?.[severity] !== undefined,
          `otherSeverities does not say where it is ${severity}`,
        )
      }
      if (report.findings.every(({ fix }) => fix !== null)) {
        const fixed = applyFixes(files, report.findings)
        const again = check(rule, fixed, example)
        assert.equal(placesOf(again), [], `after the fix:\n${Object.values(fixed).join('\n')}`)
        assert.equal(applyFixes(fixed, again.findings), fixed)
      }
    })
  }

  for (const example of rule.good) {
    test(`${rule.id}: good, ${example.title}`, () => {
      const report = check(rule, unmark(example.files).files, example)
      assert.equal(placesOf(report), [], explain(report))
    })
  }
}

test.run()
