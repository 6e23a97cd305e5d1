import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Chalk } from 'chalk'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Report } from '../../src/engine/report.ts'
import { reporters } from '../../src/report/reporters.ts'
import { textOf } from './report-text.ts'
import { sampleReport } from './sample-report.ts'

/** `UPDATE_GOLDEN=1` writes what is printed now, to be read before it is committed. */
const isUpdate = process.env.UPDATE_GOLDEN === '1'

const plain = { chalk: new Chalk({ level: 0 }), width: 80, summary: true, allNotices: false }

function print(format: string, report: Report = sampleReport, options = plain): string {
  const reporter = Object.entries(reporters).find(([name]) => name === format)?.[1]
  if (reporter === undefined) throw new Error(format)
  return textOf(reporter, report, options)
}

function golden(name: string, actual: string): void {
  const path = new URL(`golden/${name}.golden`, import.meta.url)
  if (isUpdate) writeFileSync(path, actual)
  assert.ok(existsSync(path), `${name}.golden is missing`)
  assert.fixture(actual, readFileSync(path, 'utf8'))
}

for (const format of Object.keys(reporters)) test(format, () => golden(format, print(format)))

test('text in colour', () =>
  golden('text-colour', print('text', sampleReport, { ...plain, chalk: new Chalk({ level: 1 }) })))

test('text on a narrow terminal keeps every mark visible', () => {
  const lines = print('text', sampleReport, { ...plain, width: 40 }).split('\n')
  const marked = lines.filter(line => /^ +\| +\^/.test(line))
  assert.is(marked.length, sampleReport.findings.length)
  for (const line of marked) assert.ok(line.indexOf('^') < 40, line)
  golden('text-narrow', lines.join('\n'))
})

test('nothing found is said too, and not at all where the summary is not wanted', () => {
  const none: Report = {
    ...sampleReport,
    findings: [],
    suppressed: [],
    crashes: [],
    summary: { error: 0, warning: 0, info: 0 },
    programs: sampleReport.programs.slice(0, 1),
    notices: [],
    complete: true,
  }
  assert.is(
    print('text', none),
    'nginx accepts etc/nginx/nginx.conf\nnothing found in 42 files on 2 machines\n',
  )
  assert.is(print('text', none, { ...plain, summary: false }), '')
  assert.is(print('concise', none), '')
  assert.is(print('github', none), '')
  assert.not.ok('crashes' in JSON.parse(print('json', none)))
})

test('text lists the notices where all are asked for', () => {
  const text = print('text', sampleReport, { ...plain, allNotices: true })
  assert.match(text, '\nnotice: etc/nginx/nginx.conf:3: `/opt/site/extra.conf`, which it includes, lies')
  assert.match(text, '\nnotice: etc/apache2/ports.conf: permission denied\nincomplete: ')
})

test('no format lets a secret or an escape through', () => {
  for (const format of Object.keys(reporters)) {
    const text = print(format)
    assert.not.match(text, /dXNlcjpwYXNz|hunter2/, format)
    assert.not.match(text, /\u001b/, format)
  }
})

test('SARIF keeps the worst of too many results, and says so', () => {
  const [finding] = sampleReport.findings
  if (finding === undefined) throw new Error('the sample has no finding')
  const minor = { ...finding, severity: 'info' as const }
  const findings = [
    ...Array.from({ length: 25_001 }, () => minor),
    { ...finding, severity: 'error' as const },
  ]
  const log = JSON.parse(print('sarif', { ...sampleReport, crashes: [], notices: [], findings }))
  const [run] = log.runs
  assert.is(run.results.length, 25_000)
  assert.is(run.results[0].level, 'error')
  assert.match(run.invocations[0].toolExecutionNotifications[0].message.text, /^2 findings are left out/)
  assert.is(run.invocations[0].executionSuccessful, true)
})

test('SARIF lists every rule, and each result points at its own', () => {
  const [run] = JSON.parse(print('sarif')).runs
  const ids = run.tool.driver.rules.map(({ id }: { id: string }) => id)
  assert.equal(
    ids,
    sampleReport.rules.map(({ id }) => id),
  )
  for (const { ruleId, ruleIndex } of run.results) assert.is(ids[ruleIndex], ruleId)
})

test.run()
