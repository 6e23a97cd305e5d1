import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { Rule, RuleFinding } from '../../src/engine/rule.ts'
import { runRules } from '../../src/engine/run.ts'

const source = textSource('/a.conf', 'listen 80;\n')
const at = { source, start: 0, end: 6 }
const base = {
  summary: 'A summary',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Why.',
  remedy: 'Do this',
  references: [],
  bad: [],
  good: [],
} as const
const deployment = {} as Deployment

test('a rule that crashes keeps what it said and stops no other', () => {
  const crashing: Rule = {
    ...base,
    id: 'a/crashing',
    *check() {
      yield { at, message: 'before' }
      throw new Error('broken')
    },
  }
  const sound: Rule = {
    ...base,
    id: 'b/sound',
    *check() {
      yield { at, message: 'after' }
    },
  }
  const result = runRules(
    [crashing, sound].map(rule => ({ rule, severity: null })),
    deployment,
    ({ path }) => path,
  )
  assert.equal(
    result.findings.map(({ message }) => message),
    ['before', 'after'],
  )
  assert.equal(
    result.crashes.map(({ rule, message }) => ({ rule, message })),
    [{ rule: 'a/crashing', message: 'broken' }],
  )
  assert.match(result.crashes[0]?.stack ?? '', /^Error: broken\n.*run\.test\.ts/s)
})

test('nothing is said of a text that another rule calls moot but what the server refuses', () => {
  const place = (start: number, end: number) => ({ source, start, end })
  const rule = (id: string, findings: readonly RuleFinding[]): Rule => ({
    ...base,
    id,
    check: () => findings,
  })
  const hidden = rule('a/hidden', [
    { at: place(0, 2), message: 'never read', moot: place(0, 6) },
    { at: place(3, 4), message: 'said by the same rule' },
  ])
  const others = rule('b/others', [
    { at: place(2, 6), message: 'inside' },
    { at: place(5, 9), message: 'half outside' },
    { at: place(0, 6), message: 'refused', fatal: true },
  ])
  const { findings } = runRules(
    [others, hidden].map(rule => ({ rule, severity: null })),
    deployment,
    ({ path }) => path,
  )
  assert.equal(
    findings.map(({ message }) => message),
    ['half outside', 'refused', 'never read', 'said by the same rule'],
  )
})

test('the severity of the user wins over the finding, and that over the rule', () => {
  const rule: Rule = {
    ...base,
    id: 'a/b',
    *check() {
      yield { at, message: 'one', severity: 'error' }
      yield { at: { source, start: 7, end: 9 }, message: 'two' }
    },
  }
  const severities = (severity: 'info' | null) =>
    runRules([{ rule, severity }], deployment, ({ path }) => path).findings.map(finding => finding.severity)
  assert.equal(severities(null), ['error', 'warning'])
  assert.equal(severities('info'), ['info', 'info'])
})

test.run()
