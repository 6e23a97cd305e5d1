import type { Severity } from '../engine/severity.ts'
import { jsonText } from './json-text.ts'
import { printable } from './printable.ts'
import type { Reporter } from './reporter.ts'

const SEVERITIES: Readonly<Record<Severity, string>> = { error: 'critical', warning: 'major', info: 'info' }

/**
 * A Code Quality report of GitLab, whose severities are info, minor, major, critical and blocker.
 * https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
 */
export const reportGitlab: Reporter = ({ findings, crashes }) =>
  jsonText([
    ...findings.map(({ rule, severity, message, at, fingerprint }) => ({
      description: printable(message),
      check_name: rule,
      fingerprint,
      severity: SEVERITIES[severity],
      location: { path: at.file, lines: { begin: at.line, end: at.endLine } },
    })),
    ...crashes.map(({ rule, message }) => ({
      description: printable(`${rule} failed: ${message}`),
      check_name: 'internal/rule-crashed',
      fingerprint: `internal/rule-crashed ${rule}`,
      severity: 'blocker',
      location: { path: '.', lines: { begin: 1 } },
    })),
  ])
