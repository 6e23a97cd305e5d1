import type { Finding } from '../engine/finding.ts'
import type { Report } from '../engine/report.ts'
import {
  type Confidence,
  confidenceAtLeast,
  SEVERITIES,
  type Severity,
  severityAtLeast,
} from '../engine/severity.ts'

export interface FindingSelection {
  readonly minimumSeverity: Severity
  readonly minimumConfidence: Confidence
  /** True for a file, as the report names it, in which nothing is reported. */
  readonly ignores: (file: string) => boolean
}

/** The report with the findings that were asked for, and its summary of these. */
export function selectFindings(report: Report, selection: FindingSelection): Report {
  const isAsked = ({ severity, confidence, at }: Finding): boolean =>
    severityAtLeast(severity, selection.minimumSeverity) &&
    confidenceAtLeast(confidence, selection.minimumConfidence) &&
    !selection.ignores(at.file)
  const findings = report.findings.filter(isAsked)
  const count = (wanted: Severity): number =>
    findings.reduce((sum, { severity }) => sum + (severity === wanted ? 1 : 0), 0)
  const summary = Object.fromEntries(SEVERITIES.map(severity => [severity, count(severity)]))
  return {
    ...report,
    findings,
    suppressed: report.suppressed.filter(isAsked),
    summary: summary as Record<Severity, number>,
  }
}
