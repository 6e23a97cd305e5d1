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
  /** A finding with the severity that its file gives it; null where its rule is off there. */
  readonly override: (finding: Finding) => Finding | null
}

/** The report with the findings that were asked for, and its summary of these. */
export function selectFindings(report: Report, selection: FindingSelection): Report {
  const isAsked = ({ severity, confidence, at }: Finding): boolean =>
    severityAtLeast(severity, selection.minimumSeverity) &&
    confidenceAtLeast(confidence, selection.minimumConfidence) &&
    !selection.ignores(at.file)
  const findings = report.findings.flatMap(each => {
    const finding = selection.override(each)
    return finding !== null && isAsked(finding) ? [finding] : []
  })
  return summarised({ ...report, findings, suppressed: report.suppressed.filter(isAsked) })
}

/** The report with a summary of the findings that it has now. */
export function summarised(report: Report): Report {
  const { findings } = report
  const count = (wanted: Severity): number =>
    findings.reduce((sum, { severity }) => sum + (severity === wanted ? 1 : 0), 0)
  const summary = Object.fromEntries(SEVERITIES.map(severity => [severity, count(severity)]))
  return { ...report, summary: summary as Record<Severity, number> }
}
