import type { Source } from '../../parsers/text/source.ts'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../parsers/text/source.ts'
import { locate, settle, toFinding } from '../../src/engine/finding.ts'
import { defineRule, type Rule } from '../../src/engine/rule.ts'

const rule: Rule = {
  id: 'group/name',
  ...defineRule({
    summary: 'A summary',
    severity: 'warning',
    confidence: 'high',
    since: '0.1.0',
    why: 'Why.',
    remedy: 'Do this',
    references: [],
    bad: [],
    good: [],
    *check() {},
  }),
}
const fileName = ({ path }: Source) => path.slice(1)
const source = textSource('/a.conf', 'listen 80;\nlisten 80;\nserver_name x;\n')
const finding = (start: number, end: number, message = 'm', from = source) =>
  toFinding(
    rule,
    { at: { source: from, start, end }, message, severity: 'warning', confidence: 'high', fatal: false },
    'warning',
    fileName,
  )

test('a location counts lines and columns from one', () => {
  const at = locate({ source, start: 18, end: 20 }, fileName)
  assert.equal([at.file, at.line, at.column, at.endLine, at.endColumn], ['a.conf', 2, 8, 2, 10])
})

test('findings are sorted by file, offset and rule, and said once', () => {
  const other = textSource('/0.conf', 'x')
  const settled = settle([finding(11, 20), finding(0, 9), finding(0, 9), finding(0, 1, 'm', other)])
  assert.equal(
    settled.map(({ at }) => `${at.file}:${at.line}`),
    ['0.conf:1', 'a.conf:1', 'a.conf:2'],
  )
})

test('two messages about the same text are two findings', () => {
  assert.is(settle([finding(0, 9, 'one'), finding(0, 9, 'two')]).length, 2)
})

test('an identity survives an inserted line and tells equal lines apart', () => {
  const [first, second] = settle([finding(0, 9), finding(11, 20)])
  const moved = textSource('/a.conf', `# new\n${source.text}`)
  const [movedFirst, movedSecond] = settle([finding(6, 15, 'm', moved), finding(17, 26, 'm', moved)])
  assert.is.not(first?.identity, second?.identity)
  assert.is(first?.identity, movedFirst?.identity)
  assert.is(second?.identity, movedSecond?.identity)
})

test('an identity does not depend on where the audit was started', () => {
  const named = (name: string) =>
    toFinding(
      rule,
      {
        at: { source, start: 0, end: 9 },
        message: 'm',
        severity: 'warning',
        confidence: 'high',
        fatal: false,
      },
      'warning',
      () => name,
    )
  const [here] = settle([named('etc/nginx/a.conf')], ['.'])
  const [above] = settle([named('web1/etc/nginx/a.conf')], ['.', 'web1'])
  const [elsewhere] = settle([named('/srv/web1/etc/nginx/a.conf')], ['/srv/web1'])
  const [machine] = settle([named('/etc/nginx/a.conf')], ['/'])
  assert.equal(
    [above, elsewhere, machine].map(finding => finding?.identity),
    Array(3).fill(here?.identity),
  )
})

test('what a rule leaves out is taken from its definition', () => {
  const { help, docs, fatal, label, confidence } = finding(0, 9)
  assert.equal(
    { help, fatal, label, confidence },
    { help: 'Do this', fatal: false, label: null, confidence: 'high' },
  )
  assert.ok(docs.endsWith('/group/name.md'))
})

test.run()
