import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Finding } from '../engine/finding.ts'
import { printable } from './printable.ts'
import type { Reporter } from './reporter.ts'
import { xmlDocument, xmlElement, xmlText } from './xml.ts'

/**
 * JUnit's report: a suite for each rule that ran, which passes where it found nothing. Errors and warnings are failures
 * of their kind; an info fails nothing and is what its test printed. A rule that crashed is an error.
 */
export const reportJunit: Reporter = ({ findings, crashes, rules }) => {
  const byRule = groupBy(findings, ({ rule }) => rule)
  const crashedBy = groupBy(crashes, ({ rule }) => rule)
  const ids = [...new Set([...rules.map(({ id }) => id), ...byRule.keys(), ...crashedBy.keys()])]
  const isFailure = ({ severity }: Finding): boolean => severity !== 'info'
  const suites = ids.map(id => {
    const found = byRule.get(id) ?? []
    const crashed = crashedBy.get(id) ?? []
    const cases = [
      ...found.map(finding => testcase(id, finding)),
      ...crashed.map(({ message }) =>
        xmlElement('testcase', { classname: id, name: 'internal/rule-crashed' }, [
          xmlElement('error', { type: 'internal/rule-crashed', message: printable(message) }),
        ]),
      ),
    ]
    return xmlElement(
      'testsuite',
      {
        name: id,
        tests: Math.max(cases.length, 1),
        failures: found.filter(isFailure).length,
        errors: crashed.length,
        skipped: 0,
      },
      cases.length > 0 ? cases : [xmlElement('testcase', { classname: id, name: 'nothing found' })],
    )
  })
  const counts = {
    name: 'deploy-audit',
    tests: ids.reduce(
      (sum, id) => sum + Math.max((byRule.get(id)?.length ?? 0) + (crashedBy.get(id)?.length ?? 0), 1),
      0,
    ),
    failures: findings.filter(isFailure).length,
    errors: crashes.length,
  }
  return [xmlDocument(xmlElement('testsuites', counts, suites))]
}

function testcase(id: string, { at, severity, message, help, docs }: Finding): string {
  const place = `${at.file}:${at.line}:${at.column}`
  const text = [`${place}: ${message}`, help, docs].map(printable).join('\n')
  const body =
    severity === 'info'
      ? `<system-out>${xmlText(text)}</system-out>`
      : `<failure type="${severity}" message="${xmlText(printable(message))}">${xmlText(text)}</failure>`
  return xmlElement('testcase', { classname: id, name: `${place} ${printable(message)}` }, [body])
}
