import { Chalk } from 'chalk'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../parsers/text/source.ts'
import { type Finding, locate } from '../../src/engine/finding.ts'
import type { Report } from '../../src/engine/report.ts'
import { cellsOf, columnsOf } from '../../src/report/columns.ts'
import { frameOf } from '../../src/report/frame.ts'
import { reportText } from '../../src/report/text.ts'
import { wrapWords } from '../../src/report/wrap-words.ts'
import { textOf } from './report-text.ts'
import { sampleReport } from './sample-report.ts'

const plain = { chalk: new Chalk({ level: 0 }), width: 80, summary: true, allNotices: false }
const [sample] = sampleReport.findings
if (sample === undefined) throw new Error('the sample has no finding')

function finding(file: string, line: number, severity: Finding['severity'], rule = 'tls/weak'): Finding {
  const source = textSource(`/${file}`, 'x;\n'.repeat(line))
  const at = locate({ source, start: 3 * (line - 1), end: 3 * line - 2 }, ({ path }) => path.slice(1))
  return { ...(sample as Finding), rule, severity, at, related: [], message: `${file} ${line}`, fix: null }
}

function report(findings: readonly Finding[]): Report {
  const count = (wanted: string): number => findings.filter(({ severity }) => severity === wanted).length
  const summary = { error: count('error'), warning: count('warning'), info: count('info') }
  return { ...sampleReport, findings, suppressed: [], crashes: [], notices: [], programs: [], summary }
}

/** The messages in the order in which they are printed. */
function order(text: string): readonly (string | undefined)[] {
  return [...text.matchAll(/^(?:error|warning|info)\[\S+\]: (.*)$/gm)].map(([, message]) => message)
}

test('files in their order, and in a file the worst first, then by line', () => {
  const findings = [
    finding('a', 1, 'info'),
    finding('a', 2, 'warning'),
    finding('a', 3, 'error'),
    finding('a', 4, 'warning'),
    finding('b', 1, 'error'),
  ]
  assert.equal(order(textOf(reportText, report(findings), plain)), ['a 3', 'a 2', 'a 4', 'a 1', 'b 1'])
})

test('beyond the tenth of a rule and severity, findings fold into a line, and all are counted', () => {
  const findings = [
    ...Array.from({ length: 1200 }, (_, index) => finding('a', index + 1, 'warning')),
    ...Array.from({ length: 10 }, (_, index) => finding('b', index + 1, 'error')),
    finding('c', 1, 'warning', 'tls/other'),
  ]
  const text = textOf(reportText, report(findings), plain)
  assert.is(order(text).length, 21)
  assert.match(text, /\n… and 1,190 more like these \(tls\/weak\); `--all` shows them\n/)
  assert.is(text.match(/… and/g)?.length, 1)
  assert.match(text, /\n10 errors, 1,201 warnings in 42 files on 2 machines\n$/)
  const all = textOf(reportText, report(findings), { ...plain, all: true })
  assert.is(order(all).length, findings.length)
  assert.not.match(all, /… and/)
})

test('grouped by rule, the worst rule first; by machine, below the name of each', () => {
  const findings = [
    finding('a', 1, 'info', 'nginx/odd-bytes'),
    finding('a', 2, 'error', 'tls/weak'),
    finding('web2/a', 1, 'warning', 'nginx/odd-bytes'),
  ]
  const byRule = textOf(reportText, report(findings), { ...plain, groupBy: 'rule' })
  assert.match(byRule, /^tls\/weak \(1\)\n[\s\S]*\nnginx\/odd-bytes \(2\): A fault of this kind\n/)
  const byMachine = textOf(reportText, report(findings), { ...plain, groupBy: 'machine' })
  assert.match(byMachine, /^\. \(2\)\n[\s\S]*\nweb2 \(1\)\n\nwarning/)
})

test('statistics count by rule and severity, the most frequent first, and show no finding', () => {
  const fix = { title: 'x', safety: 'safe', edits: [] } as const
  const findings = [
    finding('a', 1, 'info', 'nginx/odd'),
    { ...finding('a', 2, 'warning'), fix },
    finding('a', 3, 'warning'),
    finding('a', 4, 'error', 'wsgi/lost'),
  ]
  assert.is(
    textOf(reportText, report(findings), { ...plain, statistics: true }),
    '2  warning  tls/weak   1 with a fix\n1  error    wsgi/lost\n1  info     nginx/odd\n\ncan be fixed: 1 by --fix\n1 error, 2 warnings, 1 info in 42 files on 2 machines\n',
  )
})

test('the last line says what matters, the time where it is asked for', () => {
  const text = textOf(
    reportText,
    { ...report([]), notices: sampleReport.notices },
    { ...plain, seconds: 1.234 },
  )
  assert.match(text, /\nnothing found in 42 files on 2 machines, 2 notices, 1\.23 s\n$/)
})

test('sets of fragments of which the same is said take one line', () => {
  const set = { ...sampleReport.programs[0], program: 'nginx', main: null, accepted: true } as const
  const programs = [set, { ...set, program: 'apache' }, set] as Report['programs']
  assert.match(
    textOf(reportText, { ...report([]), programs }, plain),
    /^nginx fragments read \(2 sets\)\nApache fragments read\nnothing found/m,
  )
})

test('of a template that a server would refuse however it is filled in, the verdict says so', () => {
  const [program] = sampleReport.programs
  if (program === undefined) throw new Error('the sample has no program')
  const main = 'templates/nginx.conf.j2'
  const programs = [{ ...program, program: 'nginx', main, accepted: true, refusedInTemplate: true } as const]
  assert.match(
    textOf(reportText, { ...report([]), programs }, plain),
    'nginx would refuse what templates/nginx.conf.j2 becomes, as the template is written\n',
  )
})

test('columns are those of a terminal: wide characters take two, marks that join none', () => {
  for (const [text, width] of [
    ['abc', 3],
    ['漢字', 4],
    ['e\u0301', 1],
    ['👩‍👩‍👧x', 3],
    ['ｆ', 2],
    ['', 0],
  ] as const) {
    assert.is(columnsOf(text), width, text)
    assert.is(cellsOf(text).length, width, text)
    assert.is(cellsOf(text).join(''), text)
  }
  assert.equal(wrapWords('漢字漢字 漢字', 12), ['漢字漢字', '漢字'])
})

test('a mark stands below what it marks, whatever is in front of it, and a cut keeps it so', () => {
  const source = textSource('/a', 'server_name 漢字.example e\u0301.example bad;\n')
  const start = source.text.indexOf('bad')
  const at = locate({ source, start, end: start + 3 }, ({ path }) => path)
  for (const width of [120, 30, 20]) {
    const { code, markStart, markEnd } = frameOf(at, width)
    assert.is(cellsOf(code).slice(markStart, markEnd).join(''), 'bad', String(width))
    assert.ok(columnsOf(code) <= width)
  }
})

test.run()
