import { fingerprintOf } from '../engine/finding.ts'
import type { Report } from '../engine/report.ts'
import type { Severity } from '../engine/severity.ts'
import { jsonPieces } from './json-text.ts'
import { printable } from './printable.ts'
import type { Reporter } from './reporter.ts'

const SEVERITIES: Readonly<Record<Severity, string>> = { error: 'critical', warning: 'major', info: 'info' }

/**
 * A Code Quality report of GitLab, whose severities are info, minor, major, critical and blocker.
 * https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
 */
export const reportGitlab: Reporter = report => jsonPieces(entries(report))

function* entries({ findings, crashes }: Report): Generator<object> {
  for (const finding of findings) {
    const { rule, severity, message, at } = finding
    yield {
      description: printable(message),
      check_name: rule,
      fingerprint: fingerprintOf(finding),
      severity: SEVERITIES[severity],
      location: { path: at.file, lines: { begin: at.line, end: at.endLine } },
    }
  }
  for (const { rule, message } of crashes)
    yield {
      description: printable(`${rule} failed: ${message}`),
      check_name: 'internal/rule-crashed',
      fingerprint: `internal/rule-crashed ${rule}`,
      severity: 'blocker',
      location: { path: '.', lines: { begin: 1 } },
    }
}
