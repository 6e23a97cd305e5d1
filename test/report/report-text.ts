import type { Report } from '../../src/engine/report.ts'
import type { Reporter, ReportOptions } from '../../src/report/reporter.ts'

/** What a reporter writes, whole. */
export function textOf(reporter: Reporter, report: Report, options: ReportOptions): string {
  return [...reporter(report, options)].join('')
}
