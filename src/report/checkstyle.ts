import { groupBy } from '../../parsers/collections/group-by.ts'
import { printable } from './printable.ts'
import type { Reporter } from './reporter.ts'
import { xmlDocument, xmlElement } from './xml.ts'

/** The report of Checkstyle, which Jenkins and many others read. Its severities are ours. */
export const reportCheckstyle: Reporter = ({ findings, crashes }) => {
  const files = [...groupBy(findings, ({ at }) => at.file)].map(([file, inFile]) =>
    xmlElement(
      'file',
      { name: file },
      inFile.map(({ at, severity, rule, message }) =>
        xmlElement('error', {
          line: at.line,
          column: at.column,
          severity,
          message: printable(message),
          source: `deploy-audit.${rule}`,
        }),
      ),
    ),
  )
  const crashed = crashes.map(({ rule, message }) =>
    xmlElement('error', {
      line: 1,
      severity: 'error',
      message: printable(`${rule} failed: ${message}`),
      source: 'deploy-audit.internal/rule-crashed',
    }),
  )
  const all = crashed.length === 0 ? files : [...files, xmlElement('file', { name: '.' }, crashed)]
  return [xmlDocument(xmlElement('checkstyle', { version: '4.3' }, all))]
}
