import { mapEach } from '../../parsers/collections/map-each.ts'
import { positionAt } from '../../parsers/text/source.ts'
import { type Finding, fingerprintOf, type LocatedEdit } from '../engine/finding.ts'
import { jsonPieces } from './json-text.ts'
import type { Reporter } from './reporter.ts'

/** For programs: the whole report, stable under `version`; keys are added, never renamed. */
export const reportJson: Reporter = report => {
  const value = {
    version: 1,
    tool: report.tool,
    root: report.root,
    machines: report.machines,
    files: report.files,
    fileList: report.fileList,
    programs: report.programs.map(({ program, main, accepted, version, versionFrom }) => ({
      program,
      main,
      accepted,
      version,
      versionFrom,
    })),
    findings: mapEach(report.findings, findingValue),
    suppressed: mapEach(report.suppressed, finding => ({
      ...findingValue(finding),
      suppression: finding.suppression,
    })),
    summary: {
      error: report.summary.error,
      warning: report.summary.warning,
      info: report.summary.info,
    },
    complete: report.complete,
    notices: report.notices,
    ...(report.crashes.length > 0 && {
      crashes: report.crashes.map(({ rule, message }) => ({ rule, message })),
    }),
  }
  return jsonPieces(value)
}

function findingValue(finding: Finding): Readonly<Record<string, unknown>> {
  const { at, fix } = finding
  return {
    rule: finding.rule,
    severity: finding.severity,
    confidence: finding.confidence,
    fatal: finding.fatal,
    message: finding.message,
    file: at.file,
    line: at.line,
    column: at.column,
    endLine: at.endLine,
    endColumn: at.endColumn,
    related: finding.related.map(({ at, message }) => ({
      file: at.file,
      line: at.line,
      column: at.column,
      message,
    })),
    help: finding.help,
    docs: finding.docs,
    fix: fix === null ? null : { title: fix.title, safety: fix.safety, edits: fix.edits.map(editValue) },
    fingerprint: fingerprintOf(finding),
  }
}

/** What is between the two positions becomes `text`. */
function editValue({ file, source, start, end, text }: LocatedEdit): Readonly<Record<string, unknown>> {
  const from = positionAt(source, start)
  const to = positionAt(source, end)
  return { file, line: from.line, column: from.column, endLine: to.line, endColumn: to.column, text }
}
