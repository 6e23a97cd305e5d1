import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { isOnByDefault } from '../../src/engine/asked-for.ts'
import { CONTROLS } from '../../tools/benchmarks.ts'

const controls = CONTROLS.flatMap(([, list]) => list)

test('what a rule stands for is in the table, once', () => {
  const ids = controls.map(({ id }) => id)
  assert.is(new Set(ids).size, ids.length)
  const lost = rules.flatMap(rule => (rule.controls ?? []).filter(control => !ids.includes(control)))
  assert.equal(lost, [])
})

test('every control has a rule, or a reason why none', () => {
  const named = new Set(rules.flatMap(rule => rule.controls ?? []))
  const open = controls.filter(({ id, rules = [], why }) => !named.has(id) && rules.length === 0 && !why)
  assert.equal(
    open.map(({ id }) => id),
    [],
  )
})

test('the rules of the table are there, and on without being asked for', () => {
  const known = new Set(rules.map(({ id }) => id).filter(isOnByDefault))
  assert.equal(
    controls.flatMap(({ rules = [] }) => rules.filter(rule => !known.has(rule))),
    [],
  )
})

test('a rule that is off unless asked for says what it stands for', () => {
  const silent = rules.filter(({ id, controls = [] }) => !isOnByDefault(id) && controls.length === 0)
  assert.equal(
    silent.map(({ id }) => id),
    [],
  )
})

test.run()
