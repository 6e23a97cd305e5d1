import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Chalk } from 'chalk'
import { SaxesParser } from 'saxes'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Report } from '../../src/engine/report.ts'
import { reporters } from '../../src/report/reporters.ts'
import { textOf } from './report-text.ts'
import { sampleReport } from './sample-report.ts'

const options = { chalk: new Chalk({ level: 0 }), width: 80, summary: true, allNotices: false }
const EMPTY: Report = { ...sampleReport, findings: [], suppressed: [], crashes: [] }

/** A schema of the format's own makers, or what their documentation says where they have none. */
function accepts(name: string, value: unknown): void {
  const schema = JSON.parse(readFileSync(new URL(`schemas/${name}.schema.json`, import.meta.url), 'utf8'))
  const validate = new Ajv2020({ strict: false, allErrors: true }).compile(schema)
  assert.ok(validate(value), JSON.stringify(validate.errors, null, 1))
}

interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Element[]
  text: string
}

/** A document as a tree; throws where it is not well-formed. */
function parseXml(text: string): Element {
  const top: Element = { name: '', attributes: {}, children: [], text: '' }
  const open = [top]
  const parser = new SaxesParser()
  parser.on('error', error => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    const element: Element = {
      name,
      attributes: attributes as Record<string, string>,
      children: [],
      text: '',
    }
    open.at(-1)?.children.push(element)
    open.push(element)
  })
  parser.on('text', text => {
    const element = open.at(-1)
    if (element !== undefined) element.text += text
  })
  parser.on('closetag', () => open.pop())
  parser.write(text).close()
  const [document] = top.children
  if (document === undefined) throw new Error('no element')
  return document
}

test('gitlab is a Code Quality report, each finding with a fingerprint of its own', () => {
  for (const report of [sampleReport, EMPTY])
    accepts('gitlab', JSON.parse(textOf(reporters.gitlab, report, options)))
  const entries: readonly { fingerprint: string }[] = JSON.parse(
    textOf(reporters.gitlab, sampleReport, options),
  )
  assert.is(new Set(entries.map(({ fingerprint }) => fingerprint)).size, entries.length)
})

test('rdjson is what reviewdog reads, its columns counted in bytes', () => {
  for (const report of [sampleReport, EMPTY])
    accepts('rdjson', JSON.parse(textOf(reporters.rdjson, report, options)))
  const { diagnostics } = JSON.parse(textOf(reporters.rdjson, sampleReport, options))
  const fixed = diagnostics.find(({ suggestions }: { suggestions?: unknown }) => suggestions !== undefined)
  assert.equal(fixed.suggestions[0], {
    range: { start: { line: 4, column: 2 }, end: { line: 4, column: 18 } },
    text: '# proxy_set_header',
  })
})

test('checkstyle is well-formed, each error with its place below its file', () => {
  const { name, attributes, children } = parseXml(textOf(reporters.checkstyle, sampleReport, options))
  assert.equal([name, attributes.version], ['checkstyle', '4.3'])
  const errors = children.flatMap(file => {
    assert.is(file.name, 'file')
    assert.ok(file.attributes.name)
    return file.children
  })
  assert.is(errors.length, sampleReport.findings.length + sampleReport.crashes.length)
  for (const { name, attributes } of errors) {
    assert.is(name, 'error')
    assert.ok(['error', 'warning', 'info'].includes(attributes.severity ?? ''))
    assert.match(attributes.line ?? '', /^[1-9]\d*$/)
    assert.match(attributes.source ?? '', /^deploy-audit\.[\w-]+\/[\w-]+$/)
  }
  assert.is(parseXml(textOf(reporters.checkstyle, EMPTY, options)).children.length, 0)
})

test('junit is well-formed, its counts are those of its elements, and rules without a finding pass', () => {
  for (const report of [sampleReport, EMPTY]) {
    const { name, attributes, children } = parseXml(textOf(reporters.junit, report, options))
    assert.is(name, 'testsuites')
    const cases = children.flatMap(suite => {
      const found = (kind: string): number =>
        suite.children.filter(({ children }) => children.some(child => child.name === kind)).length
      assert.equal(
        [suite.attributes.tests, suite.attributes.failures, suite.attributes.errors],
        [String(suite.children.length), String(found('failure')), String(found('error'))],
      )
      return suite.children
    })
    assert.is(attributes.tests, String(cases.length))
    const failures = report.findings.filter(({ severity }) => severity !== 'info').length
    assert.is(attributes.failures, String(failures))
    for (const { id } of report.rules) assert.ok(children.some(suite => suite.attributes.name === id))
  }
})

test('JSON is what docs/report.schema.json describes', () => {
  const schema = JSON.parse(readFileSync('docs/report.schema.json', 'utf8'))
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile<unknown>(
    schema,
  )
  for (const report of [sampleReport, EMPTY]) {
    const value: Record<string, unknown> = JSON.parse(textOf(reporters.json, report, options))
    assert.ok(validate(value), JSON.stringify(validate.errors, null, 1))
    // It describes all of it: nothing is in the output that it does not name.
    assert.not.ok(validate({ ...value, more: 1 }))
    for (const key of Object.keys(value)) {
      const { [key]: _, ...rest } = value
      assert.is(validate(rest), key === 'crashes', key)
    }
  }
})

test('a category of SARIF keeps runs apart, and none is there unless it is asked for', () => {
  const [run] = JSON.parse(textOf(reporters.sarif, sampleReport, { ...options, category: 'web1' })).runs
  assert.is(run.automationDetails.id, 'web1/')
  assert.not.ok('automationDetails' in JSON.parse(textOf(reporters.sarif, sampleReport, options)).runs[0])
})

test.run()
