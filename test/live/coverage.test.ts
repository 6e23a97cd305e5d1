import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ruleTraits } from '../../rules/traits.generated.ts'
import type { Example, Rule } from '../../src/engine/rule.ts'
import { loadRules } from '../../tools/load-rules.ts'
import { auditFiles } from '../rules/audit-files.ts'
import { unmark } from '../rules/marks.ts'
import { exampleOf } from './live-case.ts'
import { loadCases } from './load-cases.ts'

const rules = (await loadRules()).map(({ rule }) => rule)
const cases = await loadCases()
const proven = new Set(cases.map(({ rule }) => rule))

test('every rule that warns is shown on running servers, or says why none can show it', () => {
  const open = rules
    .filter(({ severity, otherSeverities = {} }) =>
      [severity, ...Object.keys(otherSeverities)].some(each => each !== 'info'),
    )
    .filter(({ id, unproven }) => !proven.has(id) && unproven === undefined)
  assert.equal(
    open.map(({ id }) => id),
    [],
  )
})

test('no rule is called unproven that a case shows', () => {
  const both = rules.filter(({ id, unproven }) => unproven !== undefined && proven.has(id))
  assert.equal(
    both.map(({ id }) => id),
    [],
  )
})

test('every rule that mends something is shown with a bad example that it mends, or says why none can be', () => {
  const mends = (rule: Rule, { files, modes }: Example): boolean =>
    auditFiles(unmark(files).files, [rule], undefined, modes).findings.some(({ fix }) => fix !== null)
  const open = rules
    .filter(({ id, unproven }) => unproven === undefined && (ruleTraits().get(id)?.fixes.length ?? 0) > 0)
    .filter(rule =>
      cases
        .filter(live => live.rule === rule.id)
        .map(({ examples }) => exampleOf(rule.bad, examples.bad))
        .every(example => example === undefined || !mends(rule, example)),
    )
  assert.equal(
    open.map(({ id }) => id),
    [],
  )
})

test('the reason why nothing is shown is a sentence', () => {
  const empty = rules.filter(
    ({ unproven }) => unproven !== undefined && unproven.trim().split(/\s+/).length < 4,
  )
  assert.equal(
    empty.map(({ id }) => id),
    [],
  )
})

test('every case names a rule and examples that are there', () => {
  const byId = new Map(rules.map(rule => [rule.id, rule]))
  const lost = cases.filter(({ rule, examples }) => {
    const definition = byId.get(rule)
    return (
      exampleOf(definition?.bad ?? [], examples.bad) === undefined ||
      exampleOf(definition?.good ?? [], examples.good) === undefined
    )
  })
  assert.equal(
    lost.map(({ rule, shows }) => `${rule}: ${shows}`),
    [],
  )
})

test('there are cases to compare', () => {
  assert.ok(cases.length > 90, `${cases.length} cases`)
})

test.run()
